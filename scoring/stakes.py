"""The points that wait for each report, written into a plain field of it (DESIGN section 3, R30).

Lists and mails of lower apps order by that field; they know nothing of criteria. ``scoring.recounting``
says when it is written anew.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from plans.fields import PLACES
from plans.models import Period
from plans.numbers import round_half_up
from scoring.risk import risks_of
from scoring.scorecards import compute, set_for
from tasks.models import Report

if TYPE_CHECKING:
    from accounts.models import Agency
    from plans.models import PeriodQuerySet


def write_all(on: dt.date, *, agency: Agency | None = None) -> int:
    """Write the points of every running final period; how many reports changed."""
    periods = scored_periods(on)
    if agency is not None:
        periods = periods.filter(plan__agency=agency)
    return sum(write_stakes(period, on=on) for period in periods.select_related("plan__agency"))


def scored_periods(on: dt.date) -> PeriodQuerySet:
    """Those whose reports points wait for: running, and of a whole year (R4)."""
    return Period.objects.running(on).filter(kind=Period.FINAL)


def write_stakes(period: Period, *, on: dt.date) -> int:
    """Write what each report of ``period`` has to win under the year's criteria; how many changed.

    A report's points are those still to be won in every leaf whose figure it owes and has not had
    accepted. Nothing to win, or no criteria for the year: no points. Of two at once the one that began
    later stands.
    """
    began = timezone.now()
    stakes = _stakes(period, on)
    with transaction.atomic():
        latest = Period.objects.filter(Q(stakes_at__isnull=True) | Q(stakes_at__lte=began))
        if not latest.filter(pk=period.pk).update(stakes_at=began):
            return 0
        changed = []
        for report in Report.objects.filter(period=period).only("pk", "stake"):
            wanted = stakes.get(report.pk)
            if report.stake != wanted:
                report.stake = wanted
                changed.append(report)
        # Neither the version nor the time of the last change moves: the unit's work is untouched.
        Report.objects.bulk_update(changed, ["stake"], batch_size=200)
    return len(changed)


def _stakes(period: Period, on: dt.date) -> dict[int, Decimal]:
    criteria_set = set_for(period.plan.agency, period.year)
    if criteria_set is None:
        return {}
    found: dict[int, Fraction] = defaultdict(Fraction)
    for risk in risks_of(compute(period, criteria_set), on=on).rows:
        for report in risk.holders:
            found[report.pk] += risk.winnable
    # Rounded for ordering and display only; the score itself never reads this.
    return {pk: round_half_up(points, PLACES) for pk, points in found.items() if points}
