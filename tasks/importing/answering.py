"""One value of a file as an answer: which keys its kind takes, and what they mean. Pure."""

from __future__ import annotations

from typing import Any

from pydantic_core import PydanticCustomError

from accounts.reading.schemas import number
from plans.targets import Kind
from tasks import answers as rules
from tasks.results_schema import ValueEntry, as_day

KIND_TEXT = {
    Kind.RATIO: "tỷ lệ",
    Kind.COUNT: "số lượng",
    Kind.AMOUNT: "số tiền, khối lượng",
    Kind.BOOLEAN: "có / không",
    Kind.DOCUMENT: "văn bản",
    Kind.DATE: "ngày",
}
KEYS = {
    Kind.RATIO: ("numerator", "denominator"),
    Kind.COUNT: ("value",),
    Kind.AMOUNT: ("value",),
    Kind.BOOLEAN: ("value",),
    Kind.DOCUMENT: ("number", "issued_on", "issuer"),
    Kind.DATE: ("value",),
}
FLAGS = {
    "missing": rules.MISSING,
    "not_arising": rules.NOT_ARISING,
    "not_ours": rules.NOT_OURS,
}
NOTHING_OF_NOTHING = "Tử số và mẫu số đều bằng 0"


def read_answer(
    value: ValueEntry, kind: Kind, *, sent: bool
) -> tuple[rules.Draft, list[tuple[str, str]]]:
    """The answer, and (key, words) for what is wrong with its form.

    ``sent``: of a report that has been sent, so it must be whole; a draft may lack parts.
    """
    keys = value.given
    flags = [name for name in FLAGS if name in keys]
    if flags:
        draft = rules.Draft(state=FLAGS[flags[0]], reason=value.reason or "")
        if len(keys) > 1:
            return draft, [(flags[0], f"{flags[0]} không đi cùng {_listed(keys, flags[0])}")]
        return draft, [(flags[0], words) for _, words in rules.missing(draft, kind=kind)]
    allowed = KEYS[kind]
    wrong = [key for key in keys if key not in allowed]
    if wrong or not keys:
        told = f"; không nhận {_listed(wrong)}" if wrong else ""
        return rules.Draft(), [
            (
                wrong[0] if wrong else "",
                f"chỉ tiêu loại {KIND_TEXT[kind]} cần {_listed(allowed)}{told}",
            )
        ]
    draft, faults = _figures(value, kind)
    if faults:
        return draft, faults
    if kind is Kind.RATIO and draft.numerator == 0 and draft.denominator == 0:
        # R7: 0 of 0 is «không phát sinh», an answer of its own with a reason.
        state = rules.NOT_ARISING
        return rules.Draft(state=state, reason=value.reason or NOTHING_OF_NOTHING), []
    if sent:
        faults = rules.missing(draft, kind=kind)
    elif kind is Kind.DOCUMENT and not (draft.number and draft.issued_on):
        faults = [("number", "văn bản cần số, ký hiệu (number) và ngày ban hành (issued_on)")]
    return draft, faults


def _figures(value: ValueEntry, kind: Kind) -> tuple[rules.Draft, list[tuple[str, str]]]:
    parts: dict[str, Any] = {}
    given = value.value
    match kind:
        case Kind.RATIO:
            parts = {"numerator": value.numerator, "denominator": value.denominator}
        case Kind.COUNT | Kind.AMOUNT:
            try:
                parts = {"amount": number(given)}
            except PydanticCustomError as error:
                words = str((error.context or {}).get("message", "không phải là số"))
                return rules.Draft(), [("value", words)]
        case Kind.BOOLEAN:
            if not isinstance(given, bool):
                return rules.Draft(), [
                    ("value", f"«{str(given)[:60]}» không phải là true hoặc false")
                ]
            parts = {"holds": given}
        case Kind.DATE:
            day = as_day(given)
            if day is None:
                return rules.Draft(), [
                    ("value", f"«{str(given)[:60]}» không phải là ngày dạng 2019-11-20")
                ]
            parts = {"day": day}
        case Kind.DOCUMENT:
            parts = {
                "number": value.number or "",
                "issued_on": value.issued_on,
                "issuer": value.issuer or "",
            }
    return rules.Draft(**parts, reason=value.reason or ""), []


def _listed(keys: Any, besides: str = "") -> str:
    return ", ".join(key for key in keys if key != besides)
