"""The plan as officials know it, and each unit's own share of it (R5, R6, R7a). Reading only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.decorators import signed_in
from accounts.models import Role, Unit
from plans import permissions
from plans.assigning import resolve
from plans.models import Area, Assignment, Duty, Indicator, Period, Plan, Task, TaskFocus
from plans.warnings import plan_warnings
from plans.wording import answered_by, target_text

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from accounts.http import SignedIn
    from accounts.models import User
    from plans.assigning import Roles

ROLES = (
    Assignment.Role.LEAD,
    Assignment.Role.IMPLEMENT,
    Assignment.Role.CONSOLIDATE,
    Assignment.Role.COORDINATE,
)

SOURCE = "source"  # no role of the plan: the unit that answers a figure for the whole agency


@dataclass
class IndicatorRow:
    """One indicator with its target in words. ``others``: who answers it instead of the unit shown."""

    indicator: Indicator
    target: str
    answered_by: str
    others: str = ""


@dataclass
class TaskRow:
    task: Task
    roles: list[RoleRow] = field(default_factory=list)  # only where the task overrides its area
    indicators: list[IndicatorRow] = field(default_factory=list)
    also: str = ""  # the other roles a unit holds in it
    focus: Sequence[TaskFocus] = ()  # of the year shown

    @property
    def is_owed(self) -> bool:
        """R6a: where others answer everything, nothing is left to report."""
        return not self.indicators or any(not row.others for row in self.indicators)


@dataclass
class RoleRow:
    """Who holds one role: units, and groups with their members."""

    label: str
    units: list[str] = field(default_factory=list)
    groups: list[tuple[str, list[str]]] = field(default_factory=list)


@dataclass
class AreaRow:
    area: Area
    roles: list[RoleRow]
    tasks: list[TaskRow]


@dataclass
class PeriodRow:
    period: Period
    state: str
    days: int | None = None  # still on time, where that means something


@dataclass
class ShareRow:
    """A unit's tasks in one role."""

    role: str
    label: str
    explanation: str
    owes: bool
    tasks: list[TaskRow] = field(default_factory=list)


@require_safe
@signed_in
def plan_list(request: SignedIn) -> HttpResponse:
    """The agency's plans, newest first; straight to the plan where there is only one."""
    permissions.require(request.user, "plan_read")
    plans = list(Plan.objects.visible_to(request.user))
    if len(plans) == 1:
        return redirect("plan_detail", plans[0].pk)
    return render(request, "plans/plan_list.html", {"plans": plans})


@require_safe
@signed_in
def plan_detail(request: SignedIn, pk: int) -> HttpResponse:
    """One plan: its head, periods, areas, tasks, indicators, who is assigned; warnings for those who mend them."""
    permissions.require(request.user, "plan_read")
    plan = _get_plan(request.user, pk)
    year = _chosen_year(request, plan)
    tasks = _tasks(plan)
    roles = resolve(plan)
    shares = _units_with_a_share(plan, roles)
    return render(
        request,
        "plans/plan_detail.html",
        {
            "plan": plan,
            "year": year,
            "years": _year_tabs(request, plan, year),
            "bases": plan.legal_bases.all(),
            "periods": [
                _period_row(p, timezone.localdate()) for p in plan.periods.filter(is_history=False)
            ],
            "areas": _area_rows(plan, tasks, year),
            "retired": [task for task in tasks if task.is_retired or task.area.is_retired],
            "warnings": plan_warnings(plan, roles)
            if permissions.can(request.user, "plan_warnings")
            else [],
            "shares": shares if permissions.can(request.user, "unit_share_any") else [],
            "own_share": next((unit for unit in shares if unit.pk == request.user.unit_id), None),
        },
    )


@require_safe
@signed_in
def unit_share(request: SignedIn, pk: int, unit_pk: int) -> HttpResponse:
    """What one unit has to do in a plan: its tasks by role, with the indicators it answers."""
    permissions.require(request.user, "plan_read")
    plan = _get_plan(request.user, pk)
    unit = get_object_or_404(Unit.objects.visible_to(request.user), pk=unit_pk)
    any_unit = permissions.can(request.user, "unit_share_any")
    if unit.pk != request.user.unit_id and not any_unit:
        raise PermissionDenied(
            "Bạn xem được phần việc của đơn vị mình. Phần việc của đơn vị khác dành cho: "
            "Văn phòng Sở, Lãnh đạo Sở, Quản trị."
        )
    year = _chosen_year(request, plan)
    period = plan.periods.filter(year=year, kind=Period.FINAL).first()
    tasks = _tasks(plan)
    shares = _share_rows(unit, tasks, _roles_of(unit, plan, period, tasks), year)
    owed = [row for share in shares if share.owes for row in share.tasks if row.is_owed]
    return render(
        request,
        "plans/unit_share.html",
        {
            "plan": plan,
            "unit": unit,
            "year": year,
            "years": _year_tabs(request, plan, year),
            "period": _period_row(period, timezone.localdate()) if period else None,
            "shares": shares,
            "owed": len(owed),
            "figures": sum(1 for row in owed for line in row.indicators if not line.others),
            "units": _units_with_a_share(plan, resolve(plan)) if any_unit else [],
            "own": unit.pk == request.user.unit_id
            and bool(request.user.roles & {Role.HEAD, Role.REPORTER}),
        },
    )


# -- What is read -------------------------------------------------------------------------------


def _get_plan(user: User, pk: int) -> Plan:
    return get_object_or_404(
        Plan.objects.visible_to(user).select_related("receiving_unit", "agency"), pk=pk
    )


def _tasks(plan: Plan) -> list[Task]:
    """All tasks of the plan with their areas and indicators, in the plan's order."""
    indicators = Indicator.objects.select_related("source").order_by("order")
    return list(
        Task.objects.filter(area__plan=plan)
        .select_related("area")
        .prefetch_related(Prefetch("indicators", indicators))
        .order_by("area__order", "order")
    )


def _chosen_year(request: SignedIn, plan: Plan) -> int:
    """``?nam=``, else the plan's year that is now or nearest to now."""
    asked = request.GET.get("nam", "")
    if asked in {str(year) for year in plan.years}:
        return int(asked)
    now = timezone.localdate().year
    return min(plan.years, key=lambda year: (abs(year - now), -year), default=now)


def _year_tabs(request: SignedIn, plan: Plan, year: int) -> list[dict[str, Any]]:
    if len(plan.years) < 2:
        return []
    return [
        {"label": f"Năm {one}", "url": f"{request.path}?nam={one}", "active": one == year}
        for one in sorted(plan.years)
    ]


def _units_with_a_share(plan: Plan, roles: Roles) -> list[Unit]:
    held = {unit for of_task in roles.values() for units in of_task.values() for unit in units}
    held |= set(
        Indicator.objects.filter(
            task__area__plan=plan, source__isnull=False, retired_at__isnull=True
        ).values_list("source_id", flat=True)
    )
    return [unit for unit in Unit.objects.filter(agency_id=plan.agency_id) if unit.pk in held]


def _roles_of(
    unit: Unit, plan: Plan, period: Period | None, tasks: list[Task]
) -> dict[int, set[str]]:
    """Task → the unit's roles in it: as they were when the period opened, else as the plan says now (R5).

    The source of a figure reports it without any other role (R6a).
    """
    found: dict[int, set[str]] = {}
    if period is not None and period.opened_at is not None:
        duties = Duty.objects.filter(period=period, unit=unit).values_list("task_id", "role")
        for task_id, role in duties:
            found.setdefault(task_id, set()).add(role)
    else:
        for task_id, roles in resolve(plan).items():
            held = {str(role) for role, units in roles.items() if unit.pk in units}
            if held:
                found[task_id] = held
    for task in tasks:
        if any(i.source_id == unit.pk and not i.is_retired for i in task.indicators.all()):
            held = found.setdefault(task.pk, set())
            if not held & set(Assignment.REPORTING):
                held.add(SOURCE)
    return found


# -- Rows ---------------------------------------------------------------------------------------


def _area_rows(plan: Plan, tasks: list[Task], year: int) -> list[AreaRow]:
    assignments = (
        Assignment.objects.filter(Q(area__plan=plan) | Q(task__area__plan=plan))
        .select_related("unit", "group")
        .prefetch_related("group__members")
    )
    of_area: dict[int, list[Assignment]] = {}
    of_task: dict[int, list[Assignment]] = {}
    for assignment in assignments:
        if assignment.area_id:
            of_area.setdefault(assignment.area_id, []).append(assignment)
        elif assignment.task_id:
            of_task.setdefault(assignment.task_id, []).append(assignment)
    focus = TaskFocus.objects.by_task(year, (task.pk for task in tasks))
    rows: dict[int, AreaRow] = {}
    for area in plan.areas.filter(retired_at__isnull=True):
        rows[area.pk] = AreaRow(area, _role_rows(of_area.get(area.pk, [])), [])
    for task in tasks:
        if task.area_id in rows and not task.is_retired:
            rows[task.area_id].tasks.append(
                TaskRow(
                    task,
                    _role_rows(of_task.get(task.pk, [])),
                    _indicator_rows(task, year),
                    focus=focus.get(task.pk, ()),
                )
            )
    return list(rows.values())


def _role_rows(assignments: Iterable[Assignment]) -> list[RoleRow]:
    rows: dict[str, RoleRow] = {}
    for assignment in assignments:
        row = rows.setdefault(assignment.role, RoleRow(Assignment.Role(assignment.role).label))
        if assignment.group:
            row.groups.append(
                (assignment.group.name, [unit.name for unit in assignment.group.members.all()])
            )
        elif assignment.unit:
            row.units.append(assignment.unit.name)
    return [rows[role] for role in ROLES if role in rows]


def _indicator_rows(task: Task, year: int, unit: Unit | None = None) -> list[IndicatorRow]:
    return [
        IndicatorRow(
            indicator,
            target_text(indicator, year),
            answered_by(indicator),
            indicator.source.name
            if unit and indicator.source and indicator.source_id != unit.pk
            else "",
        )
        for indicator in task.indicators.all()
        if not indicator.is_retired
    ]


SHARES = (  # in the order of the page; the first three owe a report
    (Assignment.Role.LEAD, "Chủ trì", "Đơn vị báo cáo kết quả từng nhiệm vụ.", True),
    (Assignment.Role.IMPLEMENT, "Thực hiện", "Đơn vị báo cáo kết quả từng nhiệm vụ.", True),
    (SOURCE, "Cung cấp số liệu", "Đơn vị báo cáo số liệu chung của cả cơ quan.", True),
    (
        Assignment.Role.CONSOLIDATE,
        "Tổng hợp",
        "Đơn vị tổng hợp kết quả của các đơn vị thực hiện.",
        False,
    ),
    (
        Assignment.Role.COORDINATE,
        "Phối hợp",
        "Đơn vị phối hợp thực hiện; không phải gửi báo cáo riêng.",
        False,
    ),
)
NOT_BESIDE = {  # what a role leaves out because another one says more
    Assignment.Role.IMPLEMENT: {"lead"},
    Assignment.Role.COORDINATE: set(Assignment.REPORTING),
}


def _share_rows(
    unit: Unit, tasks: list[Task], roles: dict[int, set[str]], year: int
) -> list[ShareRow]:
    """The unit's tasks by role, each reported once; the figures stand with the roles that owe a report (R6)."""
    focus = TaskFocus.objects.by_task(year, roles)
    rows = []
    for role, label, explanation, owes in SHARES:
        share = ShareRow(str(role), label, explanation, owes)
        for task in tasks:
            held = roles.get(task.pk, set())
            if role not in held or task.is_retired or task.area.is_retired:
                continue
            if held & NOT_BESIDE.get(role, set()):  # type: ignore[call-overload]
                continue
            also = [
                other.label.lower() for other in ROLES[:3] if other.value in held and other != role
            ]
            figures = _indicator_rows(task, year, unit) if owes else []
            share.tasks.append(TaskRow(task, [], figures, ", ".join(also), focus.get(task.pk, ())))
        if share.tasks:
            rows.append(share)
    return rows


def _period_row(period: Period, today: dt.date) -> PeriodRow:
    if period.is_history:
        return PeriodRow(period, "số liệu lịch sử")
    if period.is_closed(today):
        return PeriodRow(period, "đã khóa")
    if period.opened_at is None:
        return PeriodRow(period, "chưa mở")
    days = (period.due_before - today).days - 1
    if days < 0:
        return PeriodRow(period, f"đã quá hạn, còn nhận đến hết {period.closes_on:%d/%m/%Y}", days)
    return PeriodRow(period, "đang mở", days)
