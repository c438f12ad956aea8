"""Schemas of files: the types they share, and pydantic's faults in Vietnamese with line and place."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Never, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from accounts.reading.faults import Fault, Faulty
from accounts.text import clean, clean_paragraphs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pydantic_core import ErrorDetails

    from accounts.reading.yaml_files import Source

FIRST_YEAR, LAST_YEAR = 2000, 2100
_OURS = "cchc"
_NUMBER = re.compile(r"-?[0-9]{1,14}(?:\.[0-9]+)?")


class Entry(BaseModel):
    """One mapping of a file: no key that the schema does not know, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def refuse(message: str) -> Never:
    """Refuse a value from inside a validator, with ``message`` as the fault's words."""
    # As a value, because pydantic fills {…} of a template.
    raise PydanticCustomError(_OURS, "{message}", {"message": message})


def _text(value: str) -> str:
    return clean(value) or refuse("không được để trống")


def _paragraphs(value: str) -> str:
    return clean_paragraphs(value) or refuse("không được để trống")


def _code(value: str) -> str:
    code = _text(value)
    if re.search(r"[\s,;+]", code):
        refuse(f"mã «{code}» có dấu cách hoặc một trong các dấu , ; +")
    return code


def number(value: Any) -> Decimal:
    """A decimal from a quoted string or a whole number; refuses everything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        refuse(
            "không được để trống"
            if value is None
            else 'phải là số đặt trong ngoặc kép, ví dụ "70.69"'
        )
    text = str(value).strip()
    if not _NUMBER.fullmatch(text):
        if _NUMBER.fullmatch(text.replace(",", ".")):
            refuse(f'trong tệp, số thập phân viết bằng dấu chấm: "{text.replace(",", ".")}"')
        refuse(f"«{text[:60]}» không phải là số")
    found = Decimal(text)
    exponent = found.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -4:
        refuse(f"«{text}» có quá bốn chữ số thập phân")
    return found


def _day(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value.strip())
        except ValueError:
            refuse(f"«{value[:60]}» không phải là ngày dạng 2019-11-20")
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        refuse("không được để trống" if value is None else "phải là ngày dạng 2019-11-20")
    return value


def _moment(value: Any) -> Any:
    if not isinstance(value, dt.datetime) or value.tzinfo is None:
        refuse("phải là ngày giờ có múi giờ, ví dụ 2019-11-15T16:20:00+07:00")
    return value


Text = Annotated[str, AfterValidator(_text)]
Paragraphs = Annotated[str, AfterValidator(_paragraphs)]
Code = Annotated[str, AfterValidator(_code), Field(max_length=30)]
Number = Annotated[Decimal, BeforeValidator(number)]
Day = Annotated[dt.date, BeforeValidator(_day)]
Moment = Annotated[dt.datetime, BeforeValidator(_moment)]
Year = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]

Model = TypeVar("Model", bound=Entry)


def validate(
    model: type[Model],
    source: Source,
    *,
    also: Callable[[Source], Iterable[Fault]] | None = None,
) -> Model:
    """``source`` as ``model``; :class:`Faulty` with every fault of the file at once.

    ``also`` finds faults between parts (a code that does not exist). It is called whether or not the
    schema holds, so it must take nothing for granted about ``source.data``.
    """
    faults = [
        Fault(fault.message, fault.line, source.place(*path), path)
        for path, fault in source.faults.items()
    ]
    found: Model | None = None
    try:
        found = model.model_validate(source.data)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            loc = details["loc"]
            # A value refused by the reader is refused once.
            if not any(loc[: len(path)] == path for path in source.faults):
                faults.append(_fault(details, model, source))
    if also:
        faults += also(source)
    if faults or found is None:
        raise Faulty(faults)
    return found


def _fault(details: ErrorDetails, model: type[BaseModel], source: Source) -> Fault:
    path = details["loc"]
    kind = details["type"]
    if kind == "extra_forbidden":
        key = str(path[-1])
        known = _keys_at(model, path[:-1])
        near = difflib.get_close_matches(key.casefold(), known, n=1, cutoff=0.5)
        message = f"khóa «{key[:60]}» không có trong mẫu" + (
            f"; có phải «{near[0]}»?" if near else f" (các khóa: {', '.join(known)})"
        )
    elif kind == "missing":
        return source.missing(str(path[-1]), *path[:-1])
    else:
        message = _words(kind, details)
    return source.fault(message, *path)


def _words(kind: str, details: ErrorDetails) -> str:
    value = details["input"]
    limits = details.get("ctx", {})
    if kind == _OURS:
        return str(limits["message"])
    if value is None:
        return "không được để trống"
    match kind:
        case "string_type":
            if isinstance(value, (list, dict)):
                return "phải là chữ, không phải danh sách hay nhóm"
            return f'phải là chữ; hãy đặt trong ngoặc kép: "{_shown(value)}"'
        case "string_too_long":
            return f"dài quá {limits['max_length']} ký tự"
        case "int_type" | "int_parsing" | "int_from_float":
            return f"«{_shown(value)}» không phải là số nguyên"
        case "bool_type" | "bool_parsing":
            return f"«{_shown(value)}» không phải là true hoặc false"
        case "list_type" | "tuple_type":
            return "phải là một danh sách"
        case "dict_type" | "model_type" | "model_attributes_type":
            return "phải là một nhóm «khóa: giá trị»"
        case "literal_error" | "enum":
            one = re.findall(r"'([^']*)'|\b(\d+)\b", str(limits.get("expected", "")))
            allowed = ", ".join(f"«{a or b}»" for a, b in one)
            return f"«{_shown(value)}» không đúng; chỉ nhận {allowed}"
        case "greater_than_equal":
            return f"«{_shown(value)}» nhỏ hơn {_limit(limits['ge'])}"
        case "less_than_equal":
            return f"«{_shown(value)}» lớn hơn {_limit(limits['le'])}"
        case "greater_than":
            return f"«{_shown(value)}» phải lớn hơn {_limit(limits['gt'])}"
        case "less_than":
            return f"«{_shown(value)}» phải nhỏ hơn {_limit(limits['lt'])}"
        case "too_short" | "string_too_short":
            return f"cần ít nhất {limits['min_length']} mục" if kind == "too_short" else "quá ngắn"
        case "too_long":
            what = "ký tự" if isinstance(value, str) else "mục"
            return f"dài quá {limits['max_length']} {what}"
        case "string_pattern_mismatch":
            return f"«{_shown(value)}» không đúng dạng"
    return f"giá trị «{_shown(value)}» không hợp lệ"


def _limit(limit: Any) -> str:
    """The number alone: pydantic hands some limits over as «Decimal('0')»."""
    found = re.fullmatch(r"Decimal\('(.+)'\)", str(limit))
    return found[1] if found else str(limit)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, dict)):
        return "danh sách" if isinstance(value, list) else "nhóm"
    return " ".join(str(value).split())[:60]


def _keys_at(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The keys that the schema knows at ``path``."""
    models = [model]
    for step in path:
        inner = [
            found
            for one in models
            if step in one.model_fields
            for found in _models_in(one.model_fields[str(step)].annotation)
        ]
        models = inner or models  # an index, or a key of the file's own
    return list(
        dict.fromkeys(
            field.alias or name for one in models for name, field in one.model_fields.items()
        )
    )


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in get_args(annotation) for found in _models_in(inner)]
