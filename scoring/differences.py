"""What differs between a card that was kept and today's (R27): points and figures, leaf by leaf. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scoring.rules import show_points
from scoring.totals import decide

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from scoring.frozen import Frozen, FrozenLeaf
    from scoring.scorecards import Card, ScoredLeaf
    from scoring.totals import Points


@dataclass(frozen=True)
class FigureChange:
    """One indicator's figure, in words, then and now."""

    code: str
    before: str
    after: str

    @property
    def words(self) -> str:
        return f"{self.code} {self.before or '–'} → {self.after or '–'}"


@dataclass(frozen=True)
class Difference:
    """One leaf whose points or figures are not what was kept; None: it did not count, or is not there."""

    code: str
    name: str
    before: Fraction | None
    after: Fraction | None
    figures: tuple[FigureChange, ...] = ()
    before_how: str = ""
    after_how: str = ""
    state_differs: bool = False  # for example from a figure to none, both worth 0 points

    @property
    def points_differ(self) -> bool:
        return self.before != self.after

    @property
    def matters(self) -> bool:
        """What was approved is not what stands today: the points, whether they count, or why."""
        return self.points_differ or self.state_differs

    @property
    def what(self) -> str:
        """«1,38 → 1,50», or the figures where the points are the same."""
        if self.points_differ:
            return f"{_points(self.before)} → {_points(self.after)}"
        return "; ".join(one.words for one in self.figures) or "cách ghi đã thay đổi"

    @property
    def words(self) -> str:
        return f"{self.code or self.name} {self.what}"


def listed(found: Sequence[Difference]) -> str:
    """In one line, the first ten of them."""
    more = f" và {len(found) - 10} tiêu chí khác" if len(found) > 10 else ""
    return "; ".join(one.words for one in found[:10]) + more


def _points(points: Fraction | None) -> str:
    return "không tính" if points is None else show_points(points)


def differences(kept: Frozen, card: Card) -> tuple[Difference, ...]:
    """Leaves of ``card``, on today's reports, that are not as they were ``kept``; then bonus and penalty.

    The province's points say nothing about our own: they are left out on both sides.
    """
    policy = card.criteria_set.policy
    found = []
    for leaf in card.leaves:
        own = decide(
            leaf.leaf, leaf.outcome, replace(leaf.entry, appraised=None, survey=None), policy
        )
        found.append(_compare(kept.leaves.get(leaf.criterion.code), leaf, own))
    if kept.total is not None and kept.index is not None:
        before, after = kept.total - kept.index, card.bonus - card.penalty
        if before != after:
            found.append(Difference("", "Điểm thưởng, điểm trừ", before, after))
    return tuple(one for one in found if one is not None)


def _compare(before: FrozenLeaf | None, leaf: ScoredLeaf, own: Points) -> Difference | None:
    figures = {result.indicator.code: result.words for result in leaf.results}
    then = dict(before.figures) if before else {}
    changed = tuple(
        FigureChange(code, then.get(code, ""), figures.get(code, ""))
        for code in dict.fromkeys([*then, *figures])
        if then.get(code, "") != figures.get(code, "")
    )
    points_then = before.points if before and before.counts else None
    points_now = own.points if own.counts else None
    explained = before is not None and before.explanation != leaf.entry.explanation
    state_differs = before is None or before.state != own.state
    same = points_then == points_now and not state_differs
    if same and not changed and not explained:
        return None
    return Difference(
        code=leaf.criterion.code,
        name=leaf.criterion.name,
        before=points_then,
        after=points_now,
        figures=changed,
        before_how=before.how if before else "",
        after_how=own.how,
        state_differs=state_differs,
    )
