"""The to-do list of a unit: everything owed, most urgent first, one click from each (R3, R5, R20a, R36)."""

import datetime as dt
import re

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from report_office import Office, at, form_url, sign_in, text_of

from accounts.models import Role
from plans.models import Period, Plan, Task
from tasks import services
from tasks.models import Report

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9), tick=False):
        yield


@pytest.fixture
def office(morning):
    return Office(tasks=6)


@pytest.fixture
def see(client, office):
    def call(user=office.head, **query):
        return sign_in(client, user).get(reverse("todo"), query)

    return call


def groups(page):
    return [(g.key, [r.task.code for r in g.reports]) for g in page.context["groups"]]


def hand_up(office, task):
    report = office.find(task)
    if report.state == "not_started":
        office.save(report)
    services.hand_up(report=report, by=office.by(office.writer, Role.REPORTER))


@pytest.fixture
def mixed(office):
    """One report at each point of its way."""
    office.send_back(office.send("1.2"), "Thiếu tài liệu")
    hand_up(office, "1.3")
    office.save(office.find("1.4"))
    office.send("1.5")
    by = office.by(office.coordinator, Role.COORDINATOR)
    services.accept(reports=[office.send("1.6")], by=by)
    return office


def test_it_is_the_first_page_of_heads_and_writers(client, office):
    for user in (office.head, office.writer):
        sign_in(client, user)
        assert client.get(reverse("home")).url == reverse("todo")


def test_what_is_owed_stands_by_what_is_to_be_done(mixed, see):
    page = see()
    assert groups(page) == [
        ("returned", ["1.2"]),
        ("handed-up", ["1.3"]),
        ("draft", ["1.4"]),
        ("not-started", ["1.1"]),
    ]
    words = text_of(page)
    assert "Còn phải gửi 4 /6" in words
    assert "Văn phòng Sở: Thiếu tài liệu" in words
    assert "Chờ duyệt 1" in words
    assert "Đã duyệt 1" in words
    assert "Còn 6 ngày" in words
    html = page.content.decode()
    for task in ("1.1", "1.2", "1.3", "1.4"):
        assert re.search(rf'<a class="btn[^"]*" href="{form_url(mixed.find(task))}"', html)
    for task in ("1.5", "1.6"):
        assert reverse("report_detail", args=[mixed.find(task).pk]) in html
        assert form_url(mixed.find(task)) not in html


def test_the_same_list_by_area(mixed, see):
    """By area in the plan's order; the urgent first inside it, each with its own button and state."""
    page = see(nhom="linh-vuc")
    shown = [(g.title, [(r.task.code, word) for r, word in g.rows]) for g in page.context["groups"]]
    areas = {r.task.area_id for r in page.context["owed"]}
    assert len(shown) == len(areas)
    rows = [row for _, rows in shown for row in rows]
    assert sorted(code for code, _ in rows) == sorted(r.task.code for r in page.context["owed"])
    assert dict(rows)["1.2"] == "Sửa lại"
    assert rows[0] == ("1.2", "Sửa lại")
    assert "Bị trả lại" in text_of(page)
    assert 'href="?nhom=linh-vuc"' in see().content.decode()


def test_a_writer_has_what_waits_for_the_head_at_the_end(mixed, see):
    page = see(mixed.writer)
    assert [key for key, _ in groups(page)] == ["returned", "draft", "not-started", "handed-up"]
    assert "Đã trình, chờ trưởng đơn vị gửi" in text_of(page)


def test_points_and_nearest_dates_come_first(office, see):
    Report.objects.filter(pk=office.find("1.4").pk).update(stake=2)
    Report.objects.filter(pk=office.find("1.3").pk).update(stake=1)
    assert groups(see()) == [("not-started", ["1.4", "1.3", "1.1", "1.2", "1.5", "1.6"])]
    Report.objects.filter(pk=office.find("1.4").pk).update(extended_to=dt.date(2019, 12, 10))
    page = see()
    assert groups(page)[0][1][-1] == "1.4"
    assert "hạn mới: hết 10/12/2019" in text_of(page)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (at(2019, 11, 18, 23, 59), ("Còn 1 ngày", "còn 1 ngày")),
        (at(2019, 11, 19, 23, 59), ("Hôm nay", "hạn cuối hôm nay")),
        (
            at(2019, 11, 20),
            ("6 báo cáo quá hạn", "quá hạn 1 ngày", "vẫn gửi được đến hết ngày 31/12/2019"),
        ),
    ],
)
def test_days_left(see, moment, words):
    with time_machine.travel(moment, tick=False):
        page = text_of(see())
    for part in words:
        assert part in page


def test_all_sent(office, see):
    for task in office.tasks:
        if task.code != "1.1":
            office.send(task.code)
    Report.objects.filter(pk=office.report.pk).update(
        released_at=timezone.now(), released_reason="Không có đơn vị trực thuộc"
    )
    words = text_of(see())
    assert "Đơn vị đã gửi đủ báo cáo" in words
    assert "Được miễn báo cáo" in words
    assert "Lý do: Không có đơn vị trực thuộc" in words
    assert "Còn phải gửi 0 /5" in words


def test_a_unit_that_owes_nothing_and_a_retired_report(office, see):
    Report.objects.filter(unit=office.units["TCCB"]).update(retired_at=timezone.now())
    words = text_of(see())
    assert "Đơn vị không phải báo cáo trong kỳ này" in words
    assert "Nhiệm vụ thứ" not in words


def test_no_period_yet(office, see):
    Period.objects.update(opened_at=None)
    assert "Chưa có kỳ báo cáo nào được mở" in text_of(see())


def test_a_locked_period_is_only_read(office, see):
    with time_machine.travel(at(2020, 1, 1), tick=False):
        page = see()
    words, html = text_of(page), page.content.decode()
    assert "đã khóa sau ngày 31/12/2019" in words
    assert "Chưa gửi khi khóa kỳ" in words
    assert form_url(office.report) not in html
    assert reverse("report_detail", args=[office.report.pk]) in html


def test_another_period_is_chosen_by_its_address(office, see):
    later = Period.objects.create(
        plan=office.plan,
        year=2020,
        starts_on=dt.date(2020, 1, 1),
        due_before=dt.date(2020, 11, 20),
        closes_on=dt.date(2020, 12, 31),
        opened_at=timezone.now(),
    )
    Report.objects.create(period=later, task=office.tasks[2], unit=office.units["TCCB"])
    assert len(see().context["owed"]) == 6  # the one that matters today
    page = see(ky=later.pk)
    assert [r.task.code for r in page.context["owed"]] == ["1.3"]
    for wrong in ("0", "abc", "999999"):
        assert see(ky=wrong).context["period"] == office.period


def test_only_ones_own_unit(office, see):
    page = see(office.other_head)
    assert all(r.unit == office.units["KHTC"] for r in page.context["owed"])
    assert form_url(office.report) not in page.content.decode()
    stranger = Office("SNV")
    assert see(ky=stranger.period.pk).context["period"] == office.period


def test_who_has_no_such_list(office, see):
    for user in (office.leader, office.administrator):
        assert see(user).status_code == 403


def test_only_reading(client, office):
    sign_in(client, office.head)
    assert client.post(reverse("todo")).status_code == 405


def test_it_asks_as_much_of_the_database_for_more_reports(mixed, see, client):
    def count():
        see()
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("todo"))
        return len(queries)

    hand_up(mixed, "1.4")
    services.hand_back(
        report=mixed.find("1.4"), by=mixed.by(mixed.head, Role.HEAD), reason="Bổ sung"
    )
    before = count()
    for n in range(7, 27):
        task = Task.objects.create(area=mixed.area, code=f"1.{n}", title=f"Nhiệm vụ {n}", order=n)
        report = mixed.add_report(task, "TCCB")
        if n % 2:
            mixed.save(report)
        if n % 4 == 1:
            services.hand_up(report=report, by=mixed.by(mixed.writer, Role.REPORTER))
    Plan.objects.create(agency=mixed.agency, code="KH2", title="Kế hoạch khác", years=[2019])
    assert count() == before
    assert before <= 11


def test_two_clicks_from_signing_in_to_a_submitted_report(client, office):
    """Sign in lands on the list; click one opens the form; click two submits it."""
    page = client.post(
        reverse("sign_in"),
        {"username": office.head.email, "password": "mat-khau-rat-dai"},
        follow=True,
    )
    assert page.request["PATH_INFO"] == reverse("todo")
    link = re.search(
        r'class="btn btn-primary worklist-action" href="([^"]+)"', page.content.decode()
    )
    form = client.get(link[1])
    assert 'name="then" value="submit"' in form.content.decode()
    assert client.post(link[1], office.full(version=0, then="submit")).status_code == 302
    assert office.find("1.1").state == "submitted"
