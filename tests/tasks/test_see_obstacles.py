"""Who sees which obstacle, lists and filters; directions are owed, on the list of work and reminded of (R18, R20a)."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from obstacle_office import Office, detail
from report_office import at, sign_in, text_of

from accounts.models import Mail
from tasks.models import Direction, Obstacle, Reminder
from tasks.owing import directions_for_unit, moment_of, owed_items
from tasks.reminders import coming, plan_reminders, remind

pytestmark = pytest.mark.django_db
LIST = reverse("obstacle_list")
NAMES = ("writer", "other_head", "coordinator", "leader", "administrator")


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9)):
        yield


@pytest.fixture
def office(db, morning):
    return Office()


def seen(office, obstacle):
    return {
        name
        for name in NAMES
        if Obstacle.objects.visible_to(getattr(office, name)).filter(pk=obstacle.pk).exists()
    }


@pytest.mark.parametrize(
    ("way", "who"),
    [
        ("raised", {"writer", "coordinator"}),
        ("passed_on", {"writer", "coordinator", "leader"}),
        ("directed", {"writer", "other_head", "coordinator", "leader"}),
        ("closed", {"writer", "other_head", "coordinator", "leader"}),
    ],
)
def test_who_sees_it(client, office, way, who):
    obstacle = getattr(office, way)()
    assert seen(office, obstacle) == who
    for name in NAMES:
        sign_in(client, getattr(office, name))
        assert client.get(detail(obstacle)).status_code == (200 if name in who else 403)
        page = client.get(f"{LIST}?trang-thai=tat-ca")
        assert page.status_code == (403 if name == "administrator" else 200)
        assert (f'href="{detail(obstacle)}"' in page.content.decode()) is (name in who)


def test_another_agency_sees_nothing(client, office):
    stranger = Office("SNV")
    obstacle = office.directed()
    assert seen(stranger, obstacle) == set()
    page = sign_in(client, stranger.coordinator).get(LIST)
    assert "Chưa có vướng mắc nào" in text_of(page)


def listed(client, **asked):
    page = client.get(LIST, asked)
    assert page.status_code == 200
    return [obstacle.text for obstacle in page.context["page"]]


def test_filters(client, office):
    office.raised("Máy quét hỏng")
    office.passed_on(text="Thiếu người", report=office.report)
    office.directed(text="Đường truyền chậm", due_on=dt.date(2019, 11, 13))
    office.closed(text="Phần mềm lỗi")
    sign_in(client, office.coordinator)
    # What waits for the office first; closed ones only when asked for.
    assert listed(client) == ["Máy quét hỏng", "Thiếu người", "Đường truyền chậm"]
    assert listed(client, **{"trang-thai": "closed"}) == ["Phần mềm lỗi"]
    assert len(listed(client, **{"trang-thai": "tat-ca"})) == 4
    assert listed(client, **{"trang-thai": "qua-han"}) == []
    assert listed(client, **{"don-vi": "KHTC"}) == ["Đường truyền chậm"]
    assert listed(client, **{"don-vi": "VP"}) == []
    assert listed(client, ky=office.period.pk) == ["Thiếu người"]
    assert listed(client, tim="duong TRUYEN") == ["Đường truyền chậm"]
    assert listed(client, tim="to chuc quet") == ["Máy quét hỏng"]
    for bad in ({"trang-thai": "x"}, {"ky": "x"}, {"page": "999"}):
        assert len(listed(client, **bad)) == 3
    assert "Không có vướng mắc nào khớp" in text_of(client.get(LIST, {"tim": "khong co"}))


def test_an_overdue_direction_is_marked(client, office):
    obstacle = office.directed(due_on=dt.date(2019, 11, 14))
    for day, late in ((14, False), (15, True)):
        with time_machine.travel(at(2019, 11, day, 9)):
            sign_in(client, office.leader)
            page = client.get(LIST)
            assert ("quá hạn 14/11/2019" in text_of(page)) is late
            assert ("Chỉ đạo quá hạn 1" in text_of(page)) is late
            assert ("is-overdue-row" in client.get(detail(obstacle)).content.decode()) is late
            found = listed(client, **{"trang-thai": "qua-han"})
            assert bool(found) is late


def test_open_ones_stay_in_sight_on_the_overview(client, office):
    sign_in(client, office.coordinator)
    assert "vướng mắc chưa giải quyết" not in text_of(client.get(reverse("dashboard")))
    office.raised("Máy quét hỏng")
    obstacle = office.passed_on(text="Thiếu người")
    page = text_of(client.get(reverse("dashboard")))
    assert "Chờ Văn phòng Sở: 1" in page and "Máy quét hỏng" in page
    page = client.get(reverse("dashboard"), headers={"HX-Request": "true"})
    assert "Chờ Lãnh đạo Sở: 1" in text_of(page)
    sign_in(client, office.leader)
    page = text_of(client.get(reverse("dashboard")))
    assert "Thiếu người" in page and "Máy quét hỏng" not in page
    Obstacle.objects.filter(pk=obstacle.pk).update(state="closed", closed_at=at(2019, 11, 13))
    assert "Thiếu người" not in text_of(client.get(reverse("dashboard")))


def test_empty_lists_say_what_they_are_for(client, office):
    assert "Đơn vị chưa nêu vướng mắc nào" in text_of(sign_in(client, office.writer).get(LIST))
    office.closed()
    assert "Mọi vướng mắc đã được giải quyết" in text_of(
        sign_in(client, office.coordinator).get(LIST)
    )


def test_queries_do_not_grow(client, office):
    sign_in(client, office.coordinator)
    addresses = [LIST, f"{LIST}?tim=viec", reverse("dashboard")]
    obstacle = office.directed(text="Việc đầu", report=office.report)

    def count():
        found = []
        for address in (*addresses, detail(obstacle)):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            found.append(len(queries))
        return found

    count()  # what is read once a process
    before = count()
    for n in range(4):
        office.directed(text=f"Việc thứ {n}")
        office.raised(f"Vướng thứ {n}")
        office.direct(obstacle, text=f"Làm thứ {n}")
    assert count() == before


def test_history_shows_its_unit_what_happened(client, office):
    office.directed()
    for name, knows in (("writer", True), ("other_head", True), ("coordinator", True)):
        page = text_of(sign_in(client, getattr(office, name)).get(reverse("history_list")))
        assert ("Cho ý kiến chỉ đạo" in page) is knows
    stranger = office.person("LD", "Bên Ngoài", "reporter")
    page = text_of(sign_in(client, stranger).get(reverse("history_list")))
    assert "Cho ý kiến chỉ đạo" not in page


# -- Directions are owed ------------------------------------------------------------------------


def directions(items):
    return [item.direction for item in items if hasattr(item, "direction")]


def test_a_direction_is_owed_by_its_owner_until_it_is_done(office):
    obstacle = office.directed()
    direction = obstacle.directions.get()
    today = dt.date(2019, 11, 13)
    items = owed_items(office.agency, today)
    assert directions(items) == [direction]
    # Due to the end of the 18th, before the reports' 20th: it comes first.
    assert items[0].direction == direction
    assert (items[0].due_before, items[0].last_day) == (dt.date(2019, 11, 19), direction.due_on)
    assert items[0].unit_id == office.units["KHTC"].pk
    assert [item.direction for item in directions_for_unit(office.units["KHTC"])] == [direction]
    assert directions_for_unit(office.units["TCCB"]) == []
    office.finish(obstacle)
    assert directions(owed_items(office.agency, today)) == []
    assert directions_for_unit(office.units["KHTC"].pk) == []


def test_a_past_day_knows_what_was_directed_then(office):
    with time_machine.travel(at(2019, 11, 11, 10)):
        obstacle = office.directed()
    with time_machine.travel(at(2019, 11, 12, 10)):
        office.finish(obstacle)
    owed = {
        day: len(
            directions(
                owed_items(
                    office.agency,
                    dt.date(2019, 11, day),
                    moment_of(office.agency, dt.date(2019, 11, day)),
                )
            )
        )
        for day in (11, 12, 13)
    }
    assert owed == {11: 0, 12: 1, 13: 0}


def test_where_no_report_is_owed_a_direction_still_is(office):
    office.directed()
    office.period.reports.all().delete()
    assert len(owed_items(office.agency, dt.date(2019, 11, 13))) == 1
    assert len(owed_items(office.agency, dt.date(2020, 2, 1))) == 1  # of no period


def test_it_stands_on_the_owners_list_of_work(client, office):
    obstacle = office.directed()
    page = sign_in(client, office.other_head).get(reverse("todo"))
    assert "Ý kiến chỉ đạo phải thực hiện" in text_of(page)
    assert detail(obstacle) in page.content.decode()
    page = sign_in(client, office.head).get(reverse("todo"))
    assert "Ý kiến chỉ đạo phải thực hiện" not in text_of(page)


# -- … and reminded of ---------------------------------------------------------------------------


def only_directions(office):
    """No report is owed any more."""
    office.period.reports.all().delete()


def season(office, start, end):
    """The mornings from ``start`` to ``end``: day -> {person: step}."""
    sent = {}
    day = start
    while day <= end:
        with time_machine.travel(at(day.year, day.month, day.day, 7, 30)):
            lines = remind(office.agency, day)
            assert remind(office.agency, day) == []
        if lines:
            sent[day] = {line.email: line.step for line in lines}
        day += dt.timedelta(days=1)
    return sent


def test_its_steps_count_from_its_own_last_day(office):
    only_directions(office)
    office.directed(due_on=dt.date(2019, 11, 27))
    sent = season(office, dt.date(2019, 11, 14), dt.date(2019, 12, 16))
    steps = {f"{day:%d/%m}": people.get(office.other_head.email) for day, people in sent.items()}
    # The day after its last day counts as due_before does: 28/11 − 14, − 7, − 3, − 1; then overdue.
    assert steps == {
        "14/11": "before-14",
        "21/11": "before-7",
        "25/11": "before-3",
        "27/11": "before-1",
        "28/11": "overdue-1",
        "29/11": "overdue-2",
        "02/12": "overdue-3",
        "03/12": "overdue-4",
        "04/12": "overdue-5",
        "11/12": "weekly-1",
    }
    # R22: up to the office from the first overdue day, to the leaders from the third.
    first = {day: set(people) for day, people in sent.items()}
    office_people = {office.coordinator.email, office.second.email}
    leaders = {office.leader.email, office.deputy.email}
    owner = {office.other_head.email}
    assert first[dt.date(2019, 11, 27)] == owner
    assert first[dt.date(2019, 11, 28)] == owner | office_people
    assert first[dt.date(2019, 12, 2)] == owner | office_people | leaders
    mail = Mail.objects.get(kind="reminder", user=office.leader, reminders__step="overdue-3")
    assert mail.subject == "Quá hạn 5 ngày: 1 ý kiến chỉ đạo của 1 đơn vị chưa xong"
    assert "1 ý kiến chỉ đạo, quá hạn 5 ngày" in mail.text
    assert "báo cáo đã quá hạn" not in mail.text


def test_done_it_is_reminded_of_no_more(office):
    only_directions(office)
    obstacle = office.directed(due_on=dt.date(2019, 11, 27))
    assert season(office, dt.date(2019, 11, 14), dt.date(2019, 11, 14))
    office.finish(obstacle)
    assert season(office, dt.date(2019, 11, 15), dt.date(2019, 12, 4)) == {}


def test_reports_and_directions_come_in_one_message(office):
    direction = office.directed(due_on=dt.date(2019, 11, 20)).directions.get()
    day = dt.date(2019, 11, 14)  # seven days before 21/11; none of the reports'
    remind(office.agency, dt.date(2019, 11, 13))
    with time_machine.travel(at(2019, 11, 14, 7, 30)):
        remind(office.agency, day)
    mail = Mail.objects.get(kind="reminder", reminders__day=day)
    assert mail.user == office.other_head
    assert direction.text in mail.text and direction.text in mail.html
    assert "còn 4 báo cáo kết quả" in mail.text
    assert f"/vuong-mac/{direction.obstacle_id}/" in mail.text
    assert mail.subject == ("Còn 6 ngày: 4 báo cáo CCHC chưa gửi (trước 20/11/2019) và 1 việc khác")
    reminder = Reminder.objects.get(day=day)
    assert (reminder.direction, reminder.period, reminder.step) == (direction, None, "before-7")
    assert reminder.owed == 5


def test_directions_of_one_day_are_one_message_and_each_is_written_down(client, office):
    only_directions(office)
    obstacle = office.directed(due_on=dt.date(2019, 11, 20))
    office.direct(obstacle, text="Báo cáo lại.", due_on=dt.date(2019, 11, 20))
    with time_machine.travel(at(2019, 11, 14, 7)):
        day = dt.date(2019, 11, 14)
        morning = coming(office.agency, day)[0]
        assert morning.steps == ["Trước hạn 7 ngày (ý kiến chỉ đạo, trước ngày 21/11/2019)"]
        assert (morning.day, morning.people, morning.reports) == (day, 1, 2)
        remind(office.agency, day)
        assert plan_reminders(office.agency, day) == []
        page = sign_in(client, office.coordinator).get(reverse("reminder_list"))
        assert "ý kiến chỉ đạo, trước ngày 21/11/2019" in text_of(page)
        mail = Mail.objects.get(kind="reminder")
        page = text_of(client.get(reverse("mail_detail", args=[mail.pk])))
        assert "Ý kiến chỉ đạo: Báo cáo lại." in page
    assert mail.subject == "Còn 7 ngày: 2 ý kiến chỉ đạo chưa xong (trước 21/11/2019)"
    assert Reminder.objects.count() == 2


def test_a_reminder_is_of_a_period_or_of_a_direction_and_once(office):
    direction = office.directed().directions.get()
    mail = Mail.objects.first()
    fields = {
        "mail": mail,
        "user": office.head,
        "step": "before-7",
        "step_day": dt.date(2019, 11, 13),
        "day": dt.date(2019, 11, 13),
        "owed": 1,
    }
    Reminder.objects.create(direction=direction, **fields)
    for source in (
        {},
        {"direction": direction, "period": office.period},
        {"direction": direction},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Reminder.objects.create(**source, **fields)


def test_queries_of_reminders_do_not_grow_with_directions(office):
    def count():
        with CaptureQueriesContext(connection) as queries:
            plan_reminders(office.agency, dt.date(2019, 11, 22))
            coming(office.agency, dt.date(2019, 11, 13), count=1)
        return len(queries)

    obstacle = office.directed()
    before = count()
    for n in range(5):
        office.direct(obstacle, text=f"Làm thứ {n}")
    assert Direction.objects.count() == 6
    assert count() == before


def test_an_obstacle_needs_its_words(office):
    with pytest.raises((IntegrityError, ValidationError)), transaction.atomic():
        Obstacle.objects.create(agency=office.agency, unit=office.units["TCCB"], text="")
