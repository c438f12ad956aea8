"""The office enters a report for its unit: the basis first, then the unit's own form; the unit may object (R2b)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.models import Role, User
from tasks import substitutions
from tasks.permissions import require, require_read
from tasks.report_pages import get_report
from tasks.report_views import detail_context
from tasks.review_views import back_to, show_review
from tasks.services import Refused
from tasks.substitution_pages import BasisForm, writer

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn
    from tasks.models import Report


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def report_enter(request: SignedIn, pk: int) -> HttpResponse:
    """On what basis the office enters the report; POST begins and goes on to the unit's form.

    Where something of the unit's is in it the page says so and whom to call.
    """
    require(request.user, "report_enter")
    report = get_report(request.user, pk)
    require(request.user, "report_enter", report)
    if report.being_entered:
        return _going_on(request, report)
    blocked = substitutions.typed_by_unit(report)
    if request.method != "POST":
        return _show(request, report, BasisForm(), blocked)
    form = BasisForm(request.POST)
    if blocked or not form.is_valid():
        return _show(request, report, form, blocked, status=422)
    try:
        substitutions.start(
            report=report,
            by=Actor.from_request(request, role=Role.COORDINATOR),
            **form.cleaned_data,
        )
    except Refused as error:
        report = get_report(request.user, pk)
        if report.being_entered:  # somebody was faster
            return _going_on(request, report)
        form.add_error(None, str(error))
        return _show(request, report, form, substitutions.typed_by_unit(report), status=422)
    return redirect("report_form", pk)


def _going_on(request: SignedIn, report: Report) -> HttpResponse:
    entry = report.substitution
    assert entry is not None
    who = "Bạn" if entry.by_id == request.user.pk else entry.by.name
    messages.info(
        request, f"{who} đã bắt đầu nhập thay báo cáo này {entry.words}. Mời tiếp tục bên dưới."
    )
    return redirect("report_form", report.pk)


def _show(
    request: SignedIn, report: Report, form: BasisForm, blocked: str | None, *, status: int = 200
) -> HttpResponse:
    people = User.objects.none()
    if blocked:
        people = User.objects.with_role("head", "reporter").filter(unit=report.unit)
    return render(
        request,
        "tasks/report_enter.html",
        {
            "report": report,
            "form": form,
            "blocked": blocked,
            "people": people.order_by("-is_head", "name"),
        },
        status=status,
    )


@require_POST
@signed_in
def report_enter_stop(request: SignedIn, pk: int) -> HttpResponse:
    """The office enters it no longer; what is typed stays with the unit."""
    require(request.user, "report_enter")
    report = get_report(request.user, pk)
    require(request.user, "report_enter", report)
    done = substitutions.stop(report=report, by=Actor.from_request(request, role=Role.COORDINATOR))
    if done:
        messages.success(
            request, f"Đã thôi nhập thay. Phần đã nhập được để lại cho {report.unit.name}."
        )
    else:
        messages.info(request, "Báo cáo này không còn được nhập thay.")
    return redirect("review_report", pk)


@require_POST
@signed_in
def report_take_over(request: SignedIn, pk: int) -> HttpResponse:
    """The unit goes on itself, with what the office has typed so far."""
    report = get_report(request.user, pk)
    require(request.user, "report_take_over", report)
    if substitutions.take_over(report=report, by=writer(request, report)):
        messages.success(
            request,
            "Đơn vị tự làm báo cáo này; phần Văn phòng Sở đã nhập được giữ để sửa tiếp.",
        )
    else:
        messages.info(request, "Văn phòng Sở không còn nhập thay báo cáo này.")
    return redirect("report_form", pk)


@require_POST
@signed_in
def report_object(request: SignedIn, pk: int) -> HttpResponse:
    """The unit says what is wrong with what the office sent for it."""
    report = get_report(request.user, pk)
    require(request.user, "report_object", report)
    require_read(request.user, report)
    try:
        said = substitutions.object_to(
            report=report, by=writer(request, report), text=request.POST.get("text", "")
        )
    except Refused as error:
        context = detail_context(request.user, get_report(request.user, pk))
        context |= {"error": str(error), "failed": "object", "typed": request.POST}
        return render(request, "tasks/report_detail.html", context, status=422)
    if said:
        messages.success(
            request,
            "Đã ghi ý kiến của đơn vị. Báo cáo chưa được duyệt khi ý kiến chưa được trả lời.",
        )
    else:
        messages.info(request, "Đơn vị đã có ý kiến về báo cáo này trước đó.")
    return redirect("report_detail", pk)


@require_POST
@signed_in
def objection_answer(request: SignedIn, pk: int) -> HttpResponse:
    """The office says why what it entered stands; the report can be accepted then."""
    require(request.user, "report_return")
    report = get_report(request.user, pk)
    require_read(request.user, report)
    require(request.user, "report_return", report)
    try:
        done = substitutions.answer_objection(
            report=report,
            by=Actor.from_request(request, role=Role.COORDINATOR),
            answer=request.POST.get("answer", ""),
        )
    except Refused as error:
        return show_review(request, report, error=str(error), form="answer")
    if done:
        messages.success(request, "Đã trả lời ý kiến và gửi thư báo đơn vị.")
    else:
        messages.info(request, "Không có ý kiến nào của đơn vị đang chờ trả lời.")
    return back_to(request, "review_report", pk)
