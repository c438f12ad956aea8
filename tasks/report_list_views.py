"""Reports of a period as a list: where the overview's cells lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.db.models import Case, F, IntegerField, Q, Value, When
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.decorators import signed_in
from accounts.http import agency_of
from tasks.models import Report
from tasks.overview import WORST_FIRST, choose_period, filters_of
from tasks.permissions import can, require
from tasks.states import STATE_TEXT, State

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn
    from plans.models import Period
    from tasks.models import ReportQuerySet
    from tasks.overview import Filters

PAGE = 50
PLAN_ORDER = ("task__area__order", "task__order", "unit__order", "pk")
# What ?xep= may say, the heading it stands at, and the order it gives.
ORDERS = {
    "nhiem-vu": ("Nhiệm vụ", PLAN_ORDER),
    "don-vi": ("Đơn vị", ("unit__order", *PLAN_ORDER)),
    "trang-thai": ("Trạng thái", ("urgency", *PLAN_ORDER)),
    "gui-luc": ("Gửi lúc", (F("submitted_at").desc(nulls_last=True), *PLAN_ORDER)),
}


def narrowed(reports: ReportQuerySet, chosen: Filters) -> ReportQuerySet:
    """``reports`` by area, task, unit and state."""
    if chosen.area:
        reports = reports.filter(task__area__code=chosen.area)
    if chosen.task:
        reports = reports.filter(task__code=chosen.task)
    if chosen.unit:
        reports = reports.filter(unit__code=chosen.unit)
    if chosen.state == "late":
        overdue = Report.objects.overdue(timezone.localdate()).values("pk")
        return reports.active().filter(Q(is_late=True) | Q(pk__in=overdue))
    if chosen.state:
        reports = reports.active().filter(state=chosen.state)
    return reports


@require_safe
@signed_in
def report_list(request: SignedIn) -> HttpResponse:
    """States of every unit's reports; contents only where they lead (R3)."""
    user = request.user
    require(user, "overview")
    period, periods = choose_period(request)
    chosen = filters_of(request)
    order = request.GET.get("xep", "")
    order = order if order in ORDERS else "nhiem-vu"
    reports = Report.objects.none()
    if period:
        reports = _ordered(
            narrowed(
                Report.objects.in_agency_of(user).filter(period=period, retired_at=None), chosen
            ),
            order,
        )
    page = Paginator(reports, PAGE).get_page(request.GET.get("page"))
    for report in page.object_list:
        assert period is not None
        report.period = period
        # What was never sent has no page for others than its unit (R3): it leads to its task's.
        report.is_unsent = report.state in {State.NOT_STARTED, State.DRAFT}  # type: ignore[attr-defined]
    return render(
        request,
        "tasks/report_list.html",
        {
            "period": period,
            "periods": periods,
            "chosen": chosen,
            "page": page,
            "order": order,
            "orders": [(key, label) for key, (label, _) in ORDERS.items()],
            "areas": period.plan.areas.filter(retired_at=None) if period else [],
            "units": units_of(request, period),
            "states": [*STATE_TEXT.items(), ("late", "Trễ hạn")],
            "office": can(user, "review"),
            "locked": period is not None and period.is_closed(),
            "today": timezone.localdate(),
            "back": f"{reverse('dashboard')}?{chosen.query(period)}",
        },
    )


def units_of(request: SignedIn, period: Period | None) -> object:
    """The units that owe or owed a report in ``period``, for the filters of lists."""
    if period is None:
        return []
    owing = Report.objects.filter(period=period, retired_at=None).values("unit")
    return agency_of(request).units.filter(pk__in=owing)


def _ordered(reports: ReportQuerySet, order: str) -> ReportQuerySet:
    if order == "trang-thai":
        reports = reports.annotate(
            urgency=Case(
                *(When(state=state, then=Value(n)) for n, state in enumerate(WORST_FIRST)),
                output_field=IntegerField(),
            )
        )
    return reports.select_related("unit", "task__area", "substitution").order_by(*ORDERS[order][1])
