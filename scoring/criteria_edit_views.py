"""The editor of a criteria set for the office: its head, into use and back (R25). Its lines: criterion_edit_views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.http import agency_of
from accounts.models import AuditEntry, Role
from scoring import criteria_editing, criteria_sets
from scoring.criteria_forms import BandRows, SetForm
from scoring.models import CriteriaSet
from scoring.permissions import require
from tasks.services import Refused

if TYPE_CHECKING:
    from accounts.http import SignedIn
    from scoring.criteria_data import SetFault

SAVE, REFRESH = "save", "refresh"


def get_set(request: SignedIn, pk: int) -> CriteriaSet:
    """404 for another agency's."""
    found = get_object_or_404(
        CriteriaSet.objects.visible_to(request.user).select_related("agency"), pk=pk
    )
    require(request.user, "criteria_write")
    return found


def get_draft(request: SignedIn, pk: int) -> CriteriaSet:
    """Only what is being written is changed: else the reason, and what to do instead."""
    found = get_set(request, pk)
    if not found.is_draft:
        raise PermissionDenied(
            "Bộ tiêu chí đã có phiếu điểm sử dụng nên không sửa được; hãy sao chép thành bộ mới."
            if found.is_used
            else "Bộ tiêu chí đang dùng được; hãy bấm «Mở lại để soạn» ở trang bộ tiêu chí trước khi sửa."
        )
    return found


def actor(request: SignedIn) -> Actor:
    return Actor.from_request(request, role=Role.COORDINATOR)


def asked(request: SignedIn) -> tuple[str, str]:
    """(what a post asks for, the button of a table that was pressed). Enter in a field saves."""
    row = request.POST.get("row", "")
    return (REFRESH if row else request.POST.get("do", SAVE)), row


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def criteria_new(request: SignedIn) -> HttpResponse:
    """A new set from nothing, to be written on."""
    require(request.user, "criteria_write")
    do, row = asked(request)
    if request.method == "POST" and do == SAVE:
        form, bands = SetForm(request.POST), BandRows(data=request.POST, checked=True)
        if all([form.is_valid(), bands.is_valid()]):
            values = {**form.cleaned_data, "bands": bands.values}
            try:
                made = criteria_editing.create_set(
                    agency=agency_of(request),
                    code=values.pop("code"),
                    values=values,
                    by=actor(request),
                )
            except Refused as error:
                form.add_error("code", str(error))
            else:
                messages.success(request, "Đã tạo bộ tiêu chí. Hãy thêm lĩnh vực và tiêu chí.")
                return redirect("criteria_detail", made.pk)
    elif request.method == "POST":
        form = SetForm(initial=request.POST.dict())
        bands = BandRows(data=request.POST, action=row)
    else:
        form, bands = SetForm(), BandRows()
    return _set_page(request, form, bands)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def criteria_edit(request: SignedIn, pk: int) -> HttpResponse:
    """The head of a set: name, decision, policy, caps, bands."""
    criteria_set = get_draft(request, pk)
    do, row = asked(request)
    was = criteria_editing.seen(criteria_set)
    changed: criteria_editing.Changed | None = None
    if request.method == "POST" and do == SAVE:
        form = SetForm.of(criteria_set, request.POST)
        bands = BandRows(criteria_set, request.POST, checked=True)
        if all([form.is_valid(), bands.is_valid()]):
            try:
                criteria_editing.change_set(
                    criteria_set=criteria_set,
                    values={**form.cleaned_data, "bands": bands.values},
                    was=request.POST.get("was", ""),
                    by=actor(request),
                )
            except criteria_editing.Changed as error:
                changed = error
                for name, now in error.fields.items():
                    if name in form.fields:
                        form.add_error(name, f"Đang lưu: «{now}».")
                    else:
                        bands.errors.append(f"Đang lưu: «{now}».")
            except Refused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "Đã lưu thông tin bộ tiêu chí.")
                return redirect("criteria_detail", pk)
    elif request.method == "POST":
        form = SetForm.of(criteria_set)
        form.initial = request.POST.dict()
        was = request.POST.get("was", "")
        bands = BandRows(criteria_set, request.POST, action=row)
    else:
        form, bands = SetForm.of(criteria_set), BandRows(criteria_set)
    return _set_page(request, form, bands, criteria_set, was=was, changed=changed)


def _set_page(
    request: SignedIn,
    form: SetForm,
    bands: BandRows,
    criteria_set: CriteriaSet | None = None,
    *,
    was: str = "",
    changed: criteria_editing.Changed | None = None,
) -> HttpResponse:
    faults = [("", "", str(words)) for words in form.non_field_errors()]
    for one in form:
        anchor = f"{one.auto_id}_0" if one.use_fieldset else one.id_for_label
        faults += [(anchor, str(one.label), str(words)) for words in one.errors]
    faults += bands.faults()
    return render(
        request,
        "scoring/criteria_form.html",
        {
            "criteria_set": criteria_set,
            "form": form,
            "bands": bands,
            "was": was,
            "faults": faults,
            "changed_by": last_change(criteria_set) if changed and criteria_set else None,
        },
        status=422 if faults else 200,
    )


def last_change(criteria_set: CriteriaSet) -> AuditEntry | None:
    return (
        AuditEntry.objects.filter(
            agency_id=criteria_set.agency_id,
            object_type=CriteriaSet._meta.label_lower,
            object_id=criteria_set.pk,
        )
        .order_by("-at", "-pk")
        .first()
    )


@require_POST
@signed_in
def criteria_take_into_use(request: SignedIn, pk: int) -> HttpResponse:
    """A set without faults may score from now on; else every fault with a link to where it is mended."""
    criteria_set = get_set(request, pk)
    try:
        criteria_sets.take_into_use(criteria_set=criteria_set, by=actor(request))
    except criteria_sets.NotWhole as error:
        context = {"criteria_set": criteria_set, "faults": _linked(criteria_set, error.faults)}
        return render(request, "scoring/criteria_take_into_use.html", context, status=422)
    messages.success(request, "Đã đưa bộ tiêu chí vào sử dụng.")
    return redirect("criteria_detail", pk)


@dataclass(frozen=True)
class LinkedFault:
    """A fault of a set; ``pk``: the line it is mended in, None: the set's own head."""

    fault: SetFault
    pk: int | None


def _linked(criteria_set: CriteriaSet, faults: list[SetFault]) -> list[LinkedFault]:
    keys = dict(criteria_set.criteria.values_list("code", "pk"))
    return [LinkedFault(fault, keys.get(fault.code)) for fault in faults]


@require_POST
@signed_in
def criteria_reopen(request: SignedIn, pk: int) -> HttpResponse:
    """Back to a draft, while no scorecard uses the set."""
    criteria_set = get_set(request, pk)
    try:
        criteria_sets.back_to_draft(criteria_set=criteria_set, by=actor(request))
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Bộ tiêu chí đang được soạn; chưa dùng để tính điểm.")
    return redirect("criteria_detail", pk)
