"""The report form as a page: what it shows, after errors, gaps and a conflict of two editors too (R14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import Role
from plans.models import TaskFocus
from plans.wording import target_text
from tasks import services
from tasks.answer_forms import TEXT_LABELS, Typed, questions, read_form
from tasks.contents import TEXTS, Content, differences, stored_content
from tasks.contributions import asked_for
from tasks.evidence_views import evidence_context
from tasks.last_year import last_year
from tasks.meanwhile import saved_since
from tasks.models import Answer, Report, Transition
from tasks.permissions import can, enters, steps_known_to, why_not
from tasks.states import Action, State
from tasks.verdicts import verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.http import QueryDict

    from accounts.http import SignedIn
    from accounts.models import User
    from plans.models import Indicator


def get_report(user: User, pk: int) -> Report:
    """The report in the person's agency, with its names; 404 for any other (R3)."""
    return get_object_or_404(Report.objects.in_agency_of(user).with_names(), pk=pk)


def stored_answers(report: Report) -> dict[int, Answer]:
    return {answer.indicator_id: answer for answer in report.answers.select_related("document")}


def unit_role(user: User) -> Role:
    """The role a person acts in when working on their unit's report."""
    return Role.HEAD if Role.HEAD in user.roles else Role.REPORTER


def show_form(
    request: SignedIn,
    report: Report,
    *,
    errors: Mapping[str, str] | None = None,
    gaps: Sequence[services.Gap] = (),
    typed: Mapping[str, str] | None = None,
    conflict: str = "",
    then: str = "",
    status: int = 200,
) -> HttpResponse:
    """The form as stored, or as ``typed``.

    ``errors`` (field -> words) and ``gaps`` are what kept ``then`` (submit, hand_up) from happening.
    """
    user = request.user
    indicators = services.asked_indicators(report)
    answers = stored_answers(report)
    restored = False
    if typed is None and (kept := _kept(request)) is not None:
        typed, restored = kept, True
    errors = dict(errors or {})
    if typed is None and report.unread and not errors:
        errors = _errors_of_unread(report, indicators)
    faults = _faults(errors, gaps, indicators) if then else []
    errors = {gap.field: gap.message for gap in gaps} | errors
    asked = questions(indicators, answers, report.unread, errors=errors, typed=typed)
    shown = verdicts(report, indicators, answers)
    last = last_year(report, indicators)
    for question in asked:
        question.before = last.answers.get(question.indicator.pk)
        question.target = target_text(question.indicator, report.period.year)
        question.verdict = shown[question.indicator.pk]
    steps = list(report.transitions.filter(steps_known_to(user)).select_related("for_unit"))
    may_submit = can(user, "report_submit", report)
    today = timezone.localdate()
    return render(
        request,
        "tasks/report_form.html",
        {
            **evidence_context(report, user, indicators=indicators),
            "report": report,
            "focus": TaskFocus.objects.filter(task=report.task_id, year=report.period.year),
            "last": last,
            "asked": asked_for(report, user),
            # A form that comes back with what was typed keeps the version it was typed on.
            "version": (typed or {}).get("version", report.version),
            "questions": asked,
            "answered": stored_content(report, answers).complete(indicators),
            "texts": {name: _text(report, name, typed) for name in TEXTS},
            "faults": faults,
            "then": then,
            "may_hand_up_anyway": then == "hand_up" and faults == list(gaps),
            "errors": errors,
            "restored": restored,
            "entering": report.substitution if enters(user, report) else None,
            "conflict": conflict,
            "may_submit": may_submit,
            "may_hand_up": can(user, "report_hand_up", report)
            and not may_submit
            and report.handed_up_at is None,
            "may_hand_back": bool(report.handed_up_at) and can(user, "report_hand_back", report),
            "return_reason": last_reason(report, steps),
            "handed_back": hand_back_step(report, steps),
            "handed_up": next((s for s in reversed(steps) if s.action == Action.HAND_UP), None),
            "days_left": (report.due_before - today).days - 1,
            "transitions": steps,
        },
        status=status,
    )


def _faults(
    errors: Mapping[str, str], gaps: Iterable[services.Gap], indicators: list[Indicator]
) -> list[services.Gap]:
    """What is wrong and what is missing, in the order of the form."""
    codes = {f"a{indicator.pk}": indicator.code for indicator in indicators}
    places = {name: place for place, name in enumerate([*codes, *TEXTS])}
    wrong = [
        services.Gap(name, words, codes.get(name.partition("-")[0], ""))
        for name, words in errors.items()
    ]
    hit = {gap.field.partition("-")[0] for gap in wrong}
    lacking = [gap for gap in gaps if gap.field.partition("-")[0] not in hit]
    return sorted(wrong + lacking, key=lambda gap: places.get(gap.field.partition("-")[0], 0))


def _text(report: Report, name: str, typed: Mapping[str, str] | None) -> str:
    stored = report.unread.get(name) or getattr(report, name)
    return typed.get(name, stored) if typed is not None else stored


def _kept(request: SignedIn) -> dict[str, str] | None:
    """What was typed when the session ended (accounts.views.keep_form); taken out of the session."""
    if request.method != "GET":
        return None
    kept = request.session.get("kept_form")
    if not kept or kept.get("path") != request.path:
        return None
    del request.session["kept_form"]
    return {key: values[-1] for key, values in kept["typed"].items() if values}


def _errors_of_unread(report: Report, indicators: list[Indicator]) -> dict[str, str]:
    """Why what was typed before could not be read: found again, so that words and rules stay one."""
    concerned = [i for i in indicators if any(k.startswith(f"a{i.pk}-") for k in report.unread)]
    return read_form(dict(report.unread), concerned, today=timezone.localdate()).errors


def last_reason(report: Report, steps: Iterable[Transition] | None = None) -> str:
    """Why the report lies with its unit again."""
    if report.state != State.RETURNED:
        return ""
    if steps is None:
        steps = report.transitions.all()
    back = [s for s in steps if s.action in {Action.RETURN, Action.REOPEN}]
    return back[-1].reason if back else ""


def hand_back_step(report: Report, steps: Iterable[Transition]) -> Transition | None:
    """The head's handing back that the writer still has to answer."""
    if report.handed_up_at:
        return None
    inside = {Action.HAND_UP, Action.HAND_BACK, Action.SUBMIT}
    last = next((s for s in reversed(list(steps)) if s.action in inside), None)
    return last if last and last.action == Action.HAND_BACK else None


# -- Two people in one report (R14) ---------------------------------------------------------------


@dataclass
class Difference:
    """One field that reads differently as saved and as typed, and which of the two is proposed."""

    key: str
    label: str
    stored: str
    mine: str
    mine_untouched: bool


def merge_choices(
    post: QueryDict, typed: Typed, stored: Content, indicators: list[Indicator]
) -> None:
    """Put the saved words where the person chose them over their own."""
    texts = [name for name in TEXTS if post.get(f"keep-{name}") == "theirs"]
    chosen = [i.pk for i in indicators if post.get(f"keep-{i.pk}") == "theirs"]
    typed.content.take(stored, texts=texts, indicators=chosen)
    for field in list(typed.errors):
        if field in texts or any(field.startswith(f"a{pk}-") for pk in chosen):
            del typed.errors[field]


def show_conflict(request: SignedIn, pk: int) -> HttpResponse:
    """The later of two editors: what they typed stays in the form, beside what was saved meanwhile."""
    report = get_report(request.user, pk)
    if not can(request.user, "report_write", report):
        return show_refused(request, report)
    return show_form(
        request,
        report,
        typed=request.POST.dict(),
        conflict=conflict_html(request, report),
        status=409,
    )


def conflict_html(request: SignedIn, report: Report) -> str:
    """Field by field: saved by somebody else, and typed here, each with its choice."""
    indicators = services.asked_indicators(report)
    stored = stored_content(report, stored_answers(report))
    typed = read_form(request.POST, indicators, today=timezone.localdate()).content
    since = saved_since(report, posted_version(request.POST, "version"))
    before = since.before if since else {}

    def row(key: str, code: str, label: str, theirs: str, mine: str) -> Difference:
        untouched = code in before and (before[code] or "") == mine
        return Difference(key, label, theirs, mine, untouched)

    rows = [
        row(name, name, TEXT_LABELS[name], getattr(stored, name), getattr(typed, name))
        for name in TEXTS
    ]
    rows += [
        row(str(i.pk), i.code, f"{i.code} {i.name}", stored.words(i.pk), typed.words(i.pk))
        for i in indicators
    ]
    return render_to_string(
        "tasks/_conflict.html",
        {
            "report": report,
            "rows": [r for r in rows if r.stored != r.mine],
            "since": since,
            "myself": since is not None and since.actor == request.user.pk,
        },
        request=request,
    )


def same_as_stored(report: Report, post: QueryDict) -> bool:
    """Whether a posted form says what is stored: the same click twice, or somebody else's same words."""
    indicators = services.asked_indicators(report)
    typed = read_form(post, indicators, today=timezone.localdate())
    return not differences(report, typed.content, indicators, stored_answers(report))


def posted_version(post: QueryDict, name: str) -> int:
    """A version number from a form; one that is missing or no number counts as out of date."""
    text = post.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


# -- Not to be written any more -------------------------------------------------------------------


def show_refused(request: SignedIn, report: Report) -> HttpResponse:
    """Somebody sent, accepted or closed the report while a form of it was open: 403, why, and what was typed.

    The same submit sent twice is told so and does nothing (R14).
    """
    if report.state == State.SUBMITTED and same_as_stored(report, request.POST):
        messages.info(request, "Báo cáo này đã được gửi trước đó.")
        return redirect("report_detail", report.pk)
    indicators = services.asked_indicators(report)
    typed = read_form(request.POST, indicators, today=timezone.localdate()).content
    # Who entered it for the unit (R2b) is not told what the unit has made of it since (R3).
    own = report.unit_id == request.user.unit_id
    stored = stored_content(report, stored_answers(report)) if own else Content()
    rows = [
        (TEXT_LABELS[name], getattr(typed, name))
        for name in TEXTS
        if getattr(typed, name) != getattr(stored, name)
    ]
    rows += [
        (f"{i.code} {i.name}", typed.words(i.pk))
        for i in indicators
        if typed.words(i.pk) != stored.words(i.pk)
    ]
    return render(
        request,
        "tasks/report_refused.html",
        {
            "report": report,
            "reason": why_not(request.user, "report_write", report),
            "rows": [(label, words) for label, words in rows if words],
        },
        status=403,
    )
