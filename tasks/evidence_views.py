"""Evidence of a report: the list with its form, adding, removing; and the download of a file (R3, R17)."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.models import Role
from plans.models import Indicator
from tasks import files, services
from tasks.evidence import MAX_FILES, add_evidence, remove_evidence
from tasks.models import Document, Report, StoredFile
from tasks.permissions import can, require

if TYPE_CHECKING:
    from accounts.http import SignedIn
    from accounts.models import User

logger = logging.getLogger(__name__)

OFFERED = 40  # documents registered before that the form lists, newest first


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files, each looked at; one message for each that is not taken."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        uploads = [upload for upload in (data or []) if upload]
        if len(uploads) > MAX_FILES:
            raise forms.ValidationError(f"Mỗi lần chỉ đính kèm tối đa {MAX_FILES} tệp.")
        faults = []
        for upload in uploads:
            try:
                files.check(upload)
            except files.BadFile as error:
                faults.append(str(error))
        if faults:
            raise forms.ValidationError(faults)
        return uploads


class EvidenceForm(forms.Form):
    """One piece of evidence, as typed: a document described, or one chosen from the register."""

    document = forms.ModelChoiceField(
        Document.objects.none(),
        label="Tài liệu đã đăng ký",
        required=False,
        empty_label="– nhập tài liệu mới –",
        error_messages={"invalid_choice": "Không tìm thấy tài liệu đã chọn; hãy chọn lại."},
    )
    number = forms.CharField(label="Số, ký hiệu", max_length=60, required=False)
    issued_on = forms.DateField(
        label="Ngày ban hành",
        required=False,
        input_formats=["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d"],
        error_messages={
            "invalid": "Không đọc được ngày; hãy ghi ngày/tháng/năm, ví dụ 15/01/2019."
        },
    )
    issuer = forms.CharField(label="Cơ quan ban hành", max_length=200, required=False)
    subject = forms.CharField(label="Trích yếu", max_length=500, required=False)
    indicator = forms.ModelChoiceField(
        Indicator.objects.none(),
        label="Chứng minh cho",
        required=False,
        empty_label="Cả báo cáo",
        error_messages={"invalid_choice": "Chỉ tiêu này không thuộc phần đơn vị phải trả lời."},
    )
    section = forms.CharField(label="Mục, trang", max_length=200, required=False)
    uploads = FilesField(label="Tệp đính kèm", required=False)

    def __init__(
        self, *args: Any, report: Report, user: User, indicators: list[Indicator], **kwargs: Any
    ) -> None:
        super().__init__(*args, **({"auto_id": "evidence-%s"} | kwargs))
        register = Document.objects.visible_to(user).filter(
            Q(unit_id=report.unit_id) | Q(evidence__report=report)
        )
        offered = list(register.distinct().order_by("-pk")[:OFFERED])
        self.fields["document"].queryset = register.distinct()  # type: ignore[attr-defined]
        self.fields["document"].choices = [  # type: ignore[attr-defined]
            ("", "– nhập tài liệu mới –"),
            *((d.pk, _document_label(d)) for d in offered),
        ]
        self.fields["indicator"].queryset = report.task.indicators.filter(  # type: ignore[attr-defined]
            pk__in=[i.pk for i in indicators]
        )
        self.fields["indicator"].choices = [  # type: ignore[attr-defined]
            ("", "Cả báo cáo"),
            *((i.pk, f"{i.code} {i.name}") for i in indicators),
        ]
        hints = {
            "number": "Ví dụ: 12/KH-SGDĐT",
            "issued_on": "ngày/tháng/năm",
            "issuer": "Ví dụ: Sở GDĐT",
            "section": "Ví dụ: mục II, trang 3",
        }
        for name, field in self.fields.items():
            css = "form-select" if isinstance(field, forms.ModelChoiceField) else "form-control"
            field.widget.attrs |= {"class": css, "autocomplete": "off"}
            if name in hints:
                field.widget.attrs["placeholder"] = hints[name]
        self.fields["issued_on"].widget.attrs |= {"inputmode": "numeric", "maxlength": "10"}
        self.fields["uploads"].widget.attrs |= {
            "multiple": True,
            "accept": files.ACCEPT,
            "class": "form-control",
        }

    def clean_issued_on(self) -> dt.date | None:
        day = self.cleaned_data["issued_on"]
        if day and day > timezone.localdate():
            raise forms.ValidationError(f"Ngày ban hành {day:%d/%m/%Y} ở sau ngày hôm nay.")
        if day and day.year < 1945:
            raise forms.ValidationError("Năm ban hành phải từ 1945; hãy kiểm tra lại.")
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not (data.get("document") or data.get("number") or data.get("uploads") or self.errors):
            self.add_error("number", "Hãy ghi số, ký hiệu văn bản hoặc đính kèm ít nhất một tệp.")
        return data


def _document_label(document: Document) -> str:
    words = str(document)
    if document.subject and document.number:
        words += f" – {document.subject}"
    return words if len(words) <= 110 else words[:109] + "…"


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
    return {
        "report": report,
        "indicators": indicators,
        "evidence": list(
            report.evidence.select_related("document", "indicator").prefetch_related(
                "document__files"
            )
        ),
        "form": form,
        "can_write": can_write,
        "max_mb": settings.MAX_UPLOAD_MB,
        "kinds": files.KINDS_TEXT,
    }


def _actor(request: SignedIn) -> Actor:
    role = Role.HEAD if Role.HEAD in request.user.roles else Role.REPORTER
    return Actor.from_request(request, role=role)


def _own_report(request: SignedIn, pk: int) -> Report:
    """The report to change: 404 for another agency's, 403 with the reason where it may not be written."""
    report = get_object_or_404(Report.objects.in_agency_of(request.user).with_names(), pk=pk)
    require(request.user, "report_write", report)
    return report


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def evidence_add(request: SignedIn, pk: int) -> HttpResponse:
    """Add a document or files to a draft. GET shows the form alone: without scripts, or after signing in again."""
    report = _own_report(request, pk)
    indicators = services.asked_indicators(report)
    if request.method != "POST":
        return _show_form(request, report, _kept_form(request, report, indicators))
    form = EvidenceForm(
        request.POST, request.FILES, report=report, user=request.user, indicators=indicators
    )
    if not form.is_valid():
        return _show_form(request, report, form, status=422)
    try:
        evidence = add_evidence(report=report, by=_actor(request), **form.cleaned_data)
    except services.Refused as error:
        form.add_error(None, str(error).split("\n"))
        return _show_form(request, report, form, status=422)
    return _done(request, report, f"Đã thêm tài liệu kiểm chứng {evidence.document}.")


@require_POST
@signed_in
def evidence_remove(request: SignedIn, pk: int, evidence_pk: int) -> HttpResponse:
    """Take a piece of evidence off a draft; the page asks first."""
    report = _own_report(request, pk)
    evidence = get_object_or_404(
        report.evidence.select_related("document", "report"), pk=evidence_pk
    )
    words = str(evidence.document)
    remove_evidence(evidence=evidence, by=_actor(request))
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
