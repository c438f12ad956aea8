"""What a unit's answers mean against their targets, as its own form and report show it (R7a, R9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plans.numbers import show_number, show_percent
from plans.targets import Value, Verdict, judge
from tasks.consolidation import previous_values
from tasks.models import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plans.models import Indicator
    from tasks.models import Report


@dataclass(frozen=True)
class Shown:
    """One answer's verdict; ``share`` is a ratio's percentage in words, «12/13 = 92,31%»."""

    verdict: Verdict
    share: str = ""
    not_ours: bool = False


def verdicts(
    report: Report, indicators: list[Indicator], answers: Mapping[int, Answer]
) -> dict[int, Shown]:
    """By indicator; the year before is asked for once, and only where a target needs it."""
    before: Mapping[str, Value] = previous_values(
        report.period, [i for i in indicators if i.target_previous_year]
    )
    found = {}
    for indicator in indicators:
        answer = answers.get(indicator.pk)
        value = answer.value(indicator.kind) if answer else Value()
        share = ""
        if value.ratio is not None:
            assert value.numerator is not None and value.denominator is not None
            share = (
                f"{show_number(value.numerator)}/{show_number(value.denominator)} = "
                f"{show_percent(value.ratio)}"
            )
        found[indicator.pk] = Shown(
            judge(value, indicator.target_for(report.period.year), before.get(indicator.code)),
            share,
            not_ours=answer is not None and answer.state == Answer.State.NOT_OURS,
        )
    return found
