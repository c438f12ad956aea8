"""«Điểm còn giành được»: the points below the maximum, of the agency and of one's own unit (R30)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts.decorators import signed_in
from accounts.models import Role, Unit
from plans.models import Area, TaskFocus
from scoring.focus import focus_of
from scoring.permissions import can, require
from scoring.risk import LOST, risks_of
from scoring.scorecard_views import choose, choose_set
from scoring.scorecards import compute

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn
    from scoring.scorecards import Card


@require_safe
@signed_in
def risk_list(request: SignedIn) -> HttpResponse:
    """Points below the maximum: of the whole agency, of the unit of ``?don-vi=``, of the area of ``?linh-vuc=``."""
    require(request.user, "scorecard_read")
    units = list(Unit.objects.visible_to(request.user))
    wanted = request.GET.get("don-vi", "")
    unit = next((one for one in units if one.code == wanted), None)
    return _risks(request, unit=unit, units=units)


@require_safe
@signed_in
def unit_risks(request: SignedIn) -> HttpResponse:
    """What one's own unit can still win: its reports as its to-do list has them, and the leaves behind them."""
    require(request.user, "unit_risks")
    return _risks(request, unit=request.user.unit, units=[])


def _risks(request: SignedIn, *, unit: Unit | None, units: list[Unit]) -> HttpResponse:
    period, periods = choose(request)
    context: dict[str, Any] = {
        "period": period,
        "periods": periods,
        "everything": bool(units),
        "units": units,
        "unit": unit,
        "lost": LOST,
        "today": timezone.localdate(),
        "office": Role.COORDINATOR in request.user.roles,
    }
    if period:
        chosen, sets = choose_set(request.user, period, request.GET.get("bo", ""))
        context |= {"criteria_set": chosen, "sets": sets}
        if chosen:
            context |= _of_card(request, compute(period, chosen), unit)
    return render(request, "scoring/risk_list.html", context)


def _focus(card: Card, found: dict[int, list[TaskFocus]]) -> dict[int, list[str]]:
    """The words of each mark without the leaf's own title, which stands above them."""
    titles = {
        leaf.criterion.pk: f"{leaf.criterion.code} {leaf.criterion.name.rstrip(' .;:')}"
        for leaf in card.leaves
    }
    return {
        key: [row.text.removeprefix(titles[key]).lstrip(" .:") for row in rows]
        for key, rows in found.items()
    }


def _of_card(request: SignedIn, card: Card, unit: Unit | None) -> dict[str, Any]:
    today = timezone.localdate()
    areas = list(Area.objects.filter(plan=card.period.plan_id, retired_at=None))
    wanted = request.GET.get("linh-vuc", "")
    area = next((one for one in areas if one.code == wanted), None)
    risks = risks_of(card, on=today, unit=unit, area=area)
    own = risks.held_by(unit) if unit else []
    tasks = {result.indicator.task_id for row in risks.rows for result in row.leaf.results}
    focus = TaskFocus.objects.by_task(card.year, tasks)
    return {
        "card": card,
        "address": urlencode([("ky", str(card.period.pk)), ("bo", card.criteria_set.code)]),
        "risks": risks,
        "areas": areas,
        "area": area,
        "owed": [one for one in own if one.is_owed],
        "waiting": [one for one in own if not one.is_owed],
        "focus": _focus(card, focus_of(card, focus)),
        "closed": card.period.is_closed(today),
        # Its leaves have pages of their own once somebody has begun the year's card.
        "scorecard": card.scorecard if can(request.user, "scorecard_read") else None,
    }
