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
from tasks.consolidation import Result, consolidate, indicators_of
from tasks.models import Report
from tasks.states import COUNTED, OWED, State

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
    waiting: int = 0  # days a report has waited for review, at least

    def query(self, period: Period | None, **changes: str) -> str:
        """The address of the same choice in ``period``; ``changes`` by the address's own names."""
        values = {
            "ky": str(period.pk) if period else "",
            "linh-vuc": self.area,
            "nhiem-vu": self.task,
            "don-vi": self.unit,
            "trang-thai": self.state,
            "cho": str(self.waiting or ""),
            **changes,
        }
        return urlencode({key: value for key, value in values.items() if value})

    @property
    def any(self) -> bool:
        return bool(self.area or self.task or self.unit or self.state or self.waiting)


def filters_of(request: SignedIn) -> Filters:
    get = request.GET
    state = get.get("trang-thai", "")
    waiting = get.get("cho", "")
    return Filters(
        area=get.get("linh-vuc", "")[:20],
        task=get.get("nhiem-vu", "")[:20],
        unit=get.get("don-vi", "")[:30],
        state=state if state in {*State, "late"} else "",
        waiting=int(waiting) if waiting.isascii() and waiting.isdigit() and len(waiting) < 4 else 0,
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
    task: Task
    unit: Unit
    state: State
    late: bool
    submitted_at: dt.datetime | None

    def waited(self, today: dt.date) -> int:
        """Days since it was last submitted."""
        return (today - timezone.localdate(self.submitted_at)).days if self.submitted_at else 0


@dataclass
class AreaRow:
    area: Area
    tasks: list[Task] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    counts: Counter[State] = field(default_factory=Counter)
    late: int = 0

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
    # Whatever the filters: what these may choose from.
    all_areas: list[Area]
    all_units: list[Unit]

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
    def longest_waiting(self) -> list[Cell]:
        """What waits for review, the longest first."""
        found = [cell for cell in self.cells.values() if cell.state is State.SUBMITTED]
        return sorted(found, key=lambda cell: (cell.submitted_at or timezone.now(), cell.pk))

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
    def results(self) -> list[Result]:
        return [result for row in self.areas for result in row.results]

    @property
    def missed(self) -> list[Result]:
        """Indicators whose figure does not meet its target, those that no more can first."""
        found = [r for r in self.results if r.verdict.status is Status.NOT_MET]
        return sorted(found, key=lambda r: not r.verdict.missing.startswith("không thể"))

    @property
    def hopeless(self) -> list[Result]:
        """Of :attr:`missed`, those that cannot be met with the figures as they are."""
        return [r for r in self.missed if r.verdict.missing.startswith("không thể")]

    @property
    def late_note(self) -> str:
        return (
            f"{self.overdue} chưa gửi, {self.late} đã gửi trễ" if self.late or self.overdue else ""
        )

    @property
    def target_note(self) -> str:
        return f"{self.not_met} chưa đạt; trên số liệu đã duyệt"

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
    tasks = list(
        Task.objects.filter(area__plan_id=period.plan_id, retired_at=None, area__retired_at=None)
        .select_related("area")
        .defer("legal_basis")  # a JSON to be read for each, and nobody does
        .order_by("area__order", "order")
    )
    all_areas = {task.area_id: task.area for task in tasks}
    areas: dict[int, AreaRow] = {}
    shown: dict[int, Task] = {}
    for task in tasks:
        task.area = all_areas[task.area_id]
        if filters.area in {"", task.area.code} and filters.task in {"", task.code}:
            areas.setdefault(task.area_id, AreaRow(task.area)).tasks.append(task)
            shown[task.pk] = task
    units = {
        unit.pk: UnitRow(unit) for unit in Unit.objects.filter(agency_id=period.plan.agency_id)
    }
    seen = Overview(
        period,
        today,
        list(areas.values()),
        [],
        {},
        Counter(),
        0,
        0,
        0,
        list(all_areas.values()),
        [],
    )
    owing: set[int] = set()
    given: dict[int, set[int]] = {}
    owed: dict[int, set[int]] = {}
    for pk, task_id, unit_id, state_text, late, released, extended, submitted_at in (
        Report.objects.filter(period=period, retired_at=None)
        .order_by()
        .values_list(
            "pk",
            "task_id",
            "unit_id",
            "state",
            "is_late",
            "released_at",
            "extended_to",
            "submitted_at",
        )
    ):
        state = State(state_text)
        owing.add(unit_id)
        if not released:  # the whole Sở's figures know no filter
            owed.setdefault(task_id, set()).add(unit_id)
            if state in COUNTED:
                given.setdefault(task_id, set()).add(unit_id)
        unit = units[unit_id]
        if task_id not in shown or filters.unit not in {"", unit.unit.code}:
            continue
        if released:
            seen.released += 1
            continue
        due = extended + dt.timedelta(days=1) if extended else period.due_before
        overdue = state in OWED and today >= due
        if filters.state and not (
            late or overdue if filters.state == "late" else state == filters.state
        ):
            continue
        task = shown[task_id]
        row = areas[task.area_id]
        cell = Cell(pk, task, unit.unit, state, late or overdue, submitted_at)
        seen.cells[task_id, unit_id] = cell
        seen.counts[state] += 1
        seen.late += late
        seen.overdue += overdue
        row.counts[state] += 1
        row.late += cell.late
        unit.total += 1
        unit.owed += state in OWED
        unit.overdue += overdue
        unit.late += late
        unit.waiting += state is State.SUBMITTED
        unit.accepted += state is State.ACCEPTED
    seen.units = [unit for unit in units.values() if unit.total]
    seen.all_units = [unit.unit for pk, unit in units.items() if pk in owing]
    results = consolidate(
        period, indicators=indicators_of(period, tasks=shown), units=(given, owed)
    )
    for result in results.values():
        areas[result.indicator.task.area_id].results.append(result)
    return seen
