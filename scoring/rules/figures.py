"""What goes into a rule and comes out of it, and their words. Pure, exact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from plans.numbers import round_half_up, show_number
from plans.targets import OP_TEXT, Kind, Status, Target, Value, Verdict, judge
from scoring.spans import Span

QUANTITIES = frozenset({Kind.COUNT, Kind.AMOUNT})
DAYS = frozenset({Kind.DOCUMENT, Kind.DATE})
MEASURED = frozenset({Kind.RATIO, Kind.COUNT, Kind.AMOUNT})
NOTHING = Fraction(0)
NO_ANSWER = Value()


class State(StrEnum):
    """Why a leaf has the points it has."""

    SCORED = "scored"
    NOT_REPORTED = "not_reported"
    NO_PREVIOUS = "no_previous"
    NOT_ARISING = "not_applicable"
    WAITING_MANUAL = "waiting_manual"
    WAITING_SURVEY = "waiting_survey"


@dataclass(frozen=True)
class Leaf:
    """What a rule must know of its criterion and of the year scored."""

    maximum: Decimal
    year: int
    minimum: Decimal = Decimal(0)


@dataclass(frozen=True)
class Figure:
    """One indicator's consolidated figure. ``settled``: every unit that owes it is accepted (R29).

    ``target`` None: the indicator is no longer in the plan.
    """

    code: str
    value: Value = NO_ANSWER
    target: Target | None = None
    previous: Value | None = None
    settled: bool = True

    @property
    def verdict(self) -> Verdict:
        if self.target is None:
            return Verdict(Status.NOT_REPORTED)
        return judge(self.value, self.target, self.previous)

    @property
    def not_arising(self) -> bool:
        """0 of 0: neither 0 % nor 100 % (R7)."""
        empty = self.kind is Kind.RATIO and self.value.denominator == 0
        return self.value.reported and (self.value.not_arising or empty)

    @property
    def reported(self) -> bool:
        """Answered with something a rule can read: «not issued» is an answer, a ratio without figures is none."""
        if self.target is None or not self.value.reported or self.not_arising:
            return False
        if self.kind is Kind.RATIO:
            return self.value.ratio is not None
        return self.kind not in QUANTITIES or self.value.amount is not None

    @property
    def kind(self) -> Kind | None:
        return self.target.kind if self.target else None

    @property
    def measure(self) -> Fraction:
        """The percent of a ratio, else the value."""
        share = self.value.ratio
        if share is not None:
            return share * 100
        return Fraction(self.value.amount or 0)

    def span(self) -> Span:
        """The measures with which this figure, still open, would meet its target; all where it has none."""
        target = self.target
        assert target is not None
        top = None if target.kind in QUANTITIES or target.may_exceed else Fraction(100)
        whole = target.kind is Kind.COUNT
        at = None if target.at is None else Fraction(target.at)
        if target.previous_year and self.previous and self.previous.reported:
            at = replace(self, value=self.previous).measure
            if target.kind is Kind.RATIO and self.previous.ratio is None:
                at = None
        return Span(top=top, whole=whole, op=target.op if at is not None else "", at=at)


Figures = Mapping[str, Figure]


def absent(figures: Iterable[Figure]) -> list[str]:
    """Which of ``figures`` nobody has reported, in words: «chưa có số liệu 1.1-b, 1.1-c»."""
    lacking = [figure for figure in figures if not figure.reported and not figure.not_arising]
    found = []
    if codes := [figure.code for figure in lacking if figure.target]:
        found.append(f"chưa có số liệu {', '.join(codes)}")
    if gone := [figure.code for figure in lacking if not figure.target]:
        found.append(f"chỉ tiêu {', '.join(gone)} không còn trong kế hoạch")
    return found


@dataclass(frozen=True)
class Outcome:
    """Points with their reason. ``lacking``: the indicators without a figure; they may still change the points."""

    points: Fraction
    state: State
    how: str
    lacking: tuple[str, ...] = ()


def show_points(points: Fraction | Decimal) -> str:
    """``1,38``; at most four decimals, for reading only."""
    return show_number(round_half_up(Fraction(points), 4)).replace("-", "−")


def equals(points: Fraction) -> str:
    """``= 1,38 điểm``, or ``≈`` where four decimals do not hold it."""
    sign = "=" if Fraction(round_half_up(points, 4)) == points else "≈"
    return f"{sign} {show_points(points)} điểm"


def show_measure(figure: Figure) -> str:
    """``92%`` or ``12``. Digits are added until what is shown is not a rounder figure than the true one."""
    measure = figure.measure
    places = 2
    while places < 8:
        shown = round_half_up(measure, places)
        if Fraction(shown) == measure or shown != shown.to_integral_value():
            break
        places += 2
    return show_number(round_half_up(measure, places)) + ("%" if figure.kind is Kind.RATIO else "")


def hold(points: Fraction, leaf: Leaf) -> Fraction:
    """``points`` inside [minimum, maximum] of the leaf."""
    return max(Fraction(leaf.minimum), min(Fraction(leaf.maximum), points))


def held_by(figure: Figure) -> tuple[bool, str]:
    """Does a figure hold, for rules that only ask yes or no, and the words for it."""
    value = figure.value
    if figure.kind is Kind.BOOLEAN:
        done = bool(value.holds) and not value.missing
        return done, "có thực hiện" if done else "chưa thực hiện"
    if figure.kind in DAYS:
        given = value.day is not None and not value.missing
        if figure.kind is Kind.DOCUMENT:
            return given, f"văn bản ngày {value.day:%d/%m/%Y}" if given else "chưa ban hành"
        return given, f"ngày {value.day:%d/%m/%Y}" if given else "chưa thực hiện"
    return meets(figure)


def meets(figure: Figure) -> tuple[bool, str]:
    """Does a figure meet its own target, and the words for it."""
    verdict, target = figure.verdict, figure.target
    assert target is not None
    if figure.kind in DAYS or figure.kind is Kind.BOOLEAN:
        if verdict.status is Status.MET:
            return True, held_by(figure)[1]
        return False, verdict.missing or verdict.text.lower()
    if verdict.status in {Status.NO_PREVIOUS, Status.NO_TARGET}:
        return False, f"{show_measure(figure)}, {verdict.text[:1].lower()}{verdict.text[1:]}"
    met = verdict.status is Status.MET
    if target.previous_year:
        assert figure.previous is not None
        wanted = "năm trước " + show_measure(replace(figure, value=figure.previous))
    else:
        assert target.at is not None
        wanted = show_number(target.at) + ("%" if figure.kind is Kind.RATIO else "")
    words = f"{show_measure(figure)} {OP_TEXT[target.op]} {wanted}"
    return met, words if met else f"{show_measure(figure)}, chưa đạt {OP_TEXT[target.op]} {wanted}"
