"""A period at a glance: areas × units with states, who is late, what waits, progress against targets.

Everything comes from a fixed number of queries, whatever the number of rows (R36).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.utils import timezone

from accounts.models import Unit
from plans.models import Area, Period, Task
from plans.targets import Status
from tasks.consolidation import Result, consolidate
from tasks.models import Report
from tasks.states import OWED, State

if TYPE_CHECKING:
    from accounts.http import SignedIn
    from accounts.models import User

# The state that stands for several reports: what is most in the way comes first.
WORST_FIRST = (State.NOT_STARTED, State.RETURNED, State.DRAFT, State.SUBMITTED, State.ACCEPTED)


@dataclass(frozen=True)
class Filters:
    """What the page is narrowed to; every part of it is in the address."""

    area: str = ""
    task: str = ""
    unit: str = ""
    state: str = ""

    def query(self, period: Period | None, **changes: str) -> str:
        values = {
            "ky": str(period.pk) if period else "",
            "linh-vuc": self.area,
            "nhiem-vu": self.task,
            "don-vi": self.unit,
            "trang-thai": self.state,
            **changes,
        }
        return urlencode({key: value for key, value in values.items() if value})

    @property
    def any(self) -> bool:
        return bool(self.area or self.task or self.unit or self.state)


def filters_of(request: SignedIn) -> Filters:
    get = request.GET
    state = get.get("trang-thai", "")
    return Filters(
        area=get.get("linh-vuc", "")[:20],
        task=get.get("nhiem-vu", "")[:20],
        unit=get.get("don-vi", "")[:30],
        state=state if state in {*State, "late"} else "",
    )


def choose_period(request: SignedIn) -> tuple[Period | None, list[Period]]:
    """The period of ``?ky=`` or else the one that matters today; and all opened ones, newest first."""
    periods = opened_periods(request.user)
    wanted = request.GET.get("ky", "")
    for period in periods:
        if str(period.pk) == wanted:
            return period, periods
    return current_period(periods), periods


def opened_periods(user: User) -> list[Period]:
    return list(
        Period.objects.visible_to(user)
        .filter(opened_at__isnull=False, is_history=False)
        .select_related("plan__agency")
        .order_by("-year", "-due_before", "-pk")
    )


def current_period(periods: list[Period], on: dt.date | None = None) -> Period | None:
    """The running period whose date is nearest ahead; else the running one just past; else the newest."""
    on = on or timezone.localdate()
    running = [p for p in periods if p.starts_on <= on and not p.is_closed(on)]
    ahead = [p for p in running if p.due_before > on]
    if ahead:
        return min(ahead, key=lambda p: p.due_before)
    if running:
        return max(running, key=lambda p: p.due_before)
    return max(periods, key=lambda p: p.due_before, default=None)


@dataclass(slots=True)
class Cell:
    """One report, as the matrix shows it."""

    pk: int
    state: State
    late: bool


@dataclass
class AreaRow:
    area: Area
    tasks: list[Task] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    counts: Counter[State] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def status_count(self, status: Status) -> int:
        return sum(result.verdict.status is status for result in self.results)


@dataclass
class UnitRow:
    unit: Unit
    total: int = 0
    owed: int = 0
    overdue: int = 0
    waiting: int = 0
    accepted: int = 0
    late: int = 0


@dataclass
class Overview:
    """Everything the overview page shows of one period."""

    period: Period
    today: dt.date
    areas: list[AreaRow]
    units: list[UnitRow]
    cells: dict[tuple[int, int], Cell]  # (task, unit)
    counts: Counter[State]
    late: int
    overdue: int
    released: int

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def sent(self) -> int:
        return self.counts[State.SUBMITTED] + self.counts[State.ACCEPTED]

    @property
    def owed(self) -> int:
        return sum(self.counts[state] for state in OWED)

    @property
    def waiting(self) -> int:
        return self.counts[State.SUBMITTED]

    @property
    def accepted(self) -> int:
        return self.counts[State.ACCEPTED]

    @property
    def days_left(self) -> int:
        """Days a report can still come on time: 0 on the last one, negative when late."""
        return (self.period.due_before - self.today).days - 1

    def status_count(self, status: Status) -> int:
        return sum(row.status_count(status) for row in self.areas)

    @property
    def met(self) -> int:
        return self.status_count(Status.MET)

    @property
    def not_met(self) -> int:
        return self.status_count(Status.NOT_MET)

    @property
    def behind(self) -> list[UnitRow]:
        """Units that still owe something, most first."""
        return sorted(
            (row for row in self.units if row.owed),
            key=lambda row: (-row.overdue, -row.owed, row.unit.order),
        )


def overview(period: Period, filters: Filters, *, today: dt.date | None = None) -> Overview:
    """The overview of ``period``, narrowed by ``filters``."""
    today = today or timezone.localdate()
    tasks = (
        Task.objects.filter(area__plan_id=period.plan_id, retired_at=None, area__retired_at=None)
        .select_related("area")
        .order_by("area__order", "order")
    )
    if filters.area:
        tasks = tasks.filter(area__code=filters.area)
    if filters.task:
        tasks = tasks.filter(code=filters.task)
    areas: dict[int, AreaRow] = {}
    for task in tasks:
        areas.setdefault(task.area_id, AreaRow(task.area)).tasks.append(task)
    shown = {task.pk: areas[task.area_id] for row in areas.values() for task in row.tasks}
    units = {
        unit.pk: UnitRow(unit) for unit in Unit.objects.filter(agency_id=period.plan.agency_id)
    }
    seen = Overview(period, today, list(areas.values()), [], {}, Counter(), 0, 0, 0)
    for pk, task_id, unit_id, state_text, late, released, extended in (
        Report.objects.filter(period=period, retired_at=None)
        .order_by()
        .values_list("pk", "task_id", "unit_id", "state", "is_late", "released_at", "extended_to")
    ):
        row = shown.get(task_id)
        unit = units[unit_id]
        if row is None or (filters.unit and unit.unit.code != filters.unit):
            continue
        if released:
            seen.released += 1
            continue
        state = State(state_text)
        due = extended + dt.timedelta(days=1) if extended else period.due_before
        overdue = state in OWED and today >= due
        if filters.state and not (
            late or overdue if filters.state == "late" else state == filters.state
        ):
            continue
        seen.cells[task_id, unit_id] = Cell(pk, state, late or overdue)
        seen.counts[state] += 1
        seen.late += late
        seen.overdue += overdue
        row.counts[state] += 1
        unit.total += 1
        unit.owed += state in OWED
        unit.overdue += overdue
        unit.late += late
        unit.waiting += state is State.SUBMITTED
        unit.accepted += state is State.ACCEPTED
    seen.units = [unit for unit in units.values() if unit.total]
    by_task = {task.pk: row for row in seen.areas for task in row.tasks}
    for result in consolidate(period).values():
        if result.indicator.task_id in by_task:
            by_task[result.indicator.task_id].results.append(result)
    return seen
