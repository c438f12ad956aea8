"""Pages of explanations: the list, one of them, writing and sending it, and what the office does about it (R20a, R27)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Case, Count, IntegerField, Q, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.http import agency_of
from accounts.models import AuditEntry, Role
from tasks import explanations, files
from tasks.explanation_forms import ProofForm, ReturnForm
from tasks.models import Explanation, ExplanationDocument
from tasks.permissions import can, require, why_not_explain
from tasks.register import MAX_FILES
from tasks.services import Refused

if TYPE_CHECKING:
    from accounts.http import SignedIn
    from accounts.models import User
    from tasks.models import ExplanationQuerySet

State = Explanation.State
PAGE = 25
OPEN, OVERDUE, EVERY = "", "qua-han", "tat-ca"
STATES = (
    (OPEN, "Chưa xong"),
    (State.ASKED, State.ASKED.label),
    (State.ANSWERED, State.ANSWERED.label),
    (State.RETURNED, State.RETURNED.label),
    (OVERDUE, "Quá hạn"),
    (State.TAKEN, State.TAKEN.label),
    (State.WITHDRAWN, State.WITHDRAWN.label),
    (EVERY, "Tất cả"),
)


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; every part of it is in the address."""

    state: str = ""
    unit: str = ""


def wanted_of(request: SignedIn) -> Wanted:
    state = request.GET.get("trang-thai", "")
    return Wanted(
        state=state if state in {name for name, _ in STATES} else "",
        unit=request.GET.get("don-vi", "")[:30],
    )


def narrowed(seen: ExplanationQuerySet, wanted: Wanted) -> ExplanationQuerySet:
    if wanted.state == OPEN:
        seen = seen.open()
    elif wanted.state == OVERDUE:
        seen = seen.overdue(timezone.localdate())
    elif wanted.state != EVERY:
        seen = seen.filter(state=wanted.state)
    return seen.filter(unit__code=wanted.unit) if wanted.unit else seen


@require_safe
@signed_in
def explanation_list(request: SignedIn) -> HttpResponse:
    """What the person may see, what waits for them first; as many queries for any number of rows (R36)."""
    user = request.user
    require(user, "explanation_read")
    wanted = wanted_of(request)
    oversight = can(user, "overview")
    waits = (
        (State.ANSWERED, State.ASKED, State.RETURNED)
        if oversight
        else (State.RETURNED, State.ASKED, State.ANSWERED)
    )
    order = Case(
        *(When(state=state, then=Value(place)) for place, state in enumerate(waits)),
        default=Value(len(waits)),
        output_field=IntegerField(),
    )
    seen = Explanation.objects.visible_to(user)
    rows = (
        narrowed(seen, wanted)
        .select_related("unit", "period__plan")
        .order_by(order, "due_before", "unit__order", "code", "pk")
    )
    today = timezone.localdate()
    counts = seen.aggregate(
        asked=Count("pk", filter=Q(state=State.ASKED)),
        returned=Count("pk", filter=Q(state=State.RETURNED)),
        answered=Count("pk", filter=Q(state=State.ANSWERED)),
        taken=Count("pk", filter=Q(state=State.TAKEN)),
        overdue=Count("pk", filter=Q(state__in=Explanation.OWED, due_before__lte=today)),
        every=Count("pk"),
    )
    return render(
        request,
        "tasks/explanation_list.html",
        {
            "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
            "wanted": wanted,
            "narrowed": wanted != Wanted(),
            "states": STATES,
            "counts": counts,
            "units": agency_of(request).units.all() if oversight else [],
            "oversight": oversight,
            "today": today,
        },
    )


def get_explanation(user: User, pk: int) -> Explanation:
    """404 for another agency's, 403 for another unit's."""
    require(user, "explanation_read")
    named = Explanation.objects.select_related("unit", "period__plan", "asked_by")
    explanation = get_object_or_404(named.filter(agency=user.agency), pk=pk)
    if not Explanation.objects.visible_to(user).filter(pk=pk).exists():
        raise PermissionDenied(
            f"Yêu cầu giải trình này của {explanation.unit.name}; chỉ đơn vị đó, Văn phòng Sở và "
            "Lãnh đạo Sở xem được."
        )
    return explanation


@require_safe
@signed_in
def explanation_detail(request: SignedIn, pk: int) -> HttpResponse:
    return show(request, get_explanation(request.user, pk))


def show(
    request: SignedIn,
    explanation: Explanation,
    *,
    error: str = "",
    failed: str = "",
    text: str | None = None,
    theirs: str | None = None,
    return_form: ReturnForm | None = None,
    proof_form: ProofForm | None = None,
) -> HttpResponse:
    """The page; after a refusal with what was typed and why (422). ``theirs``: what somebody else saved meanwhile."""
    user = request.user
    own = explanation.unit_id == user.unit_id and bool(user.roles & {Role.HEAD, Role.REPORTER})
    answered = explanation.state == State.ANSWERED
    return render(
        request,
        "tasks/explanation_detail.html",
        {
            **proofs_context(explanation, user, proof_form),
            "text": explanation.answer if text is None else text,
            "theirs": theirs,
            "own": own,
            # What is written after a return is a draft again: its unit's only (R3).
            "answer_shown": own or explanation.is_sent,
            "may_send": why_not_explain(user, explanation, "explanation_send") is None,
            "locked": explanation.locked_text if own else "",
            "may_take": answered and can(user, "explanation_take"),
            "return_form": (return_form or ReturnForm())
            if answered and can(user, "explanation_return")
            else None,
            "may_withdraw": explanation.is_open and can(user, "explanation_withdraw"),
            "history": AuditEntry.objects.filter(
                object_type=Explanation._meta.label_lower,
                object_id=explanation.pk,
                agency=explanation.agency_id,
            )
            .select_related("for_unit")
            .order_by("-at", "-pk"),
            "today": timezone.localdate(),
            "error": error,
            "failed": failed,
            "typed": request.POST,
        },
        status=422 if failed else 200,
    )


def proofs_context(
    explanation: Explanation, user: User, form: ProofForm | None = None
) -> dict[str, Any]:
    """What ``tasks/_explanation_documents.html`` needs, whatever page includes it."""
    may_write = why_not_explain(user, explanation) is None
    proofs = ExplanationDocument.objects.visible_to(user).filter(explanation=explanation)
    return {
        "explanation": explanation,
        "proofs": list(proofs.select_related("document").prefetch_related("document__files")),
        "may_write": may_write,
        "form": (form or ProofForm(user=user)) if may_write else None,
        "max_files": MAX_FILES,
        "max_mb": settings.MAX_UPLOAD_MB,
        "kinds": files.KINDS_TEXT,
    }


@require_POST
@signed_in
def explanation_write(request: SignedIn, pk: int) -> HttpResponse:
    """Save what is typed; with ``then=send`` the head sends it to the office."""
    user = request.user
    explanation = get_explanation(user, pk)
    send = request.POST.get("then") == "send"
    text = request.POST.get("answer", "")
    if send and explanation.is_sent and explanation.unit_id == user.unit_id:
        require(user, "explanation_send")  # the same form sent twice
    else:
        why = why_not_explain(
            user, explanation, "explanation_send" if send else "explanation_write"
        )
        if why:
            raise PermissionDenied(why)
    version = request.POST.get("version", "")
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else -1
    by = Actor.in_first(request, Role.HEAD, Role.REPORTER)
    try:
        if send:
            sent = explanations.answer(explanation=explanation, by=by, text=text, version=number)
        else:
            explanations.write(explanation=explanation, by=by, text=text, version=number)
    except explanations.Changed as error:
        return show(
            request,
            error.current,
            error=str(error),
            failed="answer",
            text=text,
            theirs=error.current.answer,
        )
    except Refused as error:
        return show(request, explanation, error=str(error), failed="answer", text=text)
    if not send:
        messages.success(request, "Đã lưu nội dung giải trình.")
    elif sent:
        messages.success(request, "Đã gửi giải trình cho Văn phòng Sở.")
    else:
        messages.info(request, "Giải trình này đã được gửi trước đó.")
    return redirect("explanation_detail", pk)


@require_POST
@signed_in
def explanation_return(request: SignedIn, pk: int) -> HttpResponse:
    require(request.user, "explanation_return")
    explanation = get_explanation(request.user, pk)
    form = ReturnForm(request.POST)
    if form.is_valid():
        try:
            returned = explanations.return_(
                explanation=explanation,
                by=Actor.in_first(request, Role.COORDINATOR),
                reason=form.cleaned_data["reason"],
                due_before=form.cleaned_data["due_before"],
            )
        except Refused as error:
            return show(request, explanation, error=str(error), failed="return", return_form=form)
        if returned:
            messages.success(request, "Đã trả lại giải trình và gửi thư báo đơn vị.")
        else:
            messages.info(request, "Giải trình này đã được trả lại trước đó.")
        return redirect("explanation_detail", pk)
    return show(request, explanation, failed="return", return_form=form)


@require_POST
@signed_in
def explanation_take(request: SignedIn, pk: int) -> HttpResponse:
    require(request.user, "explanation_take")
    explanation = get_explanation(request.user, pk)
    try:
        taken = explanations.take(
            explanation=explanation, by=Actor.in_first(request, Role.COORDINATOR)
        )
    except Refused as error:
        return show(request, explanation, error=str(error), failed="take")
    if taken:
        messages.success(request, "Đã nhận giải trình của đơn vị.")
    else:
        messages.info(request, "Giải trình này đã được nhận trước đó.")
    return redirect("explanation_detail", pk)


@require_POST
@signed_in
def explanation_withdraw(request: SignedIn, pk: int) -> HttpResponse:
    require(request.user, "explanation_withdraw")
    explanation = get_explanation(request.user, pk)
    try:
        withdrawn = explanations.withdraw(
            explanation=explanation,
            by=Actor.in_first(request, Role.COORDINATOR),
            reason=request.POST.get("reason", ""),
        )
    except Refused as error:
        return show(request, explanation, error=str(error), failed="withdraw")
    if withdrawn:
        messages.success(request, "Đã rút yêu cầu giải trình và gửi thư báo đơn vị.")
    else:
        messages.info(request, "Yêu cầu này đã được rút trước đó.")
    return redirect("explanation_detail", pk)
