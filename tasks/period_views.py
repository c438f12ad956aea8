"""Reporting periods: the list, opening one, its dates, closing, reopening, bringing changed assignments into it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import signed_in
from accounts.models import AuditEntry, Role
from accounts.text import read_day
from plans.models import Period, Plan
from tasks import periods, services
from tasks.models import Report
from tasks.permissions import can, require
from tasks.report_views import actor
from tasks.states import OWED, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse

    from accounts.http import SignedIn
    from accounts.models import User


def get_period(user: User, pk: int) -> Period:
    return get_object_or_404(Period.objects.visible_to(user).select_related("plan__agency"), pk=pk)


@require_safe
@signed_in
def period_list(request: SignedIn) -> HttpResponse:
    """Every period of the agency, newest first, with how far its reports are."""
    user = request.user
    require(user, "overview")
    active = Q(reports__released_at=None, reports__retired_at=None)
    found = (
        Period.objects.visible_to(user)
        .filter(opened_at__isnull=False, is_history=False)
        .select_related("plan")
        .annotate(
            total=Count("reports", filter=active),
            accepted=Count("reports", filter=active & Q(reports__state=State.ACCEPTED)),
            waiting=Count("reports", filter=active & Q(reports__state=State.SUBMITTED)),
        )
        .order_by("-year", "-due_before", "-pk")
    )
    today = timezone.localdate()
    rows = [(period, state_of(period, today)) for period in found]
    return render(
        request,
        "tasks/period_list.html",
        {
            "rows": rows,
            "plans": Plan.objects.visible_to(user) if can(user, "period_manage") else [],
            "manages": can(user, "period_manage"),
        },
    )


def state_of(period: Period, today: dt.date) -> str:
    if period.is_closed(today):
        return "Đã khóa"
    if period.starts_on > today:
        return "Chưa bắt đầu"
    return "Đang mở" if period.due_before > today else "Quá hạn, còn nhận"


@require_safe
@signed_in
def period_detail(request: SignedIn, pk: int) -> HttpResponse:
    require(request.user, "overview")
    return _show(request, get_period(request.user, pk))


def _show(request: SignedIn, period: Period, *, error: str = "", form: str = "") -> HttpResponse:
    """Dates and state of a period; for the office also what an update of assignments would change."""
    manages = can(request.user, "period_manage")
    closed = period.is_closed()
    states = list(
        Report.objects.active().filter(period=period).order_by().values_list("state", flat=True)
    )
    opening = None
    if manages and not closed and period.opened_at:
        opening = periods.preview(period)
    today = timezone.localdate()
    return render(
        request,
        "tasks/period_detail.html",
        {
            "period": period,
            "manages": manages,
            "closed": closed,
            "state": state_of(period, today),
            "opening": opening,
            "total": len(states),
            "owed": sum(state in OWED for state in states),
            "waiting": sum(state == State.SUBMITTED for state in states),
            "accepted": sum(state == State.ACCEPTED for state in states),
            "released": Report.objects.filter(
                period=period, released_at__isnull=False, retired_at=None
            ).with_names(),
            "retired": Report.objects.filter(period=period, retired_at__isnull=False).with_names(),
            "history": AuditEntry.objects.visible_to(request.user)
            .filter(object_type="plans.period", object_id=period.pk)
            .order_by("-at", "-id")[:20],
            "days_left": (period.due_before - today).days - 1,
            "error": error,
            "failed": form,
            "typed": request.POST,
        },
        status=422 if error else 200,
    )


# -- Opening ------------------------------------------------------------------------------------


@dataclass
class Choice:
    """One period that may be opened: a plan year's final one."""

    year: int
    due_before: dt.date
    reports: int
    there: Period | None  # opened already


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def period_open(request: SignedIn, plan_pk: int) -> HttpResponse:
    """Open a plan year's final period, or one in mid-year with a date of its own (R4).

    The page says beforehand how many reports each would create.
    """
    plan = get_object_or_404(
        Plan.objects.visible_to(request.user).select_related("agency"), pk=plan_pk
    )
    require(request.user, "period_manage")
    if request.method != "POST":
        return _show_opening(request, plan)
    post = request.POST
    year, kind = post.get("year", ""), post.get("kind", "")
    kinds = dict(Period.KINDS)
    due_before = None
    if year not in {str(y) for y in plan.years} or kind not in kinds:
        return _show_opening(request, plan, error="Hãy chọn kỳ và năm trong danh sách.")
    if kind != Period.FINAL:
        try:
            due_before = read_day(post.get("due_before", ""))
        except ValueError:
            error = "Ngày phải gửi chưa đúng. Viết như 10/07/2019."
            return _show_opening(request, plan, error=error)
    try:
        opening = periods.open_new(
            plan=plan,
            year=int(year),
            kind=kind,
            due_before=due_before,
            by=actor(request, Role.COORDINATOR),
        )
    except services.Refused as error:
        return _show_opening(request, plan, error=str(error))
    messages.success(
        request, f"Đã mở kỳ báo cáo {opening.period}: {len(opening.created)} báo cáo phải gửi."
    )
    return redirect("period_detail", opening.period.pk)


def _show_opening(request: SignedIn, plan: Plan, *, error: str = "") -> HttpResponse:
    opened = {
        (period.year, period.kind): period
        for period in plan.periods.filter(opened_at__isnull=False, is_history=False)
    }
    final = sum(len(units) for units in periods.owing_units(plan, interim=False).values())
    interim = sum(len(units) for units in periods.owing_units(plan, interim=True).values())
    return render(
        request,
        "tasks/period_open.html",
        {
            "plan": plan,
            "choices": [
                Choice(year, plan.due_before(year), final, opened.get((year, Period.FINAL)))
                for year in sorted(plan.years)
            ],
            "kinds": [(key, text) for key, text in Period.KINDS if key != Period.FINAL],
            "interim": interim,
            "opened_interim": [p for (_, kind), p in opened.items() if kind != Period.FINAL],
            "error": error,
            "typed": request.POST,
        },
        status=422 if error else 200,
    )


# -- Changing -----------------------------------------------------------------------------------


@require_POST
@signed_in
def period_update(request: SignedIn, pk: int) -> HttpResponse:
    """Apply changed groups and assignments to an opened period (R5)."""

    def update(period: Period) -> str:
        if period.is_closed():
            raise services.Refused(f"Kỳ báo cáo {period} đã khóa; hãy mở lại trước.")
        opening = periods.open_period(
            plan=period.plan,
            year=period.year,
            kind=period.kind,
            by=actor(request, Role.COORDINATOR),
        )
        return (
            f"Đã cập nhật: thêm {len(opening.created)}, thôi áp dụng {len(opening.retired)}, "
            f"lấy lại {len(opening.restored)} báo cáo."
        )

    return _change(request, pk, update, form="update")


@require_POST
@signed_in
def period_close(request: SignedIn, pk: int) -> HttpResponse:
    def close(period: Period) -> str:
        periods.close_period(
            period=period,
            by=actor(request, Role.COORDINATOR),
            reason=request.POST.get("reason", "").strip(),
        )
        return f"Đã khóa kỳ báo cáo {period}."

    return _change(request, pk, close, form="close")


@require_POST
@signed_in
def period_reopen(request: SignedIn, pk: int) -> HttpResponse:
    def reopen(period: Period) -> str:
        try:
            closes_on = read_day(request.POST.get("closes_on", ""))
        except ValueError:
            raise services.Refused("Ngày khóa mới không đúng. Viết như 31/12/2020.") from None
        periods.reopen_period(
            period=period,
            by=actor(request, Role.COORDINATOR),
            closes_on=closes_on,
            reason=request.POST.get("reason", "").strip(),
        )
        return f"Đã mở lại kỳ báo cáo {period} đến hết ngày {period.closes_on:%d/%m/%Y}."

    return _change(request, pk, reopen, form="reopen")


def _change(
    request: SignedIn, pk: int, change: Callable[[Period], str], *, form: str
) -> HttpResponse:
    period = get_period(request.user, pk)
    require(request.user, "period_manage")
    try:
        messages.success(request, change(period))
    except services.Refused as error:
        return _show(request, period, error=str(error), form=form)
    return redirect("period_detail", pk)
