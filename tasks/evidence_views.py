"""Evidence of a report: the list with its form, adding, removing; and the download of a file (R3, R17)."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import signed_in
from plans.targets import Kind
from tasks import files, services
from tasks.evidence import add_evidence, remove_evidence
from tasks.evidence_forms import EvidenceForm, offered
from tasks.models import Answer, Document, Report, StoredFile
from tasks.permissions import can, require
from tasks.register import MAX_FILES
from tasks.substitution_pages import writer
from tasks.uploading import upload_trouble

if TYPE_CHECKING:
    from accounts.http import SignedIn
    from accounts.models import User
    from plans.models import Indicator
    from tasks.models import Evidence

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Expected:
    """One document that the task asks of this unit: what answers it so far (the check list)."""

    indicator: Indicator
    documents: list[Document]
    due: dt.date | None
    not_issued: bool  # answered «chưa ban hành», «không phát sinh» or «không thuộc đơn vị»

    @property
    def has_document(self) -> bool:
        return any(document.number for document in self.documents)

    @property
    def has_file(self) -> bool:
        return any(document.url or list(document.files.all()) for document in self.documents)

    @property
    def has_signed(self) -> bool:
        return any(not document.is_draft for document in self.documents)

    @property
    def done(self) -> bool:
        return self.has_document and self.has_file and self.has_signed


def expected_documents(
    report: Report, indicators: list[Indicator], evidence: list[Evidence]
) -> list[Expected]:
    """Every document the task asks of the unit, with what it has for it; two queries."""
    wanted = [i for i in indicators if i.kind == Kind.DOCUMENT]
    if not wanted:
        return []
    answers = {
        answer.indicator_id: answer
        for answer in report.answers.filter(indicator__in=[i.pk for i in wanted])
        .select_related("document")
        .prefetch_related("document__files")
    }
    found = []
    for indicator in wanted:
        answer = answers.get(indicator.pk)
        documents = {e.document_id: e.document for e in evidence if e.indicator_id == indicator.pk}
        if answer and answer.document:
            documents[answer.document.pk] = answer.document
        found.append(
            Expected(
                indicator,
                list(documents.values()),
                indicator.due_on(report.period.year),
                answer is not None and answer.state != Answer.State.GIVEN,
            )
        )
    return found


def evidence_context(
    report: Report,
    user: User,
    form: EvidenceForm | None = None,
    indicators: list[Indicator] | None = None,
) -> dict[str, Any]:
    """What ``tasks/_evidence.html`` needs, whatever page includes it; as many queries for any number of rows.

    ``indicators``: those asked of the report, where the page has them already.
    """
    if indicators is None:
        indicators = services.asked_indicators(report)
    can_write = can(user, "report_write", report)
    if form is None and can_write:
        form = EvidenceForm(report=report, user=user, indicators=indicators)
    evidence = list(
        report.evidence.select_related("document", "indicator").prefetch_related("document__files")
    )
    return {
        "report": report,
        "indicators": indicators,
        "evidence": evidence,
        "expected": expected_documents(report, indicators, evidence),
        "form": form,
        "max_files": MAX_FILES,
        "can_write": can_write,
        "max_mb": settings.MAX_UPLOAD_MB,
        "kinds": files.KINDS_TEXT,
    }


def _own_report(request: SignedIn, pk: int) -> Report:
    """The report to change: 404 for another agency's, 403 with the reason where it may not be written."""
    report = get_object_or_404(Report.objects.in_agency_of(request.user).with_names(), pk=pk)
    require(request.user, "report_write", report)
    return report


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def evidence_add(request: SignedIn, pk: int) -> HttpResponse:
    """Add a document or files to a draft. GET shows the form alone: without scripts, or after signing in again."""
    trouble = upload_trouble(request)
    report = _own_report(request, pk)
    indicators = services.asked_indicators(report)
    if request.method != "POST":
        form = _kept_form(request, report, indicators)
        search = request.GET.get("tim", "")[:200]
        if form is None and search:
            form = EvidenceForm(
                report=report, user=request.user, indicators=indicators, search=search
            )
        return _show_form(request, report, form)
    form = EvidenceForm(
        request.POST, request.FILES, report=report, user=request.user, indicators=indicators
    )
    form.is_valid()
    if trouble:
        form.add_error("uploads", trouble)
    if form.errors:
        return _show_form(request, report, form, status=422)
    try:
        by = writer(request, report)
        evidence = add_evidence(report=report, by=by, **form.cleaned_data)
    except services.Refused as error:
        form.add_error(None, str(error).split("\n"))
        return _show_form(request, report, form, status=422)
    return _done(request, report, f"Đã thêm tài liệu kiểm chứng {evidence.document}.")


@require_safe
@signed_in
def evidence_search(request: SignedIn, pk: int) -> HttpResponse:
    """Documents of the register that fit what is typed, to choose one from; without scripts the page of the form."""
    report = _own_report(request, pk)
    search = request.GET.get("tim", "")[:200]
    if not getattr(request, "htmx", False):
        query = urlencode({"tim": search})
        return redirect(f"{reverse('evidence_add', args=[report.pk])}?{query}#evidence-register")
    found = offered(request.user, search, request.GET.get("document", ""))
    context = {"found": found, "search": search, "chosen": request.GET.get("document", "")}
    return render(request, "tasks/_evidence_found.html", context)


@require_POST
@signed_in
def evidence_remove(request: SignedIn, pk: int, evidence_pk: int) -> HttpResponse:
    """Take a piece of evidence off a draft; the page asks first."""
    report = _own_report(request, pk)
    evidence = get_object_or_404(
        report.evidence.select_related("document", "report"), pk=evidence_pk
    )
    words = str(evidence.document)
    remove_evidence(evidence=evidence, by=writer(request, report))
    return _done(request, report, f"Đã bỏ tài liệu kiểm chứng {words} khỏi báo cáo.")


def _kept_form(
    request: SignedIn, report: Report, indicators: list[Indicator]
) -> EvidenceForm | None:
    """What was typed when the session ended; files must be chosen again."""
    kept = request.session.get("kept_form")
    if not kept or kept.get("path") != request.path:
        return None
    del request.session["kept_form"]
    typed = {name: values[-1] for name, values in kept["typed"].items() if values}
    messages.info(
        request, "Nội dung đã nhập được giữ lại bên dưới, chưa được lưu. Tệp đính kèm cần chọn lại."
    )
    return EvidenceForm(initial=typed, report=report, user=request.user, indicators=indicators)


def _show_form(
    request: SignedIn, report: Report, form: EvidenceForm | None, *, status: int = 200
) -> HttpResponse:
    context = evidence_context(report, request.user, form)
    if getattr(request, "htmx", False):
        # htmx leaves the page alone on an error's status, and the messages are in the answer.
        return render(request, "tasks/_evidence.html", context)
    return render(request, "tasks/evidence_add.html", context, status=status)


def _done(request: SignedIn, report: Report, message: str) -> HttpResponse:
    if getattr(request, "htmx", False):
        report.refresh_from_db()
        context = evidence_context(report, request.user) | {"done": message}
        return render(request, "tasks/_evidence.html", context)
    messages.success(request, message)
    return redirect(reverse("report_form", args=[report.pk]) + "#evidence")


@require_safe
@signed_in
def file_download(request: SignedIn, pk: int) -> HttpResponseBase:
    """One file, as a download under its own name. 404 for another agency's, 403 where it may not be read."""
    file = get_object_or_404(
        StoredFile.objects.filter(document__agency=request.user.agency).select_related(
            "document__unit"
        ),
        pk=pk,
    )
    if not Document.objects.visible_to(request.user).filter(pk=file.document_id).exists():
        raise PermissionDenied(
            f"Tệp này do {file.document.unit.name} đăng ký. Khi báo cáo đã được gửi, Văn phòng Sở, Lãnh đạo Sở "
            "và các đơn vị cùng nhiệm vụ mới tải được."
        )
    path = Path(settings.MEDIA_ROOT) / file.path
    try:
        content = path.open("rb")
    except OSError as error:
        return _missing(request, file, str(error))
    if path.stat().st_size != file.size:
        content.close()
        return _missing(request, file, "dung lượng khác lúc tải lên")
    response = FileResponse(
        content, as_attachment=True, filename=file.name, content_type=file.content_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _missing(request: SignedIn, file: StoredFile, why: str) -> HttpResponse:
    logger.error("Tệp %s (%s) không đọc được: %s", file.pk, file.path, why)
    return render(request, "tasks/file_missing.html", {"file": file}, status=410)
