"""The office's review: the queue, accepting one or several, returning with a reason, reopening, releasing."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import signed_in
from accounts.models import Role
from accounts.text import read_day
from plans.models import Period
from plans.targets import Kind
from tasks import periods, services
from tasks.consolidation import previous_values, value_text
from tasks.corrections import to_correct
from tasks.models import Answer, Report
from tasks.overview import choose_period, filters_of
from tasks.permissions import can, require, require_read, why_not
from tasks.report_list_views import narrowed, units_of
from tasks.report_views import actor, detail_context, get_report
from tasks.states import EXPECTED, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.http import SignedIn
    from tasks.models import ReportQuerySet
    from tasks.overview import Filters

AGES = (3, 7, 14)  # days a report has waited, as the queue offers them
REASONS = (
    "Thiếu tài liệu kiểm chứng.",
    "Số liệu chưa khớp với tài liệu kiểm chứng.",
    "Chưa nêu đủ kết quả thực hiện từng chỉ tiêu.",
    "Văn bản thiếu số, ký hiệu hoặc ngày ban hành.",
)


def waiting(request: SignedIn, period: Period | None, chosen: Filters) -> ReportQuerySet:
    """What waits for review in one period, the longest waiting first."""
    reports = (
        narrowed(Report.objects.visible_to(request.user), replace(chosen, state=""))
        .active()
        .filter(period=period, state=State.SUBMITTED)
        .with_names()
        .order_by("submitted_at", "pk")
    )
    if chosen.waiting:
        day = timezone.localdate() - dt.timedelta(days=chosen.waiting - 1)
        start = timezone.make_aware(dt.datetime.combine(day, dt.time.min))
        reports = reports.filter(submitted_at__lt=start)
    return reports


@require_safe
@signed_in
def review_queue(request: SignedIn) -> HttpResponse:
    require(request.user, "review")
    period, all_periods = choose_period(request)
    chosen = filters_of(request)
    today = timezone.localdate()
    reports = list(waiting(request, period, chosen))
    for report in reports:
        assert period is not None and report.submitted_at is not None
        report.period = period
        report.waited = (today - timezone.localdate(report.submitted_at)).days  # type: ignore[attr-defined]
    return render(
        request,
        "tasks/review_queue.html",
        {
            "period": period,
            "periods": all_periods,
            "chosen": chosen,
            "query": chosen.query(period),
            "reports": reports,
            "areas": period.plan.areas.filter(retired_at=None) if period else [],
            "units": units_of(request, period),
            "ages": AGES,
            "locked": period is not None and period.is_closed(today),
            "elsewhere": _waiting_elsewhere(request, period, all_periods),
        },
    )


def _waiting_elsewhere(
    request: SignedIn, period: Period | None, all_periods: list[Period]
) -> list[tuple[Period, int]]:
    """Other periods that are still open and have reports waiting, so that none is forgotten there."""
    counts = dict(
        Report.objects.visible_to(request.user)
        .active()
        .filter(period__in=all_periods, state=State.SUBMITTED)
        .order_by()
        .values_list("period")
        .annotate(Count("pk"))
    )
    return [
        (other, counts[other.pk])
        for other in all_periods
        if other != period and counts.get(other.pk) and not other.is_closed()
    ]


@require_safe
@signed_in
def review_report(request: SignedIn, pk: int) -> HttpResponse:
    """One report under review, with the next and the previous of the queue beside it.

    What is not sent yet shows its state and may be released; its content is its unit's own (R3).
    """
    require(request.user, "review")
    return show_review(request, get_report(request.user, pk))


def show_review(
    request: SignedIn,
    report: Report,
    *,
    error: str = "",
    form: str = "",
    faults: Mapping[str, str] | None = None,
    status: int = 422,
) -> HttpResponse:
    """The page; after a refusal with what was typed into ``form`` and why, field by field in ``faults``."""
    user = request.user
    chosen = filters_of(request)
    query = chosen.query(report.period)
    queue = list(waiting(request, report.period, chosen).values_list("pk", flat=True))
    here = queue.index(report.pk) if report.pk in queue else None
    readable = Report.objects.visible_to(user).filter(pk=report.pk).exists()
    context: dict[str, Any] = {"report": report, "hidden": True}
    if readable:
        context = detail_context(user, report)
        _add_year_before(report, context["rows"])
    queue_url = f"{reverse('review_queue')}?{query}"
    may_correct = readable and report.state in EXPECTED and can(user, "report_correct", report)

    def at(place: int | None) -> str:
        if place is None or not 0 <= place < len(queue):
            return ""
        return f"{reverse('review_report', args=[queue[place]])}?{query}"

    after_url = at(here + 1 if here is not None else None)
    return render(
        request,
        "tasks/report_detail.html",
        {
            **context,
            "reviewing": True,
            "may_accept": report.state == State.SUBMITTED and can(user, "report_accept", report),
            "may_reopen": report.state == State.ACCEPTED and can(user, "report_reopen", report),
            "may_return": report.state == State.SUBMITTED and can(user, "report_return", report),
            "may_enter": not report.being_entered and can(user, "report_enter", report),
            "may_release": can(user, "report_release", report),
            "may_correct": may_correct,
            "correcting": to_correct(report, request.POST, form, faults or {})
            if may_correct
            else [],
            "locked": why_not(user, "report_release", report),
            "own_unit": report.unit_id == user.unit_id,
            "reasons": REASONS,
            "query": query,
            "queue_url": queue_url,
            "here_url": f"{reverse('review_report', args=[report.pk])}?{query}",
            "before_url": at(here - 1 if here is not None else None),
            "after_url": after_url,
            "next_url": after_url or queue_url,
            "position": here + 1 if here is not None else None,
            "waiting": len(queue),
            "error": error,
            "failed": form,
            "typed": request.POST,
        },
        status=status if error else 200,
    )


def _add_year_before(report: Report, rows: list[dict[str, Any]]) -> None:
    """Beside each figure the unit's own accepted one of the year before, and the whole Sở's (R9)."""
    indicators = {row["indicator"].code: row["indicator"] for row in rows if row["indicator"]}
    own = {
        answer.indicator.code: value_text(
            Kind(answer.indicator.kind), answer.value(answer.indicator.kind)
        )
        for answer in Answer.objects.filter(
            report__unit=report.unit,
            report__state=State.ACCEPTED,
            report__period__year=report.period.year - 1,
            report__period__kind=Period.FINAL,
            indicator__code__in=indicators,
        )
        .exclude(state=Answer.State.NOT_OURS)
        .select_related("indicator", "document")
    }
    whole = previous_values(report.period, list(indicators.values()))
    for row in rows:
        code = row["answer"]["code"]
        row["own_before"] = own.get(code, "")
        value = whole.get(code)
        row["all_before"] = (
            value_text(Kind(row["indicator"].kind), value) if value and row["indicator"] else ""
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
        raise Http404
    if not reports:
        messages.warning(request, "Chưa chọn báo cáo nào.")
        return back_to(request, "review_queue")
    for report in reports:
        if report.period.is_closed():
            require(request.user, "report_accept", report)
    acceptable = [report for report in reports if can(request.user, "report_accept", report)]
    held = [r for r in reports if r.was_entered and r.substitution and r.substitution.is_objected]
    doubtful = not_arising_in(acceptable)
    if doubtful and request.POST.get("xac-nhan") != "1":
        # R7a: it may take a criterion out of the index, so it is never accepted in passing.
        context = {"doubtful": doubtful, "reports": reports, "next": next_of(request)}
        return render(request, "tasks/accept_confirm.html", context, status=422)
    accepted = services.accept(
        reports=acceptable, by=actor(request, Role.COORDINATOR), reasons=confirmed(doubtful)
    )
    if accepted == 1 and len(reports) == 1:
        messages.success(
            request, f"Đã duyệt báo cáo {reports[0].task.code} của {reports[0].unit.name}."
        )
    elif accepted:
        messages.success(request, f"Đã duyệt {accepted} báo cáo.")
    if held:
        names = ", ".join(f"{report.task.code} của {report.unit.name}" for report in held)
        messages.warning(
            request,
            f"Chưa duyệt {names}: đơn vị có ý kiến về báo cáo được nhập thay. Hãy trả lời ý kiến hoặc "
            "trả lại báo cáo.",
        )
    if accepted < len(reports) - len(held):
        left = len(reports) - len(held) - accepted
        messages.info(request, f"{left} báo cáo không còn chờ duyệt nên giữ nguyên.")
    return back_to(request, "review_queue")


def not_arising_in(reports: list[Report]) -> list[Answer]:
    """The answers «Không phát sinh» (0 of 0 is one) of the reports that wait for review; one query."""
    waiting = [report.pk for report in reports if report.state == State.SUBMITTED]
    return [
        answer
        for answer in Answer.objects.filter(report__in=waiting)
        .select_related("report__unit", "report__task", "indicator")
        .order_by("report__task__area__order", "report__task__order", "indicator__order")
        if answer.value(answer.indicator.kind).not_arising
    ]


def confirmed(doubtful: list[Answer]) -> dict[int, str]:
    """Report -> the words its history keeps of what was expressly confirmed."""
    codes: dict[int, list[str]] = {}
    for answer in doubtful:
        codes.setdefault(answer.report_id, []).append(answer.indicator.code)
    return {pk: f"Đã xác nhận không phát sinh: {', '.join(of)}." for pk, of in codes.items()}


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
        return show_review(request, report, error=f"Chưa trả lại được. {error}", form="return")
    if sent:
        messages.success(
            request, f"Đã trả lại báo cáo {report.task.code} cho {report.unit.name} và gửi thư báo."
        )
    else:
        messages.info(request, "Báo cáo này không còn chờ duyệt.")
    return back_to(request, "review_queue")


@require_POST
@signed_in
def report_reopen(request: SignedIn, pk: int) -> HttpResponse:
    require(request.user, "report_reopen")
    report = get_report(request.user, pk)
    require(request.user, "report_reopen", report)
    try:
        until = read_day(request.POST.get("until", ""))
    except ValueError:
        error = "Hạn mới không đúng. Viết như 25/11/2019."
        return show_review(request, report, error=error, form="reopen")
    try:
        done = services.reopen(
            report=report,
            by=actor(request, Role.COORDINATOR),
            until=until,
            reason=request.POST.get("reason", "").strip()[:2000],
        )
    except services.Refused as error:
        return show_review(request, report, error=f"Chưa mở lại được. {error}", form="reopen")
    if done:
        messages.success(request, f"Đã mở lại báo cáo đến hết ngày {until:%d/%m/%Y}.")
    else:
        messages.info(request, "Chỉ mở lại được báo cáo đã duyệt.")
    return back_to(request, "review_report", pk)


@require_POST
@signed_in
def report_release(request: SignedIn, pk: int) -> HttpResponse:
    """Release a unit from a report, or ask for it again (R5)."""
    require(request.user, "report_release")
    report = get_report(request.user, pk)
    require(request.user, "report_release", report)
    wanted = request.POST.get("then")
    if wanted not in {"release", "take_back"}:
        return HttpResponseBadRequest("then: release, take_back")
    change = periods.release if wanted == "release" else periods.take_back_release
    try:
        done = change(
            report=report,
            by=actor(request, Role.COORDINATOR),
            reason=request.POST.get("reason", "").strip(),
        )
    except services.Refused as error:
        return show_review(request, report, error=str(error), form="release")
    name = f"{report.task.code} của {report.unit.name}"
    if not done:
        messages.info(request, f"Báo cáo {name} đã được xử lý trước đó.")
    elif wanted == "release":
        messages.success(request, f"Đã miễn báo cáo {name}.")
    else:
        messages.success(request, f"Đã yêu cầu trở lại báo cáo {name}.")
    return back_to(request, "review_report", pk)


def back_to(request: SignedIn, name: str, *args: int) -> HttpResponseRedirect:
    """To the page the form names (``next``), if it is one of ours."""
    return HttpResponseRedirect(next_of(request) or reverse(name, args=args))


def next_of(request: SignedIn) -> str:
    """The page the form names, where it is one of ours; else nothing."""
    target = request.POST.get("next", "")
    ours = target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if ours else ""
