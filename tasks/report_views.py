"""A unit's report: its form, saving, handing up, submitting; and the report as others read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.models import Role
from plans.wording import target_text
from tasks import services, substitutions
from tasks.answer_forms import FIELDS, field_name, read_form
from tasks.contents import TEXTS, stored_content
from tasks.contributions import asked_for
from tasks.last_year import fill_empty, last_year
from tasks.models import Report
from tasks.permissions import can, enters, require, require_read, steps_known_to, why_not
from tasks.report_pages import (
    conflict_html,
    get_report,
    last_reason,
    merge_choices,
    posted_version,
    same_as_stored,
    show_conflict,
    show_form,
    show_refused,
    stored_answers,
)
from tasks.states import State
from tasks.substitution_pages import substitution_context, writer
from tasks.templatetags.reports import state_badge
from tasks.todo_views import next_owed
from tasks.verdicts import verdicts

if TYPE_CHECKING:
    from django.http import QueryDict
    from django.utils.safestring import SafeString

    from accounts.http import SignedIn
    from accounts.models import User
    from plans.models import Indicator
    from tasks.answer_forms import Typed
    from tasks.contents import Content


START_FROM_LAST_YEAR = "start_from_last_year"


def actor(request: SignedIn, role: Role | None = None) -> Actor:
    return Actor.from_request(request, role=role)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def report_form(request: SignedIn, pk: int) -> HttpResponse:
    """Fill in and send one report. GET shows it; POST saves and, by ``then``, hands it up or submits it."""
    user = request.user
    report = get_report(user, pk)
    reason = why_not(user, "report_write", report)
    if reason is None:
        return (
            _save_and_go_on(request, report)
            if request.method == "POST"
            else show_form(request, report)
        )
    own = report.unit_id == user.unit_id
    # Who was entering it for the unit (R2b) gets back what was typed meanwhile.
    entered = request.method == "POST" and not own and can(user, "report_enter")
    if not entered and not (own and can(user, "unit_todo")):
        require(user, "report_write", report)  # 403: another unit's, or a role that never writes
    if request.method == "POST":
        return show_refused(request, report)
    if not (report.period.is_closed() or report.being_entered):  # of these the page itself says so
        messages.info(request, reason)
    return redirect("report_detail", pk)


@dataclass(frozen=True)
class Saved:
    """A posted form that is stored now, and what had been stored before it."""

    report: Report
    indicators: list[Indicator]
    typed: Typed
    before: Content
    filled: int = 0  # places started from last year
    began: bool = False  # the first save of all


def _save(request: SignedIn, report: Report) -> Saved:
    """Write a posted form; services.Conflict where somebody else has saved something else meanwhile."""
    indicators = services.asked_indicators(report)
    answers = stored_answers(report)
    post: QueryDict = request.POST
    filled = 0
    if post.get("then") == START_FROM_LAST_YEAR:
        post, filled = fill_empty(post, last_year(report, indicators), indicators)
    typed = read_form(post, indicators, today=timezone.localdate())
    before = stored_content(report, answers)
    fresh = report.state == State.NOT_STARTED
    base = posted_version(request.POST, "version")
    if (
        "over" in request.POST
    ):  # after a conflict: on top of what was saved, as chosen field by field
        base = posted_version(request.POST, "over")
        if base == report.version:
            merge_choices(request.POST, typed, before, indicators)
    try:
        services.save(
            report=report,
            by=writer(request, report),
            base_version=base,
            content=typed.content,
            indicators=indicators,
            answers=answers,
        )
    except services.Conflict:
        report = get_report(request.user, report.pk)
        if not (can(request.user, "report_write", report) and same_as_stored(report, post)):
            raise
    began = fresh and report.state != State.NOT_STARTED
    return Saved(report, indicators, typed, before, filled, began)


def _save_and_go_on(request: SignedIn, report: Report) -> HttpResponse:
    try:
        saved = _save(request, report)
    except services.Conflict:
        return show_conflict(request, report.pk)
    report, indicators, typed = saved.report, saved.indicators, saved.typed
    then = request.POST.get("then", "save")
    then = then if then in {"submit", "hand_up", "hand_up_anyway"} else "save"
    if typed.errors:
        gaps = [] if then == "save" else services.gaps(report, indicators, stored_answers(report))
        kept = "hand_up" if then == "hand_up_anyway" else then
        return show_form(request, report, errors=typed.errors, gaps=gaps, then=kept, status=422)
    if then == "submit":
        return _submit(request, report, indicators)
    if then != "save":
        return _hand_up(request, report, indicators, anyway=then == "hand_up_anyway")
    if request.POST.get("then") != START_FROM_LAST_YEAR:
        messages.success(request, "Đã lưu bản đang soạn.")
    elif saved.filled:
        messages.success(
            request,
            f"Đã lấy số, nội dung năm trước vào {saved.filled} chỗ còn trống và lưu thành bản đang "
            "soạn. Hãy sửa từng chỗ theo kết quả năm nay trước khi gửi.",
        )
    else:
        messages.info(request, "Không còn chỗ trống nào lấy được từ năm trước.")
    return redirect("report_form", report.pk)


def _hand_up(
    request: SignedIn, report: Report, indicators: list[Indicator], *, anyway: bool
) -> HttpResponse:
    """Hand up to the head; what is missing is shown first, but the head may be the one to add it."""
    require(request.user, "report_hand_up", report)
    if not anyway and (gaps := services.gaps(report, indicators, stored_answers(report))):
        return show_form(request, report, gaps=gaps, then="hand_up", status=422)
    try:
        done = services.hand_up(report=report, by=actor(request, Role.REPORTER))
    except services.Refused as error:
        messages.error(request, str(error))
        return redirect("report_form", report.pk)
    words = f"Đã trình báo cáo {report.task.code} cho trưởng đơn vị."
    if not done:
        words = f"Báo cáo {report.task.code} đã được trình trước đó."
    messages.success(request, _with_next(request.user, report, words))
    return redirect(_todo_url(report))


def _submit(request: SignedIn, report: Report, indicators: list[Indicator]) -> HttpResponse:
    require(request.user, "report_submit", report)
    gaps = services.gaps(report, indicators, stored_answers(report))
    if gaps:
        return show_form(request, report, gaps=gaps, then="submit", status=422)
    for_the_unit = enters(request.user, report)
    try:
        by = writer(request, report, Role.HEAD)
        send = substitutions.send if for_the_unit else services.submit
        sent = send(report=report, by=by)
    except services.Refused as error:
        messages.error(request, str(error))
        return redirect("report_form", report.pk)
    except services.Conflict:
        return show_conflict(request, report.pk)
    if for_the_unit:
        name = f"báo cáo {report.task.code} thay {report.unit.name}"
        messages.success(request, f"Đã gửi {name} và gửi thư báo đơn vị.")
        return redirect("review_report", report.pk)
    late = " (trễ hạn)" if report.is_late else ""
    words = f"Đã gửi báo cáo {report.task.code} cho Văn phòng Sở{late}."
    if not sent:
        words = f"Báo cáo {report.task.code} đã được gửi trước đó."
    messages.success(request, _with_next(request.user, report, words))
    return redirect(_todo_url(report))


def _todo_url(report: Report) -> str:
    return f"{reverse('todo')}?ky={report.period_id}"


def _with_next(user: User, report: Report, words: str) -> SafeString:
    """A message with the way to what is to be done next: one click instead of looking for it."""
    following = next_owed(user, report)
    if following is None:
        return format_html("{}", words)
    return format_html(
        '{} <a class="btn btn-primary btn-sm message-action" href="{}">Báo cáo tiếp theo: {}</a>',
        words,
        reverse("report_form", args=[following.pk]),
        following.task.code,
    )


@require_POST
@signed_in
def report_autosave(request: SignedIn, pk: int) -> HttpResponse:
    """Save a draft while it is typed (docs/components.md). JSON: the new version and the parts that changed.

    409 with the differences on a conflict; 403 with the reason where it cannot be written any more.
    """
    report = get_report(request.user, pk)
    reason = why_not(request.user, "report_write", report)
    if reason is not None:
        return _not_saved(reason)
    try:
        saved = _save(request, report)
    except services.Conflict as conflict:
        reason = why_not(request.user, "report_write", conflict.report)
        if reason is not None:
            return _not_saved(reason)
        return JsonResponse({"html": conflict_html(request, conflict.report)}, status=409)
    report, typed = saved.report, saved.typed
    touched = [i for i in saved.indicators if saved.before.words(i.pk) != typed.content.words(i.pk)]
    html: dict[str, str] = {}
    if touched or saved.began:
        html["report-state"] = state_badge(report)
        html["answered"] = str(typed.content.complete(saved.indicators))
    shown = verdicts(report, touched, stored_answers(report) if touched else {})
    for indicator in touched:
        html[f"v{indicator.pk}"] = render_to_string(
            "tasks/_verdict.html", {"shown": shown[indicator.pk]}
        )
        for name in (*FIELDS[indicator.kind], "reason"):
            field = field_name(indicator, name)
            html[f"e-{field}"] = format_html("{}", typed.errors.get(field, ""))
    for name in TEXTS:
        if name in typed.errors or name in saved.before.unread:
            html[f"e-{name}"] = format_html("{}", typed.errors.get(name, ""))
    return JsonResponse(
        {
            "version": report.version,
            "saved_at": timezone.localtime(report.updated_at).strftime("%H:%M"),
            "html": html,
        }
    )


def _not_saved(reason: str) -> JsonResponse:
    message = f"Không lưu được: {reason} Nội dung vừa nhập vẫn được giữ trên máy này."
    return JsonResponse({"message": message}, status=403)


@require_POST
@signed_in
def report_hand_back(request: SignedIn, pk: int) -> HttpResponse:
    """The head gives a draft back to its writer."""
    report = get_report(request.user, pk)
    require(request.user, "report_hand_back", report)
    try:
        done = services.hand_back(
            report=report, by=actor(request, Role.HEAD), reason=request.POST.get("reason", "")
        )
    except services.Refused as error:
        messages.error(request, str(error))
        return redirect("report_form", pk)
    if done:
        messages.success(request, f"Đã chuyển lại báo cáo {report.task.code} cho người soạn.")
    else:
        messages.info(request, f"Báo cáo {report.task.code} không còn chờ trưởng đơn vị.")
    return redirect(_todo_url(report))


@require_safe
@signed_in
def report_detail(request: SignedIn, pk: int) -> HttpResponse:
    """The report as it stands, or as last submitted where the unit is changing it (R3), with its history."""
    report = get_report(request.user, pk)
    require_read(request.user, report)
    return render(request, "tasks/report_detail.html", detail_context(request.user, report))


def detail_context(user: User, report: Report) -> dict[str, Any]:
    """What the page of one report shows to ``user``."""
    own = report.unit_id == user.unit_id and bool(user.roles & {Role.REPORTER, Role.HEAD})
    version = None
    entering = enters(user, report)
    if not (own or entering) and report.state not in {State.SUBMITTED, State.ACCEPTED}:
        version = report.versions.order_by("-number").first()
    content = version.content if version else services.content_of(report)
    indicators = services.asked_indicators(report)
    shown = verdicts(report, indicators, stored_answers(report))
    by_code = {indicator.code: indicator for indicator in indicators}
    rows = []
    for answer in content["answers"]:
        indicator = by_code.get(answer["code"])
        # A version is shown as it was sent; verdicts are of what stands now.
        judged = shown[indicator.pk] if indicator and not version else None
        rows.append(
            {
                "answer": answer,
                "indicator": indicator,
                "target": target_text(indicator, report.period.year) if indicator else "",
                "verdict": judged.verdict if judged and not judged.not_ours else None,
                "share": judged.share if judged else "",
            }
        )
    answered = {answer["code"] for answer in content["answers"]}
    return {
        "report": report,
        "content": content,
        "version": version,
        "rows": rows,
        "unanswered": [i for i in indicators if i.code not in answered],
        "transitions": report.transitions.filter(steps_known_to(user)).select_related("for_unit"),
        "own": own,
        "can_write": can(user, "report_write", report),
        "locked": why_not(user, "report_write", report) if own else None,
        "return_reason": last_reason(report),
        "asked": asked_for(report, user),
        "corrections": report.corrections.select_related("indicator", "for_unit"),
        **substitution_context(user, report),
    }
