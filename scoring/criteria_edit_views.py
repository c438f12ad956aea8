"""The editor of a criteria set for the office: its head, its lines, a rule tried before it is saved (R25, R26)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.http import agency_of
from accounts.models import AuditEntry, Role
from scoring import criteria_editing, criteria_sets
from scoring.criteria_forms import BandRows, LineForms, SetForm, Trial
from scoring.criteria_indicators import known_indicators, responsible
from scoring.models import CriteriaSet, Criterion
from scoring.permissions import require
from scoring.rules import Leaf, parse_rule
from tasks.services import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.http import SignedIn
    from scoring.criteria_data import SetFault

SAVE, REFRESH, TRY = "save", "refresh", "try"


def _set(request: SignedIn, pk: int) -> CriteriaSet:
    """404 for another agency's."""
    found = get_object_or_404(
        CriteriaSet.objects.visible_to(request.user).select_related("agency"), pk=pk
    )
    require(request.user, "criteria_write")
    return found


def _draft(request: SignedIn, pk: int) -> CriteriaSet:
    """Only what is being written is changed: else the reason, and what to do instead."""
    found = _set(request, pk)
    if not found.is_draft:
        raise PermissionDenied(
            "Bộ tiêu chí đã có phiếu điểm sử dụng nên không sửa được; hãy sao chép thành bộ mới."
            if found.is_used
            else "Bộ tiêu chí đang dùng được; hãy bấm «Mở lại để soạn» ở trang bộ tiêu chí trước khi sửa."
        )
    return found


def _by(request: SignedIn) -> Actor:
    return Actor.from_request(request, role=Role.COORDINATOR)


def _asked(request: SignedIn) -> tuple[str, str]:
    """(what a post asks for, the button of a table that was pressed). Enter in a field saves."""
    row = request.POST.get("row", "")
    return (REFRESH if row else request.POST.get("do", SAVE)), row


# -- The set ----------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def criteria_new(request: SignedIn) -> HttpResponse:
    """A new set from nothing, to be written on."""
    require(request.user, "criteria_write")
    do, row = _asked(request)
    if request.method == "POST" and do == SAVE:
        form, bands = SetForm(request.POST), BandRows(data=request.POST, checked=True)
        if all([form.is_valid(), bands.is_valid()]):
            values = {**form.cleaned_data, "bands": bands.values}
            try:
                made = criteria_editing.create_set(
                    agency=agency_of(request),
                    code=values.pop("code"),
                    values=values,
                    by=_by(request),
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
    criteria_set = _draft(request, pk)
    do, row = _asked(request)
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
                    by=_by(request),
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
            "changed_by": _last_change(criteria_set) if changed and criteria_set else None,
        },
        status=422 if faults else 200,
    )


def _last_change(criteria_set: CriteriaSet) -> AuditEntry | None:
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
    criteria_set = _set(request, pk)
    try:
        criteria_sets.take_into_use(criteria_set=criteria_set, by=_by(request))
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
    criteria_set = _set(request, pk)
    try:
        criteria_sets.back_to_draft(criteria_set=criteria_set, by=_by(request))
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Bộ tiêu chí đang được soạn; chưa dùng để tính điểm.")
    return redirect("criteria_detail", pk)


# -- Its lines --------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def criterion_add(request: SignedIn, pk: int) -> HttpResponse:
    """A new line under the one of ``?thuoc=``; without it a new field."""
    criteria_set = _draft(request, pk)
    lines = list(criteria_set.criteria.order_by("order"))
    wanted = request.GET.get("thuoc", "")
    parent = next((one for one in lines if str(one.pk) == wanted), None) if wanted else None
    if wanted and parent is None:
        raise Http404
    if parent and parent.is_leaf:
        raise PermissionDenied(f"{parent.code} là tiêu chí chấm điểm nên không có tiêu chí con.")
    return _line_page(request, criteria_set, lines, parent=parent)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def criterion_edit(request: SignedIn, pk: int, line_pk: int) -> HttpResponse:
    criteria_set = _draft(request, pk)
    lines = list(criteria_set.criteria.order_by("order"))
    return _line_page(request, criteria_set, lines, line=_of(lines, line_pk))


def _of(lines: list[Criterion], pk: int) -> Criterion:
    found = next((one for one in lines if one.pk == pk), None)
    if found is None:
        raise Http404
    return found


def _line_page(
    request: SignedIn,
    criteria_set: CriteriaSet,
    lines: list[Criterion],
    *,
    line: Criterion | None = None,
    parent: Criterion | None = None,
) -> HttpResponse:
    """One form for adding and changing. A post saves, or shows the form again after a choice or with a trial."""
    do, row = _asked(request)
    posted = request.method == "POST"
    known = known_indicators(criteria_set.agency, criteria_set.valid_from)
    data = request.POST if posted else None

    def read(*, checked: bool) -> LineForms:
        return LineForms(
            criteria_set,
            lines,
            known,
            line=line,
            parent=parent,
            data=data,
            action=row,
            checked=checked,
        )

    forms = read(checked=posted and do == SAVE)
    was = criteria_editing.seen(line) if line else ""
    changed = False
    if posted and do == SAVE and forms.is_valid():
        try:
            return _save(request, criteria_set, forms, line)
        except criteria_editing.Changed as error:
            changed = True
            forms.form.add_error(None, f"{error} Xem phần «Đang lưu» ở từng chỗ.")
            for name, now in error.fields.items():
                forms.say(name, f"Đang lưu: «{now}».")
        except Refused as error:
            forms.form.add_error(None, str(error))
    elif posted and do != SAVE:
        was = request.POST.get("was", "")
    faults = forms.faults()
    trial = _trial(read(checked=True), request.POST if posted else None)
    codes = forms.rule.codes if forms.rule else []
    units = responsible(known, codes)
    return render(
        request,
        "scoring/criterion_form.html",
        {
            "criteria_set": criteria_set,
            "line": line,
            "parent": parent,
            "forms": forms,
            "form": forms.form,
            "rule": forms.rule,
            "trial": trial,
            "chosen": [(known[code], units.get(code, "")) for code in codes],
            "was": was,
            "faults": faults,
            "changed_by": _last_change(criteria_set) if changed else None,
            "choosing": posted and do == REFRESH and not row,
        },
        status=422 if faults else 200,
    )


def _save(
    request: SignedIn,
    criteria_set: CriteriaSet,
    forms: LineForms,
    line: Criterion | None,
) -> HttpResponse:
    values = forms.values
    if line:
        criteria_editing.change_criterion(
            criterion=line, values=values, was=request.POST.get("was", ""), by=_by(request)
        )
        messages.success(request, f"Đã lưu {values['code']}.")
        saved = line.pk
    else:
        saved = criteria_editing.add_criterion(
            criteria_set=criteria_set, parent=values["parent"], values=values, by=_by(request)
        ).pk
        messages.success(request, f"Đã thêm {values['code']}.")
    page = redirect("criteria_detail", criteria_set.pk)
    page["Location"] += f"#tieu-chi-{saved}"
    return page


def _trial(forms: LineForms, data: Mapping[str, Any] | None) -> Trial | None:
    """Of a rule that may be half typed; None where the line has no rule or no kind of rule yet."""
    rule, lacking, leaf = forms.rule, "", None
    if rule is None or rule.kind is None:
        return None
    if forms.maximum is None or forms.maximum <= 0:
        lacking = "Hãy ghi điểm tối đa."
    elif faults := forms.rule_faults():
        lacking = " ".join(f"{name}: {words}" for _, name, words in faults[:3])
    else:
        leaf = Leaf(forms.maximum, forms.set.valid_from, forms.minimum)
    parsed = parse_rule(rule.read()) if leaf else None
    return Trial(parsed, rule.codes, leaf, forms.set.policy, forms.known, data, lacking)


@require_POST
@signed_in
def criterion_move(request: SignedIn, pk: int, line_pk: int) -> HttpResponse:
    """One step up or down among its siblings; ``place`` is where the page showed it."""
    criteria_set = _draft(request, pk)
    line = get_object_or_404(criteria_set.criteria, pk=line_pk)
    place = request.POST.get("place", "")
    try:
        criteria_editing.move_criterion(
            criterion=line,
            up=request.POST.get("to") == "up",
            place=int(place) if place.isascii() and place.isdigit() else -1,
            by=_by(request),
        )
    except Refused as error:
        messages.error(request, str(error))
    page = redirect("criteria_detail", pk)
    page["Location"] += f"#tieu-chi-{line_pk}"
    return page


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def criterion_remove(request: SignedIn, pk: int, line_pk: int) -> HttpResponse:
    """Asks first, saying what goes with it. Removed twice is removed once."""
    criteria_set = _draft(request, pk)
    lines = list(criteria_set.criteria.order_by("order"))
    going = criteria_editing.below(lines, line_pk)
    if not going:
        messages.info(request, "Tiêu chí này đã được xóa trước đó.")
        return redirect("criteria_detail", pk)
    if request.method != "POST":
        context = {"criteria_set": criteria_set, "line": going[0], "going": going[1:]}
        return render(request, "scoring/criterion_remove.html", context)
    try:
        criteria_editing.remove_criterion(criterion=going[0], by=_by(request))
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Đã xóa {going[0].code}.")
    return redirect("criteria_detail", pk)
