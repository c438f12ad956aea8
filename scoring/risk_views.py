"""«Điểm còn giành được»: the points below the maximum, of the agency and of one's own unit (R30)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.decorators import signed_in
from accounts.models import Unit
from scoring.permissions import require
from scoring.risk import LOST, risks_of
from scoring.scorecard_views import choose, choose_set
from scoring.scorecards import compute

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn


@require_safe
@signed_in
def risk_list(request: SignedIn) -> HttpResponse:
    """Points below the maximum, of the whole agency or of the unit of ``?don-vi=``."""
    require(request.user, "scorecard_read")
    units = list(Unit.objects.visible_to(request.user))
    wanted = request.GET.get("don-vi", "")
    unit = next((one for one in units if one.code == wanted), None)
    return _risks(request, unit=unit, units=units)


@require_safe
@signed_in
def unit_risks(request: SignedIn) -> HttpResponse:
    """The same of the leaves whose figures one's own unit owes."""
    require(request.user, "unit_risks")
    return _risks(request, unit=request.user.unit, units=[])


def _risks(request: SignedIn, *, unit: Unit | None, units: list[Unit]) -> HttpResponse:
    today = timezone.localdate()
    period, periods = choose(request)
    context: dict[str, object] = {
        "period": period,
        "periods": periods,
        "everything": bool(units),
        "units": units,
        "unit": unit,
        "lost": LOST,
        "today": today,
    }
    if period:
        chosen, sets = choose_set(request.user, period, request.GET.get("bo", ""))
        context |= {"criteria_set": chosen, "sets": sets}
        if chosen:
            card = compute(period, chosen)
            context |= {"risks": risks_of(card, on=today, unit=unit), "closed": period.is_closed()}
    return render(request, "scoring/risk_list.html", context)
