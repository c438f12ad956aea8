"""A coordinating unit's part in a task: what it adds for the lead, or that it has nothing to add (R6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.text import clean_paragraphs
from plans.models import Duty, Period, Task
from tasks import contributions
from tasks.contributions import Part, State
from tasks.permissions import require
from tasks.report_pages import posted_version, unit_role
from tasks.services import Refused

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn

DONE = {
    "save": "Đã lưu bản đang soạn.",
    "give": "Đã gửi nội dung phối hợp cho đơn vị chủ trì.",
    "nothing": "Đã báo đơn vị không có nội dung phối hợp.",
    "take_back": "Đã lấy lại nội dung để sửa.",
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def contribution_form(request: SignedIn, period_pk: int, pk: int) -> HttpResponse:
    """What my unit adds to one task it coordinates in. POST by ``then``: save, give, nothing, take_back."""
    period, task = _find(request, period_pk, pk)
    part = _own_part(request, period, task)
    if request.method != "POST":
        return _show(request, period, part)
    then = request.POST.get("then", "save")
    then = then if then in DONE else "save"
    text = clean_paragraphs(request.POST.get("text", ""))
    by = Actor.from_request(request, role=unit_role(request.user))
    known = {
        "part": part,
        "period": period,
        "by": by,
        "base_version": posted_version(request.POST, "version"),
    }
    try:
        if then == "give":
            contributions.give(**known, text=text)  # type: ignore[arg-type]
        elif then == "nothing":
            if text.strip():
                raise Refused(
                    "Đang có nội dung trong ô bên dưới; hãy gửi, hoặc xóa nội dung trước."
                )
            # The emptied field says that a stored draft is given up.
            contributions.give_nothing(**known, drop_draft=True)  # type: ignore[arg-type]
        elif then == "take_back":
            contributions.take_back(**known)  # type: ignore[arg-type]
        else:
            contributions.save(**known, text=text)  # type: ignore[arg-type]
    except Refused as error:
        status = 403 if period.is_closed() else 422
        return _show(request, period, part, typed=text, error=str(error), status=status)
    except contributions.Conflict as conflict:
        part = Part(part.task, part.unit, conflict.stored)
        return _show(request, period, part, typed=text, conflict=True, status=409)
    messages.success(request, DONE[then])
    if then in {"save", "take_back"}:
        return redirect("contribution_form", period_pk, pk)
    return redirect(f"{reverse('todo')}?ky={period.pk}#phoi-hop")


@require_POST
@signed_in
def contribution_nothing(request: SignedIn, period_pk: int) -> HttpResponse:
    """«Không có nội dung» for the ticked tasks of my unit; those with something typed are left as they are."""
    period = get_object_or_404(Period.objects.visible_to(request.user), pk=period_pk)
    require(request.user, "contribute")
    assert request.user.unit is not None
    ticked = {int(pk) for pk in request.POST.getlist("nhiem-vu") if pk.isascii() and pk.isdigit()}
    parts = [
        part
        for part in contributions.parts_of(period, request.user.unit)
        if part.task.pk in ticked and not part.is_answered
    ]
    back = redirect(f"{reverse('todo')}?ky={period.pk}#phoi-hop")
    if period.is_closed():
        messages.error(request, f"Kỳ báo cáo {period} đã khóa.")
        return back
    by = Actor.from_request(request, role=unit_role(request.user))
    done, left = contributions.nothing_for_several(parts=parts, period=period, by=by)
    if done:
        messages.success(request, f"Đã báo không có nội dung phối hợp cho {len(done)} nhiệm vụ.")
    if left:
        codes = ", ".join(part.task.code for part in left)
        messages.warning(request, f"Còn nội dung soạn dở, chưa ghi: {codes}.")
    if not done and not left:
        messages.info(request, "Không nhiệm vụ nào được chọn còn chờ trả lời.")
    return back


def _find(request: SignedIn, period_pk: int, pk: int) -> tuple[Period, Task]:
    user = request.user
    period = get_object_or_404(
        Period.objects.visible_to(user).select_related("plan__agency"), pk=period_pk
    )
    task = get_object_or_404(Task.objects.visible_to(user).select_related("area"), pk=pk)
    if task.area.plan_id != period.plan_id:
        raise Http404
    return period, task


def _own_part(request: SignedIn, period: Period, task: Task) -> Part:
    """403 for who does not coordinate in the task."""
    user = request.user
    require(user, "contribute")
    assert user.unit is not None
    if not contributions.coordinated(period, user.unit).filter(task=task).exists():
        raise PermissionDenied(
            f"{user.unit.name} không phải đơn vị phối hợp của nhiệm vụ {task.code} trong kỳ này."
        )
    stored = contributions.Contribution.objects.filter(
        period=period, task=task, unit=user.unit
    ).select_related("by")
    return Part(task, user.unit, stored.first())


def _show(
    request: SignedIn,
    period: Period,
    part: Part,
    *,
    typed: str | None = None,
    error: str = "",
    conflict: bool = False,
    status: int = 200,
) -> HttpResponse:
    stored = part.contribution
    duties = Duty.objects.filter(period=period, task=part.task, role__in=contributions.REPORTING)
    named = [(duty.role, duty.unit.name) for duty in duties.select_related("unit")]
    leads = [name for role, name in named if role == contributions.Role.LEAD]
    locked = period.is_closed()
    return render(
        request,
        "tasks/contribution_form.html",
        {
            "period": period,
            "part": part,
            "stored": stored,
            "leads": leads or [name for _, name in named],
            "version": stored.version if stored else 0,
            "text": typed if typed is not None else (stored.text if stored else ""),
            "typed": typed,
            "error": error,
            "conflict": conflict,
            "locked": locked,
            "writable": not locked and part.state in {"", State.DRAFT},
        },
        status=status,
    )
