"""What a unit owes, most urgent first: the home of heads and reporters."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.decorators import signed_in
from accounts.models import Role
from plans.models import TaskFocus
from tasks.contributions import parts_of
from tasks.models import Report, Transition
from tasks.overview import choose_period
from tasks.owing import directions_for_unit, explanations_for_unit, owed_for_unit
from tasks.permissions import require
from tasks.states import OWED, Action, State

if TYPE_CHECKING:
    import datetime as dt

    from django.http import HttpResponse

    from accounts.http import SignedIn
    from accounts.models import Unit, User
    from plans.models import Period


BY_AREA = "linh-vuc"


@dataclass
class Group:
    """Reports at one point of their way, or of one area, with what is to be done about each."""

    key: str
    title: str
    icon: str
    action: str  # the word of the button
    reports: list[Report] = field(default_factory=list)

    @property
    def rows(self) -> list[tuple[Report, str]]:
        """Each report with the word of its button."""
        return [(report, self.action) for report in self.reports]


@dataclass
class AreaGroup:
    """What a unit owes in one area of the plan; ``rows`` as in :class:`Group`."""

    key: str
    title: str
    icon: str = "folder"
    rows: list[tuple[Report, str]] = field(default_factory=list)


@require_safe
@signed_in
def todo(request: SignedIn) -> HttpResponse:
    """The reports of my unit in one period: owed ones by what is to be done, then the sent ones."""
    user = request.user
    require(user, "unit_todo")
    assert user.unit is not None
    period, periods = choose_period(request)
    today = timezone.localdate()
    owed = owed_reports(user.unit, period, today) if period else []
    rest = (
        list(
            Report.objects.filter(period=period, unit=user.unit, retired_at=None)
            .exclude(pk__in=[report.pk for report in owed])
            .with_names()
        )
        if period
        else []
    )
    sent = [report for report in rest if not report.released_at and report.state not in OWED]
    counts = Counter(report.state for report in [*owed, *sent])
    parts = parts_of(period, user.unit) if period else []
    return render(
        request,
        "tasks/todo.html",
        {
            "period": period,
            "periods": periods,
            "today": today,
            "locked": period is not None and period.is_closed(today),
            "owed": owed,
            "directions": directions_for_unit(user.unit),
            "explanations": explanations_for_unit(user.unit),
            "focus": TaskFocus.objects.by_task(period.year, (report.task_id for report in owed))
            if period
            else {},
            "groups": by_area(grouped(user, owed))
            if request.GET.get("nhom") == BY_AREA
            else grouped(user, owed),
            "by_area": request.GET.get("nhom") == BY_AREA,
            "handed_back": hand_back_reasons(owed),
            "sent": sorted(
                sent,
                key=lambda r: (
                    r.state == State.ACCEPTED,
                    -(r.submitted_at or r.updated_at).timestamp(),
                ),
            ),
            "released": [report for report in rest if report.released_at],
            "parts": parts,
            "waiting_parts": sum(not part.is_answered for part in parts),
            "waiting": counts[State.SUBMITTED],
            "accepted": counts[State.ACCEPTED],
            "total": len(owed) + len(sent),
            "late": sum(report.is_overdue(today) for report in owed),
            "days_left": (period.due_before - today).days - 1 if period else None,
        },
    )


def owed_reports(unit: Unit, period: Period, today: dt.date) -> list[Report]:
    """What ``unit`` owes in ``period``: as reminders list it (R20a); of a period that is not running, in the plan's order."""
    running = list(owed_for_unit(unit, today).filter(period=period))
    return running or list(Report.objects.owed().filter(period=period, unit=unit).with_names())


def grouped(user: User, owed: list[Report]) -> list[Group]:
    """``owed`` by what is to be done, most urgent first; inside a group the order of ``owed`` (R30)."""
    head = Role.HEAD in user.roles
    returned = Group("returned", "Bị trả lại, cần sửa", "arrow-back-up", "Sửa lại")
    draft = Group("draft", "Đang soạn", "pencil", "Làm tiếp")
    fresh = Group("not-started", "Chưa bắt đầu", "circle-dashed", "Bắt đầu")
    if head:
        up = Group("handed-up", "Người soạn đã trình, chờ bạn gửi", "user-check", "Xem và gửi")
        order = [returned, up, draft, fresh]
    else:
        up = Group("handed-up", "Đã trình, chờ trưởng đơn vị gửi", "user-check", "Xem")
        order = [returned, draft, fresh, up]
    places = {State.RETURNED: returned, State.DRAFT: draft, State.NOT_STARTED: fresh}
    for report in owed:
        group = up if report.handed_up_at else places[State(report.state)]
        group.reports.append(report)
    return [group for group in order if group.reports]


def by_area(groups: list[Group]) -> list[AreaGroup]:
    """The same reports by area, in the plan's order; inside an area the most urgent first as before."""
    rows = [row for group in groups for row in group.rows]
    areas: dict[int, AreaGroup] = {}
    for report, action in sorted(rows, key=lambda row: row[0].task.area.order):
        area = report.task.area
        group = areas.setdefault(area.pk, AreaGroup(f"area-{area.pk}", str(area)))
        group.rows.append((report, action))
    return list(areas.values())


def next_owed(user: User, done: Report) -> Report | None:
    """What ``user`` would do next in the period of ``done``: the first of the to-do list."""
    assert user.unit is not None
    owed = owed_reports(user.unit, done.period, timezone.localdate())
    groups = grouped(user, [report for report in owed if report.pk != done.pk])
    if Role.HEAD not in user.roles:
        groups = [group for group in groups if group.key != "handed-up"]
    return groups[0].reports[0] if groups else None


def hand_back_reasons(reports: list[Report]) -> dict[int, str]:
    """Report -> why the head gave it back to its writer, where that is what happened last. One query."""
    inside = [report.pk for report in reports if not report.handed_up_at]
    last = {
        report: (action, reason)
        for report, action, reason in Transition.objects.filter(
            report__in=inside, action__in=[Action.HAND_UP, Action.HAND_BACK, Action.SUBMIT]
        )
        .order_by("at", "id")
        .values_list("report_id", "action", "reason")
    }
    return {
        report: reason for report, (action, reason) in last.items() if action == Action.HAND_BACK
    }
