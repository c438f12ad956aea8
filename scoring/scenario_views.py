"""Scenarios of «Thử tính»: kept by name, seen by those they are shared with, two of them side by side (R30)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import signed_in
from accounts.history import Actor
from scoring.models import Scenario
from scoring.permissions import can, require
from scoring.scenarios import (
    NameTaken,
    change_scenario,
    delete_scenario,
    save_scenario,
)
from scoring.what_if import Trial, apply, changes, signed
from scoring.what_if_data import Unreadable, kept_index, pack, read
from scoring.what_if_looks import Look, Totals, look_at
from scoring.what_if_reading import read_trial
from scoring.what_if_views import amended, find_place, posted_scenario, show
from scoring.what_if_words import Tried, words_of
from tasks.services import Refused

if TYPE_CHECKING:
    from accounts.http import SignedIn
    from scoring.scorecards import Card
    from scoring.what_if_data import Read
    from scoring.what_if_views import Place

NOW = "hien-nay"  # instead of a scenario: today's card


@require_POST
@signed_in
def scenario_save(request: SignedIn) -> HttpResponse:
    """Keep what stands in the form under a name. 422 with everything typed where that cannot be."""
    require(request.user, "what_if")
    opened = posted_scenario(request)
    place, context = find_place(request, opened)
    if place is None:
        return redirect("what_if")
    typed = read_trial(amended(request.POST), place.inputs, today=timezone.localdate())
    name, shared = request.POST.get("ten", ""), bool(request.POST.get("chia-se"))
    error = ""
    taken = False
    if typed.errors:
        error = "Có số liệu chưa đúng nên chưa lưu phương án. Hãy sửa các ô được nêu bên dưới."
    elif typed.trial.is_empty:
        error = "Chưa thay đổi số liệu nào nên chưa có gì để lưu."
    else:
        base, tried = apply(place.inputs, typed.trial.base), apply(place.inputs, typed.trial)
        try:
            scenario = save_scenario(
                by=Actor.from_request(request),
                year=place.period.year,
                criteria_set=place.criteria_set,
                name=name,
                inputs=pack(typed.trial, before=base, after=tried),
                shared=shared,
                of=opened,
                overwrite=bool(request.POST.get("ghi-de")),
            )
        except NameTaken as refused:
            error, taken = str(refused), True
        except Refused as refused:
            error = str(refused)
        else:
            messages.success(request, f"Đã lưu phương án «{scenario.name}».")
            return redirect(f"{reverse('what_if')}?phuong-an={scenario.pk}")
    context |= {
        "save_error": error,
        "name_taken": taken,
        "typed_name": name[:300],
        "typed_shared": shared,
    }
    return show(request, place, context, typed.trial, typed=typed, status=422)


@dataclass(frozen=True)
class Line:
    """One scenario of the list, with its index as it was when it was saved."""

    scenario: Scenario
    before: Fraction | None
    after: Fraction | None

    @property
    def change(self) -> str:
        if self.before is None or self.after is None:
            return ""
        return signed(self.after - self.before)


@require_safe
@signed_in
def scenario_list(request: SignedIn) -> HttpResponse:
    """One's own and those shared in the agency, the last changed first."""
    user = request.user
    require(user, "scenario_read")
    found = Scenario.objects.visible_to(user).select_related("made_by__unit", "criteria_set")[:200]
    return render(
        request,
        "scoring/scenario_list.html",
        {
            "lines": [Line(one, *kept_index(one.inputs)) for one in found],
            "can_try": can(user, "what_if"),
            "now": NOW,
        },
    )


@require_safe
@signed_in
def scenario_detail(request: SignedIn, pk: int) -> HttpResponse:
    """What a scenario changes and what comes of it; nothing can be typed here."""
    scenario = _find(request, pk)
    require(request.user, "scenario_read")
    return _detail(request, scenario)


def _detail(
    request: SignedIn, scenario: Scenario, *, status: int = 200, **more: Any
) -> HttpResponse:
    user = request.user
    place, context = find_place(request, scenario)
    context |= more | {
        "own": scenario.made_by_id == user.pk and can(user, "what_if"),
        "can_try": can(user, "what_if"),
        # Whoever has no part in the whole agency's figures reads what was tried and what comes of it (R3).
        "sees_today": can(user, "what_if"),
        "address": request.build_absolute_uri(reverse("scenario_detail", args=[scenario.pk])),
        "now": NOW,
    }
    if place is not None:
        try:
            kept = read(scenario.inputs, place.inputs)
        except Unreadable as error:
            context["unreadable"] = str(error)
        else:
            base, tried = apply(place.inputs, kept.trial.base), apply(place.inputs, kept.trial)
            context |= {
                "kept": kept,
                "trial": kept.trial,
                "stale": kept.base is not None and kept.base != base.index,
                "was_sent": place.inputs.frozen is not None,
                "totals": Totals(look_at(base), look_at(tried)),
                "tried": words_of(kept.trial, base),
                "changes": [one for one in changes(base, tried) if one.moved],
            }
    return render(request, "scoring/scenario_detail.html", context, status=status)


@require_POST
@signed_in
def scenario_change(request: SignedIn, pk: int) -> HttpResponse:
    """Another name; shared or not."""
    scenario = _own(request, pk)
    name = request.POST.get("ten", "")
    shared = bool(request.POST.get("chia-se"))
    try:
        changed = change_scenario(
            scenario=scenario, by=Actor.from_request(request), name=name, shared=shared
        )
    except Refused as error:
        return _detail(
            request, scenario, status=422, error=str(error), typed_name=name[:300], typed=True,
            typed_shared=shared,
        )  # fmt: skip
    if changed:
        messages.success(request, "Đã lưu thay đổi của phương án.")
    return redirect("scenario_detail", pk=scenario.pk)


@require_POST
@signed_in
def scenario_delete(request: SignedIn, pk: int) -> HttpResponse:
    scenario = _own(request, pk)
    if delete_scenario(scenario=scenario, by=Actor.from_request(request)):
        messages.success(request, f"Đã xóa phương án «{scenario.name}».")
    return redirect("scenario_list")


@dataclass(frozen=True)
class Side:
    """One column of the comparison."""

    key: str
    name: str
    trial: Trial
    card: Card
    look: Look
    kept: Read | None = None
    scenario: Scenario | None = None
    stale: bool = False  # today's figures are no longer those it was made on


@require_safe
@signed_in
def scenario_compare(request: SignedIn) -> HttpResponse:
    """Two scenarios of one year and set, or one beside today: ``?a=&b=``."""
    user = request.user
    require(user, "what_if")  # today's figures stand beside what is tried
    every = list(
        Scenario.objects.visible_to(user).select_related("made_by__unit", "criteria_set")[:200]
    )
    keys = (request.GET.get("a", ""), request.GET.get("b", ""))
    chosen = [_chosen(every, key) for key in keys]
    context: dict[str, Any] = {"every": every, "now": NOW, "a": keys[0], "b": keys[1]}
    known = [one for one in chosen if one is not None]
    if not known:
        return render(request, "scoring/scenario_compare.html", context)
    if len({(one.year, one.criteria_set_id) for one in known}) > 1:
        context["error"] = (
            "Hai phương án khác năm hoặc khác bộ tiêu chí nên không đặt cạnh nhau được."
        )
        return render(request, "scoring/scenario_compare.html", context)
    place, more = find_place(request, known[0])
    context |= more
    if place is None:
        context["error"] = "Năm này không còn kỳ báo cáo hoặc bộ tiêu chí nên chưa tính được điểm."
        return render(request, "scoring/scenario_compare.html", context)
    try:
        first, second = (_side(place, key, one) for key, one in zip(keys, chosen, strict=True))
    except Unreadable as error:
        context["error"] = str(error)
        return render(request, "scoring/scenario_compare.html", context)
    context |= {
        "first": first,
        "second": second,
        "sides": (first, second),
        "totals": Totals(first.look, second.look),
        "fields": [
            (one.criterion, one.sums, other.sums, signed(other.sums.points - one.sums.points))
            for one, other in zip(first.card.fields, second.card.fields, strict=True)
        ],
        "changes": [one for one in changes(first.card, second.card) if one.moved],
        "figures": _figures(place, first, second),
        "sees_today": True,
    }
    return render(request, "scoring/scenario_compare.html", context)


def _figures(place: Place, first: Side, second: Side) -> list[tuple[Tried, str, str]]:
    """What is changed on one side only, or otherwise: (what, the words of each side)."""
    base = apply(place.inputs, Trial())
    of_first = {one.key: one for one in words_of(first.trial, base)}
    of_second = {one.key: one for one in words_of(second.trial, base)}
    found: list[tuple[Tried, str, str]] = []
    words = {True: "có", False: "không"}
    counted = words[first.trial.with_submitted], words[second.trial.with_submitted]
    if counted[0] != counted[1]:
        found.append((Tried("", "", "Tính cả báo cáo đang chờ duyệt", "", ""), *counted))
    for key in dict.fromkeys([*of_first, *of_second]):
        one, other = of_first.get(key), of_second.get(key)
        either = one or other
        assert either is not None
        here, there = (side.after if side else either.before for side in (one, other))
        if here != there:
            found.append((either, here, there))
    return found


def _chosen(every: list[Scenario], key: str) -> Scenario | None:
    return next((one for one in every if str(one.pk) == key), None)


def _side(place: Place, key: str, scenario: Scenario | None) -> Side:
    if scenario is None:
        card = apply(place.inputs, Trial())
        return Side(NOW, "Hiện nay", Trial(), card, look_at(card))
    kept = read(scenario.inputs, place.inputs)
    card = apply(place.inputs, kept.trial)
    stale = kept.base is not None and kept.base != apply(place.inputs, kept.trial.base).index
    return Side(key, scenario.name, kept.trial, card, look_at(card), kept, scenario, stale)


def _find(request: SignedIn, pk: int) -> Scenario:
    """R3: what is not visible does not exist."""
    found = Scenario.objects.visible_to(request.user).select_related(
        "made_by__unit", "criteria_set"
    )
    return get_object_or_404(found, pk=pk)


def _own(request: SignedIn, pk: int) -> Scenario:
    scenario = _find(request, pk)
    require(request.user, "what_if")
    if scenario.made_by_id != request.user.pk:
        raise PermissionDenied("Chỉ người lập mới sửa hoặc xóa được phương án này.")
    return scenario
