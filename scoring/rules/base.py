"""What every kind of rule has: its interface, its outcomes, the faults that several share. Pure."""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, ClassVar

from pydantic import Field

from accounts.reading import Entry, Number
from plans.targets import Kind, Target, last_day_of_quarter
from scoring.rules.asking import Ask, Sample
from scoring.rules.figures import (
    MEASURED,
    NOTHING,
    Figure,
    Figures,
    Leaf,
    Outcome,
    State,
    absent,
    hold,
    show_points,
)

Share = Annotated[Number, Field(ge=0)]
Targets = Mapping[str, Target]
Fault = tuple[str, str]  # field of the rule, words


def scored(points: Fraction, leaf: Leaf, how: str, lacking: tuple[str, ...] = ()) -> Outcome:
    held = hold(points, leaf)
    if held < points:
        how += f", giữ ở mức tối đa {show_points(held)} điểm"
    elif held > points:
        how += f", không thấp hơn {show_points(held)} điểm"
    return Outcome(held, State.SCORED, how, lacking)


def not_reported(leaf: Leaf, figures: Iterable[Figure], points: Fraction = NOTHING) -> Outcome:
    members = list(figures)
    held = hold(points, leaf)
    return Outcome(
        held,
        State.NOT_REPORTED,
        f"{'; '.join(absent(members))} → {show_points(held)} điểm",
        tuple(f.code for f in members if not f.reported and not f.not_arising),
    )


def not_arising(codes: Iterable[str]) -> Outcome:
    return Outcome(NOTHING, State.NOT_ARISING, f"{', '.join(codes)}: không phát sinh")


class Due(Entry):
    """The last day of a quarter of the year scored, or of one beside it (R10)."""

    quarter: Annotated[int, Field(ge=1, le=4)]
    year_offset: Annotated[int, Field(ge=-5, le=5)] = 0

    def words(self) -> str:
        """«trong quý II năm trước»."""
        years = say_years(self.year_offset)
        return f"trong quý {ROMAN[self.quarter - 1]}" + (f" {years}" if years else "")

    def on(self, year: int) -> dt.date:
        return last_day_of_quarter(year + self.year_offset, self.quarter)


class RuleBase(Entry):
    """What every kind of rule answers. ``figures`` holds one :class:`Figure` for each of ``codes``."""

    title: ClassVar[str]  # what people call the kind
    about: ClassVar[str]  # one plain sentence on what it does
    asks: ClassVar[tuple[Ask, ...]] = ()  # the fields of its form

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

    def wanting(self, leaf: Leaf, figures: Figures) -> list[str]:
        """What would bring more points, in plain words. Here: the figures that nobody has reported."""
        return absent(figures[code] for code in self.codes)

    @abstractmethod
    def words(self, leaf: Leaf, targets: Targets) -> str:
        """The rule as an official would say it: «Từ 80% đến 100%: tính theo tỷ lệ; dưới 80%: 0 điểm»."""

    @abstractmethod
    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        """What is wrong with the rule beside its form; ``targets`` has those of ``codes`` that exist."""

    def samples(self, leaf: Leaf, targets: Targets) -> Sequence[Sample]:
        """Figures of its one indicator where the points change, to be looked at; ``targets`` has it."""
        return []


ROMAN = ("I", "II", "III", "IV")


def say_points(points: Decimal | Fraction) -> str:
    return f"{show_points(points)} điểm"


def say_years(offset: int) -> str:
    """«năm trước», «2 năm sau»; empty for the year scored."""
    if not offset:
        return ""
    side = "trước" if offset < 0 else "sau"
    return f"năm {side}" if abs(offset) == 1 else f"{abs(offset)} năm {side}"


KIND_TEXT = {
    Kind.RATIO: "tỷ lệ",
    Kind.COUNT: "số lượng",
    Kind.AMOUNT: "số tiền, khối lượng",
    Kind.BOOLEAN: "có hoặc không",
    Kind.DOCUMENT: "văn bản",
    Kind.DATE: "ngày",
}


def kind_faults(
    field: str, codes: Iterable[str], targets: Targets, kinds: frozenset[Kind], what: str
) -> list[Fault]:
    return [
        (field, f"chỉ tiêu {code} là {KIND_TEXT[targets[code].kind]}; {what}")
        for code in codes
        if code in targets and targets[code].kind not in kinds
    ]


def target_faults(field: str, codes: Iterable[str], targets: Targets) -> list[Fault]:
    return [
        (
            field,
            f"chỉ tiêu {code} không có mức chỉ tiêu trong kế hoạch nên không thể xét đạt hay không",
        )
        for code in codes
        if code in targets and targets[code].kind in MEASURED and not targets[code].is_set
    ]


def twice(field: str, codes: Iterable[str]) -> list[Fault]:
    seen: set[str] = set()
    doubled = [code for code in codes if code in seen or seen.add(code)]  # type: ignore[func-returns-value]
    return [(field, f"chỉ tiêu {code} được nêu hai lần") for code in dict.fromkeys(doubled)]
