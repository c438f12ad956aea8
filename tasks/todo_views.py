"""What a unit owes, most urgent first: the home of heads and reporters."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.decorators import signed_in
from tasks.models import Report
from tasks.overview import choose_period
from tasks.permissions import require
from tasks.states import OWED, STATE_TEXT, State

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn


@require_safe
@signed_in
def todo(request: SignedIn) -> HttpResponse:
    """The reports of my unit in one period: owed ones first, by date and points; then the sent ones."""
    user = request.user
    require(user, "unit_todo")
    period, periods = choose_period(request)
    today = timezone.localdate()
    reports = (
        list(Report.objects.filter(period=period, unit=user.unit, retired_at=None).with_names())
        if period
        else []
    )
    live = [report for report in reports if report.released_at is None]
    locked = period is not None and period.is_closed(today)
    owed = sorted(
        (report for report in live if report.state in OWED),
        key=lambda r: (
            r.due_before,
            r.state != State.RETURNED,
            -(r.stake or 0),
            r.task.area.order,
            r.task.order,
        ),
    )
    counts = Counter(report.state for report in live)
    return render(
        request,
        "tasks/todo.html",
        {
            "period": period,
            "periods": periods,
            "today": today,
            "locked": locked,
            "owed": owed,
            "sent": [report for report in live if report.state not in OWED],
            "released": [report for report in reports if report.released_at],
            "counts": [(state, text, counts[state]) for state, text in STATE_TEXT.items()],
            "total": len(live),
            "done": counts[State.ACCEPTED],
            "days_left": (period.due_before - today).days - 1 if period else None,
        },
    )
