"""What an indicator asks for, in the words officials use: one wording for pages, mails and workbooks. Pure.

``target_text`` takes anything with the columns of :class:`plans.models.Indicator` and a plan year.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from plans.numbers import show_number
from plans.targets import OP_TEXT, Kind, last_day_of_quarter

if TYPE_CHECKING:
    from plans.models import Indicator

ROMAN = ("", "I", "II", "III", "IV")
NO_TARGET = "không đặt mức"
_PLAIN = {
    Kind.BOOLEAN: "có thực hiện",
    Kind.DOCUMENT: "được ban hành",
    Kind.DATE: "đã thực hiện",
}


def target_text(indicator: Indicator, year: int) -> str:
    """The target of plan year ``year``: ``≥ 100%``, ``> năm trước``, ``chậm nhất 30/06/2019 (hết quý II năm 2019)``."""
    kind = Kind(indicator.kind)
    if kind in _PLAIN:
        return due_text(indicator, year) or _PLAIN[kind]
    op = OP_TEXT.get(indicator.op, "")
    if indicator.target_previous_year:
        return f"{op} năm trước"
    if indicator.target is None:
        return NO_TARGET
    sign = "%" if kind is Kind.RATIO else ""
    return f"{op} {show_number(indicator.target)}{sign}"


def due_text(indicator: Indicator, year: int) -> str:
    """The last day on time of a time-bound document or date (R10); empty where the plan sets none."""
    if indicator.due_quarter is None:
        return ""
    due_year = year + indicator.due_year_offset
    day = last_day_of_quarter(due_year, indicator.due_quarter)
    return f"chậm nhất {day:%d/%m/%Y} (hết quý {ROMAN[indicator.due_quarter]} năm {due_year})"


def answered_by(indicator: Indicator) -> str:
    """What the kind of figure asks for, shortly."""
    return {
        Kind.RATIO: "tử số / mẫu số",
        Kind.COUNT: "số lượng",
        Kind.AMOUNT: "giá trị",
        Kind.BOOLEAN: "có / không",
        Kind.DOCUMENT: "văn bản (số, ngày)",
        Kind.DATE: "ngày",
    }[Kind(indicator.kind)]
