"""What an indicator's figure means against its own target (R7, R7a, R8, R9, R10). Pure.

Values go in, a status and the Vietnamese words for what is missing come out. No Django here.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from plans.numbers import show_number, show_percent


class Kind(StrEnum):
    RATIO = "ratio"
    COUNT = "count"
    AMOUNT = "amount"
    BOOLEAN = "boolean"
    DOCUMENT = "document"
    DATE = "date"


class Status(StrEnum):
    MET = "met"
    NOT_MET = "not_met"
    NOT_ARISING = "not_arising"
    NOT_REPORTED = "not_reported"
    NO_PREVIOUS = "no_previous"
    NO_TARGET = "no_target"


STATUS_TEXT = {
    Status.MET: "Đạt",
    Status.NOT_MET: "Chưa đạt",
    Status.NOT_ARISING: "Không phát sinh",
    Status.NOT_REPORTED: "Chưa có số liệu",
    Status.NO_PREVIOUS: "Chưa có số liệu năm trước",
    Status.NO_TARGET: "Không đặt chỉ tiêu",
}
OPS = (">=", ">", "=", "<=", "<")
OP_TEXT = {">=": "≥", ">": ">", "=": "=", "<=": "≤", "<": "<"}


@dataclass(frozen=True)
class Target:
    """What the plan asks of one indicator. ``at`` is in percent for a ratio, else in the figure's own unit."""

    kind: Kind
    op: str = ""
    at: Decimal | None = None
    previous_year: bool = False
    due: dt.date | None = None
    may_exceed: bool = False
    counted: str = "trường hợp"

    @property
    def is_set(self) -> bool:
        return self.previous_year or self.at is not None


@dataclass(frozen=True)
class Value:
    """The value of one indicator, of one unit or of several taken together.

    ``reported`` False: nobody has answered. ``missing``: answered that it was not issued.
    """

    reported: bool = False
    not_arising: bool = False
    missing: bool = False
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    amount: Decimal | None = None
    holds: bool | None = None
    day: dt.date | None = None

    @property
    def ratio(self) -> Fraction | None:
        if self.numerator is None or not self.denominator:
            return None
        return Fraction(self.numerator) / Fraction(self.denominator)


@dataclass(frozen=True)
class Verdict:
    """``status`` and, where the target is not met, what is missing in plain words.

    ``needed``: how many more (or fewer) of the numerator, or of the value; None where no number of them does.
    ``assuming``: what a number named in ``missing`` rests on.
    """

    status: Status
    missing: str = ""
    needed: Decimal | None = None
    assuming: str = ""

    @property
    def lacks(self) -> str:
        """«cần thêm 3 hồ sơ để đạt 90%, với mẫu số hiện nay là 120»."""
        return f"{self.missing}, {self.assuming}" if self.assuming else self.missing

    @property
    def text(self) -> str:
        return STATUS_TEXT[self.status]


def last_day_of_quarter(year: int, quarter: int) -> dt.date:
    """30/06/2019 for quarter 2 of 2019."""
    month = quarter * 3
    return dt.date(year + (month == 12), month % 12 + 1, 1) - dt.timedelta(days=1)


def holds(left: Fraction, op: str, right: Fraction) -> bool:
    """``left op right``, exactly."""
    match op:
        case ">=":
            return left >= right
        case ">":
            return left > right
        case "=":
            return left == right
        case "<=":
            return left <= right
        case "<":
            return left < right
    raise ValueError(f"unknown comparison {op!r}")


def judge(value: Value, target: Target, previous: Value | None = None) -> Verdict:
    """Is ``target`` met by ``value``? ``previous`` is the agency's own accepted value of the year before (R9)."""
    if not value.reported:
        return Verdict(Status.NOT_REPORTED)
    if value.not_arising:
        return Verdict(Status.NOT_ARISING)
    match target.kind:
        case Kind.BOOLEAN:
            return Verdict(Status.MET) if value.holds else Verdict(Status.NOT_MET, "chưa thực hiện")
        case Kind.DOCUMENT | Kind.DATE:
            return _judge_day(value, target)
        case Kind.RATIO:
            return _judge_ratio(value, target, previous)
    return _judge_amount(value, target, previous)


def _judge_day(value: Value, target: Target) -> Verdict:
    if value.missing or value.day is None:
        words = "chưa ban hành" if target.kind is Kind.DOCUMENT else "chưa thực hiện"
        return Verdict(Status.NOT_MET, words)
    if target.due and value.day > target.due:
        late = (value.day - target.due).days
        return Verdict(
            Status.NOT_MET,
            f"ngày {value.day:%d/%m/%Y} là sau hạn {target.due:%d/%m/%Y} ({late} ngày)",
        )
    return Verdict(Status.MET)


def _judge_ratio(value: Value, target: Target, previous: Value | None) -> Verdict:
    share = value.ratio
    if value.missing or value.numerator is None or value.denominator is None:
        return Verdict(Status.NOT_REPORTED)
    if share is None:
        return Verdict(Status.NOT_ARISING)
    if not target.is_set:
        return Verdict(Status.NO_TARGET)
    if target.previous_year:
        wanted = previous.ratio if previous and previous.reported else None
        if wanted is None:
            return Verdict(Status.NO_PREVIOUS)
        words = f"tỷ lệ năm trước {show_percent(wanted)}"
    else:
        assert target.at is not None
        wanted = Fraction(target.at) / 100
        words = f"{show_number(target.at)}%"
    if holds(share, target.op, wanted):
        return Verdict(Status.MET)
    missing, needed = _missing_ratio(value.numerator, value.denominator, target, wanted, words)
    return Verdict(
        Status.NOT_MET,
        missing,
        needed,
        "" if needed is None else f"với mẫu số hiện nay là {show_number(value.denominator)}",
    )


def _missing_ratio(
    numerator: Decimal, denominator: Decimal, target: Target, wanted: Fraction, words: str
) -> tuple[str, Decimal | None]:
    """How many more of the numerator, the denominator staying as it is."""
    lacking = wanted * Fraction(denominator) - Fraction(numerator)
    if target.op == "=":
        return _missing_to_equal(lacking, numerator, denominator, target, words)
    if target.op in {">=", ">"}:
        needed = _whole(lacking, strictly=target.op == ">")
        if numerator + needed > denominator and not target.may_exceed:
            return (
                f"không thể đạt {OP_TEXT[target.op]} {words} bằng cách thêm {target.counted}: "
                f"tử số không được lớn hơn mẫu số {show_number(denominator)}",
                None,
            )
        reach = "vượt" if target.op == ">" else "đạt"
        return f"cần thêm {show_number(needed)} {target.counted} để {reach} {words}", needed
    needed = min(_whole(-lacking, strictly=target.op == "<"), numerator)
    if not holds(Fraction(numerator - needed) / Fraction(denominator), target.op, wanted):
        return f"không thể đạt {OP_TEXT[target.op]} {words}", None
    return (
        f"cần giảm {show_number(needed)} {target.counted} để đạt {OP_TEXT[target.op]} {words}",
        needed,
    )


def _missing_to_equal(
    lacking: Fraction, numerator: Decimal, denominator: Decimal, target: Target, words: str
) -> tuple[str, Decimal | None]:
    """``lacking`` is what the numerator is off, the wanted less the given; only whole pieces can make it up."""
    reached = Fraction(numerator) + lacking
    if lacking.denominator != 1 or (reached > denominator and not target.may_exceed):
        return f"phải bằng {words}", None
    needed = Decimal(abs(int(lacking)))
    verb = "thêm" if lacking > 0 else "giảm"
    return f"cần {verb} {show_number(needed)} {target.counted} để bằng {words}", needed


def _whole(lacking: Fraction, *, strictly: bool) -> Decimal:
    """The smallest whole number that makes up for ``lacking``: what is counted comes in whole pieces."""
    return Decimal(math.floor(lacking) + 1 if strictly else math.ceil(lacking))


def _judge_amount(value: Value, target: Target, previous: Value | None) -> Verdict:
    if value.missing or value.amount is None:
        return Verdict(Status.NOT_REPORTED)
    if not target.is_set:
        return Verdict(Status.NO_TARGET)
    wanted = target.at
    words = "năm trước "
    if target.previous_year:
        wanted = previous.amount if previous and previous.reported else None
        if wanted is None:
            return Verdict(Status.NO_PREVIOUS)
    else:
        words = ""
    assert wanted is not None
    words += show_number(wanted)
    if holds(Fraction(value.amount), target.op, Fraction(wanted)):
        return Verdict(Status.MET)
    return Verdict(Status.NOT_MET, *_missing_amount(value.amount, target, wanted, words))


def _missing_amount(
    have: Decimal, target: Target, wanted: Decimal, words: str
) -> tuple[str, Decimal | None]:
    """How much more or less; what is counted comes in whole pieces."""
    if target.op in {"<=", "<"} and not holds(Fraction(0), target.op, Fraction(wanted)):
        return f"không thể đạt {OP_TEXT[target.op]} {words}", None
    more = wanted > have or target.op in {">=", ">"}
    verb, strictly = "thêm" if more else "giảm", target.op in {">", "<"}
    reach = {">=": "đạt", ">": "vượt", "=": "bằng"}.get(target.op, f"đạt {OP_TEXT[target.op]}")
    needed = abs(wanted - have)
    if target.kind is Kind.COUNT:
        if target.op == "=" and needed != needed.to_integral_value():
            return f"phải bằng {words}", None
        needed = _whole(Fraction(needed), strictly=strictly)
        needed = needed if more else min(needed, have)
    elif strictly:  # of an amount the least thing beyond it does, and no number names that
        if not needed:
            return f"phải {'lớn' if more else 'nhỏ'} hơn {words}", None
        return f"cần {verb} hơn {show_number(needed)} để {reach} {words}", None
    return f"cần {verb} {show_number(needed)} để {reach} {words}", needed


def merge(kind: Kind, values: list[Value]) -> Value:
    """Several units' answers as one (R8, FORMATS): sums, all, given, latest; never a mean of percentages.

    ``not_ours`` answers are left out by the caller: they count as none.
    """
    answers = [value for value in values if value.reported]
    if not answers:
        return Value()
    arising = [
        v for v in answers if not (v.not_arising or (kind is Kind.RATIO and v.denominator == 0))
    ]
    if not arising:
        return Value(reported=True, not_arising=True)
    given = [value for value in arising if not value.missing]
    match kind:
        case Kind.RATIO:
            pairs = [
                (v.numerator, v.denominator)
                for v in given
                if v.numerator is not None and v.denominator is not None
            ]
            if not pairs:
                return Value(reported=True, missing=True)
            return Value(
                reported=True,
                numerator=sum((n for n, _ in pairs), Decimal(0)),
                denominator=sum((d for _, d in pairs), Decimal(0)),
            )
        case Kind.COUNT | Kind.AMOUNT:
            amounts = [v.amount for v in given if v.amount is not None]
            if not amounts:
                return Value(reported=True, missing=True)
            return Value(reported=True, amount=sum(amounts, Decimal(0)))
        case Kind.BOOLEAN:
            # «Not done» is an answer too: one unit without it and it does not hold.
            return Value(reported=True, holds=all(bool(v.holds) and not v.missing for v in arising))
    days = [v.day for v in given if v.day is not None]
    return Value(reported=True, day=max(days)) if days else Value(reported=True, missing=True)


_NOUNS = (
    "hồ sơ",
    "TTHC",
    "báo cáo",
    "vấn đề",
    "nhiệm vụ",
    "nội dung",
    "hoạt động",
    "văn bản",
    "chuyên mục",
    "lượt",
)


def counted_noun(name: str) -> str:
    """The thing an indicator counts, from its name: «Hồ sơ phát sinh qua …» counts «hồ sơ»."""
    lowered = name.casefold()
    if lowered.startswith("kế hoạch"):
        return "nội dung"  # what is done of a plan is the points in it, not plans
    for noun in _NOUNS:
        if lowered.startswith((noun.casefold(), "tỷ lệ " + noun.casefold())):
            return noun
    if lowered.startswith("cbccvc"):
        return "người"
    if lowered.startswith("tổ chức, công dân"):
        return "lượt hài lòng"
    return "trường hợp"
