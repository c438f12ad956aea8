"""Working days of Vietnam: the ``holidays`` package, with the agency's own exceptions on top (R20). Pure.

Swap days are announced at short notice and reach the package late or never (02/01/2026 was off and
10/01/2026 worked), so whatever the agency has entered wins.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import holidays

if TYPE_CHECKING:
    from accounts.models import Agency

ONE_DAY = dt.timedelta(days=1)
# Working days before the date by which the unit has a draft, its head and the office have checked (R4).
DRAFT, HEAD_CHECK, OFFICE_CHECK = 10, 6, 3


class WorkCalendar:
    """Which days are worked. ``exceptions``: day -> worked or not, stronger than everything else."""

    def __init__(self, exceptions: Mapping[dt.date, bool] | None = None) -> None:
        self._known: dict[dt.date, bool] = dict(exceptions or {})
        self._vietnam = holidays.country_holidays("VN")

    def is_working(self, day: dt.date) -> bool:
        if day not in self._known:
            self._known[day] = bool(self._vietnam.is_working_day(day))
        return self._known[day]

    def next_working(self, day: dt.date) -> dt.date:
        """``day`` itself if it is worked, else the first worked day after it."""
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def previous_working(self, day: dt.date) -> dt.date:
        """``day`` itself if it is worked, else the last worked day before it."""
        while not self.is_working(day):
            day -= ONE_DAY
        return day

    def add_working(self, day: dt.date, count: int) -> dt.date:
        """The worked day ``count`` worked days after ``day`` (before it, where negative).

        ``day`` is not counted, worked or not; ``count`` 0 is ``day`` itself.
        """
        step = ONE_DAY if count > 0 else -ONE_DAY
        for _ in range(abs(count)):
            day += step
            while not self.is_working(day):
                day += step
        return day


def calendar_of(agency: Agency | int) -> WorkCalendar:
    """The calendar of one agency, in one query."""
    from plans.models import CalendarDay

    agency_id = agency if isinstance(agency, int) else agency.pk
    rows = CalendarDay.objects.filter(agency_id=agency_id).values_list("day", "is_working")
    return WorkCalendar(dict(rows))


def internal_dates(due_before: dt.date, calendar: WorkCalendar) -> tuple[dt.date, dt.date, dt.date]:
    """``(draft_by, head_check_by, office_check_by)``: earlier dates inside the agency (R4)."""
    draft, head, office = (
        calendar.add_working(due_before, -days) for days in (DRAFT, HEAD_CHECK, OFFICE_CHECK)
    )
    return draft, head, office
