"""Pages of the register «Sổ tài liệu»: the list, one document, correcting it, its files, joining two rows (R17)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.http import agency_of
from accounts.models import AuditEntry, Role
from tasks import files, register, services
from tasks.evidence_forms import DocumentForm, files_field
from tasks.models import Document, StoredFile
from tasks.permissions import can, require
from tasks.uploading import upload_trouble

if TYPE_CHECKING:
    from accounts.http import SignedIn
    from accounts.models import User

PAGE = 25
YES_NO = frozenset({"co", "khong"})
FIELD_TEXT = {
    "number": "Số, ký hiệu",
    "issued_on": "Ngày ban hành",
    "issuer": "Cơ quan ban hành",
    "subject": "Trích yếu",
    "is_draft": "Dự thảo",
    "url": "Liên kết",
    "in_force_until": "Hết hiệu lực sau ngày",
    "files": "Tệp",
    "merged": "Gộp",
}
HISTORY = 100  # rows shown of a document


def wanted_of(request: SignedIn) -> register.Wanted:
    get = request.GET
    year = get.get("nam", "")
    return register.Wanted(
        text=get.get("tim", "")[:200],
        unit=get.get("don-vi", "")[:30],
        year=int(year) if year.isascii() and year.isdigit() and len(year) == 4 else None,
        files=get.get("tep", "") if get.get("tep") in YES_NO else "",
        draft=get.get("du-thao") == "1",
        used=get.get("dung", "") if get.get("dung") in YES_NO else "",
    )


@require_safe
@signed_in
def document_list(request: SignedIn) -> HttpResponse:
    """The register as far as the person may see it; as many queries for any number of rows (R36)."""
    require(request.user, "register_read")
    wanted = wanted_of(request)
    page = Paginator(register.find(request.user, wanted).prefetch_related("files"), PAGE).get_page(
        request.GET.get("page")
    )
    uses = register.uses(request.user, page.object_list)
    rows = [(document, _reports(uses.get(document.pk, []))) for document in page.object_list]
    seen = Document.objects.visible_to(request.user)
    return render(
        request,
        "tasks/document_list.html",
        {
            "page": page,
            "rows": rows,
            "wanted": wanted,
            "narrowed": wanted != register.Wanted(),
            "units": agency_of(request).units.all(),
            "years": [day.year for day in seen.dates("issued_on", "year", order="DESC")],
            "faults": can(request.user, "faults_read"),
        },
    )


def _reports(uses: list[register.Use]) -> int:
    return len({use.report.pk for use in uses})


def _visible(request: SignedIn, pk: int) -> Document:
    """404 for another agency's document, 403 for one that is still its unit's own."""
    require(request.user, "register_read")
    document = get_object_or_404(
        Document.objects.filter(agency=agency_of(request)).select_related("unit"), pk=pk
    )
    if not Document.objects.visible_to(request.user).filter(pk=pk).exists():
        raise PermissionDenied(
            f"Tài liệu này do {document.unit.name} đăng ký. Khi báo cáo dùng tài liệu được gửi, Văn phòng Sở, "
            "Lãnh đạo Sở và các đơn vị cùng nhiệm vụ mới xem được."
        )
    return document


@dataclass(frozen=True)
class Change:
    """One field of one row of history, in words."""

    label: str
    before: str
    after: str


def _history(document: Document) -> list[tuple[AuditEntry, list[Change]]]:
    entries = AuditEntry.objects.filter(
        object_type=Document._meta.label_lower, object_id=document.pk, agency=document.agency_id
    ).select_related("for_unit")[:HISTORY]
    return [
        (
            entry,
            [
                Change(FIELD_TEXT.get(name, name), _words(before), _words(after))
                for name, (before, after) in entry.changes.items()
            ],
        )
        for entry in entries
    ]


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "có" if value else "không"
    text = "" if value is None else str(value)
    if len(text) == 10 and text[4] == text[7] == "-" and text.replace("-", "").isdigit():
        return f"{text[8:]}/{text[5:7]}/{text[:4]}"
    return text


class FilesForm(forms.Form):
    """Files for a document that is registered already."""

    uploads = files_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **({"auto_id": "files-%s"} | kwargs))
        self.fields["uploads"].widget.attrs["class"] = "form-control"


def _page(
    request: SignedIn,
    document: Document,
    *,
    status: int = 200,
    form: DocumentForm | None = None,
    files_form: FilesForm | None = None,
) -> HttpResponse:
    user = request.user
    may_attach = register.why_not(user, document, register.ACCEPTED) is None
    locked = register.why_not(user, document)
    copies = []
    if can(user, "document_correct"):
        visible = Document.objects.visible_to(user).values("pk")
        copies = list(register.near_copies(document).filter(pk__in=visible).select_related("unit"))
    if form is None and locked is None:
        form = DocumentForm(initial={name: getattr(document, name) for name in register.FIELDS})
    return render(
        request,
        "tasks/document_detail.html",
        {
            "document": document,
            "files": list(document.files.select_related("uploaded_by")),
            "uses": register.uses(user, [document]).get(document.pk, []),
            "explanations": register.explanations_on(user, document),
            "history": _history(document),
            "form": form,
            "files_form": (files_form or FilesForm()) if may_attach else None,
            "locked": locked,
            "own": document.unit_id == user.unit_id,
            "frozen": register.frozen_fields(document),
            "reason_to_change": locked is None and register.needs_reason(user, document),
            "reason_to_attach": may_attach
            and register.needs_reason(user, document, register.ACCEPTED),
            "copies": copies,
            "posted": request.POST,
            "kinds": files.KINDS_TEXT,
            "max_mb": settings.MAX_UPLOAD_MB,
            "max_files": register.MAX_FILES,
        },
        status=status,
    )


@require_safe
@signed_in
def document_detail(request: SignedIn, pk: int) -> HttpResponse:
    return _page(request, _visible(request, pk))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def document_change(request: SignedIn, pk: int) -> HttpResponse:
    """Correct what the register says. GET is the page of the document: after signing in again."""
    document = _visible(request, pk)
    if request.method != "POST":
        return _page(request, document)
    refusal = register.why_not(request.user, document)
    if refusal:
        raise PermissionDenied(refusal)
    form = DocumentForm(request.POST)
    if not form.is_valid():
        return _page(request, document, form=form, status=422)
    try:
        changed = register.change(
            document=document,
            by=_actor(request, document),
            fields=form.cleaned_data,
            reason=_reason(request),
        )
    except services.Refused as error:
        form.add_error(None, str(error))
        return _page(request, document, form=form, status=422)
    if changed:
        messages.success(request, "Đã sửa tài liệu.")
    else:
        messages.info(request, "Không có gì thay đổi.")
    return redirect("document_detail", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def document_attach(request: SignedIn, pk: int) -> HttpResponse:
    """Add files to a document. GET is the page of the document."""
    trouble = upload_trouble(request)
    document = _visible(request, pk)
    if request.method != "POST":
        return _page(request, document)
    refusal = register.why_not(request.user, document, register.ACCEPTED)
    if refusal:
        raise PermissionDenied(refusal)
    form = FilesForm(request.POST, request.FILES)
    form.is_valid()
    if trouble:
        form.add_error("uploads", trouble)
    if not form.errors:
        try:
            added = register.attach(
                document=document,
                by=_actor(request, document),
                uploads=form.cleaned_data["uploads"],
                reason=_reason(request),
            )
        except services.Refused as error:
            form.add_error("uploads", str(error).split("\n"))
        else:
            messages.success(
                request, f"Đã thêm {len(added)} tệp." if added else "Đã thay tệp hỏng."
            )
            return redirect("document_detail", pk)
    # htmx leaves the page alone on an error's status, and the messages are in the answer.
    status = 200 if getattr(request, "htmx", False) else 422
    return _page(request, document, files_form=form, status=status)


@require_POST
@signed_in
def document_detach(request: SignedIn, pk: int, file_pk: int) -> HttpResponse:
    document = _visible(request, pk)
    file = get_object_or_404(StoredFile.objects.select_related("document"), pk=file_pk, document=pk)
    try:
        register.detach(file=file, by=_actor(request, document), reason=_reason(request))
    except services.Refused as error:
        messages.error(request, f"Chưa bỏ được tệp. {error}")
    else:
        messages.success(request, f"Đã bỏ tệp {file.name}.")
    return redirect("document_detail", pk)


@require_POST
@signed_in
def document_merge(request: SignedIn, pk: int) -> HttpResponse:
    """Join another row into this one: the office, with a reason."""
    require(request.user, "document_correct")
    keep = _visible(request, pk)
    other = request.POST.get("other", "")
    drop = _visible(
        request, int(other) if other.isascii() and other.isdigit() and len(other) < 19 else 0
    )
    try:
        register.merge(
            keep=keep,
            drop=drop,
            by=Actor.from_request(request, role=Role.COORDINATOR),
            reason=_reason(request),
        )
    except services.Refused as error:
        messages.error(request, f"Chưa gộp được. {error}")
    else:
        messages.success(request, "Đã gộp hai tài liệu làm một.")
    return redirect("document_detail", pk)


def _reason(request: SignedIn) -> str:
    return request.POST.get("reason", "").strip()[:2000]


def _actor(request: SignedIn, document: Document) -> Actor:
    """In the role that lets the person change the document: the unit's own, else the office's."""
    return Actor.from_request(request, role=_role(request.user, document))


def _role(user: User, document: Document) -> Role:
    if document.unit_id == user.unit_id and can(user, "document_write"):
        return Role.HEAD if Role.HEAD in user.roles else Role.REPORTER
    return Role.COORDINATOR
