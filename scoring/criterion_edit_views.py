"""The editor of one line of a criteria set: its form with a rule that is tried before it is saved (R25, R26)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import signed_in
from scoring import criteria_editing
from scoring.criteria_edit_views import REFRESH, SAVE, actor, asked, get_draft, last_change
from scoring.criteria_forms import LineForms, Trial
from scoring.criteria_indicators import known_indicators, responsible
from scoring.rules import Leaf, parse_rule
from tasks.services import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from accounts.http import SignedIn
    from scoring.models import CriteriaSet, Criterion


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def criterion_add(request: SignedIn, pk: int) -> HttpResponse:
    """A new line under the one of ``?thuoc=``; without it a new field."""
    criteria_set = get_draft(request, pk)
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
    criteria_set = get_draft(request, pk)
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
    do, row = asked(request)
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
    # While one types, only what the trial brings is asked for.
    typing = request.htmx.target == "trial-result"
    units = {} if typing else responsible(known, codes)
    return render(
        request,
        "scoring/_rule_trial.html" if typing else "scoring/criterion_form.html",
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
            "changed_by": last_change(criteria_set) if changed else None,
            "again": bool(request.htmx) and not typing,
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
            criterion=line, values=values, was=request.POST.get("was", ""), by=actor(request)
        )
        messages.success(request, f"Đã lưu {values['code']}.")
        saved = line.pk
    else:
        saved = criteria_editing.add_criterion(
            criteria_set=criteria_set, parent=values["parent"], values=values, by=actor(request)
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
    criteria_set = get_draft(request, pk)
    line = get_object_or_404(criteria_set.criteria, pk=line_pk)
    place = request.POST.get("place", "")
    try:
        criteria_editing.move_criterion(
            criterion=line,
            up=request.POST.get("to") == "up",
            place=int(place) if place.isascii() and place.isdigit() else -1,
            by=actor(request),
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
    criteria_set = get_draft(request, pk)
    lines = list(criteria_set.criteria.order_by("order"))
    going = criteria_editing.below(lines, line_pk)
    if not going:
        messages.info(request, "Tiêu chí này đã được xóa trước đó.")
        return redirect("criteria_detail", pk)
    if request.method != "POST":
        context = {"criteria_set": criteria_set, "line": going[0], "going": going[1:]}
        return render(request, "scoring/criterion_remove.html", context)
    try:
        criteria_editing.remove_criterion(criterion=going[0], by=actor(request))
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Đã xóa {going[0].code}.")
    return redirect("criteria_detail", pk)
