"""What a trial changes, in words: for the page of a scenario and for two side by side (R30)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plans.targets import Kind
from scoring.rules import show_points
from tasks.consolidation import value_text

if TYPE_CHECKING:
    from scoring.scorecards import Card
    from scoring.what_if import Trial


@dataclass(frozen=True)
class Tried:
    """One thing changed: what it is, today's words, the tried ones."""

    key: str
    code: str
    name: str
    before: str
    after: str


def words_of(trial: Trial, base: Card) -> list[Tried]:
    """In the order of the set: figures, then ticks and points of leaves, then bonus and penalty."""
    found = [
        Tried(
            f"figure {code}",
            code,
            result.indicator.name,
            result.words,
            value_text(Kind(result.indicator.kind), trial.figures[code]),
        )
        for code, result in base.results.items()
        if code in trial.figures
    ]
    for leaf in base.leaves:
        code = leaf.criterion.code
        now = f"{show_points(leaf.now.points)} điểm" if leaf.now.counts else "chưa tính điểm"
        if code in trial.full:
            after = f"đạt điểm tối đa {show_points(leaf.now.maximum)}"
        elif code in trial.points:
            points = trial.points[code]
            after = "chưa có điểm" if points is None else f"{show_points(points)} điểm"
        else:
            continue
        found.append(Tried(f"leaf {code}", code, leaf.criterion.name, now, after))
    for key, name, tried, today in (
        ("bonus", "Điểm thưởng", trial.bonus, base.bonus),
        ("penalty", "Điểm trừ", trial.penalty, base.penalty),
    ):
        if tried is not None:
            found.append(Tried(key, "", name, show_points(today), show_points(tried)))
    return found
