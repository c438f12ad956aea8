"""How a leaf of a criteria set gets its points (R26, FORMATS ``cchc-criteria/1``). Pure.

Consolidated figures go in; points, a state and the Vietnamese words for how they came about come out.
Everything is exact: fractions inside, rounding only in words. Points are held to [min, max] at the end.

To add a kind of rule: write one class below and name it in ``Rule``. A rule says which indicators it
reads (``codes``), what it is worth (``score``), what it is worth at its best while some figures are still
open (``best``) and what is wrong with it when it is loaded (``faults``). Nothing else knows the kinds.
"""

from __future__ import annotations

import datetime as dt
import difflib
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, TypeAdapter

from accounts.reading import Code, Entry, Number, refuse
from plans.numbers import round_half_up, show_number
from plans.targets import (
    OP_TEXT,
    Kind,
    Status,
    Target,
    Value,
    Verdict,
    holds,
    judge,
    last_day_of_quarter,
)
from scoring.spans import Span, samples, tier_faults

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

    @property
    def absent(self) -> str:
        if self.target is None:
            return f"chỉ tiêu {self.code} không còn trong kế hoạch"
        return f"chưa có số liệu {self.code}"

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


@dataclass(frozen=True)
class Outcome:
    """Points with their reason. ``lacking``: the indicators without a figure; they may still change the points."""

    points: Fraction
    state: State
    how: str
    lacking: tuple[str, ...] = ()


def show_points(points: Fraction | Decimal) -> str:
    """``1,38``; at most four decimals, for reading only."""
    return show_number(round_half_up(Fraction(points), 4))


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


def _scored(points: Fraction, leaf: Leaf, how: str, lacking: tuple[str, ...] = ()) -> Outcome:
    held = hold(points, leaf)
    if held < points:
        how += f", giữ ở mức tối đa {show_points(held)} điểm"
    elif held > points:
        how += f", không thấp hơn {show_points(held)} điểm"
    return Outcome(held, State.SCORED, how, lacking)


def _not_reported(leaf: Leaf, figures: Iterable[Figure], points: Fraction = NOTHING) -> Outcome:
    absent = [figure for figure in figures if not figure.reported and not figure.not_arising]
    held = hold(points, leaf)
    words = ", ".join(figure.absent for figure in absent)
    return Outcome(
        held,
        State.NOT_REPORTED,
        f"{words} → {show_points(held)} điểm",
        tuple(figure.code for figure in absent),
    )


def _not_arising(codes: Iterable[str]) -> Outcome:
    return Outcome(NOTHING, State.NOT_ARISING, f"{', '.join(codes)}: không phát sinh")


def _held_by(figure: Figure) -> tuple[bool, str]:
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
    return _meets(figure)


def _meets(figure: Figure) -> tuple[bool, str]:
    """Does a figure meet its own target, and the words for it."""
    verdict, target = figure.verdict, figure.target
    assert target is not None
    if figure.kind in DAYS or figure.kind is Kind.BOOLEAN:
        if verdict.status is Status.MET:
            return True, _held_by(figure)[1]
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


Share = Annotated[Number, Field(ge=0)]
Targets = Mapping[str, Target]
Fault = tuple[str, str]  # field of the rule, words


class Due(Entry):
    """The last day of a quarter of the year scored, or of one beside it (R10)."""

    quarter: Annotated[int, Field(ge=1, le=4)]
    year_offset: Annotated[int, Field(ge=-5, le=5)] = 0

    def on(self, year: int) -> dt.date:
        return last_day_of_quarter(year + self.year_offset, self.quarter)


class RuleBase(Entry):
    """What every kind of rule answers. ``figures`` holds one :class:`Figure` for each of ``codes``."""

    @property
    @abstractmethod
    def codes(self) -> tuple[str, ...]:
        """The indicators the rule reads, in its own order."""

    @abstractmethod
    def score(self, leaf: Leaf, figures: Figures) -> Outcome:
        """Points on the figures as they stand."""

    @abstractmethod
    def best(self, leaf: Leaf, figures: Figures) -> Fraction:
        """The most points if every figure that is not settled meets its target (R29), before they are held."""

    @abstractmethod
    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        """What is wrong with the rule beside its form; ``targets`` has those of ``codes`` that exist."""


def _kind_faults(
    field: str, codes: Iterable[str], targets: Targets, kinds: frozenset[Kind], what: str
) -> list[Fault]:
    return [
        (field, f"chỉ tiêu {code} thuộc loại «{targets[code].kind}»; {what}")
        for code in codes
        if code in targets and targets[code].kind not in kinds
    ]


def _target_faults(field: str, codes: Iterable[str], targets: Targets) -> list[Fault]:
    return [
        (
            field,
            f"chỉ tiêu {code} không có mức chỉ tiêu trong kế hoạch nên không thể xét đạt hay không",
        )
        for code in codes
        if code in targets and targets[code].kind in MEASURED and not targets[code].is_set
    ]


def _twice(field: str, codes: Iterable[str]) -> list[Fault]:
    seen: set[str] = set()
    doubled = [code for code in codes if code in seen or seen.add(code)]  # type: ignore[func-returns-value]
    return [(field, f"chỉ tiêu {code} được nêu hai lần") for code in dict.fromkeys(doubled)]


class BooleanRule(RuleBase):
    """Full points if every member holds, else none."""

    type: Literal["boolean"]
    all_of: Annotated[list[Code], Field(min_length=1)]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self.all_of)

    def score(self, leaf: Leaf, figures: Figures) -> Outcome:
        members = [figures[code] for code in self.all_of]
        arising = [figure for figure in members if not figure.not_arising]
        if not arising:
            return _not_arising(self.all_of)
        lacking = tuple(figure.code for figure in arising if not figure.reported)
        checked = {f.code: _held_by(f) for f in arising if f.reported}
        if failing := [f"{code}: {words}" for code, (held, words) in checked.items() if not held]:
            return _scored(NOTHING, leaf, f"{'; '.join(failing)} → 0 điểm", lacking)
        if lacking:
            return _not_reported(leaf, arising)
        full = Fraction(leaf.maximum)
        if len(checked) == 1:
            ((_, words),) = checked.values()
        else:
            words = f"{', '.join(checked)} đều đạt"
        return _scored(full, leaf, f"{words} → {show_points(full)} điểm")

    def best(self, leaf: Leaf, figures: Figures) -> Fraction:
        settled = [f for c in self.all_of if (f := figures[c]).settled and not f.not_arising]
        held = all(figure.reported and _held_by(figure)[0] for figure in settled)
        return Fraction(leaf.maximum) if held else NOTHING

    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        return _twice("all_of", self.all_of) + _target_faults("all_of", self.all_of, targets)


class DateRule(RuleBase):
    """Points by the day a document was issued, the latest where several units give one."""

    type: Literal["date"]
    indicator: Code
    on_time: Number
    late: Number
    missing: Number
    due: Due | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        return (self.indicator,)

    def score(self, leaf: Leaf, figures: Figures) -> Outcome:
        figure = figures[self.indicator]
        if figure.not_arising:
            return _not_arising(self.codes)
        if not figure.reported:
            return _not_reported(leaf, [figure], Fraction(self.missing))
        day = figure.value.day
        if figure.value.missing or day is None:
            points, words = self.missing, _held_by(figure)[1]
        else:
            assert figure.target is not None  # a figure that is reported has its indicator
            due = self.due.on(leaf.year) if self.due else figure.target.due
            if due is None:
                points, words = self.on_time, f"ngày {day:%d/%m/%Y}, không đặt hạn"
            elif day <= due:
                points, words = self.on_time, f"{day:%d/%m/%Y} ≤ {due:%d/%m/%Y}"
            else:
                points, words = self.late, f"{day:%d/%m/%Y} sau hạn {due:%d/%m/%Y}"
        return _scored(Fraction(points), leaf, f"{words} → {show_points(points)} điểm")

    def best(self, leaf: Leaf, figures: Figures) -> Fraction:
        return Fraction(max(self.on_time, self.late))

    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        found = _kind_faults(
            "indicator", self.codes, targets, DAYS, "quy tắc theo ngày cần văn bản hoặc ngày"
        )
        target = targets.get(self.indicator)
        if not found and target and self.due is None and target.due is None:
            found.append(("due", f"cả quy tắc lẫn chỉ tiêu {self.indicator} đều không có hạn"))
        if not self.on_time >= self.late >= self.missing:
            found.append(
                ("late", "điểm phải giảm dần: đúng hạn (on_time), muộn (late), không có (missing)")
            )
        return found


class RatioRule(RuleBase):
    """Points in proportion to a percentage, full from ``full`` on, none below ``floor``."""

    type: Literal["ratio"]
    indicator: Code
    full: Annotated[Number, Field(gt=0)]
    floor: Share | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        return (self.indicator,)

    def _points(self, leaf: Leaf, percent: Fraction) -> Fraction:
        if self.floor is not None and percent < self.floor:
            return NOTHING
        return Fraction(leaf.maximum) * min(percent / Fraction(self.full), Fraction(1))

    def score(self, leaf: Leaf, figures: Figures) -> Outcome:
        figure = figures[self.indicator]
        if figure.not_arising:
            return _not_arising(self.codes)
        if not figure.reported:
            return _not_reported(leaf, [figure])
        percent, shown = figure.measure, show_measure(figure)
        points = self._points(leaf, percent)
        if self.floor is not None and percent < self.floor:
            how = f"{shown} < {show_number(self.floor)}% → 0 điểm"
        elif percent >= self.full:
            how = f"{shown} ≥ {show_number(self.full)}% → {show_points(points)} điểm"
        else:
            start = f"{shown} ≥ {show_number(self.floor)}%" if self.floor is not None else shown
            scale = "" if self.full == 100 else f" / {show_number(self.full)}%"
            how = f"{start} → {show_number(leaf.maximum)} × {shown}{scale} {equals(points)}"
        return _scored(points, leaf, how)

    def best(self, leaf: Leaf, figures: Figures) -> Fraction:
        # Points never fall as the percentage rises, so its upper end is the best of the span.
        highest = figures[self.indicator].span().highest()
        return Fraction(leaf.maximum) if highest is None else self._points(leaf, highest)

    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        found = _kind_faults(
            "indicator", self.codes, targets, frozenset({Kind.RATIO}), "quy tắc này cần một tỷ lệ"
        )
        if self.floor is not None and self.floor > self.full:
            found.append(
                (
                    "floor",
                    f"mức sàn {show_number(self.floor)}% lớn hơn mức đủ điểm {show_number(self.full)}%",
                )
            )
        return found


class Tier(Entry):
    op: Literal[">=", ">", "=", "<=", "<"]
    at: Number
    points: Number

    def holds(self, measure: Fraction) -> bool:
        return holds(measure, self.op, Fraction(self.at))


class TiersRule(RuleBase):
    """The points of the first tier that holds, on the percent of a ratio, else on the value."""

    type: Literal["tiers"]
    indicator: Code
    tiers: Annotated[list[Tier], Field(min_length=1)]
    otherwise: Number

    @property
    def codes(self) -> tuple[str, ...]:
        return (self.indicator,)

    def _first(self, measure: Fraction) -> Tier | None:
        return next((tier for tier in self.tiers if tier.holds(measure)), None)

    def score(self, leaf: Leaf, figures: Figures) -> Outcome:
        figure = figures[self.indicator]
        if figure.not_arising:
            return _not_arising(self.codes)
        if not figure.reported:
            return _not_reported(leaf, [figure])
        unit = "%" if figure.kind is Kind.RATIO else ""
        tier = self._first(figure.measure)
        if tier:
            words = f"{show_measure(figure)} {OP_TEXT[tier.op]} {show_number(tier.at)}{unit}"
            points = tier.points
        else:
            levels = "; ".join(f"{OP_TEXT[t.op]} {show_number(t.at)}{unit}" for t in self.tiers)
            words = f"{show_measure(figure)} không thuộc mức nào ({levels})"
            points = self.otherwise
        return _scored(Fraction(points), leaf, f"{words} → {show_points(points)} điểm")

    def best(self, leaf: Leaf, figures: Figures) -> Fraction:
        span = figures[self.indicator].span()
        measures = [m for m in samples([t.at for t in self.tiers], span) if span.meets(m)]
        reached = [tier.points if (tier := self._first(m)) else self.otherwise for m in measures]
        return Fraction(max(reached, default=self.otherwise))

    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        found = _kind_faults(
            "indicator", self.codes, targets, MEASURED, "quy tắc theo mức cần tỷ lệ hoặc số"
        )
        target = targets.get(self.indicator)
        if target and not found:
            span = Figure(self.indicator, target=replace(target, op="", at=None)).span()
            names = [f"{OP_TEXT[t.op]} {show_number(t.at)}" for t in self.tiers]
            tests = [tier.holds for tier in self.tiers]
            found += [
                ("tiers", words)
                for words in tier_faults(names, tests, samples([t.at for t in self.tiers], span))
            ]
        return found


class CountRule(RuleBase):
    """``each`` for every unit of the sum of the indicators; a yes, a document or a date counts one."""

    type: Literal["count"]
    indicators: Annotated[list[Code], Field(min_length=1)]
    each: Number

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self.indicators)

    def _number(self, figure: Figure) -> Fraction:
        if figure.kind in QUANTITIES:
            return Fraction(figure.value.amount or 0)
        return Fraction(_held_by(figure)[0])

    def score(self, leaf: Leaf, figures: Figures) -> Outcome:
        members = [figures[code] for code in self.indicators]
        arising = [figure for figure in members if not figure.not_arising]
        if not arising:
            return _not_arising(self.indicators)
        counted = [figure for figure in arising if figure.reported]
        if not counted:
            return _not_reported(leaf, arising)
        total = sum((self._number(figure) for figure in counted), NOTHING)
        points = total * Fraction(self.each)
        how = f"{show_points(total)} × {show_number(self.each)} {equals(points)}"
        lacking = tuple(figure.code for figure in arising if not figure.reported)
        outcome = _scored(points, leaf, how, lacking)
        if lacking:
            outcome = replace(outcome, how=f"{outcome.how}; chưa có số liệu {', '.join(lacking)}")
        return outcome

    def best(self, leaf: Leaf, figures: Figures) -> Fraction:
        total = NOTHING
        for figure in (figures[code] for code in self.indicators):
            if figure.settled:
                total += self._number(figure) if figure.reported else 0
            elif figure.kind not in QUANTITIES:
                total += 1  # met means that it holds
            else:
                span = figure.span()
                most = span.highest() if self.each > 0 else span.lowest()
                if most is None:
                    return Fraction(leaf.maximum)
                total += most
        return total * Fraction(self.each)

    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        return _twice("indicators", self.indicators) + _kind_faults(
            "indicators",
            self.indicators,
            targets,
            frozenset(Kind) - {Kind.RATIO},
            "quy tắc đếm không đếm tỷ lệ",
        )


class Event(Entry):
    indicator: Code
    count: Literal["shortfall", "value"]
    points: Share

    def number(self, figure: Figure) -> Fraction:
        """How many events: what a ratio falls short of its whole, or the value."""
        if self.count == "value":
            return Fraction(figure.value.amount or 0)
        short = Fraction(figure.value.denominator or 0) - Fraction(figure.value.numerator or 0)
        return max(short, NOTHING)  # above the whole nothing fell short

    def fewest(self, figure: Figure) -> Fraction:
        if self.count == "value":
            return figure.span().lowest()
        # An open figure has no denominator yet: with a target below 100 % it may still be complete.
        return NOTHING


class DeductionRule(RuleBase):
    """``start`` less points for each event of the indicators reported."""

    type: Literal["deduction"]
    start: Number
    events: Annotated[list[Event], Field(min_length=1)]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(event.indicator for event in self.events))

    def score(self, leaf: Leaf, figures: Figures) -> Outcome:
        members = [figures[code] for code in self.codes]
        arising = [figure for figure in members if not figure.not_arising]
        if not arising:
            return _not_arising(self.codes)
        lacking = tuple(figure.code for figure in arising if not figure.reported)
        if len(lacking) == len(arising):
            return _not_reported(leaf, arising)
        points, parts = Fraction(self.start), [show_number(self.start)]
        for event in self.events:
            figure = figures[event.indicator]
            if figure.reported:
                number = event.number(figure)
                points -= number * Fraction(event.points)
                parts.append(f"{show_points(number)} × {show_number(event.points)}")
        outcome = _scored(points, leaf, f"{' − '.join(parts)} {equals(points)}", lacking)
        if lacking:
            outcome = replace(outcome, how=f"{outcome.how}; chưa có số liệu {', '.join(lacking)}")
        return outcome

    def best(self, leaf: Leaf, figures: Figures) -> Fraction:
        points = Fraction(self.start)
        for event in self.events:
            figure = figures[event.indicator]
            if not figure.settled:
                points -= event.fewest(figure) * Fraction(event.points)
            elif figure.reported:
                points -= event.number(figure) * Fraction(event.points)
        return points

    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        found: list[Fault] = []
        for event in self.events:
            if event.count == "shortfall":
                kinds, what = frozenset({Kind.RATIO}), "phần thiếu (shortfall) chỉ có ở tỷ lệ"
            else:
                kinds, what = QUANTITIES, "giá trị (value) chỉ có ở số lượng, số tiền"
            found += _kind_faults("events", [event.indicator], targets, kinds, what)
        return found


class TargetRule(RuleBase):
    """Full points if the indicator meets its target, else none."""

    type: Literal["target"]
    indicator: Code

    @property
    def codes(self) -> tuple[str, ...]:
        return (self.indicator,)

    def score(self, leaf: Leaf, figures: Figures) -> Outcome:
        figure = figures[self.indicator]
        if figure.not_arising:
            return _not_arising(self.codes)
        if not figure.reported:
            return _not_reported(leaf, [figure])
        met, words = _meets(figure)
        points = Fraction(leaf.maximum) if met else NOTHING
        outcome = _scored(points, leaf, f"{words} → {show_points(points)} điểm")
        if figure.verdict.status is Status.NO_PREVIOUS:
            outcome = replace(outcome, state=State.NO_PREVIOUS)
        return outcome

    def best(self, leaf: Leaf, figures: Figures) -> Fraction:
        return Fraction(leaf.maximum)

    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        return _target_faults("indicator", self.codes, targets)


class ManualRule(RuleBase):
    """Typed by the coordinator, with an explanation: until then no points."""

    type: Literal["manual"]

    @property
    def codes(self) -> tuple[str, ...]:
        return ()

    def score(self, leaf: Leaf, figures: Figures) -> Outcome:
        return Outcome(hold(NOTHING, leaf), State.WAITING_MANUAL, "chờ Văn phòng Sở chấm")

    def best(self, leaf: Leaf, figures: Figures) -> Fraction:
        return Fraction(leaf.maximum)

    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        return []


def _known_type(value: Any) -> Any:
    if isinstance(value, dict) and value.get("type") not in BY_TYPE:
        given = value.get("type")
        near = difflib.get_close_matches(str(given), BY_TYPE, n=1)
        hint = f"; có phải «{near[0]}»?" if near else f" (các loại: {', '.join(BY_TYPE)})"
        refuse(f"không có loại quy tắc «{given}»{hint}" if given else f"thiếu «type»{hint}")
    return value


Rule = Annotated[
    BooleanRule
    | DateRule
    | RatioRule
    | TiersRule
    | CountRule
    | DeductionRule
    | TargetRule
    | ManualRule,
    Field(discriminator="type"),
    BeforeValidator(_known_type),
]
BY_TYPE: dict[str, type[RuleBase]] = {
    get_args(kind.model_fields["type"].annotation)[0]: kind for kind in get_args(get_args(Rule)[0])
}
_ADAPTER: TypeAdapter[RuleBase] = TypeAdapter(Rule)


def parse_rule(data: Any) -> RuleBase:
    """The rule in ``data`` (as stored). pydantic.ValidationError where it is none."""
    return _ADAPTER.validate_python(data)


def _complete(rule: RuleBase, figures: Figures) -> dict[str, Figure]:
    return {code: figures.get(code) or Figure(code) for code in rule.codes}


def score(rule: RuleBase, leaf: Leaf, figures: Figures) -> Outcome:
    """The points of ``rule``; an indicator that ``figures`` lacks has left the plan and counts as not reported."""
    return rule.score(leaf, _complete(rule, figures))


def best(rule: RuleBase, leaf: Leaf, figures: Figures) -> Outcome:
    """The most that can still be reached: figures not settled meet their targets, the rule is at its best."""
    known = _complete(rule, figures)
    if rule.codes and all(figure.settled for figure in known.values()):
        return rule.score(leaf, known)
    points = hold(rule.best(leaf, known), leaf)
    return Outcome(points, State.SCORED, f"còn có thể đạt {show_points(points)} điểm")
