"""«Thử tính»: the scorecard with figures, ticks and points to be changed, computed here and saved nowhere (R30)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import signed_in
from plans.fields import PLACES
from plans.numbers import show_number
from scoring.inputs import Inputs, read_inputs
from scoring.models import Scenario
from scoring.permissions import require
from scoring.risk import risks_of
from scoring.scorecard_views import choose, choose_set
from scoring.scorecards import Card
from scoring.what_if import (
    Change,
    Trial,
    Worth,
    apply,
    best_five,
    changes,
    signed,
)
from scoring.what_if_data import Unreadable, read
from scoring.what_if_forms import SUBMITTED, TICKS, Form, LeafForm, form_of, points_name
from scoring.what_if_looks import Totals, look_at
from scoring.what_if_reading import Typed, read_trial

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import QueryDict

    from accounts.http import SignedIn
    from plans.models import Period
    from scoring.models import CriteriaSet, Criterion

MOVED, FAULTY = "da-doi", "da-loi"  # what the page shows as moved and as wrong, told back by it
BEFORE = "goc-cho-duyet"
AMEND = "them"  # «dat=1.2.1 d12=1,5»: what a button adds to the form


@dataclass(frozen=True)
class Place:
    """What is tried on: a year under a set, read once."""

    period: Period
    criteria_set: CriteriaSet
    inputs: Inputs


@dataclass(frozen=True)
class Row:
    """One line of the tree: a criterion, or a leaf with its fields and its points on both cards."""

    node: Criterion
    change: Change | None = None
    form: LeafForm | None = None


@dataclass(frozen=True)
class Block:
    """One field of the set."""

    field: Criterion
    before: Fraction
    after: Fraction
    counted: Fraction
    rows: list[Row]

    @property
    def leaves(self) -> int:
        return sum(row.change is not None for row in self.rows)

    @property
    def below(self) -> int:
        """Leaves that count and are below their maximum now."""
        every = [row.change.before.now for row in self.rows if row.change]
        return sum(points.counts and points.to_win > 0 for points in every)

    @property
    def is_open(self) -> bool:
        """On a phone, where sections are folded: something in it is changed or wrong."""
        return any(
            (row.change and (row.change.moved or row.change.reworded))
            or (row.form and row.form.is_wrong)
            for row in self.rows
        )

    @property
    def gained(self) -> str:
        return signed(self.after - self.before)


@require_safe
@signed_in
def what_if(request: SignedIn) -> HttpResponse:
    """The form with today's figures, or with those of the scenario of ``?phuong-an=``."""
    user = request.user
    require(user, "what_if")
    scenario = None
    wanted = request.GET.get("phuong-an", "")
    if wanted:
        key = int(wanted) if wanted.isdecimal() and len(wanted) < 10 else 0
        scenario = get_object_or_404(Scenario.objects.visible_to(user), pk=key)
    place, context = find_place(request, scenario)
    if place is None:
        return render(request, "scoring/what_if.html", context)
    trial = Trial(with_submitted=bool(request.GET.get(SUBMITTED)))
    if scenario:
        try:
            kept = read(scenario.inputs, place.inputs)
        except Unreadable as error:
            context["unreadable"] = str(error)
        else:
            trial = kept.trial
            context |= {"kept": kept}
    return show(request, place, context, trial)


@require_POST
@signed_in
def what_if_compute(request: SignedIn) -> HttpResponse:
    """What was typed, computed: for htmx what has moved, else the whole page. Saves nothing."""
    require(request.user, "what_if")
    scenario = posted_scenario(request)
    place, context = find_place(request, scenario)
    if place is None:
        return redirect("what_if")
    post = amended(request.POST)
    typed = read_trial(post, place.inputs, today=timezone.localdate())
    same_base = bool(post.get(BEFORE)) == typed.trial.with_submitted
    if request.htmx and same_base:
        return render(request, "scoring/_what_if_changes.html", moved_only(place, typed, post))
    response = show(request, place, context, typed.trial, typed=typed)
    if request.htmx:  # other figures in every field
        response["HX-Retarget"], response["HX-Reswap"] = "#what-if-page", "outerHTML"
    return response


def find_place(
    request: SignedIn, scenario: Scenario | None = None
) -> tuple[Place | None, dict[str, Any]]:
    """The year and set of the scenario, else of ``?ky=`` and ``?bo=``; what the page needs without one, too."""
    period, periods = choose(request)
    context: dict[str, Any] = {"period": period, "periods": periods, "scenario": scenario}
    if scenario:
        of_year = [one for one in periods if one.year == scenario.year]
        if period is None or period.year != scenario.year:
            period = of_year[0] if of_year else None
        context["period"] = period
    if period is None:
        return None, context
    code = scenario.criteria_set.code if scenario else request.GET.get("bo", "")
    chosen, sets = choose_set(request.user, period, code)
    if scenario and chosen and chosen.pk != scenario.criteria_set_id:
        chosen = None  # taken out of use since: another set's points would be another thing
    context |= {"criteria_set": chosen, "sets": sets}
    if chosen is None:
        return None, context
    return Place(period, chosen, read_inputs(period, chosen)), context


def posted_scenario(request: SignedIn) -> Scenario | None:
    """The scenario that the page was opened with."""
    wanted = request.POST.get("phuong-an", "")
    if not (wanted.isdecimal() and len(wanted) < 10):
        return None
    found = Scenario.objects.visible_to(request.user).select_related("criteria_set")
    return found.filter(pk=int(wanted)).first()


def amended(post: QueryDict) -> QueryDict:
    """``post`` with what the pressed button adds: ticks, and points of leaves that can no longer be had whole."""
    words = post.get(AMEND, "")[:2000].split()
    if not words:
        return post
    found = post.copy()
    for word in words:
        name, _, text = word.partition("=")
        if name == TICKS:
            found.appendlist(TICKS, text)
        elif name[:1] == "d" and name[1:].isdecimal():
            found[name] = text
    return found


def show(
    request: SignedIn,
    place: Place,
    context: dict[str, Any],
    trial: Trial,
    *,
    typed: Typed | None = None,
    status: int = 200,
) -> HttpResponse:
    """The whole page; for htmx its content."""
    today = timezone.localdate()
    base = apply(place.inputs, trial.base)
    tried = apply(place.inputs, trial)
    five = best_five(place.inputs, trial.base, risks_of(base, on=today).rows)
    partly = [row.leaf.criterion.pk for row in five.rows if not row.full]
    form = form_of(base, trial, typed=typed, offered=partly)
    found = context | {
        "scorecard": place.inputs.scorecard,
        "was_sent": place.inputs.frozen is not None,
        "trial": trial,
        "typed": typed,
        "form": form,
        "totals": Totals(look_at(base), look_at(tried)),
        "blocks": blocks(base, tried, form),
        "five": five,
        "five_rows": [(row, addition(row), done(row, trial)) for row in five.rows],
        "five_all": " ".join(addition(row) for row in five.rows),
        "five_look": look_at(five.together),
        "moved": moved_keys(changes(base, tried)),
        "faulty": " ".join(groups(typed.errors)) if typed else "",
        "scenarios": Scenario.objects.visible_to(request.user)
        .filter(year=place.period.year, criteria_set=place.criteria_set)
        .select_related("made_by")[:20],
        "mine": context["scenario"] is not None
        and context["scenario"].made_by_id == request.user.pk,
        "today": today,
    }
    if (kept := context.get("kept")) is not None:
        found["stale"] = kept.base is not None and kept.base != base.index
    template = "scoring/_what_if_page.html" if request.htmx else "scoring/what_if.html"
    return render(request, template, found, status=status)


def moved_only(place: Place, typed: Typed, post: QueryDict) -> dict[str, Any]:
    """What differs from the page that asks: leaves that move now, and those that it still shows as moved."""
    base = apply(place.inputs, typed.trial.base)
    tried = apply(place.inputs, typed.trial)
    every = changes(base, tried)
    now = moved_keys(every)
    shown = set(post.get(MOVED, "").split()) | set(now.split())
    wrong = groups(typed.errors)
    told = dict.fromkeys([*post.get(FAULTY, "").split(), *wrong])
    return {
        "period": place.period,
        "trial": typed.trial,
        "totals": Totals(look_at(base), look_at(tried)),
        "changes": [one for one in every if str(one.criterion.pk) in shown],
        "sections": [block for block in blocks(base, tried) if block.counted],
        "moved": now,
        "faulty": " ".join(wrong),
        "faults": [
            (group, wrong.get(group, [])) for group in told if group.isascii() and group.isalnum()
        ],
    }


def moved_keys(found: list[Change]) -> str:
    return " ".join(str(one.criterion.pk) for one in found if one.moved or one.reworded)


def groups(errors: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    """Errors by where they are shown: all of one figure together."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, words in errors.items():
        found.setdefault(name.partition("-")[0], []).append((name, words))
    return found


def held(points: Fraction) -> str:
    """Points as they may be typed: four decimals, never more than they are."""
    return show_number(Decimal(math.floor(points * 10**PLACES)).scaleb(-PLACES))


def addition(row: Worth) -> str:
    """What :func:`amended` reads to have ``row`` done."""
    if row.full:
        return f"{TICKS}={row.leaf.criterion.code}"
    return f"{points_name(row.leaf.criterion)}={held(row.points)}"


def done(row: Worth, trial: Trial) -> bool:
    code = row.leaf.criterion.code
    return code in trial.full or code in trial.points


def blocks(base: Card, tried: Card, form: Form | None = None) -> list[Block]:
    """The tree by field, with the fields of ``form`` at its leaves."""
    by_leaf = {one.criterion.pk: one for one in changes(base, tried)}
    rows: dict[int, list[Row]] = {}
    top = 0
    for node in base.nodes:
        if node.depth == 0:
            top = node.pk
            rows[top] = []
        elif form is not None:
            rows[top].append(Row(node, by_leaf.get(node.pk), form.leaves.get(node.pk)))
    return [
        Block(
            field=before.criterion,
            before=before.sums.points,
            after=after.sums.points,
            counted=after.sums.maximum,
            rows=rows[before.criterion.pk],
        )
        for before, after in zip(base.fields, tried.fields, strict=True)
    ]
