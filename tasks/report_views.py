"""A unit's report: its form, saving, handing up, submitting; and the report as others read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.models import Role
from plans.targets import Verdict, judge
from plans.wording import target_text
from tasks import services
from tasks.answer_forms import Question, questions, read_form
from tasks.consolidation import previous_values
from tasks.evidence_views import evidence_context
from tasks.models import Answer, Report
from tasks.permissions import can, require, require_read, why_not
from tasks.states import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.http import SignedIn
    from accounts.models import User
    from plans.models import Indicator
    from plans.targets import Value


def get_report(user: User, pk: int) -> Report:
    """The report in the person's agency, with its names; 404 for any other (R3)."""
    return get_object_or_404(Report.objects.in_agency_of(user).with_names(), pk=pk)


def stored_answers(report: Report) -> dict[int, Answer]:
    return {answer.indicator_id: answer for answer in report.answers.select_related("document")}


def actor(request: SignedIn, role: Role | None = None) -> Actor:
    return Actor.from_request(request, role=role)


def unit_role(user: User) -> Role:
    """The role a person acts in when working on their unit's report."""
    return Role.HEAD if Role.HEAD in user.roles else Role.REPORTER


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def report_form(request: SignedIn, pk: int) -> HttpResponse:
    """Fill in and send one report. GET shows it; POST saves and, by ``then``, hands it up or submits it."""
    report = get_report(request.user, pk)
    if request.method != "POST":
        if not can(request.user, "report_write", report):
            return redirect("report_detail", pk)
        return _show_form(request, report)
    if (
        report.unit_id == request.user.unit_id
        and report.state == State.SUBMITTED
        and request.POST.get("then") == "submit"
    ):
        # The second click of the same submit: say so, do nothing (R14).
        messages.info(request, "Báo cáo này đã được gửi trước đó.")
        return redirect("report_detail", pk)
    require(request.user, "report_write", report)
    return _save_and_go_on(request, report)


def _save_and_go_on(request: SignedIn, report: Report) -> HttpResponse:
    indicators = services.asked_indicators(report)
    answers = stored_answers(report)
    typed = read_form(request.POST, indicators, today=timezone.localdate())
    try:
        services.save(
            report=report,
            by=actor(request, unit_role(request.user)),
            base_version=_version(request, report),
            content=typed.content,
            indicators=indicators,
            answers=answers,
        )
    except services.Conflict:
        return _show_conflict(request, report.pk)
    if typed.errors:
        messages.error(request, "Đã lưu, trừ những chỗ báo đỏ: hãy sửa lại trước khi gửi.")
        return _show_form(request, report, errors=typed.errors, status=422)
    then = request.POST.get("then", "save")
    if then == "submit":
        return _submit(request, report, indicators)
    if then == "hand_up":
        require(request.user, "report_hand_up", report)
        services.hand_up(report=report, by=actor(request, Role.REPORTER))
        messages.success(request, "Đã trình trưởng đơn vị.")
        return redirect("todo")
    messages.success(request, "Đã lưu bản đang soạn.")
    return redirect("report_form", report.pk)


def _submit(request: SignedIn, report: Report, indicators: list[Indicator]) -> HttpResponse:
    require(request.user, "report_submit", report)
    gaps = services.gaps(report, indicators, stored_answers(report))
    if gaps:
        return _show_form(request, report, gaps=gaps, status=422)
    try:
        sent = services.submit(report=report, by=actor(request, Role.HEAD))
    except services.Refused as error:
        messages.error(request, str(error))
        return redirect("report_form", report.pk)
    except services.Conflict:
        return _show_conflict(request, report.pk)
    late = " (trễ hạn)" if report.is_late else ""
    messages.success(
        request,
        f"Đã gửi báo cáo {report.task.code} cho Văn phòng Sở{late}."
        if sent
        else "Báo cáo này đã được gửi trước đó.",
    )
    return redirect("todo")


@require_POST
@signed_in
def report_autosave(request: SignedIn, pk: int) -> HttpResponse:
    """Save a draft while it is typed. JSON: the new version and the badges that changed; 409 on a conflict."""
    report = get_report(request.user, pk)
    require(request.user, "report_write", report)
    indicators = services.asked_indicators(report)
    answers = stored_answers(report)
    typed = read_form(request.POST, indicators, today=timezone.localdate())
    before = {pk: services.describe(services.draft_of(answer)) for pk, answer in answers.items()}
    try:
        services.save(
            report=report,
            by=actor(request, unit_role(request.user)),
            base_version=_version(request, report),
            content=typed.content,
            indicators=indicators,
            answers=answers,
        )
    except services.Conflict:
        return JsonResponse({"html": _conflict_html(request, pk)}, status=409)
    changed = [
        i
        for i in indicators
        if services.describe(typed.content.answers.get(i.pk)) != before.get(i.pk)
    ]
    html: dict[str, str] = {}
    if changed or typed.errors:
        asked = [
            i
            for i in indicators
            if i in changed or any(k.startswith(f"a{i.pk}-") for k in typed.errors)
        ]
        verdicts = _verdicts(report, asked, stored_answers(report))
        for indicator in asked:
            error = next(
                (m for k, m in typed.errors.items() if k.startswith(f"a{indicator.pk}-")), ""
            )
            html[f"v{indicator.pk}"] = render_to_string(
                "tasks/_verdict.html", {"verdict": verdicts[indicator.pk], "error": error}
            )
    return JsonResponse(
        {
            "version": report.version,
            "saved_at": timezone.localtime(report.updated_at).strftime("%H:%M"),
            "html": html,
        }
    )


@require_POST
@signed_in
def report_hand_back(request: SignedIn, pk: int) -> HttpResponse:
    """The head gives a draft back to its writer."""
    report = get_report(request.user, pk)
    require(request.user, "report_hand_back", report)
    try:
        services.hand_back(
            report=report, by=actor(request, Role.HEAD), reason=request.POST.get("reason", "")
        )
    except services.Refused as error:
        messages.error(request, str(error))
        return redirect("report_form", pk)
    messages.success(request, "Đã chuyển lại cho người soạn.")
    return redirect("todo")


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
    if not own and report.state not in {State.SUBMITTED, State.ACCEPTED}:
        version = report.versions.order_by("-number").first()
    content = version.content if version else services.content_of(report)
    indicators = services.asked_indicators(report)
    verdicts = _verdicts(report, indicators, stored_answers(report))
    by_code = {indicator.code: indicator for indicator in indicators}
    rows = [
        {
            "answer": answer,
            "indicator": by_code.get(answer["code"]),
            "target": target_text(by_code[answer["code"]], report.period.year)
            if answer["code"] in by_code
            else "",
            "verdict": verdicts.get(by_code[answer["code"]].pk)
            if answer["code"] in by_code and not version
            else None,
        }
        for answer in content["answers"]
    ]
    answered = {answer["code"] for answer in content["answers"]}
    return {
        "report": report,
        "content": content,
        "version": version,
        "rows": rows,
        "unanswered": [i for i in indicators if i.code not in answered],
        "transitions": report.transitions.select_related("for_unit"),
        "own": own,
        "can_write": can(user, "report_write", report),
        "locked": why_not(user, "report_write", report) if own else None,
        "return_reason": last_reason(report),
    }


def last_reason(report: Report) -> str:
    """Why the report lies with its unit again."""
    if report.state != State.RETURNED:
        return ""
    last = (
        report.transitions.filter(to_state=State.RETURNED)
        .exclude(from_state=State.RETURNED)
        .order_by("-at", "-id")
        .first()
    )
    return last.reason if last else ""


def _show_form(
    request: SignedIn,
    report: Report,
    *,
    errors: Mapping[str, str] | None = None,
    gaps: list[services.Gap] | None = None,
    typed: Mapping[str, str] | None = None,
    conflict: str = "",
    status: int = 200,
) -> HttpResponse:
    user = request.user
    indicators = services.asked_indicators(report)
    answers = stored_answers(report)
    kept = request.session.get("kept_form")
    restored = False
    if request.method == "GET" and kept and kept.get("path") == request.path:
        del request.session["kept_form"]
        typed = {key: values[-1] for key, values in kept["typed"].items() if values}
        restored = True
    if errors is None and report.unread:
        errors = read_form(
            dict(report.unread),
            [i for i in indicators if any(k.startswith(f"a{i.pk}-") for k in report.unread)],
            today=timezone.localdate(),
        ).errors
    asked: list[Question] = questions(
        indicators, answers, report.unread, errors=errors, typed=typed
    )
    verdicts = _verdicts(report, indicators, answers)
    for question in asked:
        question.target = target_text(question.indicator, report.period.year)  # type: ignore[attr-defined]
        question.verdict = verdicts[question.indicator.pk]  # type: ignore[attr-defined]
    text = (typed or {}).get("text", report.text) if typed is not None else report.text
    difficulties = (
        (typed or {}).get("difficulties", report.difficulties)
        if typed is not None
        else report.difficulties
    )
    return render(
        request,
        "tasks/report_form.html",
        {
            "report": report,
            "questions": asked,
            "text": text,
            "difficulties": difficulties,
            "gaps": gaps or [],
            "gap_fields": {gap.field for gap in gaps or []},
            "errors": errors or {},
            "restored": restored,
            "conflict": conflict,
            "may_submit": can(user, "report_submit", report),
            "may_hand_up": can(user, "report_hand_up", report)
            and not can(user, "report_submit", report),
            "may_hand_back": bool(report.handed_up_at) and can(user, "report_hand_back", report),
            "return_reason": last_reason(report),
            "days_left": (report.due_before - timezone.localdate()).days - 1,
            "transitions": report.transitions.select_related("for_unit"),
            **evidence_context(report, user),
        },
        status=status,
    )


def _show_conflict(request: SignedIn, pk: int) -> HttpResponse:
    """The later of two editors: what they typed stays in the form, beside what was saved meanwhile (R14)."""
    report = get_report(request.user, pk)
    if not can(request.user, "report_write", report):
        messages.error(
            request,
            "Báo cáo đã được gửi hoặc duyệt trong lúc bạn đang soạn; phần bạn vừa nhập chưa được lưu.",
        )
        return redirect("report_detail", pk)
    typed = {key: request.POST[key] for key in request.POST}
    return _show_form(
        request, report, typed=typed, conflict=_conflict_html(request, pk), status=409
    )


def _conflict_html(request: SignedIn, pk: int) -> str:
    """Field by field: saved by somebody else, and typed here."""
    report = get_report(request.user, pk)
    indicators = services.asked_indicators(report)
    answers = stored_answers(report)
    typed = read_form(request.POST, indicators, today=timezone.localdate()).content
    rows = [
        (label, stored, mine)
        for label, stored, mine in (
            ("Kết quả thực hiện", report.text, typed.text),
            ("Khó khăn, vướng mắc", report.difficulties, typed.difficulties),
            *(
                (
                    f"{i.code} {i.name}",
                    services.describe(services.draft_of(answers[i.pk])) if i.pk in answers else "",
                    services.describe(typed.answers.get(i.pk)),
                )
                for i in indicators
            ),
        )
        if (stored or "") != (mine or "")
    ]
    last = report.transitions.order_by("-id").first()
    return render_to_string(
        "tasks/_conflict.html", {"report": report, "rows": rows, "last": last}, request=request
    )


def _verdicts(
    report: Report, indicators: list[Indicator], answers: Mapping[int, Answer]
) -> dict[int, Verdict]:
    """What each answer means against its target, with the agency's own figures of the year before (R9)."""
    before: Mapping[str, Value] = previous_values(
        report.period, [i for i in indicators if i.target_previous_year]
    )
    found = {}
    for indicator in indicators:
        answer = answers.get(indicator.pk)
        value = answer.value(indicator.kind) if answer else Answer().value(indicator.kind)
        if answer is None:
            value = type(value)()
        found[indicator.pk] = judge(
            value, indicator.target_for(report.period.year), before.get(indicator.code)
        )
    return found


def _version(request: SignedIn, report: Report) -> int:
    """The version the form was shown with; a form without one counts as out of date."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


@require_safe
@signed_in
def report_list(request: SignedIn) -> HttpResponse:
    """Reports of a period by area, task, unit and state: where the overview's cells lead."""
    require(request.user, "overview")
    from tasks.overview import choose_period, filters_of

    period, periods = choose_period(request)
    chosen = filters_of(request)
    reports = (
        Report.objects.in_agency_of(request.user).with_names().filter(period=period)
        if period
        else Report.objects.none()
    )
    if chosen.area:
        reports = reports.filter(task__area__code=chosen.area)
    if chosen.task:
        reports = reports.filter(task__code=chosen.task)
    if chosen.unit:
        reports = reports.filter(unit__code=chosen.unit)
    if chosen.state == "late":
        today = timezone.localdate()
        reports = reports.filter(
            Q(is_late=True) | Q(pk__in=Report.objects.overdue(today).values("pk"))
        )
    elif chosen.state:
        reports = reports.filter(state=chosen.state)
    return render(
        request,
        "tasks/report_list.html",
        {
            "period": period,
            "periods": periods,
            "chosen": chosen,
            "reports": reports,
            "today": timezone.localdate(),
            "back": f"{reverse('dashboard')}?{chosen.query(period)}"
            if period
            else reverse("dashboard"),
        },
    )
