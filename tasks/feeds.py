"""A person's calendar of what is owed: its private address, and what stands in it (R24).

The items are those of ``tasks.owing``, like to-do lists and reminders, put together by date: a unit with
twenty reports has one entry for their day, not twenty.
"""

from __future__ import annotations

import datetime as dt
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar, Event

from accounts.history import Actor, record
from accounts.models import Role
from plans.models import Period
from plans.numbers import show_number
from tasks.models import CalendarFeed
from tasks.owing import OwedDirection, OwedExplanation, OwedReport, owed_items
from tasks.states import STATE_TEXT, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from accounts.models import Agency, User
    from tasks.owing import Owed

LONGEST = 120  # letters of a text that stands in the name of an entry
UNIT = frozenset({Role.HEAD, Role.REPORTER})


@transaction.atomic
def make_feed(*, user: User, by: Actor) -> CalendarFeed:
    """Give ``user`` a new address; the one before is worth nothing from now on."""
    feed, created = CalendarFeed.objects.update_or_create(
        user=user, defaults={"token": secrets.token_urlsafe(32), "made_at": timezone.now()}
    )
    words = "Tạo địa chỉ lịch riêng" if created else "Đổi địa chỉ lịch riêng"
    record(by=by, agency=user.agency_id, action=words, of=user)  # type: ignore[arg-type]  # has a unit
    return feed


@transaction.atomic
def end_feed(*, user: User, by: Actor) -> bool:
    """Take the address away; False where there was none."""
    ended, _ = CalendarFeed.objects.filter(user=user).delete()
    if ended:
        record(by=by, agency=user.agency_id, action="Hủy địa chỉ lịch riêng", of=user)  # type: ignore[arg-type]
    return bool(ended)


def feed_of(token: str) -> CalendarFeed | None:
    """The feed at an address, of a person who may still sign in."""
    return (
        CalendarFeed.objects.filter(token=token, user__is_active=True, user__unit__isnull=False)
        .select_related("user__unit__agency")
        .first()
    )


def calendar_of(user: User) -> bytes:
    """What ``user`` has to do by which day, as an .ics file. A fixed number of queries."""
    assert user.unit is not None
    today = timezone.localdate()
    calendar = Calendar()
    calendar.add("prodid", "-//CCHC Tracker//VI")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"CCHC – {user.unit.name}")
    calendar.add("x-wr-timezone", settings.TIME_ZONE)
    calendar.add("refresh-interval", dt.timedelta(hours=6), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")
    if user.roles & UNIT:
        items = [i for i in owed_items(user.unit.agency, today) if i.unit_id == user.unit_id]
        for event in _owed(items):
            calendar.add_component(event)
    for event in _milestones(user.unit.agency, user.roles, today):
        calendar.add_component(event)
    return calendar.to_ical()


def _owed(items: Iterable[Owed]) -> Iterator[Event]:
    by_date: dict[tuple[Period, dt.date], list[OwedReport]] = {}
    for item in items:
        if isinstance(item, OwedReport):
            by_date.setdefault((item.source, item.due_before), []).append(item)
        elif isinstance(item, OwedDirection):
            text = item.direction.text
            address = reverse("obstacle_detail", args=[item.direction.obstacle_id])
            name = f"Ý kiến chỉ đạo: {_short(text)}"
            yield _event(f"direction-{item.direction.pk}", item.last_day, name, text, address)
        elif isinstance(item, OwedExplanation):
            code = item.explanation.code
            address = reverse("explanation_detail", args=[item.explanation.pk])
            name = f"Giải trình tiêu chí {code}"
            yield _event(f"explanation-{item.explanation.pk}", item.last_day, name, "", address)
    for (period, due_before), reports in by_date.items():
        count = len(reports)
        name = f"Gửi báo cáo CCHC {_name(period)}: còn {count} báo cáo"
        if count == 1:
            name = f"Gửi báo cáo CCHC {reports[0].report.task.code}: {_short(reports[0].report.task.title)}"
        yield _event(
            f"reports-{period.pk}-{due_before:%Y%m%d}",
            due_before - dt.timedelta(days=1),
            name,
            "\n".join(_line(one) for one in reports),
            f"{reverse('todo')}?ky={period.pk}",
        )


def _line(item: OwedReport) -> str:
    report = item.report
    words = f"{report.task.code} {report.task.title}"
    if item.state is not State.NOT_STARTED:
        words += f" – {STATE_TEXT[item.state].lower()}"
    if report.stake:
        words += f" (còn {show_number(report.stake, 2)} điểm)"
    return words


def _milestones(agency: Agency, roles: frozenset[Role], today: dt.date) -> Iterator[Event]:
    """The dates of running periods that are a role's own."""
    for period in Period.objects.running(today).filter(plan__agency=agency).order_by("due_before"):
        last_day = period.due_before - dt.timedelta(days=1)
        office = f"{reverse('dashboard')}?ky={period.pk}"
        own = f"{reverse('todo')}?ky={period.pk}"
        for role, key, day, what, address in (
            (Role.REPORTER, "draft", period.draft_by, "Soạn xong báo cáo CCHC", own),
            (Role.HEAD, "check", period.head_check_by, "Kiểm tra xong báo cáo CCHC", own),
            (Role.COORDINATOR, "office", period.office_check_by, "Duyệt xong báo cáo CCHC", office),
            (Role.COORDINATOR, "due", last_day, "Hạn các đơn vị gửi báo cáo CCHC", office),
            (Role.COORDINATOR, "close", period.closes_on, "Khóa kỳ báo cáo CCHC", office),
            (Role.LEADER, "due", last_day, "Hạn các đơn vị gửi báo cáo CCHC", office),
        ):
            if role in roles and day is not None:
                yield _event(
                    f"{key}-{period.pk}-{role}", day, f"{what} {_name(period)}", "", address
                )


def _event(key: str, day: dt.date, name: str, text: str, address: str) -> Event:
    event = Event()
    # Kept through changes of the text, so that a calendar moves its entry and makes no second one.
    event.add("uid", f"{key}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}")
    event.add("dtstamp", timezone.now())
    event.add("dtstart", day)
    event.add("dtend", day + dt.timedelta(days=1))
    event.add("summary", name)
    url = settings.SITE_URL.rstrip("/") + address
    event.add("description", f"{text}\n{url}".strip())
    event.add("url", url)
    event.add("transp", "TRANSPARENT")
    return event


def _name(period: Period) -> str:
    """«năm 2019», inside a sentence."""
    name = str(period)
    return name[:1].lower() + name[1:]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0] + "…"
