"""What is done with the consolidated result of a task: saving the merged text, approving, reopening (R19)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.models import Role
from accounts.text import clean_paragraphs
from tasks import results
from tasks.consolidation_views import Typed, find_task, show_task_result
from tasks.contents import TEXTS
from tasks.permissions import require
from tasks.report_pages import posted_version, unit_role
from tasks.services import Refused

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn
    from plans.models import Period, Task


def _texts(request: SignedIn) -> dict[str, str]:
    return {name: clean_paragraphs(request.POST.get(name, "")) for name in TEXTS}


def _again(request: SignedIn, period: Period, task: Task, error: Exception) -> HttpResponse:
    """The page with what was typed, and why nothing was done: 409 after a conflict, 422 or 403 else."""
    conflict = isinstance(error, results.Conflict)
    typed = Typed(_texts(request), error="" if conflict else str(error), conflict=conflict)
    status = 409 if conflict else 403 if period.is_closed() else 422
    return show_task_result(request, period, task, typed=typed, status=status)


def _back(period: Period, task: Task) -> HttpResponse:
    return redirect(f"{reverse('task_result', args=[period.pk, task.pk])}#tong-hop")


@require_POST
@signed_in
def result_save(request: SignedIn, period_pk: int, pk: int) -> HttpResponse:
    """Save the merged text; ``then=refill`` shows it merged anew from the reports and saves nothing."""
    user = request.user
    period, task = find_task(user, period_pk, pk)
    require(user, "result_write")
    who = results.merging(period, task)
    if not who.may_write(user):
        raise PermissionDenied(
            f"Chỉ đơn vị tổng hợp ({who.names}) và Văn phòng Sở được soạn kết quả tổng hợp này."
            if who.units
            else "Chỉ Văn phòng Sở được soạn kết quả tổng hợp này."
        )
    if request.POST.get("then") == "refill":
        typed = Typed(results.draft_text(period, task), refilled=True, before=_texts(request))
        return show_task_result(request, period, task, typed=typed)
    role = Role.COORDINATOR if user.is_coordinator else unit_role(user)
    try:
        results.save_result(
            period=period,
            task=task,
            by=Actor.from_request(request, role=role),
            base_version=posted_version(request.POST, "version"),
            **_texts(request),
        )
    except (Refused, results.Conflict) as error:
        return _again(request, period, task, error)
    messages.success(request, "Đã lưu kết quả tổng hợp.")
    return _back(period, task)


@require_POST
@signed_in
def result_approve(request: SignedIn, period_pk: int, pk: int) -> HttpResponse:
    """Approve what stands in the editor; its figures are frozen as they are now."""
    period, task = find_task(request.user, period_pk, pk)
    require(request.user, "result_approve")
    try:
        results.approve_result(
            period=period,
            task=task,
            by=Actor.from_request(request, role=Role.COORDINATOR),
            base_version=posted_version(request.POST, "version"),
            **_texts(request),
        )
    except (Refused, results.Conflict) as error:
        return _again(request, period, task, error)
    messages.success(request, f"Đã chốt kết quả tổng hợp nhiệm vụ {task.code}.")
    return _back(period, task)


@require_POST
@signed_in
def result_reopen(request: SignedIn, period_pk: int, pk: int) -> HttpResponse:
    """Open an approved result again, with a reason."""
    period, task = find_task(request.user, period_pk, pk)
    require(request.user, "result_reopen")
    reason = request.POST.get("reason", "").strip()[:2000]
    try:
        results.reopen_result(
            period=period,
            task=task,
            by=Actor.from_request(request, role=Role.COORDINATOR),
            base_version=posted_version(request.POST, "version"),
            reason=reason,
        )
    except Refused as error:
        messages.error(request, f"Chưa mở lại được. {error}")
        return show_task_result(request, period, task, status=403 if period.is_closed() else 422)
    except results.Conflict as error:
        messages.error(request, str(error))
        return show_task_result(request, period, task, status=409)
    messages.success(request, f"Đã mở lại kết quả tổng hợp nhiệm vụ {task.code}.")
    return _back(period, task)
