"""Reminders of one agency on one day: who is told what (R20–R23), written down once.

:func:`plan_reminders` only reads, also for days to come. :func:`remind` writes the morning, its
reminders and their messages in one transaction: after a crash there is all of it or nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from accounts import mail
from accounts.models import Role, User
from plans.calendar import WorkCalendar, calendar_of
from plans.models import Period
from tasks.models import Direction, Explanation, Reminder, ReminderRun, Report
from tasks.owing import REMINDED_ALONE, Owed, moment_of, owed_items
from tasks.reminder_messages import KIND, Planned, Source, Told, UnitLate
from tasks.reminding import Step, step_on, steps

if TYPE_CHECKING:
    from accounts.models import Agency

Sending = dict[tuple[Source, dt.date], Told]
# R22: from which overdue step on it goes up, and to whom.
OFFICE_FROM, LEADERS_FROM = 1, 3


@dataclass(frozen=True)
class Reminded:
    """One message that was written down: the line ``send_reminders`` prints."""

    email: str
    step: str
    owed: int


def steps_of(
    agency: Agency, due_before: dt.date, closes_on: dt.date, calendar: WorkCalendar
) -> list[Step]:
    return steps(
        due_before,
        closes_on,
        calendar,
        agency.reminder_days_before,
        agency.reminder_overdue_days,
        agency.reminder_overdue_every,
    )


def plan_reminders(
    agency: Agency, day: dt.date, *, calendar: WorkCalendar | None = None
) -> list[Planned]:
    """Who is to be told what on ``day``, in the order of units and people. Writes nothing.

    The number of queries does not depend on how many people or reports there are (R36).
    """
    items = owed_items(agency, day, moment_of(agency, day))
    sending = _sending(agency, day, items, calendar)
    if not sending:
        return []
    people = list(
        User.objects.with_role(Role.HEAD, Role.REPORTER, Role.COORDINATOR, Role.LEADER)
        .filter(unit__agency_id=agency.pk)
        .select_related("unit__agency")
        .order_by("unit__order", "unit_id", "-is_head", "name", "pk")
    )
    by_unit: dict[int, list[Owed]] = {}
    for item in items:
        by_unit.setdefault(item.unit_id, []).append(item)
    planned = {person.pk: Planned(person, day) for person in people}
    for message in planned.values():
        if message.user.is_head or message.user.is_reporter:
            _tell_unit(message, by_unit.get(message.user.unit_id or 0, []), sending)
    for unit_items in by_unit.values():
        _tell_above(planned, unit_items, sending, day)
    return _new([message for message in planned.values() if message.told])


def _sending(
    agency: Agency, day: dt.date, items: list[Owed], calendar: WorkCalendar | None
) -> Sending:
    """The steps that go out on ``day``, by whose date it is and the date."""
    dates = {(item.source, item.due_before): item.reminded_until for item in items}
    if not dates:
        return {}
    if day > timezone.localdate():  # a look ahead: the mornings until then will have run
        last_run = day - dt.timedelta(days=1)
    else:
        before = ReminderRun.objects.filter(agency=agency, day__lt=day)
        last_run = before.aggregate(last=Max("day"))["last"]
    calendar = calendar or calendar_of(agency)
    found = {}
    for (source, due), until in dates.items():
        step = step_on(steps_of(agency, due, until, calendar), day, last_run)
        if step:
            found[source, due] = Told(source, due, step)
    return found


def _tell_unit(message: Planned, items: list[Owed], sending: Sending) -> None:
    """Where a step of anything it owes is due, a unit is told of everything it owes (R21)."""
    for item in items:
        told = sending.get((item.source, item.due_before))
        if told:
            message.tell(told)
            message.items = items


def _tell_above(
    planned: dict[int, Planned],
    items: list[Owed],
    sending: Sending,
    day: dt.date,
) -> None:
    """What one unit is late with goes up: to the office first, then to the leaders (R22)."""
    everyone = [message.user for message in planned.values()]
    office = [person.pk for person in everyone if person.is_coordinator]
    leaders = [person.pk for person in everyone if person.is_leader]
    deputy = items[0].unit.deputy_director_id
    above = [deputy] if deputy in leaders else leaders
    for item in items:
        told = sending.get((item.source, item.due_before))
        if not told:
            continue
        receivers: list[int] = []
        if told.step.overdue >= OFFICE_FROM:
            receivers += office
        if told.step.overdue >= LEADERS_FROM:
            receivers += above
        for person in dict.fromkeys(receivers):
            message = planned[person]
            message.tell(told)
            if not message.late or message.late[-1].unit.pk != item.unit_id:
                message.late.append(UnitLate(item.unit))
            unit = message.late[-1]
            unit.items.append(item)
            unit.days = max(unit.days, 1 - item.days_left(day))


def _new(messages: list[Planned]) -> list[Planned]:
    """Without the steps a person was told before, and without messages that carry nothing else."""
    sources = {told.source for message in messages for told in message.told}
    before = set(
        Reminder.objects.filter(
            Q(period__in=[source.pk for source in sources if isinstance(source, Period)])
            | Q(direction__in=[source.pk for source in sources if isinstance(source, Direction)])
            | Q(
                explanation__in=[source.pk for source in sources if isinstance(source, Explanation)]
            ),
            user__in=[message.user.pk for message in messages],
        ).values_list("user_id", "period_id", "direction_id", "explanation_id", "step")
    )
    for message in messages:
        message.told = [
            told for told in message.told if (message.user.pk, *told.keys, told.code) not in before
        ]
        message.late.sort(key=lambda late: (late.unit.order, late.unit.pk))
    return [message for message in messages if message.told]


def remind(agency: Agency, day: dt.date, *, dry_run: bool = False) -> list[Reminded]:
    """Write down the reminders of one morning and their messages; what was written.

    Once a day and agency, whoever calls, from however many processes: the morning is claimed by a
    unique row in the same transaction. ``dry_run`` writes nothing and says what would be written.
    """
    if ReminderRun.objects.filter(agency=agency, day=day).exists():
        return []
    # Planned and rendered before the transaction, to hold SQLite's one write lock only briefly.
    messages = plan_reminders(agency, day)
    lines = [Reminded(message.user.email, message.step, message.owed) for message in messages]
    if dry_run:
        return lines
    mails = [
        mail.compose(
            key=message.key,
            kind=KIND,
            user=message.user,
            template="reminder",
            context=message.context(),
        )
        for message in messages
    ]
    with transaction.atomic():
        _, mine = ReminderRun.objects.get_or_create(
            agency=agency, day=day, defaults={"messages": len(mails)}
        )
        if not mine:
            return []
        mail.put_all(mails)
        Reminder.objects.bulk_create(
            Reminder(
                mail=written,
                period=told.period,
                direction=told.direction,
                explanation=told.explanation,
                user=message.user,
                step=told.code,
                step_day=told.step.day,
                day=day,
                owed=message.owed,
            )
            for message, written in zip(messages, mails, strict=True)
            for told in message.told
        )
    return lines


@dataclass(frozen=True)
class Coming:
    """One morning to come, as it would go out if nothing were sent until then (R24)."""

    day: dt.date
    told: list[Told]
    people: int
    reports: int  # still owed, directions and explanations

    @property
    def steps(self) -> list[str]:
        """The steps in words; directions, or explanations, of one date have one."""
        return list(dict.fromkeys(told.text for told in self.told))


def coming(agency: Agency, today: dt.date, *, count: int = 3) -> list[Coming]:
    """The next ``count`` mornings on which reminders go out."""
    calendar = calendar_of(agency)
    ran_today = ReminderRun.objects.filter(agency=agency, day=today).exists()
    first = today + dt.timedelta(days=1) if ran_today else today
    periods = Period.objects.filter(
        plan__agency_id=agency.pk,
        opened_at__isnull=False,
        is_history=False,
        closed_at__isnull=True,
        closes_on__gte=first,
    )
    own_dates = Report.objects.owed().filter(period__in=periods, extended_to__isnull=False)
    dates = {(period.due_before, period.closes_on) for period in periods}
    directions = Direction.objects.open().filter(owner__agency_id=agency.pk)
    for due_on in directions.order_by().values_list("due_on", flat=True).distinct():
        due_before = due_on + dt.timedelta(days=1)
        dates.add((due_before, due_before + REMINDED_ALONE))
    asked = Explanation.objects.owed().filter(agency_id=agency.pk)
    for due_before in asked.order_by().values_list("due_before", flat=True).distinct():
        dates.add((due_before, due_before + REMINDED_ALONE))
    for last_day, closes_on in (
        own_dates.order_by().values_list("extended_to", "period__closes_on").distinct()
    ):
        assert last_day is not None
        dates.add((last_day + dt.timedelta(days=1), closes_on))
    days = {
        step.day
        for due_before, closes_on in dates
        for step in steps_of(agency, due_before, closes_on, calendar)
        if step.day >= first
    }
    if not ran_today:
        days.add(today)  # no step perhaps, but a missed one may be made up
    found: list[Coming] = []
    for day in sorted(days):
        messages = plan_reminders(agency, day, calendar=calendar)
        if day == today and not messages:
            continue
        things = {item.thing for message in messages for item in message.items}
        for message in messages:
            things |= {item.thing for unit in message.late for item in unit.items}
        told = list(dict.fromkeys(told for message in messages for told in message.told))
        found.append(Coming(day, told, len(messages), len(things)))
        if len(found) == count:
            break
    return found
