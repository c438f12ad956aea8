"""«Hồ sơ nộp»: what is missing, the workbooks made so far, and making another one (R32, R33)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import signed_in
from accounts.history import Actor
from plans.models import Period
from scoring.exporting import request_export
from scoring.models import Export
from scoring.permissions import can, require
from scoring.results import situation
from tasks.overview import choose_period

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from accounts.http import SignedIn

PER_PAGE = 20
ON_THE_WAY = frozenset({Export.State.WAITING, Export.State.RUNNING})
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@signed_in
def export_list(request: SignedIn) -> HttpResponse:
    """The gaps of a period first, then its workbooks, newest first."""
    user = request.user
    require(user, "exports_read")
    period, periods = choose_period(request)
    page = None
    if period:
        exports = (
            Export.objects.visible_to(user)
            .filter(period=period)
            .select_related("requested_by", "period")
        )
        page = Paginator(exports, PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "scoring/export_list.html",
        {
            "period": period,
            "periods": periods,
            "seen": situation(period) if period else None,
            "page": page,
            "on_the_way": ON_THE_WAY,
            "may_make": can(user, "export_make"),
        },
    )


@require_POST
@signed_in
def export_request(request: SignedIn) -> HttpResponse:
    """Ask for a workbook of the period; a worker makes it while the page shows how far it is."""
    user = request.user
    wanted = request.POST.get("ky", "")
    period = get_object_or_404(
        Period.objects.visible_to(user)
        .filter(opened_at__isnull=False, is_history=False)
        .select_related("plan__agency"),
        pk=int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else 0,
    )
    require(user, "export_make")
    request_export(period=period, by=Actor.from_request(request))
    messages.info(request, "Đang tạo bảng kết quả. Tệp hiện ở danh sách bên dưới khi xong.")
    return redirect(f"{reverse('export_list')}?ky={period.pk}")


@require_safe
@signed_in
def export_progress(request: SignedIn, pk: int) -> HttpResponse:
    """One row of the list, asked for again and again while it is being made; without htmx the whole list."""
    export = _export(request, pk)
    if not getattr(request, "htmx", False):
        return redirect(f"{reverse('export_list')}?ky={export.period_id}")
    return render(
        request,
        "scoring/_export_row.html",
        {"export": export, "on_the_way": ON_THE_WAY, "announce": True},
    )


@require_safe
@signed_in
def export_download(request: SignedIn, pk: int) -> HttpResponseBase:
    export = _export(request, pk)
    if export.state != Export.State.DONE:
        raise Http404("Tệp này chưa tạo xong.")
    root = Path(settings.MEDIA_ROOT).resolve()
    path = (root / export.path).resolve()
    # The name below MEDIA_ROOT is ours; a row changed by hand must still not lead out of it.
    if not path.is_relative_to(root) or not path.is_file():
        raise Http404("Tệp này không còn trên máy chủ; hãy tạo lại.")
    response = FileResponse(
        path.open("rb"), as_attachment=True, filename=export.name, content_type=XLSX
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _export(request: SignedIn, pk: int) -> Export:
    """404 for what is another agency's, then 403 for whom the page is not (R3)."""
    user = request.user
    export = get_object_or_404(
        Export.objects.visible_to(user).select_related("requested_by", "period"), pk=pk
    )
    require(user, "exports_read")
    return export
