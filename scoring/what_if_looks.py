"""How a tried card looks beside today's: index, band, what is missing of the next band and of the baseline (R30)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from plans.numbers import show_number
from scoring.scorecards import survey_estimate
from scoring.what_if import next_band, signed

if TYPE_CHECKING:
    from scoring.scorecards import Card
    from scoring.what_if import Step


@dataclass(frozen=True)
class Look:
    """One card in figures that can be set beside another's."""

    card: Card
    step: Step | None
    estimate: Fraction | None  # the index with last year's survey, where the survey waits
    baseline: Fraction | None  # of the plan

    @property
    def index(self) -> Fraction | None:
        return self.card.index

    @property
    def comparable(self) -> Fraction | None:
        """What may stand beside a published index: with bonus and penalty, never without its survey (R29)."""
        return self.estimate if self.card.waits_for_survey else self.card.published_like

    @property
    def gap(self) -> Fraction | None:
        if self.baseline is None or self.comparable is None:
            return None
        return self.comparable - self.baseline

    @property
    def gap_text(self) -> str:
        return "bằng" if self.gap == 0 else signed(self.gap)

    @property
    def band_name(self) -> str:
        return self.card.band.name if self.card.band else ""

    @property
    def adjusted(self) -> bool:
        return bool(self.card.bonus or self.card.penalty)


def look_at(card: Card) -> Look:
    """One query at most, for last year's survey."""
    baseline = card.period.plan.baseline_index
    return Look(
        card=card,
        step=next_band(card),
        estimate=survey_estimate(card) if card.waits_for_survey else None,
        baseline=None if baseline is None else Fraction(baseline),
    )


@dataclass(frozen=True)
class Totals:
    """Two looks, and what lies between them."""

    before: Look
    after: Look

    @property
    def index_change(self) -> str:
        if self.before.index is None or self.after.index is None:
            return ""
        return signed(self.after.index - self.before.index)

    @property
    def points_change(self) -> str:
        return signed(self.after.card.sums.points - self.before.card.sums.points)

    @property
    def band_changed(self) -> bool:
        return self.before.band_name != self.after.band_name

    @property
    def said(self) -> str:
        """For those who hear the page."""
        if self.after.index is None:
            return "Chưa có tiêu chí nào được tính."
        words = f"Chỉ số ước tính {show_number(self.after.index, 2)}"
        return f"{words} ({self.index_change})." if self.index_change else f"{words}."
