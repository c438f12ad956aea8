"""The Excel way (R18b): take the reports of a period away, give them back, see what would change, write it.

And sending all complete reports at once, which is the head's.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.models import Role
from accounts.text import fold
from plans.models import Period
from tasks import services
from tasks.models import Evidence, Report
from tasks.permissions import locked_text, require
from tasks.report_pages import unit_role
from tasks.sheets import reading
from tasks.sheets.applying import Outdated, apply
from tasks.sheets.comparing import Comparison, compare
from tasks.sheets.desk import load, writable
from tasks.sheets.making import make
from tasks.sheets.understanding import Entry, check_owner, understand
from tasks.uploading import upload_trouble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.http import SignedIn
    from tasks.sheets.desk import Paper
    from tasks.sheets.reading import SheetFault

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KEPT = "sheet_upload"  # in the session, so that it is the person's own and ends with it
MOST_SHOWN = 100  # faults on one page


def _open_period(request: SignedIn, pk: int, action: str = "unit_todo") -> Period:
    """The running period: 404 for another agency's, 403 for whom this is not or where it is closed."""
    period = get_object_or_404(
        Period.objects.visible_to(request.user)
        .filter(opened_at__isnull=False)
        .select_related("plan__agency"),
        pk=pk,
    )
    require(request.user, action)
    if period.is_closed():
        raise PermissionDenied(locked_text(Report(period=period)))
    return period


@require_safe
@signed_in
def sheet_download(request: SignedIn, pk: int) -> HttpResponse:
    """The workbook of what the unit can still write in the period."""
    period = _open_period(request, pk)
    unit = request.user.unit
    assert unit is not None
    content = make(unit=unit, period=period, papers=load(request.user, period))
    name = slugify(fold(f"bao cao {unit.code} {period}"))
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def sheet_upload(request: SignedIn, pk: int) -> HttpResponse:
    """Take the file away and give it back. POST reads it: its faults, or on to the preview."""
    trouble = upload_trouble(request)
    period = _open_period(request, pk)
    papers = load(request.user, period)
    if request.method != "POST":
        return _show_upload(request, period, papers)
    upload = request.FILES.get("tep")
    if trouble or upload is None:
        words = trouble or "Hãy chọn tệp .xlsx đã điền."
        return _show_upload(request, period, papers, faults=[reading.SheetFault(words)])
    unit = request.user.unit
    assert unit is not None
    try:
        book = reading.read(upload)
        check_owner(book, unit, period)
    except reading.BadBook as error:
        return _show_upload(request, period, papers, faults=error.faults)
    found = understand(book, papers)
    comparison = compare(found.entries, papers, today=timezone.localdate())
    faults = [*found.faults, *comparison.faults]
    if faults:
        return _show_upload(
            request, period, papers, faults=faults, name=book.name, comparison=comparison
        )
    request.session[KEPT] = {
        "token": secrets.token_urlsafe(12),
        "period": period.pk,
        "unit": unit.pk,
        "name": book.name,
        "notes": found.notes,
        "untouched": found.untouched,
        "entries": [entry.as_data() for entry in found.entries],
    }
    return redirect("sheet_preview", period.pk)


def _show_upload(
    request: SignedIn,
    period: Period,
    papers: list[Paper],
    *,
    faults: Sequence[SheetFault] = (),
    name: str = "",
    comparison: Comparison | None = None,
) -> HttpResponse:
    shown = sorted(faults, key=lambda f: (f.sheet, f.row or 0))
    return render(
        request,
        "tasks/sheet_upload.html",
        {
            "period": period,
            "writable": writable(papers),
            "locked": [paper for paper in papers if paper.locked is not None],
            "faults": shown[:MOST_SHOWN],
            "more_faults": max(0, len(shown) - MOST_SHOWN),
            "placed": any(fault.sheet for fault in shown),
            "name": name,
            "comparison": comparison,
            "max_mb": reading.MAX_MB,
        },
        status=422 if faults else 200,
    )


# -- Preview and writing --------------------------------------------------------------------------


def _kept(request: SignedIn, period: Period) -> dict[str, Any] | None:
    """What was read of the last file given back, if it was by this person's unit for this period."""
    kept = request.session.get(KEPT)
    if not kept or kept["period"] != period.pk or kept["unit"] != request.user.unit_id:
        return None
    found: dict[str, Any] = kept
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def sheet_preview(request: SignedIn, pk: int) -> HttpResponse:
    """Line by line what the file would change. POST writes it, all or nothing, and once."""
    period = _open_period(request, pk)
    kept = _kept(request, period)
    posted = request.method == "POST"
    if kept is None or (posted and request.POST.get("token") != kept["token"]):
        words = "Không có tệp nào đang chờ ghi. Hãy tải tệp lên."
        if posted:
            words = "Tệp này đã được ghi, đã bỏ, hoặc đã có tệp khác thay; chưa ghi gì thêm."
        messages.info(request, words)
        return redirect(_todo(period) if posted else reverse("sheet_upload", args=[period.pk]))
    if posted and "bo" in request.POST:
        del request.session[KEPT]
        messages.info(request, "Đã bỏ tệp; các báo cáo giữ nguyên.")
        return redirect("sheet_upload", period.pk)
    entries = [Entry.from_data(data) for data in kept["entries"]]
    if not posted:
        return _show_preview(request, period, kept, entries)
    try:
        written = apply(
            user=request.user,
            period=period,
            entries=entries,
            seen=request.POST.get("seen", ""),
            chosen={name for name, choice in request.POST.items() if choice == "file"},
            by=Actor.from_request(request, role=unit_role(request.user)),
            today=timezone.localdate(),
        )
    except Outdated:
        return _show_preview(request, period, kept, entries, outdated=True, status=409)
    del request.session[KEPT]
    if written:
        messages.success(request, f"Đã ghi {written} báo cáo từ tệp.")
    else:
        messages.info(request, "Tệp không còn gì khác với bản đã lưu; không có gì phải ghi.")
    return redirect(_todo(period))


def _todo(period: Period) -> str:
    return f"{reverse('todo')}?ky={period.pk}"


def _show_preview(
    request: SignedIn,
    period: Period,
    kept: dict[str, Any],
    entries: list[Entry],
    *,
    outdated: bool = False,
    status: int = 200,
) -> HttpResponse:
    comparison = compare(entries, load(request.user, period), today=timezone.localdate())
    return render(
        request,
        "tasks/sheet_preview.html",
        {
            "period": period,
            "kept": kept,
            "comparison": comparison,
            "conflicts": len(comparison.conflicts),
            "outdated": outdated,
        },
        status=status,
    )


# -- Sending all complete reports -----------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """A report that the head could send now, or what it still lacks."""

    report: Report
    gaps: list[services.Gap]


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def todo_submit_all(request: SignedIn, pk: int) -> HttpResponse:
    """The head sends every complete report of the period: the list first, then each, failures told."""
    period = _open_period(request, pk, "report_submit")
    found = [
        Ready(paper.report, services.gaps(paper.report, paper.indicators, paper.answers))
        for paper in writable(load(request.user, period))
    ]
    ready = [one.report for one in found if not one.gaps]
    if request.method != "POST":
        proved = set(Evidence.objects.filter(report__in=ready).values_list("report_id", flat=True))
        return render(
            request,
            "tasks/submit_all.html",
            {
                "period": period,
                "ready": ready,
                "bare": {report.pk for report in ready} - proved,
                "lacking": [one for one in found if one.gaps],
                "late": timezone.localdate() >= period.due_before,
            },
        )
    wanted = set(request.POST.getlist("bao-cao"))
    chosen = [report for report in ready if str(report.pk) in wanted]
    by = Actor.from_request(request, role=Role.HEAD)
    sent = 0
    for report in chosen:
        require(request.user, "report_submit", report)
        try:
            sent += services.submit(report=report, by=by)
        except services.Refused as error:
            messages.error(request, f"Báo cáo {report.task.code}: {error}")
        except services.Conflict:
            words = "vừa được người khác sửa nên chưa gửi; hãy xem lại."
            messages.error(request, f"Báo cáo {report.task.code} {words}")
    if sent:
        messages.success(request, f"Đã gửi {sent} báo cáo cho Văn phòng Sở.")
    elif not chosen:
        messages.info(
            request, "Chưa có báo cáo nào được gửi: không có báo cáo đủ nội dung được chọn."
        )
    return redirect(_todo(period))
