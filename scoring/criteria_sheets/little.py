"""The short notations of cells that hold several things: «>= 100: 2», «1.1-d thiếu: 0,5», codes, quarters. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from accounts.text import fold
from plans.numbers import NotANumber, read_number, show_number
from scoring.criteria_schema import plain
from scoring.criteria_sheets.layout import YEARS
from scoring.rules.asking import Shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scoring.rules.asking import Ask

BETWEEN = re.compile(r"[\s:%]+")
NUMBER = re.compile(r"[-−]?[0-9][0-9.,]*")
TOKEN = re.compile(r"[^\s:;,]+")
# Other ways to write a choice, beside its key and its label.
ALSO = {
    ">=": ("≥", "từ"),
    ">": ("trên",),
    "=": ("đúng", "bằng"),
    "<=": ("≤", "đến"),
    "<": ("dưới",),
    "shortfall": ("thiếu",),
    "value": ("số lượng", "giá trị"),
}
ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
COMPARISONS = (">=", "<=", ">", "<", "=")


class Unreadable(ValueError):
    """What a cell says cannot be read; the message is for the person."""


def number(text: str, *, percent: bool = False) -> str:
    """``1,50`` as the data has it: ``1.5``. A cell shown as «80%» is 80 in a column of percentages."""
    digits = text[:-1].strip() if percent and text.endswith("%") else text
    try:
        return plain(read_number(digits))
    except NotANumber:
        raise Unreadable(f"«{text[:60]}» không phải là số") from None


def split(text: str) -> list[str]:
    """The lines of a cell, also where they stand in one line with «;» between them."""
    return [part.strip() for part in re.split(r"[\n;]", text) if part.strip()]


def codes(text: str) -> list[str]:
    """The codes of a cell, with commas, semicolons or line breaks between them."""
    return [part for part in re.split(r"[\s,;]+", text) if part]


def quarter(text: str) -> int:
    found = fold(text).removeprefix("quy").strip()
    if found in ROMAN:
        return ROMAN[found]
    if found not in {"1", "2", "3", "4"}:
        raise Unreadable(f"«{text[:60]}» không phải là quý; chỉ nhận 1, 2, 3, 4")
    return int(found)


def year_offset(text: str) -> int:
    for offset, words in YEARS.items():
        if fold(words) == fold(text):
            return offset
    if not re.fullmatch(r"[-−+]?[0-9]", text):
        known = ", ".join(f"«{words}»" for words in YEARS.values())
        raise Unreadable(f"«{text[:60]}» không phải là năm của hạn; hãy ghi {known}")
    return int(text.replace("−", "-"))


def _words_of(ask: Ask) -> list[tuple[str, str]]:
    """What may stand for each choice → its key, the longest first."""
    found = [(fold(key), key) for key, _ in ask.choices]
    found += [(fold(label), key) for key, label in ask.choices]
    found += [(fold(words), key) for key, _ in ask.choices for words in ALSO.get(key, ())]
    return sorted(found, key=lambda pair: -len(pair[0]))


def read_rows(text: str, columns: Iterable[Ask]) -> list[dict[str, Any]]:
    """One mapping for each line of a cell, a value for each of ``columns``."""
    return [_read_row(line, columns) for line in split(text)]


def _read_row(line: str, columns: Iterable[Ask]) -> dict[str, Any]:
    rest, row = line, {}
    for ask in columns:
        rest = BETWEEN.sub("", rest, count=1) if BETWEEN.match(rest) else rest
        value, rest = _take(ask, rest, line)
        row[ask.name] = value
    if fold(rest.strip(" .%")) not in {"", "diem", "d"}:
        raise Unreadable(f"«{line[:60]}» có phần thừa «{rest.strip()[:30]}»")
    return row


def _take(ask: Ask, rest: str, line: str) -> tuple[str, str]:
    if ask.shape is Shape.CHOICE:
        for words, key in _words_of(ask):
            # Folded text may be shorter or longer, so the length is found on the text itself.
            longest = min(len(rest), 2 * len(words))
            length = next((n for n in range(longest + 1) if fold(rest[:n]) == words), None)
            if length is not None:
                return key, rest[length:]
        shown = ", ".join(
            ALSO.get(key, (key,))[0] if key.isalpha() else key for key, _ in ask.choices
        )
        raise Unreadable(f"«{line[:60]}»: thiếu {ask.label.lower()} ({shown})")
    pattern = NUMBER if ask.shape is Shape.NUMBER else TOKEN
    found = pattern.match(rest)
    if found is None:
        raise Unreadable(f"«{line[:60]}»: thiếu {ask.label.lower()}")
    value = found[0]
    if ask.shape is Shape.NUMBER:
        value = number(value)
    return value, rest[found.end() :]


def say_rows(rows: Iterable[Mapping[str, Any]], columns: Iterable[Ask]) -> str:
    """The other way round."""
    asks = list(columns)
    return "\n".join(
        f"{' '.join(_say(ask, row[ask.name]) for ask in asks[:-1])}: {_say(asks[-1], row[asks[-1].name])}"
        for row in rows
    )


def _say(ask: Ask, value: Any) -> str:
    if ask.shape is Shape.NUMBER:
        return show_number(Decimal(value)).replace(".", "")
    if ask.shape is Shape.CHOICE and str(value).isalpha():
        return ALSO.get(value, (value,))[0]
    return str(value)


def read_bands(text: str) -> list[dict[str, Any]]:
    """«>= 90: Tốt», one a line."""
    found = []
    for line in split(text):
        left, colon, name = line.partition(":")
        rest = left.strip()
        op = next((op for op in COMPARISONS if rest.startswith(op)), None)
        if op is None:
            op = next((op for op in COMPARISONS if rest.startswith(ALSO[op])), None)
            rest = (
                next((rest.removeprefix(w) for w in ALSO[op] if rest.startswith(w)), "")
                if op
                else ""
            )
        else:
            rest = rest.removeprefix(op)
        if op is None or not colon:
            raise Unreadable(f"«{line[:60]}» phải có dạng: >= 90: Tốt")
        found.append({"op": op, "at": number(rest.strip(), percent=True), "name": name.strip()})
    return found


def say_bands(bands: Iterable[Mapping[str, Any]]) -> str:
    return "\n".join(
        f"{band['op']} {show_number(Decimal(band['at'])).replace('.', '')}: {band['name']}"
        for band in bands
    )
