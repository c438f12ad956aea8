"""On which days a date is reminded of (R20). Pure: dates in, steps out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plans.calendar import WorkCalendar

MADE_UP_DAYS = 2  # a missed morning is made up at most this many days later (R23)


@dataclass(frozen=True)
class Step:
    """One reminder of one date. ``overdue`` counts the steps from the date on: 1, 2, …; 0 before it."""

    code: str
    day: dt.date
    overdue: int = 0

    @property
    def text(self) -> str:
        return step_text(self.code)


def steps(
    due_before: dt.date,
    closes_on: dt.date,
    calendar: WorkCalendar,
    days_before: Iterable[int],
    overdue_days: int,
    overdue_every: int,
) -> list[Step]:
    """All steps of one date, each on a worked day of its own, in order.

    Ahead: ``due_before`` − n calendar days, or the worked day before that. Overdue: the first
    ``overdue_days`` worked days from ``due_before`` on, then every ``overdue_every`` calendar days
    after the last of them, or the worked day after that, until ``closes_on``. Steps that fall on one
    day are one, the nearest to the date.
    """
    ahead: dict[dt.date, Step] = {}
    for days in sorted(set(days_before)):
        day = calendar.previous_working(due_before - dt.timedelta(days=days))
        ahead.setdefault(day, Step(f"before-{days}", day))
    found = sorted(ahead.values(), key=lambda step: step.day)

    late: list[Step] = []
    last = due_before
    for number in range(1, overdue_days + 1):
        start = due_before if number == 1 else last + dt.timedelta(days=1)
        last = calendar.next_working(start)
        if last > closes_on:
            return found + late
        late.append(Step(f"overdue-{number}", last, number))
    moment = last
    number = 0
    while overdue_every > 0:
        number += 1
        moment += dt.timedelta(days=overdue_every)
        day = calendar.next_working(moment)
        if day > closes_on:
            break
        if not late or day > late[-1].day:
            late.append(Step(f"weekly-{number}", day, len(late) + 1))
    return found + late


def step_on(
    plan: Iterable[Step], day: dt.date, last_run: dt.date | None = None, made_up: int = MADE_UP_DAYS
) -> Step | None:
    """The step that a run on ``day`` sends, or None.

    That of the day, else the latest of the ``made_up`` days before it on which nothing ran:
    ``last_run`` is the day of the last run before ``day``. Older steps lapse (R23).
    """
    since = day - dt.timedelta(days=made_up)
    if last_run is not None:
        since = max(since, last_run + dt.timedelta(days=1))
    missed = [step for step in plan if since <= step.day <= day]
    return missed[-1] if missed else None


def urgency(step: Step) -> tuple[int, int]:
    """Sorts steps of several dates, the most urgent first: the most overdue, then the nearest."""
    days = int(step.code.split("@")[0].rpartition("-")[2])
    return (-step.overdue, days if not step.overdue else 0)


def step_text(code: str) -> str:
    """A step in words."""
    kind, _, number = code.split("@")[0].rpartition("-")
    if kind == "before":
        return f"Trước hạn {number} ngày"
    if kind == "overdue":
        return f"Quá hạn, ngày làm việc thứ {number}"
    return f"Quá hạn, nhắc lại lần {number}"
