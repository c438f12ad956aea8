"""Pages of criteria sets: the list with loading a file, one set with its tree, a set to take away (R25)."""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.contrib import messages
from django.db.models import Count, Prefetch, Q, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.http import agency_of
from accounts.models import Role
from accounts.reading import Fault, Faulty
from accounts.reading.faults import MAX_BYTES
from accounts.text import fold
from plans.numbers import show_number
from plans.targets import OP_TEXT
from scoring.criteria_data import data_of, yaml_of
from scoring.criteria_importing import import_criteria
from scoring.criteria_pages import history_of, page_of
from scoring.criteria_sheets import write_set, write_template
from scoring.models import CriteriaSet, Scorecard
from scoring.permissions import can, require
from tasks.uploading import upload_trouble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.http import SignedIn

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
YAML = "application/yaml"
MOST_SHOWN = 100  # faults on one page
MAX_MB = MAX_BYTES // 1024 // 1024
DONE_TEXT = {
    "created": "Đã nhập bộ tiêu chí «{name}».",
    "updated": "Đã sửa bộ tiêu chí «{name}» theo tệp.",
    "unchanged": "Bộ tiêu chí «{name}» đã có đúng như tệp: không thay đổi gì.",
}


@dataclass(frozen=True)
class Row:
    """One set of the list."""

    criteria_set: CriteriaSet
    years: list[int]

    @property
    def state(self) -> str:
        if self.criteria_set.is_draft:
            return "Đang soạn"
        if self.years:
            return f"Đã dùng cho năm {', '.join(map(str, self.years))}"
        return "Sẵn sàng"


def _rows(request: SignedIn) -> list[Row]:
    cards = Prefetch("scorecards", Scorecard.objects.order_by("year"))
    sets = (
        CriteriaSet.objects.visible_to(request.user)
        .annotate(
            field_count=Count("criteria", filter=Q(criteria__depth=0)),
            leaf_count=Count("criteria", filter=~Q(criteria__kind="")),
            points=Sum("criteria__maximum", filter=~Q(criteria__kind="")),
        )
        .select_related("previous")
        .prefetch_related(cards)
        .order_by("-valid_from", "-pk")
    )
    return [Row(one, [card.year for card in one.scorecards.all()]) for one in sets]


@require_safe
@signed_in
def criteria_list(request: SignedIn) -> HttpResponse:
    require(request.user, "criteria_read")
    return _show_list(request)


def _show_list(request: SignedIn, faults: Sequence[Fault] = (), name: str = "") -> HttpResponse:
    return render(
        request,
        "scoring/criteria_list.html",
        {
            "rows": _rows(request),
            "may_write": can(request.user, "criteria_write"),
            "faults": faults[:MOST_SHOWN],
            "more_faults": max(0, len(faults) - MOST_SHOWN),
            "name": name,
            "max_mb": MAX_MB,
        },
        status=422 if faults else 200,
    )


@require_POST
@signed_in
def criteria_import(request: SignedIn) -> HttpResponse:
    """Load a set from a file, .yaml or .xlsx: all of it, or nothing with every fault."""
    trouble = upload_trouble(request)
    require(request.user, "criteria_write")
    upload = request.FILES.get("tep")
    if trouble or upload is None:
        return _show_list(request, [Fault(trouble or "Hãy chọn tệp .xlsx hoặc .yaml.")])
    if upload.size and upload.size > MAX_BYTES:
        return _show_list(request, [Fault(f"Tệp quá lớn, tối đa {MAX_MB} MB.")])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bo-tieu-chi"
        path.write_bytes(upload.read())
        try:
            done = import_criteria(
                path,
                agency_code=agency_of(request).code,
                by=Actor.from_request(request, role=Role.COORDINATOR),
            )
        except Faulty as faulty:
            return _show_list(request, faulty.faults, name=upload.name or "")
    said = messages.info if done.change == "unchanged" else messages.success
    said(request, DONE_TEXT[done.change].format(name=done.criteria_set.name) + done.still_draft)
    return redirect("criteria_detail", done.criteria_set.pk)


@require_safe
@signed_in
def criteria_detail(request: SignedIn, pk: int) -> HttpResponse:
    """The tree with points, rules in words, the decision's wording, evidence, the indicators behind; faults, history."""
    criteria_set = get_object_or_404(
        CriteriaSet.objects.visible_to(request.user).select_related("agency", "previous"), pk=pk
    )
    require(request.user, "criteria_read")
    years = list(criteria_set.scorecards.order_by("year").values_list("year", flat=True))
    return render(
        request,
        "scoring/criteria_detail.html",
        {
            "criteria_set": criteria_set,
            "row": Row(criteria_set, years),
            "page": page_of(criteria_set),
            "bands": [
                f"{band.name} {OP_TEXT[band.op]} {show_number(band.at)}"
                for band in criteria_set.band_list()
            ],
            "history": history_of(criteria_set),
            "used": bool(years),
            "may_write": can(request.user, "criteria_write"),
            "others": CriteriaSet.objects.visible_to(request.user).exclude(pk=pk).exists(),
        },
    )


@require_safe
@signed_in
def criteria_download(request: SignedIn, pk: int, kind: str) -> HttpResponse:
    """The set as a file that can be loaded again, ``xlsx`` or ``yaml``."""
    criteria_set = get_object_or_404(
        CriteriaSet.objects.visible_to(request.user).select_related("previous"), pk=pk
    )
    require(request.user, "criteria_read")
    if kind not in {"xlsx", "yaml"}:
        raise Http404
    name = slugify(fold(f"bo tieu chi {criteria_set.code}"))
    if kind == "yaml":
        return _file(yaml_of(criteria_set).encode(), f"{name}.yaml", YAML)
    stream = io.BytesIO()
    write_set(data_of(criteria_set), stream)
    return _file(stream.getvalue(), f"{name}.xlsx", XLSX)


@require_safe
@signed_in
def criteria_template(request: SignedIn) -> HttpResponse:
    """An empty workbook to fill in, with every kind of rule explained."""
    require(request.user, "criteria_read")
    stream = io.BytesIO()
    write_template(stream)
    return _file(stream.getvalue(), "mau-bo-tieu-chi.xlsx", XLSX)


def _file(content: bytes, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
