"""An answer to one indicator: what is refused and what is still missing (R7, R7a). Pure.

Every way in (form, import, workbook) asks here, so that each refuses the same things in the same words.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from plans.fields import LARGEST, PLACES
from plans.numbers import show_number
from plans.targets import Kind

GIVEN, MISSING, NOT_ARISING, NOT_OURS = "given", "missing", "not_arising", "not_ours"
NEEDS_REASON = frozenset({NOT_ARISING, NOT_OURS})
CAN_BE_MISSING = frozenset({Kind.DOCUMENT, Kind.DATE})
OLDEST = dt.date(1945, 9, 2)
LABELS = {
    "numerator": "Tử số",
    "denominator": "Mẫu số",
    "amount": "Giá trị",
    "holds": "Trả lời",
    "day": "Ngày",
    "number": "Số, ký hiệu",
    "issued_on": "Ngày ban hành",
    "issuer": "Cơ quan ban hành",
    "reason": "Lý do",
}
# What a figure of each kind consists of, and the words for what is not there yet.
PARTS: dict[str, tuple[tuple[str, str], ...]] = {
    Kind.RATIO: (("numerator", "chưa có tử số."), ("denominator", "chưa có mẫu số.")),
    Kind.COUNT: (("amount", "chưa có số lượng."),),
    Kind.AMOUNT: (("amount", "chưa có giá trị."),),
    Kind.BOOLEAN: (("holds", "chưa chọn Có hoặc Không."),),
    Kind.DOCUMENT: (
        ("number", "chưa có số, ký hiệu văn bản."),
        ("issued_on", "chưa có ngày ban hành."),
        ("issuer", "chưa có cơ quan ban hành."),
    ),
    Kind.DATE: (("day", "chưa có ngày."),),
}


@dataclass(frozen=True)
class Draft:
    """One answer as it was understood. ``state`` is one of :class:`tasks.models.Answer.State`."""

    state: str = GIVEN
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    amount: Decimal | None = None
    holds: bool | None = None
    day: dt.date | None = None
    number: str = ""
    issued_on: dt.date | None = None
    issuer: str = ""
    reason: str = ""


def label(name: str, kind: str) -> str:
    """What a field is called in the form and in messages."""
    return "Số lượng" if name == "amount" and kind == Kind.COUNT else LABELS[name]


def problems(draft: Draft, *, kind: str, may_exceed: bool, today: dt.date) -> dict[str, str]:
    """Field → why what was given cannot be right. Nothing here asks for what is merely missing."""
    if draft.state != GIVEN:
        return {}
    found: dict[str, str] = {}
    for name in ("numerator", "denominator", "amount"):
        value = getattr(draft, name)
        if value is not None and (fault := _bad_number(label(name, kind), value)):
            found[name] = fault
    whole = found or draft.amount is None or draft.amount == draft.amount.to_integral_value()
    if kind == Kind.COUNT and not whole:
        found["amount"] = f"Số lượng {show_number(draft.amount or Decimal())} phải là số nguyên."
    if kind == Kind.RATIO and not found:
        found |= _bad_ratio(draft, may_exceed)
    for name in ("day", "issued_on"):
        day = getattr(draft, name)
        if day is not None and day > today:
            found[name] = f"{LABELS[name]} {day:%d/%m/%Y} ở sau ngày hôm nay ({today:%d/%m/%Y})."
        elif day is not None and day < OLDEST:
            found[name] = (
                f"{LABELS[name]} {day:%d/%m/%Y} quá xa trong quá khứ; hãy kiểm tra lại năm."
            )
    return found


def _bad_number(label: str, value: Decimal) -> str:
    if not value.is_finite():
        return f"{label} không phải là số."
    if value < 0:
        return f"{label} {show_number(value)} là số âm; chỉ nhận số từ 0 trở lên."
    if value > LARGEST:
        return f"{label} {show_number(value)} lớn quá mức ghi nhận được."
    if value != round(value, PLACES):
        return f"{label} {show_number(value)} có quá {PLACES} chữ số sau dấu phẩy."
    return ""


def _bad_ratio(draft: Draft, may_exceed: bool) -> dict[str, str]:
    above, below = draft.numerator, draft.denominator
    if above is None or below is None:
        return {}
    if below == 0 and above > 0:
        return {
            "denominator": f"Mẫu số là 0 mà tử số là {show_number(above)}: phần không thể lớn hơn toàn bộ."
        }
    if above > below and not may_exceed:
        return {
            "numerator": f"Tử số {show_number(above)} lớn hơn mẫu số {show_number(below)}: "
            "phần không thể lớn hơn toàn bộ."
        }
    return {}


def missing(draft: Draft, *, kind: str) -> list[tuple[str, str]]:
    """(field, words) for what an answer still lacks before its report can be sent."""
    if draft.state in NEEDS_REASON:
        return [] if draft.reason.strip() else [("reason", "cần nêu lý do.")]
    if draft.state == MISSING:
        if kind in CAN_BE_MISSING:
            return []
        return [("state", "chỉ văn bản và ngày mới trả lời được là chưa ban hành, chưa thực hiện.")]
    found = [(name, words) for name, words in PARTS[kind] if getattr(draft, name) in (None, "")]
    if not found and kind == Kind.RATIO and draft.denominator == 0:
        # R7a: «không phát sinh» is an answer of its own and needs a reason.
        found.append(
            ("denominator", "0 trên 0 là không phát sinh; hãy chọn «Không phát sinh» và nêu lý do.")
        )
    return found
