"""What a scorecard still lacks before a leader can approve it (R27). Pure: looks at a computed card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoring.inputs import settled
from scoring.rules import State
from scoring.totals import Source

if TYPE_CHECKING:
    from scoring.scorecards import Card, ScoredLeaf


@dataclass(frozen=True)
class Gap:
    """One criterion and what is to be done about it."""

    code: str
    name: str
    words: str
    key: int = 0  # of the criterion, where an explanation is what it lacks


def gaps(card: Card) -> tuple[Gap, ...]:
    """What keeps the card from being approved, criterion by criterion."""
    return tuple(
        Gap(
            leaf.criterion.code,
            leaf.criterion.name,
            words,
            leaf.criterion.pk if needs_explanation(leaf) else 0,
        )
        for leaf in card.leaves
        for words in _lacks(leaf)
    )


def _lacks(leaf: ScoredLeaf) -> list[str]:
    if leaf.now.state == State.WAITING_MANUAL:
        return ["chờ Văn phòng chấm điểm"]
    if leaf.entry.override is not None and not leaf.entry.explanation:
        return ["điểm Văn phòng chấm chưa có giải trình"]
    if needs_explanation(leaf):
        return [
            "có điểm nhưng chưa có tài liệu kiểm chứng và chưa có giải trình:"
            f" {', '.join(leaf.unproved)}"
        ]
    return []


def needs_explanation(leaf: ScoredLeaf) -> bool:
    """It has points that nothing proves, and nobody has said why (R27)."""
    if leaf.now.state in {Source.APPRAISED, Source.SURVEY} or leaf.entry.not_applicable:
        return False
    unexplained = bool(leaf.unproved) and not leaf.entry.explanation
    return unexplained and leaf.now.counts and leaf.now.points > 0


def provisional(card: Card) -> tuple[ScoredLeaf, ...]:
    """Leaves whose points wait for reports: a figure is missing, lacks units, or its indicator left the plan."""
    return tuple(leaf for leaf in card.leaves if is_provisional(leaf, card))


def is_provisional(leaf: ScoredLeaf, card: Card) -> bool:
    if leaf.rule is None or not leaf.rule.codes or leaf.now.state in set(Source):
        return False
    if leaf.entry.not_applicable:
        return False
    return bool(left_the_plan(leaf)) or any(
        not settled(result, card.period) or not result.value.reported for result in leaf.results
    )


def left_the_plan(leaf: ScoredLeaf) -> tuple[str, ...]:
    """Indicators of the rule that the year's plan does not have."""
    there = {result.indicator.code for result in leaf.results}
    return tuple(code for code in (leaf.rule.codes if leaf.rule else ()) if code not in there)
