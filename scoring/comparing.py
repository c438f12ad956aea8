"""Our points beside the province's after the appraisal: where they differ, what was lost and why (R31). Pure.

«Lost» is what a criterion lacks to its maximum; «cut» is what the province gave less than we did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from plans.fields import PLACES
from plans.numbers import round_half_up, show_number
from scoring.models import LeafScore
from scoring.rules import State

if TYPE_CHECKING:
    from decimal import Decimal

    from accounts.models import Unit
    from scoring.models import Criterion
    from scoring.scorecards import Card, ScoredLeaf
    from tasks.consolidation import Result

Loss = LeafScore.Loss
# Points lost that nobody has given a reason for, and those of a survey, which nobody has appraised.
UNSAID, SURVEYED = "", "survey"
UNKNOWN = frozenset({State.NOT_REPORTED, State.NO_PREVIOUS, State.WAITING_MANUAL})
REASONS = {
    **{str(loss.value): str(loss.label) for loss in Loss},
    SURVEYED: "Điều tra xã hội học",
    UNSAID: "Chưa ghi nguyên nhân",
}


def signed(value: Fraction | Decimal) -> str:
    """«−0,50», «+1,00», «0»: a difference of points to two decimals."""
    shown = round_half_up(Fraction(value), 2)
    if not shown:
        return "0"
    return f"{'−' if shown < 0 else '+'}{show_number(abs(shown), 2)}"


@dataclass(frozen=True)
class Compared:
    """One criterion: ours as sent, the province's, and what people have written about it."""

    criterion: Criterion
    field: Criterion
    maximum: Fraction
    ours: Fraction | None  # None: surveyed, or not applicable when it was sent
    first: Fraction | None
    final: Fraction | None  # the last round there is, or the survey's points
    reason: str = UNSAID  # of REASONS
    note: str = ""
    asked: str = ""
    explained: str = ""
    focus: bool = False
    focus_note: str = ""
    results: tuple[Result, ...] = ()
    units: tuple[Unit, ...] = ()

    @property
    def lost(self) -> Fraction:
        """To the maximum; nothing while the province has not given points."""
        return Fraction(0) if self.final is None else self.maximum - self.final

    @property
    def cut(self) -> Fraction:
        """What the province gave less than we did; negative where it gave more."""
        if self.final is None or self.ours is None:
            return Fraction(0)
        return self.ours - self.final

    @property
    def differs(self) -> bool:
        """By a hundredth at least: less is how each side rounds."""
        return round_half_up(self.cut, 2) != 0

    @property
    def cut_words(self) -> str:
        return signed(-self.cut)

    @property
    def regained(self) -> Fraction:
        """What the explanation won between the two rounds."""
        if self.first is None or self.final is None:
            return Fraction(0)
        return self.final - self.first

    @property
    def reason_text(self) -> str:
        return REASONS[self.reason] if self.lost > 0 and self.reason else ""


@dataclass
class Tally:
    """What one reason, field or unit comes to."""

    name: str
    code: str = ""
    leaves: int = 0
    scored: int = 0  # of them, those that we gave points ourselves
    ours: Fraction = Fraction(0)
    final: Fraction = Fraction(0)
    maximum: Fraction = Fraction(0)
    lost: Fraction = Fraction(0)
    cut: Fraction = Fraction(0)

    def add(self, row: Compared) -> None:
        self.leaves += 1
        self.scored += row.ours is not None
        self.ours += row.ours or 0
        self.final += row.final or 0
        self.maximum += row.maximum
        self.lost += row.lost
        self.cut += row.cut


@dataclass
class Comparison:
    """The whole card: ``rows`` with what the province took first, then what it gave more, the most first each."""

    rows: list[Compared] = field(default_factory=list)
    reasons: list[Tally] = field(default_factory=list)
    fields: list[Tally] = field(default_factory=list)
    units: list[Tally] = field(default_factory=list)

    @property
    def judged(self) -> list[Compared]:
        """Those that the province has given points."""
        return [row for row in self.rows if row.final is not None]

    @property
    def both(self) -> list[Compared]:
        """Those that both sides have given points."""
        return [row for row in self.judged if row.ours is not None]

    @property
    def differing(self) -> list[Compared]:
        return [row for row in self.rows if row.differs]

    @property
    def focus(self) -> list[Compared]:
        return sorted((r for r in self.rows if r.focus), key=lambda r: r.criterion.order)

    @property
    def lost(self) -> Fraction:
        return sum((row.lost for row in self.rows), Fraction(0))

    @property
    def cut(self) -> Fraction:
        return sum((row.cut for row in self.rows), Fraction(0))

    @property
    def cut_words(self) -> str:
        return signed(-self.cut)

    @property
    def regained(self) -> Fraction:
        return sum((row.regained for row in self.rows), Fraction(0))


def own_points(leaf: ScoredLeaf) -> Fraction | None:
    """What we gave ourselves, as sent once it is sent; None where it did not count or is surveyed.

    To the four decimals that points are stored with: else the same points, given back, would differ.
    """
    if leaf.criterion.is_survey or not leaf.own.counts:
        return None
    return Fraction(round_half_up(leaf.own.points, PLACES))


def compare(
    card: Card, scores: Mapping[int, LeafScore], units: Mapping[int, Iterable[Unit]]
) -> Comparison:
    """``scores`` by criterion, ``units`` those that owe an indicator, by its key."""
    rows = [
        _row(leaf, scores.get(leaf.criterion.pk), units, is_sent=card.is_sent)
        for leaf in card.leaves
    ]
    rows.sort(
        key=lambda row: (
            0 if row.cut > 0 else 1 if row.cut < 0 else 2,
            -abs(row.cut),
            -row.lost,
            row.criterion.order,
        )
    )
    return Comparison(rows, *_tallies(rows))


def _row(
    leaf: ScoredLeaf,
    score: LeafScore | None,
    units: Mapping[int, Iterable[Unit]],
    *,
    is_sent: bool,
) -> Compared:
    score = score or LeafScore(criterion=leaf.criterion)
    survey = leaf.criterion.is_survey
    last = score.appraised if score.appraised is not None else score.appraised_1
    if survey:
        last = score.survey
    return Compared(
        criterion=leaf.criterion,
        field=leaf.field,
        maximum=leaf.now.maximum,
        # Of a year that came from files there may be no reports: that is no 0 that we gave ourselves.
        ours=own_points(leaf) if is_sent or leaf.own.state not in UNKNOWN else None,
        first=None if score.appraised_1 is None else Fraction(score.appraised_1),
        final=None if last is None else Fraction(last),
        reason=score.loss or (SURVEYED if survey else UNSAID),
        note=score.note,
        asked=score.asked,
        explained=score.explained,
        focus=score.focus,
        focus_note=score.focus_note,
        results=leaf.results,
        units=tuple(
            dict.fromkeys(
                unit for result in leaf.results for unit in units.get(result.indicator.pk, ())
            )
        ),
    )


def _tallies(rows: list[Compared]) -> tuple[list[Tally], list[Tally], list[Tally]]:
    """By reason and by unit only what lost points; by field everything that was judged."""
    reasons: dict[str, Tally] = {}
    fields: dict[int, Tally] = {}
    units: dict[int, Tally] = {}
    for row in sorted(rows, key=lambda r: r.criterion.order):
        if row.final is None:
            continue
        top = row.field
        fields.setdefault(top.pk, Tally(top.name, top.code)).add(row)
        if row.lost <= 0:
            continue
        reasons.setdefault(row.reason, Tally(REASONS[row.reason])).add(row)
        for unit in row.units:
            units.setdefault(unit.pk, Tally(unit.name, unit.code)).add(row)

    def most_first(tallies: Iterable[Tally]) -> list[Tally]:
        return sorted(tallies, key=lambda tally: (-tally.lost, tally.name))

    return most_first(reasons.values()), list(fields.values()), most_first(units.values())
