"""One reporting period: its dates, closing, reopening, and bringing changed assignments into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import signed_in
from accounts.models import AuditEntry, Role
from plans.models import Period
from tasks import periods, services
from tasks.answer_forms import read_day
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
def period_detail(request: SignedIn, pk: int) -> HttpResponse:
    """Dates and state of a period; for the office also what an update of assignments would change."""
    period = get_period(request.user, pk)
    require(request.user, "overview")
    manages = can(request.user, "period_manage")
    states = list(
        Report.objects.active().filter(period=period).order_by().values_list("state", flat=True)
    )
    opening = None
    if manages and not period.is_history and not period.is_closed():
        opening = periods.preview(period)
    return render(
        request,
        "tasks/period_detail.html",
        {
            "period": period,
            "manages": manages,
            "closed": period.is_closed(),
            "opening": opening,
            "total": len(states),
            "owed": sum(state in OWED for state in states),
            "waiting": sum(state == State.SUBMITTED for state in states),
            "released": Report.objects.filter(
                period=period, released_at__isnull=False
            ).with_names(),
            "history": AuditEntry.objects.visible_to(request.user).filter(
                object_type="plans.period", object_id=period.pk
            )[:20],
            "today": timezone.localdate(),
        },
    )


@require_POST
@signed_in
def period_update(request: SignedIn, pk: int) -> HttpResponse:
    """Apply changed groups and assignments to an opened period (R5)."""

    def update(period: Period) -> str:
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

    return _change(request, pk, update, live=True)


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

    return _change(request, pk, close)


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

    return _change(request, pk, reopen)


def _change(
    request: SignedIn, pk: int, change: Callable[[Period], str], *, live: bool = False
) -> HttpResponse:
    period = get_period(request.user, pk)
    require(request.user, "period_manage")
    try:
        if live and period.is_closed():
            raise services.Refused(f"Kỳ báo cáo {period} đã khóa; hãy mở lại trước.")
        messages.success(request, change(period))
    except services.Refused as error:
        messages.error(request, str(error))
    return redirect("period_detail", pk)
