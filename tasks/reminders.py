"""Reminders of one agency on one day: who is told what (R20–R23), written down once.

:func:`plan_reminders` only reads, also for days to come. :func:`remind` writes the morning, its
reminders and their messages in one transaction: after a crash there is all of it or nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from accounts import mail
from accounts.models import Role, User
from plans.calendar import WorkCalendar, calendar_of
from plans.models import Period
from tasks.models import Direction, Reminder, ReminderRun, Report
from tasks.owing import (
    DIRECTION_REMINDED,
    Owed,
    OwedDirection,
    OwedReport,
    moment_of,
    owed_items,
)
from tasks.reminding import Step, step_on, steps, urgency
from tasks.states import STATE_TEXT, State

if TYPE_CHECKING:
    from accounts.models import Agency, Unit

KIND = "reminder"
Sending = dict[tuple["Period | Direction", dt.date], "Told"]
# R22: from which overdue step on it goes up, and to whom.
OFFICE_FROM, LEADERS_FROM = 1, 3


@dataclass(frozen=True)
class Told:
    """A step of a period's date, of a report's own one, which its code then names, or of a direction's."""

    source: Period | Direction
    due_before: dt.date
    step: Step

    @property
    def period(self) -> Period | None:
        return self.source if isinstance(self.source, Period) else None

    @property
    def direction(self) -> Direction | None:
        return self.source if isinstance(self.source, Direction) else None

    @property
    def keys(self) -> tuple[int | None, int | None]:
        """Of the period, of the direction: one of them is None."""
        return (
            self.period.pk if self.period else None,
            self.direction.pk if self.direction else None,
        )

    @property
    def code(self) -> str:
        if self.period is None or self.due_before == self.period.due_before:
            return self.step.code
        return f"{self.step.code}@{self.due_before:%y%m%d}"

    @property
    def text(self) -> str:
        what = "ý kiến chỉ đạo, " if self.direction else ""
        return f"{self.step.text} ({what}trước ngày {self.due_before:%d/%m/%Y})"


def _reports(items: list[Owed]) -> list[OwedReport]:
    return [item for item in items if isinstance(item, OwedReport)]


def _directions(items: list[Owed]) -> list[OwedDirection]:
    return [item for item in items if isinstance(item, OwedDirection)]


def _count_text(items: list[Owed]) -> str:
    """«4 báo cáo CCHC, 1 ý kiến chỉ đạo»: what there is of each kind."""
    counts = (
        (len(_reports(items)), "báo cáo CCHC"),
        (len(_directions(items)), "ý kiến chỉ đạo"),
    )
    return ", ".join(f"{count} {what}" for count, what in counts if count)


def _undone(items: list[Owed]) -> str:
    """A report is sent, a direction carried out."""
    return "chưa xong" if _directions(items) else "chưa gửi"


@dataclass
class UnitLate:
    """What one unit is late with, for those above it."""

    unit: Unit
    items: list[Owed] = field(default_factory=list)
    days: int = 0

    @property
    def reports(self) -> list[OwedReport]:
        return _reports(self.items)

    @property
    def directions(self) -> list[OwedDirection]:
        return _directions(self.items)

    @property
    def returned(self) -> int:
        return sum(item.state == State.RETURNED for item in self.reports)

    @property
    def not_started(self) -> int:
        return sum(item.state == State.NOT_STARTED for item in self.reports)


@dataclass
class Planned:
    """The one message of a day to one person."""

    user: User
    day: dt.date
    told: list[Told] = field(default_factory=list)
    items: list[Owed] = field(default_factory=list)  # everything the own unit owes
    late: list[UnitLate] = field(default_factory=list)  # what others are late with (R22)

    @property
    def step(self) -> str:
        """The most urgent step it carries."""
        return min(self.told, key=lambda told: urgency(told.step)).code

    @property
    def owed(self) -> int:
        """How many things it tells of."""
        things = {item.thing for item in self.items}
        for unit in self.late:
            things |= {item.thing for item in unit.items}
        return len(things)

    @property
    def key(self) -> str:
        return f"{KIND}:{self.user.pk}:{self.day}"

    @property
    def subject(self) -> str:
        if not self.items:
            late = [item for unit in self.late for item in unit.items]
            days = max(unit.days for unit in self.late)
            return (
                f"Quá hạn {days} ngày: {_count_text(late)} của {len(self.late)} đơn vị "
                f"{_undone(late)}"
            )
        nearest = self.items[0].due_before
        first = [item for item in self.items if item.due_before == nearest]
        later = self.items[len(first) :]
        what = "việc" if _directions(later) else "báo cáo"
        rest = f" và {len(later)} {what} khác" if later else ""
        return (
            f"{left_text(nearest, self.day)}: {_count_text(first)} {_undone(first)} "
            f"(trước {nearest:%d/%m/%Y}){rest}"
        )

    def context(self) -> dict[str, Any]:
        return {
            "subject": self.subject,
            "day": self.day,
            "is_past": self.day < timezone.localdate(),
            "rows": [
                {
                    "report": item.report,
                    "state": STATE_TEXT[item.state],
                    "why": item.why,
                    "due_before": item.due_before,
                    "left": left_text(item.due_before, self.day),
                    "is_late": item.due_before <= self.day,
                }
                for item in _reports(self.items)
            ],
            "any_late": any(item.due_before <= self.day for item in _reports(self.items)),
            "directions": [
                {
                    "direction": item.direction,
                    "left": left_text(item.due_before, self.day),
                    "is_late": item.due_before <= self.day,
                }
                for item in _directions(self.items)
            ],
            "late": self.late,
            "late_count": sum(len(unit.reports) for unit in self.late),
            "late_directions": sum(len(unit.directions) for unit in self.late),
            "is_office": self.user.is_coordinator,
        }

    def tell(self, told: Told) -> None:
        if told not in self.told:
            self.told.append(told)


@dataclass(frozen=True)
class Reminded:
    """One message that was written down: the line ``send_reminders`` prints."""

    email: str
    step: str
    owed: int


def left_text(due_before: dt.date, on: dt.date) -> str:
    """Days until the exclusive date, in words; counted as R20 does, so 19/11 is the last before 20/11."""
    days = (due_before - on).days
    if days == 1:
        return "Hôm nay là ngày cuối"
    return f"Còn {days} ngày" if days > 0 else f"Quá hạn {1 - days} ngày"


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
            | Q(direction__in=[source.pk for source in sources if isinstance(source, Direction)]),
            user__in=[message.user.pk for message in messages],
        ).values_list("user_id", "period_id", "direction_id", "step")
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
    reports: int  # still owed, and directions

    @property
    def steps(self) -> list[str]:
        """The steps in words; directions of one date have one."""
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
        dates.add((due_before, due_before + DIRECTION_REMINDED))
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
