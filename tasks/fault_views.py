"""The page of faults: everything an inspection would find, by period, unit and kind (R18a)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.decorators import signed_in
from tasks.faults import CHECKS, LABELS, Fault, find_faults, read_facts
from tasks.overview import choose_period
from tasks.permissions import can, require

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn
    from accounts.models import Unit, User

PAGE = 50


@dataclass(frozen=True)
class Row:
    """One fault as a line of the page, with where it is put right."""

    fault: Fault
    label: str
    url: str
    unit_text: str


@require_safe
@signed_in
def fault_list(request: SignedIn) -> HttpResponse:
    """For the office and the leaders of all units, for a unit of its own; a fixed number of queries (R36)."""
    user = request.user
    require(user, "faults_read")
    period, periods = choose_period(request)
    everybody = can(user, "overview")
    found: list[Fault] = []
    if period:
        found = find_faults(read_facts(period, user), unit=None if everybody else user.unit_id)
    units: dict[int, Unit] = {one.pk: one for fault in found for one in fault.units}
    unit = request.GET.get("don-vi", "")[:30]
    kind = request.GET.get("loai", "")
    kind = kind if kind in LABELS else ""
    of_unit = [f for f in found if not unit or any(u.code == unit for u in f.units)]
    counts = Counter(fault.kind for fault in of_unit)
    shown = [fault for fault in of_unit if not kind or fault.kind == kind]
    page = Paginator(shown, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "tasks/fault_list.html",
        {
            "period": period,
            "periods": periods,
            "page": page,
            "rows": [_row(user, fault) for fault in page.object_list],
            "total": len(found),
            "of_unit": len(of_unit),
            "kinds": [(c.kind, c.label, counts[c.kind]) for c in CHECKS if counts[c.kind]],
            "kind": kind,
            "unit": unit,
            "units": sorted(units.values(), key=lambda u: u.order),
            "everybody": everybody,
        },
    )


def _row(user: User, fault: Fault) -> Row:
    return Row(
        fault,
        LABELS[fault.kind],
        _where(user, fault),
        ", ".join(dict.fromkeys(unit.name for unit in fault.units)),
    )


def _where(user: User, fault: Fault) -> str:
    """The page on which this person puts it right, else the one that shows it."""
    report = fault.report
    if report is None:
        if fault.document is None:
            return ""
        return reverse("document_detail", args=[fault.document.pk]) + "#merge"
    if can(user, "report_write", report):
        place = f"#a{fault.indicator.pk}" if fault.indicator and not fault.document else "#evidence"
        return reverse("report_form", args=[report.pk]) + place
    if can(user, "review"):
        return reverse("review_report", args=[report.pk])
    return reverse("report_detail", args=[report.pk])
