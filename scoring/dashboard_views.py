"""Home by role, and the overview of a period for the office and the leaders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.decorators import signed_in
from plans.models import Plan
from plans.targets import Status
from scoring.offering import offers_for
from tasks.matrix import matrix_html
from tasks.models import Report
from tasks.overview import Cell, Filters, Overview, choose_period, filters_of, overview
from tasks.permissions import can, require
from tasks.states import EXPECTED, STATE_TEXT

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
LISTED = 8  # rows of each list beside the matrix; the rest is one click away


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
    """The period for the office, with filters; the same on one page without controls for the leaders.

    htmx asks for the content alone when a filter changes.
    """
    user = request.user
    require(user, "overview")
    office = can(user, "review")
    period, periods = choose_period(request)
    chosen = filters_of(request) if office else Filters()
    context: dict[str, Any] = {
        "period": period,
        "periods": periods,
        "chosen": chosen,
        "office": office,
    }
    if period is None:
        context["plans"] = Plan.objects.visible_to(user)
    else:
        today = timezone.localdate()
        seen = overview(period, chosen, today=today)
        opened = frozenset(request.GET.get("mo", "").split(","))
        context |= {
            "today": today,
            "query": chosen.query(period),
            "seen": seen,
            "matrix": matrix_html(seen, chosen, office=office, opened=opened),
            "bars": area_bars(seen),
            "states": [*STATE_TEXT.items(), ("late", "Trễ hạn")],
            "closed": period.is_closed(today),
            "waiting": [(cell, cell.waited(today)) for cell in seen.longest_waiting[:LISTED]],
            "missed": seen.missed[:LISTED],
            "missed_more": seen.missed[LISTED:],
            "difficulties": difficulties(seen),
            "offers": offers_for(user),
            "own_owed": own_owed(request, seen),
        }
    template = "scoring/_overview.html" if request.htmx else "scoring/dashboard.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])  # the part must not be kept as the page
    return response


def own_owed(request: SignedIn, seen: Overview) -> int:
    """What the reader's own unit still owes: the Chánh Văn phòng is head of a unit too."""
    user = request.user
    if not can(user, "unit_todo"):
        return 0
    return Report.objects.owed().filter(period=seen.period, unit=user.unit).count()


def area_bars(seen: Overview) -> list[dict[str, object]]:
    """Each area's indicators by what they say against their targets: rows of ``components/bar_chart.html``."""
    rows = []
    for row in seen.areas:
        parts: list[dict[str, object]] = []
        start = 0
        for css, label, statuses in BAR:
            count = sum(result.verdict.status in statuses for result in row.results)
            parts.append({"css": css, "label": label, "count": count, "start": start})
            start += count
        rows.append(
            {
                "label": f"{row.area.code}. {row.area.name}",
                "url": f"#linh-vuc-{row.area.pk}",
                "total": start,
                "parts": parts,
                "note": _provisional(sum(not result.complete for result in row.results)),
            }
        )
    return rows


def _provisional(count: int) -> str:
    return f"{count} chỉ tiêu còn tạm tính" if count else ""


def difficulties(seen: Overview) -> list[tuple[Cell, str]]:
    """What units wrote of difficulties in the reports that stand, in the plan's order."""
    texts = dict(
        Report.objects.filter(period=seen.period, state__in=EXPECTED)
        .exclude(difficulties="")
        .order_by()
        .values_list("pk", "difficulties")
    )
    cells = [cell for cell in seen.cells.values() if cell.pk in texts]
    cells.sort(key=lambda cell: (cell.task.area.order, cell.task.order, cell.unit.order))
    return [(cell, texts[cell.pk]) for cell in cells[:LISTED]]
