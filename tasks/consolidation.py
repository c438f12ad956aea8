"""The whole Sở's figures from the units' answers (R8, R9, R19): added up in the database, judged in plans.targets."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Max, Q, Sum

from plans.models import Indicator, Period
from plans.targets import Kind, Status, Value, Verdict, judge
from tasks.models import Answer, Report
from tasks.states import COUNTED, State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


@dataclass(frozen=True)
class Result:
    """One indicator's consolidated figure in one period."""

    indicator: Indicator
    value: Value
    verdict: Verdict
    given: int  # units whose report counts
    owed: int  # units that owe one
    previous: Value | None = None

    @property
    def complete(self) -> bool:
        return self.given >= self.owed

    @property
    def provisional_text(self) -> str:
        """«tạm tính 3/9 đơn vị» while units are missing, else nothing."""
        return "" if self.complete else f"tạm tính {self.given}/{self.owed} đơn vị"


def indicators_of(period: Period) -> list[Indicator]:
    """The indicators a period asks for, in the plan's order."""
    found = Indicator.objects.filter(
        task__area__plan_id=period.plan_id,
        retired_at=None,
        task__retired_at=None,
        task__area__retired_at=None,
    )
    if not period.is_final and not period.is_history:
        found = found.filter(interim=True)
    return list(found.select_related("task__area"))


def consolidate(
    period: Period,
    *,
    states: Collection[State] = COUNTED,
    indicators: Iterable[Indicator] | None = None,
) -> dict[int, Result]:
    """Every indicator's result in ``period`` from reports in ``states``, by indicator; a fixed number of queries."""
    wanted = list(indicators) if indicators is not None else indicators_of(period)
    values = _values(period, states=states, indicators=wanted)
    given, owed = _units(period, states)
    before = previous_values(period, [i for i in wanted if i.target_previous_year])
    results = {}
    for indicator in wanted:
        value = values.get(indicator.pk, Value())
        previous = before.get(indicator.code)
        units_given, units_owed = (
            given.get(indicator.task_id, set()),
            owed.get(indicator.task_id, set()),
        )
        if indicator.source_id:  # R6a: one unit answers for all
            units_given, units_owed = (
                units_given & {indicator.source_id},
                units_owed & {indicator.source_id},
            )
        results[indicator.pk] = Result(
            indicator=indicator,
            value=value,
            verdict=judge(value, indicator.target_for(period.year), previous),
            given=len(units_given),
            owed=len(units_owed),
            previous=previous,
        )
    return results


def _units(
    period: Period, states: Collection[State]
) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Per task the units whose report counts, and those that owe one."""
    given: dict[int, set[int]] = {}
    owed: dict[int, set[int]] = {}
    for task, unit, state in (
        Report.objects.active()
        .filter(period=period)
        .values_list("task_id", "unit_id", "state")
        .order_by()
    ):
        owed.setdefault(task, set()).add(unit)
        if state in states:
            given.setdefault(task, set()).add(unit)
    return given, owed


def _values(
    period: Period, *, states: Collection[State], indicators: Collection[Indicator]
) -> dict[int, Value]:
    """One aggregate query: sums, all, latest (R8). «Không thuộc đơn vị này» counts as no answer."""
    given = Q(state=Answer.State.GIVEN)
    empty_ratio = Q(indicator__kind=Kind.RATIO, denominator=0)
    not_arising = Q(state=Answer.State.NOT_ARISING) | given & empty_ratio
    rows = (
        Answer.objects.filter(
            report__period=period,
            report__state__in=list(states),
            report__released_at=None,
            report__retired_at=None,
            indicator__in=[i.pk for i in indicators],
        )
        .exclude(state=Answer.State.NOT_OURS)
        .order_by()
        .values("indicator_id")
        .annotate(
            answers=Count("pk"),
            not_arising=Count("pk", filter=not_arising),
            figures=Count("pk", filter=given & ~empty_ratio),
            numerator_sum=Sum("numerator", filter=given),
            denominator_sum=Sum("denominator", filter=given),
            amount_sum=Sum("amount", filter=given),
            held=Count("pk", filter=given & Q(holds=True)),
            latest=Max("day", filter=given),
            latest_document=Max("document__issued_on", filter=given),
        )
    )
    kinds = {indicator.pk: Kind(indicator.kind) for indicator in indicators}
    return {row["indicator_id"]: _value(kinds[row["indicator_id"]], row) for row in rows}


def _value(kind: Kind, row: Mapping[str, Any]) -> Value:
    if row["answers"] == row["not_arising"]:
        return Value(reported=True, not_arising=True)
    if kind is Kind.BOOLEAN:
        # «Not done» is an answer too, so every answer that arose must hold.
        return Value(reported=True, holds=row["held"] == row["answers"] - row["not_arising"])
    if not row["figures"]:
        return Value(reported=True, missing=True)
    if kind is Kind.RATIO:
        return Value(
            reported=True,
            numerator=row["numerator_sum"] or Decimal(0),
            denominator=row["denominator_sum"] or Decimal(0),
        )
    if kind in {Kind.COUNT, Kind.AMOUNT}:
        return Value(reported=True, amount=row["amount_sum"] or Decimal(0))
    day = row["latest_document"] if kind is Kind.DOCUMENT else row["latest"]
    return Value(reported=True, day=day, missing=day is None)


def previous_values(period: Period, indicators: Collection[Indicator]) -> dict[str, Value]:
    """The agency's own accepted values of the year before, by indicator code (R9); none where there was no such year.

    The same plan's earlier year comes first; a new plan looks into the one before it by the same codes.
    """
    if not indicators:
        return {}
    codes = {indicator.code for indicator in indicators}
    before = Period.objects.filter(
        plan__agency_id=period.plan.agency_id, year=period.year - 1, kind=Period.FINAL
    ).order_by("plan__issued_on", "plan_id")
    found: dict[str, Value] = {}
    for earlier in sorted(before, key=lambda p: p.plan_id == period.plan_id):
        theirs = list(Indicator.objects.filter(task__area__plan_id=earlier.plan_id, code__in=codes))
        values = _values(earlier, states=COUNTED, indicators=theirs)
        found |= {i.code: values[i.pk] for i in theirs if i.pk in values}
    return found


def tally(results: Iterable[Result]) -> dict[Status, int]:
    """How many indicators stand at each status."""
    counts = dict.fromkeys(Status, 0)
    for result in results:
        counts[result.verdict.status] += 1
    return counts
