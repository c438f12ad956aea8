"""Rules that read several indicators: all of them, their sum, the events they report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from accounts.reading import Code, Entry, Number
from plans.numbers import show_number
from plans.targets import Kind, Target
from scoring.rules.asking import Ask, Sample, Shape, ask_indicator, ask_points, counts
from scoring.rules.base import (
    Fault,
    RuleBase,
    Share,
    Targets,
    kind_faults,
    not_arising,
    not_reported,
    say_points,
    scored,
    target_faults,
    twice,
)
from scoring.rules.figures import (
    DAYS,
    MEASURED,
    NOTHING,
    QUANTITIES,
    Figure,
    Figures,
    Leaf,
    Outcome,
    absent,
    equals,
    held_by,
    show_points,
)


class BooleanRule(RuleBase):
    """Full points if every member holds, else none."""

    title: ClassVar[str] = "Có đủ hoặc không"
    about: ClassVar[str] = (
        "Đủ điểm khi mọi chỉ tiêu được chọn đều thực hiện hoặc đạt; thiếu một thì 0 điểm."
    )
    asks: ClassVar[tuple[Ask, ...]] = (
        Ask("all_of", "Các chỉ tiêu", Shape.INDICATORS, row="chỉ tiêu"),
    )

    type: Literal["boolean"]
    all_of: Annotated[list[Code], Field(min_length=1)]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self.all_of)

    def score(self, leaf: Leaf, figures: Figures) -> Outcome:
        members = [figures[code] for code in self.all_of]
        arising = [figure for figure in members if not figure.not_arising]
        if not arising:
            return not_arising(self.all_of)
        lacking = tuple(figure.code for figure in arising if not figure.reported)
        checked = {f.code: held_by(f) for f in arising if f.reported}
        if failing := [f"{code}: {words}" for code, (held, words) in checked.items() if not held]:
            return scored(NOTHING, leaf, f"{'; '.join(failing)} → 0 điểm", lacking)
        if lacking:
            return not_reported(leaf, arising)
        full = Fraction(leaf.maximum)
        if len(checked) == 1:
            ((_, words),) = checked.values()
        else:
            words = f"{', '.join(checked)} đều đạt"
        return scored(full, leaf, f"{words} → {show_points(full)} điểm")

    def best(self, leaf: Leaf, figures: Figures) -> Fraction:
        settled = [f for c in self.all_of if (f := figures[c]).settled and not f.not_arising]
        held = all(figure.reported and held_by(figure)[0] for figure in settled)
        return Fraction(leaf.maximum) if held else NOTHING

    def wanting(self, leaf: Leaf, figures: Figures) -> list[str]:
        found = super().wanting(leaf, figures)
        for figure in (figures[code] for code in self.codes):
            if figure.reported and not held_by(figure)[0]:
                found.append(f"{figure.code}: {figure.verdict.lacks or held_by(figure)[1]}")
        return found

    def words(self, leaf: Leaf, targets: Targets) -> str:
        full = say_points(leaf.maximum)
        if len(self.all_of) > 1:
            return f"Có đủ {', '.join(self.all_of)}: {full}; thiếu một: 0 điểm"
        target = targets.get(self.all_of[0])
        if target and target.kind in MEASURED:
            return f"Đạt mức đặt ra trong kế hoạch: {full}; không đạt: 0 điểm"
        if target and target.kind in DAYS:
            return f"Đã ban hành: {full}; chưa ban hành: 0 điểm"
        return f"Có thực hiện: {full}; không: 0 điểm"

    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        return twice("all_of", self.all_of) + target_faults("all_of", self.all_of, targets)


class CountRule(RuleBase):
    """``each`` for every unit of the sum of the indicators; a yes, a document or a date counts one."""

    title: ClassVar[str] = "Đếm số lượng"
    about: ClassVar[str] = (
        "Mỗi sản phẩm, việc hoặc văn bản được một số điểm, cộng lại đến mức tối đa."
    )
    asks: ClassVar[tuple[Ask, ...]] = (
        Ask(
            "indicators",
            "Các chỉ tiêu được đếm",
            Shape.INDICATORS,
            kinds=frozenset(Kind) - {Kind.RATIO},
            row="chỉ tiêu",
        ),
        ask_points("each", "Mỗi đơn vị được"),
    )

    type: Literal["count"]
    indicators: Annotated[list[Code], Field(min_length=1)]
    each: Number

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self.indicators)

    def _number(self, figure: Figure) -> Fraction:
        if figure.kind in QUANTITIES:
            return Fraction(figure.value.amount or 0)
        return Fraction(held_by(figure)[0])

    def score(self, leaf: Leaf, figures: Figures) -> Outcome:
        members = [figures[code] for code in self.indicators]
        arising = [figure for figure in members if not figure.not_arising]
        if not arising:
            return not_arising(self.indicators)
        counted = [figure for figure in arising if figure.reported]
        if not counted:
            return not_reported(leaf, arising)
        total = sum((self._number(figure) for figure in counted), NOTHING)
        points = total * Fraction(self.each)
        how = f"{show_points(total)} × {show_number(self.each)} {equals(points)}"
        lacking = tuple(figure.code for figure in arising if not figure.reported)
        outcome = scored(points, leaf, how, lacking)
        if lacking:
            outcome = replace(outcome, how="; ".join([outcome.how, *absent(arising)]))
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

    def wanting(self, leaf: Leaf, figures: Figures) -> list[str]:
        found = super().wanting(leaf, figures)
        given = [figures[code] for code in self.codes if figures[code].reported]
        if self.each <= 0:
            for figure in given:
                if number := self._number(figure):
                    off = show_points(number * -Fraction(self.each))
                    found.append(f"{figure.code}: có {show_points(number)}, trừ {off} điểm")
            return found
        total = sum((self._number(figure) for figure in given), NOTHING)
        lacking = Fraction(leaf.maximum) / Fraction(self.each) - total
        if lacking <= 0:
            return found
        counted = [figure for figure in given if figure.kind in QUANTITIES]
        if counted:
            # Of what is counted whole pieces; of an amount to four places, never too little.
            scale = 1 if all(figure.kind is Kind.COUNT for figure in counted) else 10_000
            more = show_number(Decimal(math.ceil(lacking * scale)) / scale)
            codes = ", ".join(figure.code for figure in counted)
            together = " (cộng lại)" if len(counted) > 1 else ""
            nouns = {figure.target.counted for figure in counted if figure.target}
            noun = f" {nouns.pop()}" if scale == 1 and len(nouns) == 1 else ""
            found.append(f"{codes}: cần thêm {more}{noun}{together} để đủ điểm")
        for figure in given:
            if figure.kind not in QUANTITIES and not held_by(figure)[0]:
                found.append(f"{figure.code}: {held_by(figure)[1]}")
        return found

    def words(self, leaf: Leaf, targets: Targets) -> str:
        if len(self.indicators) == 1:
            target = targets.get(self.indicators[0])
            noun = target.counted if target else "đơn vị đếm được"
            each = f"Mỗi {noun}: {say_points(self.each)}"
        else:
            each = f"Mỗi đơn vị, mỗi việc đạt của {', '.join(self.indicators)}: {say_points(self.each)}"
        if self.each > 0:
            return f"{each}, tối đa {say_points(leaf.maximum)}"
        return f"{each}, thấp nhất {say_points(leaf.minimum)}"

    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        return twice("indicators", self.indicators) + kind_faults(
            "indicators",
            self.indicators,
            targets,
            frozenset(Kind) - {Kind.RATIO},
            "quy tắc đếm không đếm tỷ lệ",
        )

    def samples(self, leaf: Leaf, targets: Targets) -> Sequence[Sample]:
        if len(self.indicators) > 1 or targets[self.indicators[0]].kind not in QUANTITIES:
            return []
        enough = _steps_to(Fraction(leaf.maximum), self.each)
        return counts(0, 1, 2, enough - 1, enough, enough + 1)


def _steps_to(points: Fraction, each: Decimal) -> int:
    """After how many steps of ``each`` the points are used up."""
    return math.ceil(points / abs(Fraction(each))) if each else 0


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

    def words(self, target: Target | None) -> str:
        noun = target.counted if target else "đơn vị"
        what = f"{noun} còn thiếu" if self.count == "shortfall" else noun
        return f"mỗi {what} ({self.indicator}) trừ {say_points(self.points)}"


class DeductionRule(RuleBase):
    """``start`` less points for each event of the indicators reported."""

    title: ClassVar[str] = "Trừ điểm"
    about: ClassVar[str] = "Bắt đầu từ một số điểm, trừ dần theo số trường hợp được báo cáo."
    asks: ClassVar[tuple[Ask, ...]] = (
        ask_points("start", "Bắt đầu từ"),
        Ask(
            "events",
            "Các trường hợp bị trừ",
            Shape.ROWS,
            columns=(
                ask_indicator(QUANTITIES | {Kind.RATIO}),
                Ask(
                    "count",
                    "Đếm",
                    Shape.CHOICE,
                    choices=(
                        ("value", "số lượng, giá trị"),
                        ("shortfall", "phần thiếu: mẫu số − tử số"),
                    ),
                ),
                ask_points("points", "Trừ mỗi trường hợp"),
            ),
            row="trường hợp",
        ),
    )

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
            return not_arising(self.codes)
        lacking = tuple(figure.code for figure in arising if not figure.reported)
        if len(lacking) == len(arising):
            return not_reported(leaf, arising)
        points, parts = Fraction(self.start), [show_number(self.start)]
        for event in self.events:
            figure = figures[event.indicator]
            if figure.reported:
                number = event.number(figure)
                points -= number * Fraction(event.points)
                parts.append(f"{show_points(number)} × {show_number(event.points)}")
        outcome = scored(points, leaf, f"{' − '.join(parts)} {equals(points)}", lacking)
        if lacking:
            outcome = replace(outcome, how="; ".join([outcome.how, *absent(arising)]))
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

    def wanting(self, leaf: Leaf, figures: Figures) -> list[str]:
        found = super().wanting(leaf, figures)
        for event in self.events:
            figure = figures[event.indicator]
            if figure.reported and (number := event.number(figure)):
                what = "thiếu" if event.count == "shortfall" else "có"
                off = show_points(number * Fraction(event.points))
                noun = figure.target.counted if figure.target else ""
                found.append(f"{figure.code}: {what} {show_points(number)} {noun}, trừ {off} điểm")
        return found

    def words(self, leaf: Leaf, targets: Targets) -> str:
        events = "; ".join(event.words(targets.get(event.indicator)) for event in self.events)
        return (
            f"Bắt đầu từ {say_points(self.start)}; {events}; thấp nhất {say_points(leaf.minimum)}"
        )

    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        found: list[Fault] = []
        for event in self.events:
            if event.count == "shortfall":
                kinds, what = frozenset({Kind.RATIO}), "phần thiếu (shortfall) chỉ có ở tỷ lệ"
            else:
                kinds, what = QUANTITIES, "giá trị (value) chỉ có ở số lượng, số tiền"
            found += kind_faults("events", [event.indicator], targets, kinds, what)
        return found

    def samples(self, leaf: Leaf, targets: Targets) -> Sequence[Sample]:
        first = self.events[0]
        if len(self.events) > 1 or first.count != "value":
            return []
        used_up = _steps_to(Fraction(self.start) - Fraction(leaf.minimum), first.points)
        return counts(0, 1, 2, used_up - 1, used_up, used_up + 1)
