"""The office's review: the queue, accepting one or several, returning with a reason, reopening, releasing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import signed_in
from accounts.http import agency_of
from accounts.models import Role
from tasks import periods, services
from tasks.answer_forms import read_day
from tasks.models import Report
from tasks.overview import choose_period, filters_of
from tasks.permissions import can, require, require_read
from tasks.report_views import actor, detail_context, get_report
from tasks.states import State

if TYPE_CHECKING:
    from accounts.http import SignedIn
    from plans.models import Period
    from tasks.models import ReportQuerySet
    from tasks.overview import Filters

REASONS = (
    "Thiếu tài liệu kiểm chứng.",
    "Số liệu chưa khớp với tài liệu kiểm chứng.",
    "Chưa nêu đủ kết quả thực hiện từng chỉ tiêu.",
    "Văn bản thiếu số, ký hiệu hoặc ngày ban hành.",
)


def waiting(request: SignedIn, period: Period | None, chosen: Filters) -> ReportQuerySet:
    """What waits for review in one period, the longest waiting first."""
    reports = (
        Report.objects.visible_to(request.user)
        .active()
        .filter(period=period, state=State.SUBMITTED)
        .with_names()
        .order_by("submitted_at", "pk")
    )
    if chosen.area:
        reports = reports.filter(task__area__code=chosen.area)
    if chosen.unit:
        reports = reports.filter(unit__code=chosen.unit)
    return reports


@require_safe
@signed_in
def review_queue(request: SignedIn) -> HttpResponse:
    require(request.user, "review")
    period, all_periods = choose_period(request)
    chosen = filters_of(request)
    reports = list(waiting(request, period, chosen))
    return render(
        request,
        "tasks/review_queue.html",
        {
            "period": period,
            "periods": all_periods,
            "chosen": chosen,
            "reports": reports,
            "areas": period.plan.areas.filter(retired_at=None) if period else [],
            "units": agency_of(request).units.all(),
            "today": timezone.localdate(),
            "locked": period is not None and period.is_closed(),
        },
    )


@require_safe
@signed_in
def review_report(request: SignedIn, pk: int) -> HttpResponse:
    """One report under review, with the next and the previous of the queue beside it."""
    require(request.user, "review")
    report = get_report(request.user, pk)
    require_read(request.user, report)
    queue = list(waiting(request, report.period, filters_of(request)).values_list("pk", flat=True))
    here = queue.index(pk) if pk in queue else None
    return render(
        request,
        "tasks/report_detail.html",
        {
            **detail_context(request.user, report),
            "reviewing": True,
            "may_accept": report.state == State.SUBMITTED
            and can(request.user, "report_accept", report),
            "may_reopen": report.state == State.ACCEPTED
            and can(request.user, "report_reopen", report),
            "may_release": can(request.user, "report_release", report),
            "own_unit": report.unit_id == request.user.unit_id,
            "reasons": REASONS,
            "before": queue[here - 1] if here else None,
            "after": queue[here + 1] if here is not None and here + 1 < len(queue) else None,
            "position": here + 1 if here is not None else None,
            "waiting": len(queue),
        },
    )


@require_POST
@signed_in
def report_accept(request: SignedIn) -> HttpResponse:
    """Accept the ticked reports; those somebody else has dealt with meanwhile are left alone."""
    require(request.user, "report_accept")
    ids = {
        int(text)
        for text in request.POST.getlist("bao-cao")[:500]
        if text.isascii() and text.isdigit() and len(text) < 10
    }
    reports = list(Report.objects.visible_to(request.user).with_names().filter(pk__in=ids))
    if len(reports) < len(ids):
        # Of another agency, or gone: the same answer as for a single page of it.
        from django.http import Http404

        raise Http404
    if not reports:
        messages.warning(request, "Chưa chọn báo cáo nào.")
        return _back(request, "review_queue")
    for report in reports:
        if report.state == State.SUBMITTED:
            require(request.user, "report_accept", report)
    accepted = services.accept(reports=reports, by=actor(request, Role.COORDINATOR))
    if accepted:
        messages.success(request, f"Đã duyệt {accepted} báo cáo.")
    if accepted < len(reports):
        messages.info(
            request, f"{len(reports) - accepted} báo cáo không còn chờ duyệt nên giữ nguyên."
        )
    return _back(request, "review_queue")


@require_POST
@signed_in
def report_return(request: SignedIn, pk: int) -> HttpResponse:
    require(request.user, "report_return")
    report = get_report(request.user, pk)
    require_read(request.user, report)
    require(request.user, "report_return", report)
    try:
        sent = services.send_back(
            report=report,
            by=actor(request, Role.COORDINATOR),
            reason=request.POST.get("reason", "").strip()[:2000],
        )
    except services.Refused as error:
        messages.error(request, f"Chưa trả lại được. {error}")
        return redirect("review_report", pk)
    if sent:
        messages.success(
            request, f"Đã trả lại báo cáo {report.task.code} cho {report.unit.name} và gửi thư báo."
        )
    else:
        messages.info(request, "Báo cáo này không còn chờ duyệt.")
    return _back(request, "review_queue")


@require_POST
@signed_in
def report_reopen(request: SignedIn, pk: int) -> HttpResponse:
    require(request.user, "report_reopen")
    report = get_report(request.user, pk)
    require(request.user, "report_reopen", report)
    try:
        until = read_day(request.POST.get("until", ""))
    except ValueError:
        messages.error(request, "Hạn mới không đúng. Viết như 25/11/2019.")
        return redirect("review_report", pk)
    try:
        done = services.reopen(
            report=report,
            by=actor(request, Role.COORDINATOR),
            until=until,
            reason=request.POST.get("reason", "").strip()[:2000],
        )
    except services.Refused as error:
        messages.error(request, f"Chưa mở lại được. {error}")
        return redirect("review_report", pk)
    if done:
        messages.success(request, f"Đã mở lại báo cáo đến hết ngày {until:%d/%m/%Y}.")
    else:
        messages.info(request, "Chỉ mở lại được báo cáo đã duyệt.")
    return redirect("review_report", pk)


@require_POST
@signed_in
def report_release(request: SignedIn, pk: int) -> HttpResponse:
    """Release a unit from a report, or ask for it again (R5)."""
    require(request.user, "report_release")
    report = get_report(request.user, pk)
    require(request.user, "report_release", report)
    change = periods.take_back_release if report.released_at else periods.release
    try:
        change(
            report=report,
            by=actor(request, Role.COORDINATOR),
            reason=request.POST.get("reason", "").strip(),
        )
    except services.Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Đã ghi nhận.")
    return _back(request, "dashboard")


def _back(request: SignedIn, name: str) -> HttpResponseRedirect:
    """To the page the form names (``next``), if it is one of ours."""
    target = request.POST.get("next", "")
    if target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        return HttpResponseRedirect(target)
    return redirect(name)
