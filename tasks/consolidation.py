"""The whole Sở's figures from the units' answers (R8, R9, R19): added up in the database, judged in plans.targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Max, Q, Sum

from plans.models import Indicator, Period, Task
from plans.numbers import show_number, show_percent
from plans.targets import Kind, Status, Value, Verdict, judge
from tasks.models import Answer, Report
from tasks.states import COUNTED, EXPECTED, State

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

    @property
    def words(self) -> str:
        return value_text(Kind(self.indicator.kind), self.value)

    @property
    def previous_words(self) -> str:
        """The year before's figure in words; empty where there was none."""
        if self.previous is None or not self.previous.reported:
            return ""
        return value_text(Kind(self.indicator.kind), self.previous)


def value_text(kind: Kind, value: Value) -> str:
    """A figure as officials write it: «88/98 (89,8%)», «Có», «15/01/2019»; in words where there is none."""
    if not value.reported:
        return "Chưa có số liệu"
    if value.not_arising or (kind is Kind.RATIO and value.denominator == 0):
        return "Không phát sinh"
    if value.ratio is not None and value.numerator is not None and value.denominator is not None:
        pair = f"{show_number(value.numerator)}/{show_number(value.denominator)}"
        return f"{pair} ({show_percent(value.ratio)})"
    if kind is Kind.BOOLEAN:
        return "Có" if value.holds else "Không"
    if value.amount is not None:
        return show_number(value.amount)
    if value.day is not None:
        return f"{value.day:%d/%m/%Y}"
    return "Chưa ban hành" if kind is Kind.DOCUMENT else "Chưa thực hiện"


# Per task the units whose report counts, and those that owe one.
Units = tuple[dict[int, set[int]], dict[int, set[int]]]


def indicators_of(period: Period, *, tasks: Mapping[int, Task] | None = None) -> list[Indicator]:
    """The indicators a period asks for, in the plan's order; of ``tasks`` by pk, where these are at hand."""
    found = Indicator.objects.filter(
        task__area__plan_id=period.plan_id,
        retired_at=None,
        task__retired_at=None,
        task__area__retired_at=None,
    )
    if not period.is_final and not period.is_history:
        found = found.filter(interim=True)
    if tasks is None:
        return list(found.select_related("task__area"))
    indicators = [indicator for indicator in found if indicator.task_id in tasks]
    for indicator in indicators:
        indicator.task = tasks[indicator.task_id]
    return indicators


def consolidate(
    period: Period,
    *,
    states: Collection[State] = COUNTED,
    indicators: Iterable[Indicator] | None = None,
    units: Units | None = None,
) -> dict[int, Result]:
    """Every indicator's result in ``period`` from reports in ``states``, by indicator; a fixed number of queries.

    ``units``: who counts and who owes, where the caller has read the reports already.
    """
    wanted = list(indicators) if indicators is not None else indicators_of(period)
    earlier = _earlier(period, {i.code for i in wanted if i.target_previous_year})
    if states == COUNTED:  # the year before always is of accepted figures: one query for both
        values = _values(
            [period, *(p for p, _ in earlier)], states, [wanted, *(i for _, i in earlier)]
        )
        before = values
    else:
        values = _values([period], states, [wanted])
        before = _values([p for p, _ in earlier], COUNTED, [i for _, i in earlier])
    found = units or _units(period, states, {indicator.task_id for indicator in wanted})
    return _results(period, wanted, values, _by_code(earlier, before), found)


def consolidate_both(
    period: Period, *, indicators: Iterable[Indicator] | None = None
) -> tuple[dict[int, Result], dict[int, Result]]:
    """The results of the accepted reports, and with the submitted ones; what both rest on is read once."""
    wanted = list(indicators) if indicators is not None else indicators_of(period)
    earlier = _earlier(period, {i.code for i in wanted if i.target_previous_year})
    periods = [period, *(p for p, _ in earlier)]
    values, more = _values_of(periods, (COUNTED, EXPECTED), [wanted, *(i for _, i in earlier)])
    before = _by_code(earlier, values)
    by_state, owed = _units_by_state(period, {indicator.task_id for indicator in wanted})
    counted = _results(period, wanted, values, before, (_given(by_state, COUNTED), owed))
    units = (_given(by_state, EXPECTED), owed)
    return counted, _results(period, wanted, more, before, units)


def _results(
    period: Period,
    wanted: Iterable[Indicator],
    values: Mapping[tuple[int, int], Value],
    before: Mapping[str, Value],
    units: Units,
) -> dict[int, Result]:
    given, owed = units
    results = {}
    for indicator in wanted:
        value = values.get((period.pk, indicator.pk), Value())
        previous = before.get(indicator.code)
        units_given = given.get(indicator.task_id, set())
        units_owed = owed.get(indicator.task_id, set())
        if indicator.source_id:  # R6a: one unit answers for all
            units_given = units_given & {indicator.source_id}
            units_owed = units_owed & {indicator.source_id}
        results[indicator.pk] = Result(
            indicator=indicator,
            value=value,
            verdict=judge(value, indicator.target_for(period.year), previous),
            given=len(units_given),
            owed=len(units_owed),
            previous=previous,
        )
    return results


def _units(period: Period, states: Collection[State], tasks: Collection[int]) -> Units:
    by_state, owed = _units_by_state(period, tasks)
    return _given(by_state, states), owed


def _units_by_state(
    period: Period, tasks: Collection[int]
) -> tuple[dict[str, list[tuple[int, int]]], dict[int, set[int]]]:
    """State -> (task, unit) of the reports in it; task -> the units that owe one."""
    by_state: dict[str, list[tuple[int, int]]] = {}
    owed: dict[int, set[int]] = {}
    for task, unit, state in (
        Report.objects.active()
        .filter(period=period, task__in=tasks)
        .values_list("task_id", "unit_id", "state")
        .order_by()
    ):
        owed.setdefault(task, set()).add(unit)
        by_state.setdefault(state, []).append((task, unit))
    return by_state, owed


def _given(
    by_state: Mapping[str, list[tuple[int, int]]], states: Collection[State]
) -> dict[int, set[int]]:
    given: dict[int, set[int]] = {}
    for state in states:
        for task, unit in by_state.get(state, ()):
            given.setdefault(task, set()).add(unit)
    return given


def _values(
    periods: Collection[Period],
    states: Collection[State],
    indicators: Collection[Collection[Indicator]],
) -> dict[tuple[int, int], Value]:
    """By period and indicator, in one query: sums, all, latest (R8). «Không thuộc đơn vị này» is no answer."""
    (found,) = _values_of(periods, (states,), indicators)
    return found


def _values_of(
    periods: Collection[Period],
    several: Collection[Collection[State]],
    indicators: Collection[Collection[Indicator]],
) -> list[dict[tuple[int, int], Value]]:
    """The same for several sets of states, still in one query: building it costs more than running it."""
    of_all = [indicator for some in indicators for indicator in some]
    if not of_all:
        return [{} for _ in several]
    kinds = {indicator.pk: Kind(indicator.kind) for indicator in of_all}
    given = Q(state=Answer.State.GIVEN)
    empty_ratio = Q(denominator=0)  # only ratios have one
    pair = given & Q(numerator__isnull=False, denominator__gt=0)
    sums: dict[str, Any] = {
        "answers": Count("pk"),
        "not_arising": Count("pk", filter=Q(state=Answer.State.NOT_ARISING) | empty_ratio),
    }
    # Only what the kinds need: building the query costs more than running it.
    asked = set(kinds.values())
    if Kind.RATIO in asked:
        sums["numerator_sum"] = Sum("numerator", filter=pair)
        sums["denominator_sum"] = Sum("denominator", filter=pair)
    if asked & {Kind.COUNT, Kind.AMOUNT}:
        sums["amount_sum"] = Sum("amount", filter=given)
    if Kind.BOOLEAN in asked:
        sums["held"] = Count("pk", filter=given & Q(holds=True))
    if Kind.DATE in asked:
        sums["latest"] = Max("day", filter=given)
    if Kind.DOCUMENT in asked:
        sums["latest_document"] = Max("document__issued_on", filter=given)
    answers = Answer.objects.filter(
        report__period__in=[period.pk for period in periods],
        report__state__in=sorted(set().union(*several)),
        report__released_at=None,
        report__retired_at=None,
        indicator__in=list(kinds),
    ).exclude(state=Answer.State.NOT_OURS)
    if any(indicator.source_id for indicator in of_all):
        # R6a: where one unit is the source, it alone is asked, whoever answered before.
        answers = answers.filter(Q(indicator__source=None) | Q(indicator__source=F("report__unit")))
    by = ["report__period", "indicator_id", *(["report__state"] if len(several) > 1 else [])]
    rows = list(answers.order_by().values(*by).annotate(**sums))
    found = []
    for states in several:
        merged: dict[tuple[int, int], dict[str, Any]] = {}
        for row in rows:
            if row.get("report__state") in {None, *states}:
                key = row["report__period"], row["indicator_id"]
                merged[key] = _together(merged[key], row) if key in merged else row
        found.append({key: _value(kinds[key[1]], row) for key, row in merged.items()})
    return found


def _together(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Two rows of the same indicator as one: the latest day, the sum of all else."""
    found = dict(one)
    for name, value in other.items():
        if value is None or name in {"report__period", "indicator_id", "report__state"}:
            continue
        if found[name] is None:
            found[name] = value
        elif name.startswith("latest"):
            found[name] = max(found[name], value)
        else:
            found[name] += value
    return found


def _value(kind: Kind, row: Mapping[str, Any]) -> Value:
    if row["answers"] == row["not_arising"]:
        return Value(reported=True, not_arising=True)
    if kind is Kind.BOOLEAN:
        # «Not done» is an answer too, so every answer that arose must hold.
        return Value(reported=True, holds=row["held"] == row["answers"] - row["not_arising"])
    if kind is Kind.RATIO:
        if row["denominator_sum"] is None:
            return Value(reported=True, missing=True)
        return Value(
            reported=True, numerator=row["numerator_sum"], denominator=row["denominator_sum"]
        )
    if kind in {Kind.COUNT, Kind.AMOUNT}:
        total = row["amount_sum"]
        return Value(reported=True, amount=total, missing=total is None)
    day = row["latest_document"] if kind is Kind.DOCUMENT else row["latest"]
    return Value(reported=True, day=day, missing=day is None)


def previous_values(period: Period, indicators: Collection[Indicator]) -> dict[str, Value]:
    """The agency's own accepted values of the year before, by indicator code (R9); none where there was no such year."""
    earlier = _earlier(period, {indicator.code for indicator in indicators})
    values = _values([p for p, _ in earlier], COUNTED, [i for _, i in earlier])
    return _by_code(earlier, values)


Earlier = list[tuple[Period, list[Indicator]]]


def _earlier(period: Period, codes: set[str]) -> Earlier:
    """The final periods of the year before with their indicators of these codes; the one to believe last.

    The same plan's earlier year comes first; a new plan looks into the one before it by the same codes.
    """
    if not codes:
        return []
    before = Period.objects.filter(
        plan__agency_id=period.plan.agency_id, year=period.year - 1, kind=Period.FINAL
    ).order_by("plan__issued_on", "plan_id")
    ordered = sorted(before, key=lambda p: p.plan_id == period.plan_id)
    of_plan: dict[int, list[Indicator]] = {p.plan_id: [] for p in ordered}
    if ordered:
        for indicator in (
            Indicator.objects.filter(task__area__plan__in=list(of_plan), code__in=codes)
            .annotate(of_plan=F("task__area__plan"))
            .order_by("pk")
        ):
            of_plan[indicator.of_plan].append(indicator)
    return [(p, of_plan[p.plan_id]) for p in ordered]


def _by_code(earlier: Earlier, values: Mapping[tuple[int, int], Value]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for period, indicators in earlier:
        for indicator in indicators:
            if (period.pk, indicator.pk) in values:
                found[indicator.code] = values[period.pk, indicator.pk]
    return found


def tally(results: Iterable[Result]) -> dict[Status, int]:
    """How many indicators stand at each status."""
    counts = dict.fromkeys(Status, 0)
    for result in results:
        counts[result.verdict.status] += 1
    return counts
