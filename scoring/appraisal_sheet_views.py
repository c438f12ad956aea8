"""The appraisal by Excel: take the workbook away, give it back, see line by line what would change, store it."""

from __future__ import annotations

import io
import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import signed_in
from accounts.text import fold
from scoring import appraisal, appraisal_sheets
from scoring.appraisal_sheets import Change, Preview
from scoring.appraisal_views import actor, get_scorecard
from scoring.models import LeafScore, Scorecard
from tasks.services import Refused
from tasks.sheets.reading import MAX_MB, BadBook, SheetFault
from tasks.uploading import upload_trouble

if TYPE_CHECKING:
    from accounts.http import SignedIn
    from scoring.models import Criterion

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KEPT = "appraisal_upload"  # in the session, so that it is the person's own and ends with it
MOST_SHOWN = 100  # faults on one page


def workbook(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{slugify(fold(name))}.xlsx"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _open(request: SignedIn, pk: int) -> Scorecard:
    """A card whose appraisal may be written now; 403 with the reason where it may not."""
    scorecard = get_scorecard(request, pk, "appraisal_write")
    if words := appraisal.why_locked(scorecard):
        raise PermissionDenied(words)
    return scorecard


@require_safe
@signed_in
def appraisal_sheet(request: SignedIn, pk: int) -> HttpResponse:
    """The workbook with what is stored."""
    scorecard = get_scorecard(request, pk, "scorecard_read")
    if scorecard.criteria_set_id is None:
        raise PermissionDenied(appraisal.why_locked(scorecard))
    try:
        card = appraisal.card_of_year(scorecard)
    except Refused as error:
        raise PermissionDenied(str(error)) from None
    content = io.BytesIO()
    appraisal_sheets.make(card, scorecard, content)
    return workbook(content.getvalue(), f"tham dinh {scorecard.agency.code} {scorecard.year}")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def appraisal_upload(request: SignedIn, pk: int) -> HttpResponse:
    """Take the file away and give it back. POST reads it: its faults, or on to the preview."""
    trouble = upload_trouble(request)
    scorecard = _open(request, pk)
    if request.method != "POST":
        return _show_upload(request, scorecard)
    upload = request.FILES.get("tep")
    if trouble or upload is None:
        words = trouble or "Hãy chọn tệp .xlsx đã điền."
        return _show_upload(request, scorecard, faults=[SheetFault(words)])
    nodes, scores = _known(scorecard)
    try:
        found = appraisal_sheets.preview(upload, nodes, scores)
    except BadBook as error:
        return _show_upload(request, scorecard, faults=error.faults)
    if found.faults:
        return _show_upload(request, scorecard, faults=found.faults, found=found)
    by_pk = {node.code: node for node in nodes.values()}
    request.session[KEPT] = {
        "token": secrets.token_urlsafe(12),
        "scorecard": scorecard.pk,
        "name": found.name,
        "notes": found.notes,
        "same": found.same,
        "changes": [asdict(change) for change in found.changes],
        "base": _stored(found.changes, by_pk, scores),
    }
    return redirect("appraisal_preview", scorecard.pk)


def _known(scorecard: Scorecard) -> tuple[dict[str, Criterion], dict[int, LeafScore]]:
    assert scorecard.criteria_set is not None  # _open has refused those without
    nodes = {node.code: node for node in scorecard.criteria_set.criteria.all()}
    return nodes, {score.criterion_id: score for score in scorecard.scores.all()}


def _stored(
    changes: list[Change], nodes: dict[str, Criterion], scores: dict[int, LeafScore]
) -> dict[str, dict[str, str]]:
    """What is stored now of the fields that the file changes."""
    found: dict[str, dict[str, str]] = {}
    for change in changes:
        node = nodes.get(change.code)
        score = scores.get(node.pk) if node else None
        found.setdefault(change.code, {})[change.field] = appraisal.words_of(score, change.field)
    return found


def _show_upload(
    request: SignedIn,
    scorecard: Scorecard,
    *,
    faults: list[SheetFault] | None = None,
    found: Preview | None = None,
) -> HttpResponse:
    faults = faults or []
    return render(
        request,
        "scoring/appraisal_upload.html",
        {
            "scorecard": scorecard,
            "heading": f"Nhập thẩm định bằng Excel, năm {scorecard.year}",
            "faults": faults[:MOST_SHOWN],
            "count": len(faults),
            "more_faults": max(0, len(faults) - MOST_SHOWN),
            "placed": any(fault.row for fault in faults),
            "found": found,
            "max_mb": MAX_MB,
        },
        status=422 if faults else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def appraisal_preview(request: SignedIn, pk: int) -> HttpResponse:
    """Line by line what the file would change. POST stores it, all or nothing, and once."""
    scorecard = _open(request, pk)
    kept = request.session.get(KEPT)
    if kept and kept["scorecard"] != scorecard.pk:
        kept = None
    posted = request.method == "POST"
    if kept is None or (posted and request.POST.get("token") != kept["token"]):
        words = "Không có tệp nào đang chờ ghi. Hãy tải tệp lên."
        if posted:
            words = "Tệp này đã được ghi, đã bỏ, hoặc đã có tệp khác thay; chưa ghi gì thêm."
        messages.info(request, words)
        return redirect("appraisal_upload", scorecard.pk)
    if posted and "bo" in request.POST:
        del request.session[KEPT]
        messages.info(request, "Đã bỏ tệp; điểm thẩm định giữ nguyên.")
        return redirect("appraisal_upload", scorecard.pk)
    changes = [Change(**data) for data in kept["changes"]]
    if not posted:
        return _show_preview(request, scorecard, kept, changes)
    typed: dict[str, dict[str, str]] = {}
    for change in changes:
        typed.setdefault(change.code, {})[change.field] = change.words
    try:
        written = appraisal.save(
            scorecard=scorecard,
            typed=typed,
            base=kept["base"],
            by=actor(request),
            action="Nạp thẩm định từ Excel",
        )
    except Refused as error:
        nodes, scores = _known(scorecard)
        kept["base"] = _stored(changes, nodes, scores)
        request.session[KEPT] = kept
        words = str(error)
        if isinstance(error, appraisal.Overtaken):
            words = (
                "Có người vừa sửa điểm thẩm định sau khi bạn xem trước, nên chưa ghi gì. "
                "Dưới đây là so sánh với bản mới nhất; hãy xem lại rồi ghi."
            )
        return _show_preview(request, scorecard, kept, changes, error=words, status=409)
    del request.session[KEPT]
    if written:
        messages.success(request, f"Đã ghi {written} thay đổi từ tệp.")
    else:
        messages.info(request, "Tệp không còn gì khác với bản đã lưu; không có gì phải ghi.")
    return redirect("appraisal_form", scorecard.pk)


def _show_preview(
    request: SignedIn,
    scorecard: Scorecard,
    kept: dict[str, Any],
    changes: list[Change],
    *,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    nodes, _ = _known(scorecard)
    losses = dict(LeafScore.Loss.choices)
    rows = [
        {
            "node": nodes.get(change.code),
            "label": change.label,
            "row": change.row,
            "before": losses.get(
                before := kept["base"].get(change.code, {}).get(change.field, ""), before
            ),
            "after": losses.get(change.words, change.words)
            if change.field == "loss"
            else change.words,
        }
        for change in changes
    ]
    return render(
        request,
        "scoring/appraisal_preview.html",
        {
            "scorecard": scorecard,
            "kept": kept,
            "rows": rows,
            "error": error,
            "early": any(change.field == "appraised" for change in changes)
            and appraisal.awaits_first(scorecard),
        },
        status=status,
    )
