"""A person's own calendar of what is owed, at an address that nobody can guess (R24)."""

import datetime as dt

import pytest
import time_machine
from cast import TODAY, Cast
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from icalendar import Calendar

from accounts.history import Actor
from accounts.models import AuditEntry
from plans.models import Area, Task
from tasks.feeds import end_feed, make_feed
from tasks.models import CalendarFeed, Direction, Report

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(TODAY):
        yield Cast()


@pytest.fixture
def read(cast):
    """The calendar of one of the cast, read by a program that never signs in."""

    def reading(name):
        person = cast.people[name]
        feed = make_feed(user=person, by=Actor.of(person))
        answer = Client().get(reverse("calendar_feed", args=[feed.token]))
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/calendar; charset=utf-8"
        return Calendar.from_ical(answer.content)

    return reading


def entries(calendar):
    return {str(event["uid"]).split("@")[0]: event for event in calendar.walk("VEVENT")}


def test_a_unit_has_one_entry_a_date_with_what_it_owes(cast, read):
    Report.objects.filter(pk=cast.reports["draft"].pk).update(stake="1.5")
    found = entries(read("head"))
    event = found[f"reports-{cast.period.pk}-20191120"]
    assert event["dtstart"].dt == dt.date(2019, 11, 19)  # the last day on time (R4)
    assert event["dtend"].dt == dt.date(2019, 11, 20)
    assert str(event["summary"]) == "Gửi báo cáo CCHC năm 2019: còn 3 báo cáo"
    text = str(event["description"])
    assert "1.1 Nhiệm vụ 1\n" in text
    assert "1.2 Nhiệm vụ 2 – đang soạn (còn 1,50 điểm)" in text
    assert "1.4 Nhiệm vụ 4 – " in text  # returned
    assert "Nhiệm vụ 3" not in text  # submitted
    assert text.endswith(f"/viec/?ky={cast.period.pk}")
    assert str(event["url"]).startswith("http")


def test_a_report_with_a_new_date_has_its_own_entry(cast, read):
    Report.objects.filter(pk=cast.reports["returned"].pk).update(extended_to=dt.date(2019, 11, 25))
    event = entries(read("officer"))[f"reports-{cast.period.pk}-20191126"]
    assert event["dtstart"].dt == dt.date(2019, 11, 25)
    assert str(event["summary"]) == "Gửi báo cáo CCHC 1.4: Nhiệm vụ 4"


def test_directions_are_there_for_who_has_to_carry_them_out(cast, read):
    key = f"direction-{cast.direction.pk}"
    event = entries(read("other_head"))[key]
    assert event["dtstart"].dt == cast.direction.due_on
    assert "Phối hợp giải quyết" in str(event["summary"])
    assert key not in entries(read("head"))
    Direction.objects.filter(pk=cast.direction.pk).update(text="Rất dài " * 60)
    assert len(str(entries(read("other_head"))[key]["summary"])) < 160


def test_each_role_has_the_period_s_dates_that_are_its_own(cast, read):
    cast.period.draft_by, cast.period.head_check_by = dt.date(2019, 11, 5), dt.date(2019, 11, 8)
    cast.period.office_check_by = dt.date(2019, 11, 29)
    cast.period.save()
    pk = cast.period.pk
    head, officer, office, leader = (
        set(entries(read(name))) for name in ("head", "officer", "office", "leader")
    )
    assert f"check-{pk}-head" in head
    assert f"draft-{pk}-reporter" in officer
    assert {f"{key}-{pk}-coordinator" for key in ("office", "due", "close")} <= office
    assert leader == {f"due-{pk}-leader"}
    assert not any(key.startswith("reports-") for key in office | leader)


def test_nothing_of_another_agency(cast, read):
    text = read("stranger_head").to_ical().decode()
    assert f"reports-{cast.other.period.pk}-" in text
    assert f"-{cast.period.pk}-" not in text


@pytest.mark.parametrize("token", ["x", "khong-co-dia-chi-nay", "0" * 43])
def test_a_wrong_address_is_none(cast, token):
    make_feed(user=cast.people["head"], by=Actor.system())
    answer = Client().get(reverse("calendar_feed", args=[token]))
    assert answer.status_code == 404
    assert b"VCALENDAR" not in answer.content


def test_a_new_address_ends_the_old_one_and_so_does_leaving(cast):
    person = cast.people["head"]
    old = make_feed(user=person, by=Actor.of(person)).token
    new = make_feed(user=person, by=Actor.of(person)).token
    assert len(new) >= 43
    assert old != new
    assert CalendarFeed.objects.count() == 1

    def status(token):
        return Client().get(reverse("calendar_feed", args=[token])).status_code

    assert (status(old), status(new)) == (404, 200)
    person.is_active = False
    person.save()
    assert status(new) == 404
    person.is_active = True
    person.save()
    assert end_feed(user=person, by=Actor.of(person))
    assert not end_feed(user=person, by=Actor.of(person))
    assert status(new) == 404
    actions = AuditEntry.objects.filter(object_type="accounts.user", object_id=person.pk)
    assert [entry.action for entry in actions.order_by("id")] == [
        "Tạo địa chỉ lịch riêng",
        "Đổi địa chỉ lịch riêng",
        "Hủy địa chỉ lịch riêng",
    ]
    # The address itself is nobody's to read in the history.
    assert not [entry for entry in actions if new in str(entry.changes) + entry.reason]


def test_the_page_makes_renews_and_ends_one_s_own_address(cast, client):
    cast.sign_in(client, "head")
    address = reverse("calendar_address")
    page = client.get(address).content.decode()
    assert "Bạn chưa có địa chỉ lịch" in page
    assert not CalendarFeed.objects.exists()  # looking makes none
    assert client.post(address).status_code == 302
    feed = CalendarFeed.objects.get()
    assert feed.user == cast.people["head"]
    page = client.get(address).content.decode()
    assert reverse("calendar_feed", args=[feed.token]) in page
    client.post(address, {"do": "end"})
    assert not CalendarFeed.objects.exists()
    # Nobody sees another person's.
    make_feed(user=cast.people["office"], by=Actor.system())
    assert "Bạn chưa có địa chỉ lịch" in client.get(address).content.decode()


def test_queries_do_not_grow(cast):
    person = cast.people["head"]
    feed = make_feed(user=person, by=Actor.of(person))
    address = reverse("calendar_feed", args=[feed.token])

    def count():
        with CaptureQueriesContext(connection) as captured:
            assert Client().get(address).status_code == 200
        return len(captured)

    few = count()
    area = Area.objects.create(plan=cast.plan, code="7", name="Lĩnh vực", order=7)
    for n in range(12):
        task = Task.objects.create(area=area, code=f"7.{n}", title=f"Việc {n}", order=n)
        Report.objects.create(period=cast.period, task=task, unit=person.unit)
    assert count() == few
    assert few <= 8
