"""From one set to the next: copied to be written on, two beside each other, codes mapped to the set before (R25)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.db.models import Max
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.models import Role
from scoring.criteria_comparing import compare
from scoring.criteria_data import points_of
from scoring.criteria_forms import SetForm
from scoring.criteria_importing import targets_of
from scoring.criteria_mapping import Suggestion, suggest, unmapped
from scoring.criteria_sets import copy_set, write_mapping
from scoring.criteria_sheets.little import codes
from scoring.models import CriteriaSet, Criterion
from scoring.permissions import can, require
from tasks.services import Refused

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn

COPIED = ("decision_number", "decision_issued_on", "decision_issuer")


def _set(request: SignedIn, pk: int, action: str) -> CriteriaSet:
    """404 for another agency's, 403 for whom this is not."""
    found = get_object_or_404(
        CriteriaSet.objects.visible_to(request.user).select_related("agency", "previous"), pk=pk
    )
    require(request.user, action)
    return found


# -- Copy -----------------------------------------------------------------------------------------


class CopyForm(SetForm):
    """What is new of a copy; everything else is as it was."""

    is_sample = forms.BooleanField(label="Bộ mới vẫn chỉ là bộ minh họa", required=False)

    def __init__(self, *args: Any, of_sample: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("not_applicable", "bonus_cap", "penalty_cap"):
            del self.fields[name]
        if not of_sample:
            del self.fields["is_sample"]


def _next_year(criteria_set: CriteriaSet) -> int:
    """The year after the last that the set is for, or has scored."""
    used = criteria_set.scorecards.aggregate(newest=Max("year"))["newest"]
    return max(criteria_set.valid_from, used or 0) + 1


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def criteria_copy(request: SignedIn, pk: int) -> HttpResponse:
    criteria_set = _set(request, pk, "criteria_write")
    form = CopyForm(
        request.POST if request.method == "POST" else None,
        of_sample=criteria_set.is_sample,
        initial={
            "is_sample": True,
            "name": criteria_set.name,
            "valid_from": _next_year(criteria_set),
            "decision_issuer": criteria_set.decision_issuer,
        },
    )
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made = copy_set(
                criteria_set=criteria_set,
                code=values["code"],
                name=values["name"],
                valid_from=values["valid_from"],
                is_sample=values.get("is_sample", False),
                **{name: values[name] for name in COPIED},
                by=Actor.from_request(request, role=Role.COORDINATOR),
            )
        except Refused as error:
            form.add_error("code", str(error))
        else:
            messages.success(request, f"Đã sao chép thành bộ {made.code}, đang soạn.")
            return redirect("criteria_detail", made.pk)
    return render(
        request,
        "scoring/criteria_copy.html",
        {"criteria_set": criteria_set, "form": form},
        status=422 if form.errors else 200,
    )


# -- Compare --------------------------------------------------------------------------------------


@require_safe
@signed_in
def criteria_compare(request: SignedIn) -> HttpResponse:
    """``?cu=`` beside ``?moi=``; without them the newest set and the one it goes on from."""
    require(request.user, "criteria_read")
    sets = list(
        CriteriaSet.objects.visible_to(request.user)
        .select_related("agency")
        .order_by("-valid_from", "-pk")
    )
    new = _chosen(sets, request.GET.get("moi", "")) or (sets[0] if sets else None)
    old = _chosen(sets, request.GET.get("cu", ""))
    if new and old is None:
        known = {one.pk: one for one in sets}
        others = [one for one in sets if one.pk != new.pk]
        old = known.get(new.previous_id or 0) or (others[0] if others else None)
    context: dict[str, object] = {"sets": sets, "new": new, "old": old}
    if new and old and new.pk != old.pk:
        targets = targets_of(new.agency, new.valid_from)
        context |= {
            "compared": compare(
                list(old.criteria.order_by("order")),
                list(new.criteria.order_by("order")),
                linked=new.previous_id == old.pk,
                targets=targets,
                year=new.valid_from,
            ),
            "linked": new.previous_id == old.pk,
            "may_write": can(request.user, "criteria_write"),
        }
    return render(request, "scoring/criteria_compare.html", context)


def _chosen(sets: list[CriteriaSet], key: str) -> CriteriaSet | None:
    return next((one for one in sets if str(one.pk) == key), None)


# -- Map ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MapRow:
    """One leaf of the new set with the old codes as the field shows them."""

    leaf: Criterion
    field: str
    top: Criterion
    text: str
    suggestion: Suggestion | None
    error: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def criteria_map(request: SignedIn, pk: int) -> HttpResponse:
    """For each leaf the codes of the set before; changes no points, so also of a used set."""
    criteria_set = _set(request, pk, "criteria_write")
    sets = list(
        CriteriaSet.objects.visible_to(request.user).exclude(pk=pk).order_by("-valid_from", "-pk")
    )
    asked = request.POST.get("bo") if request.method == "POST" else request.GET.get("bo", "")
    previous = _previous(criteria_set, sets, asked or "")
    nodes = list(criteria_set.criteria.order_by("order"))
    olds = list(previous.criteria.exclude(kind="").order_by("order")) if previous else []
    mapped_before = previous is not None and criteria_set.previous_id == previous.pk
    rows = _map_rows(request, nodes, olds, is_mapped=mapped_before)
    given = {row.leaf.code: codes(row.text) for row in rows}
    problem = ""
    if request.method == "POST" and previous and not any(row.error for row in rows):
        try:
            changed = write_mapping(
                criteria_set=criteria_set,
                previous=previous,
                old_codes=given,
                by=Actor.from_request(request, role=Role.COORDINATOR),
            )
        except Refused as error:
            problem = str(error)
        else:
            messages.success(request, f"Đã lưu đối chiếu mã: {changed} tiêu chí thay đổi.")
            return redirect("criteria_map", pk)
    lost = unmapped(olds, given)
    faulty = bool(problem) or any(row.error for row in rows)
    return render(
        request,
        "scoring/criteria_map.html",
        {
            "criteria_set": criteria_set,
            "sets": sets,
            "previous": previous,
            "rows": rows,
            "olds": olds,
            "unmapped": lost,
            "unmapped_points": points_of(lost),
            "proposed": request.method != "POST" and not mapped_before,
            "problem": problem,
            "faulty": faulty,
        },
        status=422 if faulty else 200,
    )


def _previous(criteria_set: CriteriaSet, sets: list[CriteriaSet], asked: str) -> CriteriaSet | None:
    """The set asked for, else the one it goes on from, else the newest that is not later."""
    by_key = {one.pk: one for one in sets}
    earlier = [one for one in sets if one.valid_from <= criteria_set.valid_from]
    return (
        _chosen(sets, asked)
        or by_key.get(criteria_set.previous_id or 0)
        or next(iter(earlier or sets), None)
    )


def _map_rows(
    request: SignedIn, nodes: list[Criterion], olds: list[Criterion], *, is_mapped: bool
) -> list[MapRow]:
    known = {old.code for old in olds}
    rows: list[MapRow] = []
    top: Criterion | None = None
    for node in nodes:
        top = node if node.depth == 0 else top
        if not node.is_leaf or top is None:
            continue
        field, error = f"cu-{node.pk}", ""
        # A suggestion is looked for only where nothing is known.
        suggestion = None if is_mapped and node.old_codes else suggest(node, olds)
        if request.method == "POST":
            text = request.POST.get(field, "").strip()[:500]
            if strange := [code for code in codes(text) if code not in known]:
                error = f"Bộ trước không có tiêu chí chấm điểm «{strange[0][:30]}»."
        elif is_mapped:
            text = ", ".join(node.old_codes)
        else:
            text = suggestion.old.code if suggestion else ""
        rows.append(MapRow(node, field, top, text, suggestion, error))
    return rows
