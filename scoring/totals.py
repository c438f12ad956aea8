"""From leaves to the index: which points count, sums, bands, adjustments (R27–R29, FORMATS). Pure, exact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from plans.numbers import round_half_up
from plans.targets import holds
from scoring.rules import Leaf, Outcome, State, show_points

SIGNIFICANT = 12  # the fewest digits a figure is handed out with
KEPT = 28  # digits of a figure that has no end


class Policy(StrEnum):
    """What becomes of a leaf that is not applicable."""

    EXCLUDE = "exclude"  # leaves numerator and denominator
    FULL = "full"
    ZERO = "zero"


class Source(StrEnum):
    """Whose points count, where they are not the rule's."""

    APPRAISED = "appraised"
    OVERRIDE = "override"
    SURVEY = "surveyed"


@dataclass(frozen=True)
class Entry:
    """What people have entered for one leaf of one scorecard."""

    not_applicable: bool = False
    reason: str = ""
    override: Decimal | None = None
    explanation: str = ""
    appraised_1: Decimal | None = None  # the first round, which scores nothing
    appraised: Decimal | None = None
    survey: Decimal | None = None
    note: str = ""


@dataclass(frozen=True)
class Points:
    """The points of one leaf. ``counts`` False: the leaf is in neither sum of the index."""

    points: Fraction
    maximum: Fraction
    counts: bool
    state: str  # of State or Source
    how: str

    @property
    def to_win(self) -> Fraction:
        return self.maximum - self.points if self.counts else Fraction(0)


def decide(
    leaf: Leaf, outcome: Outcome | None, entry: Entry | None = None, policy: Policy = Policy.EXCLUDE
) -> Points:
    """Which points count for a leaf: appraised, else typed in, else the rule's. ``outcome`` None: surveyed."""
    entry = entry or Entry()
    maximum = Fraction(leaf.maximum)
    if entry.appraised is not None:
        # At full points a remark of an earlier round is no reason any more.
        note = f": {entry.note}" if entry.note and entry.appraised < leaf.maximum else ""
        how = f"thẩm định {show_points(entry.appraised)} điểm{note}"
        return Points(Fraction(entry.appraised), maximum, True, Source.APPRAISED, how)
    if entry.not_applicable:
        return _not_applicable(maximum, policy, f"không áp dụng: {entry.reason}")
    if outcome is None:
        if entry.survey is None:
            words = "chưa có kết quả điều tra"
            return Points(Fraction(0), maximum, False, State.WAITING_SURVEY, words)
        how = f"kết quả điều tra {show_points(entry.survey)} điểm"
        return Points(Fraction(entry.survey), maximum, True, Source.SURVEY, how)
    if entry.override is not None:
        how = f"Văn phòng Sở chấm {show_points(entry.override)} điểm: {entry.explanation}"
        return Points(Fraction(entry.override), maximum, True, Source.OVERRIDE, how)
    if outcome.state is State.NOT_ARISING:
        return _not_applicable(maximum, policy, outcome.how)
    return Points(outcome.points, maximum, True, outcome.state, outcome.how)


def _not_applicable(maximum: Fraction, policy: Policy, why: str) -> Points:
    match policy:
        case Policy.FULL:
            how = f"{why} → {show_points(maximum)} điểm"
            return Points(maximum, maximum, True, State.NOT_ARISING, how)
        case Policy.ZERO:
            return Points(Fraction(0), maximum, True, State.NOT_ARISING, f"{why} → 0 điểm")
    return Points(Fraction(0), maximum, False, State.NOT_ARISING, f"{why} → không tính")


@dataclass(frozen=True)
class Sums:
    """Points and maxima of the leaves that count."""

    points: Fraction = Fraction(0)
    maximum: Fraction = Fraction(0)

    @property
    def index(self) -> Fraction | None:
        """In percent; None where nothing counts."""
        return self.points / self.maximum * 100 if self.maximum else None


def add_up(leaves: Iterable[Points], *, only: Sequence[bool] | None = None) -> Sums:
    """The sums of ``leaves``. ``only``: where False the leaf counts with 0 points (R29, secured)."""
    points = maximum = Fraction(0)
    for n, leaf in enumerate(leaves):
        if leaf.counts:
            maximum += leaf.maximum
            if only is None or only[n]:
                points += leaf.points
    return Sums(points, maximum)


@dataclass(frozen=True)
class Band:
    op: str
    at: Decimal
    name: str


def band_of(index: Fraction | None, bands: Iterable[Band]) -> Band | None:
    """The first band that holds on the index, before bonus and penalty."""
    if index is None:
        return None
    return next((band for band in bands if holds(index, band.op, Fraction(band.at))), None)


def capped(points: Iterable[Decimal], cap: Decimal | None) -> Fraction:
    """A sum of bonuses or of penalties held to its cap; ``cap`` None: none is set."""
    total = sum((Fraction(p) for p in points), Fraction(0))
    return total if cap is None else min(total, Fraction(cap))


def digits(value: Fraction | Decimal) -> str:
    """``value`` as a plain decimal string of at least twelve significant digits, exact where it ends in time."""
    value = Fraction(value)
    whole = len(str(int(abs(value))).lstrip("0"))
    lead = 0  # zeros after the point that are not significant
    if value and not whole:
        while abs(value) * 10 ** (lead + 1) < 1:
            lead += 1
    least = max(SIGNIFICANT - whole + lead, 0) if value else SIGNIFICANT - 1
    text = f"{round_half_up(value, max(KEPT - whole + lead, 0)):f}"
    head, _, tail = text.partition(".")
    tail = tail.rstrip("0").ljust(least, "0")
    return f"{head}.{tail}" if tail else head
