"""What-if (R30): other figures, ticks and points put in place of today's, and the card that comes of them. Pure.

``apply(inputs, trial)`` is the card that the product itself would show, had the tried figures been
reported by every unit that owes them and accepted. Nothing is stored, and the inputs stay as they were.

A ticked leaf («đạt») has its maximum points, whatever its figures say. Typed points stand for a leaf's own.
A tick goes before typed points, typed points before figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from plans.numbers import round_half_up, show_number
from plans.targets import Value, holds
from scoring.models import Adjustment
from scoring.rules import Figure, show_points
from scoring.scorecards import Card, ScoredLeaf, card_of
from scoring.totals import Band, Entry, Points

if TYPE_CHECKING:
    from scoring.inputs import Inputs
    from scoring.models import Criterion
    from scoring.risk import Risk
    from tasks.consolidation import Result

MOST = 5  # things worth doing
TICKED = "thử: đạt điểm tối đa"


@dataclass(frozen=True)
class Trial:
    """What is tried, and nothing that stays as it is."""

    figures: Mapping[str, Value] = field(default_factory=dict)  # whole agency's, by indicator
    full: frozenset[str] = frozenset()  # codes of leaves ticked «đạt»
    # By code of the leaf; None: as if nobody had given it points yet.
    points: Mapping[str, Decimal | Fraction | None] = field(default_factory=dict)
    bonus: Decimal | None = None  # the whole sum; None: as the scorecard has it
    penalty: Decimal | None = None
    with_submitted: bool = False  # what is changed are the figures with the submitted reports

    @property
    def is_empty(self) -> bool:
        return self.count == 0

    @property
    def count(self) -> int:
        """How many things are changed."""
        adjusted = (self.bonus is not None) + (self.penalty is not None)
        return len(self.figures) + len(self.full) + len(self.points.keys() - self.full) + adjusted

    @property
    def base(self) -> Trial:
        """The same without any change: what the tried card is compared with."""
        return Trial(with_submitted=self.with_submitted)


def apply(inputs: Inputs, trial: Trial) -> Card:
    """The card of ``inputs`` with ``trial`` in their place. A sent card is tried on today's figures."""
    card = card_of(_tried(inputs, trial))
    changed = trial.full | trial.points.keys()
    if not changed:
        return card
    return replace(
        card,
        leaves=tuple(
            _reworded(leaf, trial) if leaf.criterion.code in changed else leaf
            for leaf in card.leaves
        ),
    )


def _tried(inputs: Inputs, trial: Trial) -> Inputs:
    base = replace(inputs, frozen=None)
    if trial.with_submitted:
        results = {
            code: _with_figure(result, base.expected[code]) for code, result in base.results.items()
        }
        base = replace(base, accepted=base.expected, results=results)
    if trial.is_empty:
        return base
    accepted, expected, results = dict(base.accepted), dict(base.expected), dict(base.results)
    for code, value in trial.figures.items():
        if code not in accepted:
            continue  # it has left the plan, or no leaf reads it
        figure = replace(accepted[code], value=value, settled=value.reported)
        accepted[code] = expected[code] = figure
        # As if every unit that owes it were accepted.
        results[code] = replace(_with_figure(results[code], figure), given=results[code].owed)
    return replace(
        base,
        accepted=accepted,
        expected=expected,
        results=results,
        entries=_entries(base, trial),
        adjustments=_adjustments(base, trial),
    )


def _with_figure(result: Result, figure: Figure) -> Result:
    return replace(result, value=figure.value, verdict=figure.verdict)


def _entries(inputs: Inputs, trial: Trial) -> dict[int, Entry]:
    found = dict(inputs.entries)
    for node in inputs.nodes:
        if not node.is_leaf or node.code not in trial.full | trial.points.keys():
            continue
        points = node.maximum if node.code in trial.full else trial.points[node.code]
        if points is None:
            before = found.get(node.pk, Entry())
            found[node.pk] = replace(before, override=None, appraised=None, survey=None)
        elif inputs.rules[node.pk] is None:
            found[node.pk] = Entry(survey=points)  # type: ignore[arg-type]  # a fraction is as exact
        else:
            found[node.pk] = Entry(override=points)  # type: ignore[arg-type]
    return found


def _adjustments(inputs: Inputs, trial: Trial) -> tuple[Adjustment, ...]:
    tried = {Adjustment.Kind.BONUS: trial.bonus, Adjustment.Kind.PENALTY: trial.penalty}
    kept = tuple(one for one in inputs.adjustments if tried[Adjustment.Kind(one.kind)] is None)
    return kept + tuple(
        Adjustment(kind=kind, points=points, reason="thử")
        for kind, points in tried.items()
        if points is not None
    )


def _reworded(leaf: ScoredLeaf, trial: Trial) -> ScoredLeaf:
    """The leaf with words of its own: nobody has scored it so."""
    code = leaf.criterion.code
    if code in trial.full:
        words = TICKED
    elif (points := trial.points[code]) is not None:
        words = f"thử: {show_points(points)} điểm"
    else:
        return leaf

    def said(of: Points) -> Points:
        return replace(of, how=words)

    return replace(
        leaf,
        now=said(leaf.now),
        live=said(leaf.live),
        expected=said(leaf.expected),
        reachable=said(leaf.reachable),
    )


# -- What is worth doing -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Worth:
    """One thing worth doing: a leaf with the points still to be had."""

    risk: Risk

    @property
    def leaf(self) -> ScoredLeaf:
        return self.risk.leaf

    @property
    def points(self) -> Fraction:
        """The leaf's points once it is done."""
        return self.leaf.now.points + self.risk.winnable

    @property
    def full(self) -> bool:
        return self.points == self.leaf.now.maximum


@dataclass(frozen=True)
class BestFive:
    """«Năm việc đáng làm nhất»: the leaves with most points to win, and the card with all of them done."""

    rows: tuple[Worth, ...]
    together: Card

    @property
    def winnable(self) -> Fraction:
        return sum((row.risk.winnable for row in self.rows), Fraction(0))


def best_five(inputs: Inputs, base: Trial, risks: Iterable[Risk]) -> BestFive:
    """Of ``risks`` of the card of ``base``, in their order where they win the same."""
    ordered = sorted((r for r in risks if r.winnable > 0), key=lambda risk: -risk.winnable)
    rows = tuple(Worth(risk) for risk in ordered[:MOST])
    done = replace(
        base,
        full=base.full | {row.leaf.criterion.code for row in rows if row.full},
        points={
            **base.points,
            **{row.leaf.criterion.code: row.points for row in rows if not row.full},
        },
    )
    return BestFive(rows, apply(inputs, done))


# -- Two cards side by side --------------------------------------------------------------------------


def signed(value: Fraction | None, places: int = 2) -> str:
    """``+1,50``; empty where nothing changes. What rounds to nothing gets two digits more."""
    if not value:
        return ""
    if not round_half_up(value, places):
        places += 2
    sign = "+" if value > 0 else "−"
    return f"{sign}{show_number(abs(value), places)}"


@dataclass(frozen=True)
class Step:
    """The band above, and what is missing of it."""

    band: str
    index: Fraction  # percentage points
    points: Fraction  # with the leaves that count
    beyond: bool  # the bound itself is not enough


def next_band(card: Card) -> Step | None:
    """The band above the card's own; None at the top, without an index, or where bands are not «at least»."""
    if card.index is None:
        return None
    bands = card.criteria_set.band_list()
    above: Sequence[Band] = bands
    for n, band in enumerate(bands):
        if holds(card.index, band.op, Fraction(band.at)):
            above = bands[:n]
            break
    if not above or above[-1].op not in {">=", ">"}:
        return None
    gap = Fraction(above[-1].at) - card.index
    return Step(above[-1].name, gap, gap * card.sums.maximum / 100, above[-1].op == ">")


@dataclass(frozen=True)
class Change:
    """One leaf on two cards of the same set."""

    before: ScoredLeaf
    after: ScoredLeaf

    @property
    def criterion(self) -> Criterion:
        return self.after.criterion

    @property
    def moved(self) -> bool:
        """Other points, or in the index on one card only."""
        before, after = self.before.now, self.after.now
        return (before.points, before.counts) != (after.points, after.counts)

    @property
    def reworded(self) -> bool:
        """The same points for another reason."""
        return self.before.now.how != self.after.now.how

    @property
    def gained(self) -> Fraction:
        return _counted(self.after.now) - _counted(self.before.now)

    @property
    def gained_text(self) -> str:
        return signed(self.gained)


def _counted(points: Points) -> Fraction:
    return points.points if points.counts else Fraction(0)


def changes(before: Card, after: Card) -> list[Change]:
    """Every leaf of two cards of one set, in its order."""
    return [Change(*pair) for pair in zip(before.leaves, after.leaves, strict=True)]
