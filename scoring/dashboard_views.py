"""Home by role, and the overview of a period for the office and the leaders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.decorators import signed_in
from accounts.http import agency_of
from plans.targets import Status
from tasks.matrix import matrix_html
from tasks.models import Report
from tasks.overview import Overview, choose_period, filters_of, overview
from tasks.permissions import can, require
from tasks.states import STATE_TEXT, State

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn

# The parts of an area's bar: css class, words, and which statuses of its indicators fall into it.
BAR = (
    ("is-met", "Đạt", frozenset({Status.MET})),
    ("is-not-met", "Chưa đạt", frozenset({Status.NOT_MET})),
    (
        "is-neutral",
        "Không xét",
        frozenset({Status.NOT_ARISING, Status.NO_PREVIOUS, Status.NO_TARGET}),
    ),
    ("is-empty", "Chưa có số liệu", frozenset({Status.NOT_REPORTED})),
)


@require_safe
@signed_in
def home(request: SignedIn) -> HttpResponse:
    """Each role's own first page."""
    if can(request.user, "overview"):
        return redirect("dashboard")
    if can(request.user, "unit_todo"):
        return redirect("todo")
    return redirect("plan_list")


@require_safe
@signed_in
def dashboard(request: SignedIn) -> HttpResponse:
    """The period for the office, with filters; the same on one page without controls for the leaders."""
    user = request.user
    require(user, "overview")
    period, periods = choose_period(request)
    chosen = filters_of(request)
    today = timezone.localdate()
    seen = overview(period, chosen, today=today) if period else None
    own = 0
    if can(user, "unit_todo") and period:
        own = Report.objects.owed().filter(period=period, unit=user.unit).count()
    return render(
        request,
        "scoring/dashboard.html",
        {
            "period": period,
            "periods": periods,
            "chosen": chosen,
            "query": chosen.query(period) if period else "",
            "seen": seen,
            "matrix": matrix_html(seen, chosen) if seen else "",
            "bars": area_bars(seen) if seen else [],
            "states": [*STATE_TEXT.items(), ("late", "Trễ hạn")],
            "all_areas": period.plan.areas.filter(retired_at=None) if period else [],
            "all_units": agency_of(request).units.filter(duties__period=period).distinct()
            if period
            else [],
            "controls": can(user, "review"),
            "own_owed": own,
            "closed": period is not None and period.is_closed(today),
            "waiting": waiting(seen) if seen else [],
        },
    )


def area_bars(seen: Overview) -> list[dict[str, object]]:
    """Each area's indicators by what they say against their targets: rows of the chart and its table."""
    rows = []
    for row in seen.areas:
        total = len(row.results)
        parts: list[dict[str, object]] = []
        start = 0.0
        for css, label, statuses in BAR:
            count = sum(result.verdict.status in statuses for result in row.results)
            width = round(count * 1000 / total) / 10 if total else 0
            parts.append({"css": css, "label": label, "count": count, "x": start, "width": width})
            start = round(start + width, 1)
        rows.append(
            {
                "code": row.area.code,
                "name": row.area.name,
                "total": total,
                "parts": parts,
                "provisional": sum(not result.complete for result in row.results),
            }
        )
    return rows


def waiting(seen: Overview, limit: int = 8) -> list[Report]:
    """The reports that have waited longest for review."""
    ids = [cell.pk for cell in seen.cells.values() if cell.state is State.SUBMITTED]
    return (
        list(Report.objects.filter(pk__in=ids).with_names().order_by("submitted_at")[:limit])
        if ids
        else []
    )
