"""Contributions of coordinating units, for the lead to read before it submits (R6, R3, R16)."""

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from report_office import Office, at, form_url, sign_in, text_of

from accounts.history import Actor
from accounts.models import AuditEntry, Mail, Role
from plans.models import Duty, Period, Task
from tasks import contributions, services
from tasks.models import Contribution, Report

pytestmark = pytest.mark.django_db
NOTHING = "Không có nội dung"


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9), tick=False):
        yield


@pytest.fixture
def office(morning):
    """TCCB leads and reports 1.1 and 1.2; KHTC coordinates there; VP has no part in them."""
    office = Office()
    for task in office.tasks[:2]:
        Report.objects.filter(task=task, unit=office.units["KHTC"]).delete()
        Duty.objects.filter(task=task).delete()
        add_duty(office, task, "TCCB", "lead")
        add_duty(office, task, "KHTC", "coordinate")
    return office


def add_duty(office, task, unit, role):
    return Duty.objects.create(period=office.period, task=task, unit=office.units[unit], role=role)


def url_of(office, n=0):
    return reverse("contribution_form", args=[office.period.pk, office.tasks[n].pk])


@pytest.fixture
def post(client, office):
    def call(then="save", text="Đã bố trí kinh phí.", *, user=office.other_head, n=0, **more):
        stored = Contribution.objects.filter(
            task=office.tasks[n], unit=office.units["KHTC"]
        ).first()
        version = stored.version if stored else 0
        sign_in(client, user)
        return client.post(
            url_of(office, n), {"version": version, "text": text, "then": then} | more
        )

    return call


def todo(client, user):
    return sign_in(client, user).get(reverse("todo"))


def bulk(client, office, *numbers, user=None):
    return sign_in(client, user or office.other_head).post(
        reverse("contribution_nothing", args=[office.period.pk]),
        {"nhiem-vu": [office.tasks[n].pk for n in numbers]},
        follow=True,
    )


def only():
    return Contribution.objects.get()


def send_lead(office):
    report = office.find("1.2")
    office.save(report, by=office.head)
    services.submit(report=report, by=office.by(office.head, Role.HEAD))
    return report


# -- Writing and giving ---------------------------------------------------------------------------


def test_from_the_to_do_list_to_a_given_text(post, office, client):
    page = todo(client, office.other_head)
    words = text_of(page)
    assert "Phối hợp 2" in words
    assert words.count("Chưa trả lời") == 2
    assert url_of(office) in page.content.decode()
    page = client.get(url_of(office))
    assert "Chủ trì: Phòng Tổ chức cán bộ" in text_of(page)
    assert post("save", "Bản nháp").url == url_of(office)
    assert "Bản nháp" in client.get(url_of(office)).content.decode()
    page = client.get(post("give", "Đã bố trí kinh phí.").url)
    assert "Đã gửi nội dung phối hợp cho đơn vị chủ trì" in text_of(page)
    assert "Ngô Văn Khác, 09:00 13/11/2019" in text_of(page)
    row = only()
    assert (row.state, row.text, row.version) == ("given", "Đã bố trí kinh phí.", 2)
    assert (row.by, row.given_at) == (office.other_head, timezone.now())


def test_an_empty_text_is_not_given(post):
    page = post("give", " \n ")
    assert page.status_code == 422
    assert "Chưa có nội dung để gửi" in text_of(page)
    assert not Contribution.objects.exists()


def test_nothing_to_add_is_an_answer(post, office, client):
    post("nothing", "")
    row = only()
    assert (row.state, row.text) == ("nothing", "")
    assert NOTHING in text_of(todo(client, office.other_head))
    assert post("nothing", "").status_code == 302  # the same click twice
    assert only().version == 1


def test_nothing_does_not_throw_away_what_is_typed(post):
    page = post("nothing", "Đã làm một phần")
    assert page.status_code == 422
    assert "Đã làm một phần" in page.content.decode()
    assert not Contribution.objects.exists()


def test_a_draft_emptied_on_purpose_may_become_nothing(post):
    post("save", "Bản nháp")
    assert post("nothing", "").status_code == 302
    assert (only().state, only().text) == ("nothing", "")


def test_several_at_once_but_not_where_something_is_typed(post, office, client):
    post("save", "Bản nháp", n=1)
    words = text_of(bulk(client, office, 0, 1, 2))  # 1.3 is not coordinated but reported
    assert "không có nội dung phối hợp cho 1 nhiệm vụ" in words
    assert "chưa ghi: 1.2" in words
    states = dict(Contribution.objects.values_list("task__code", "state"))
    assert states == {"1.1": "nothing", "1.2": "draft"}
    bulk(client, office, 0)
    assert Contribution.objects.get(task__code="1.1").version == 1


def test_what_was_given_can_be_taken_back_until_the_lead_has_sent(post, office):
    post("give", n=1)
    assert post("take_back", n=1).status_code == 302
    assert (only().state, only().given_at) == ("draft", None)
    post("give", "Bản sửa", n=1)
    report = send_lead(office)
    page = post("take_back", n=1)
    assert page.status_code == 422
    assert "Đơn vị chủ trì đã gửi báo cáo" in text_of(page)
    assert (only().state, only().text) == ("given", "Bản sửa")
    office.send_back(report)
    assert post("take_back", n=1).status_code == 302
    assert only().state == "draft"


def test_a_given_text_is_not_changed_without_taking_it_back(post):
    post("give", "Bản gửi")
    page = post("save", "Bản khác")
    assert page.status_code == 409
    assert "Bản khác" in page.content.decode()
    assert only().text == "Bản gửi"


def test_a_closed_period_keeps_what_there_is(post, office, client):
    post("save", "Bản nháp")
    Period.objects.filter(pk=office.period.pk).update(closed_at=timezone.now())
    for then in ("save", "give", "nothing", "take_back"):
        page = post(then, "" if then == "nothing" else "Khác hẳn")
        assert page.status_code in {302, 403}, then
        if page.status_code == 302:
            pytest.fail(f"{then} in a closed period")
    assert "Khác hẳn" in post("give", "Khác hẳn").content.decode()
    assert "đã khóa" in text_of(client.get(url_of(office)))
    assert "đã khóa" in text_of(bulk(client, office, 0, 1))
    assert (only().state, only().text, only().version) == ("draft", "Bản nháp", 1)


# -- Two editors ----------------------------------------------------------------------------------


def test_the_later_of_two_editors_sees_both_and_chooses(post, client, office):
    second = office.person("KHTC", "Đinh Thị Hai", "reporter")
    post("save", "Của anh Khác")
    page = post("save", "Của chị Hai", user=second, version=0)
    assert page.status_code == 409
    html = page.content.decode()
    assert "Của anh Khác" in html
    assert "Của chị Hai" in html
    assert "Ngô Văn Khác đã sửa" in text_of(page)
    assert only().text == "Của anh Khác"
    assert post("save", "Của chị Hai", user=second, version=1).status_code == 302
    assert only().text == "Của chị Hai"


def test_the_same_click_twice_gives_once(post):
    post("give")
    assert post("give", version=0).status_code == 302
    assert only().version == 1
    assert AuditEntry.objects.filter(object_type="tasks.contribution").count() == 1


def test_a_bad_version_is_out_of_date(post):
    post("save", "Một")
    for version in ("", "abc", "-1", "9" * 30):
        assert post("save", "Hai", version=version).status_code == 409


# -- Who may --------------------------------------------------------------------------------------


def test_only_coordinating_units_have_the_page(office, client):
    for user in (office.head, office.coordinator, office.leader, office.administrator):
        sign_in(client, user)
        assert client.get(url_of(office)).status_code == 403
        assert client.post(url_of(office), {"text": "x", "then": "give"}).status_code == 403
    assert not Contribution.objects.exists()
    sign_in(client, office.other_head)
    assert client.get(url_of(office, 2)).status_code == 403  # reports that one itself


def test_who_reports_and_coordinates_writes_it_in_the_report(office, client):
    add_duty(office, office.tasks[2], "KHTC", "coordinate")
    assert sign_in(client, office.other_head).get(url_of(office, 2)).status_code == 403


def test_another_agencys_does_not_exist(office, client):
    stranger = Office("SNV")
    sign_in(client, stranger.other_head)
    assert client.get(url_of(office)).status_code == 404
    assert client.post(url_of(office), {"then": "give", "text": "x"}).status_code == 404
    url = reverse("contribution_nothing", args=[office.period.pk])
    assert client.post(url, {"nhiem-vu": office.tasks[0].pk}).status_code == 404
    mixed = reverse("contribution_form", args=[stranger.period.pk, office.tasks[0].pk])
    assert client.get(mixed).status_code == 404


def test_who_reads_a_contribution(post, office):
    post("save", "Bản nháp")
    outsider = office.person("VP", "Người Ngoài", "reporter")

    def readers():
        people = {
            "own": office.other_head,
            "lead": office.head,
            "office": office.coordinator,
            "leader": office.leader,
            "outside": outsider,
            "administrator": office.administrator,
        }
        return {n for n, u in people.items() if Contribution.objects.visible_to(u).exists()}

    assert readers() == {"own"}
    post("give", "Bản gửi")
    assert readers() == {"own", "lead", "office", "leader"}


# -- The lead -------------------------------------------------------------------------------------


def test_the_lead_sees_what_is_given_and_who_is_silent(post, office, client):
    add_duty(office, office.tasks[0], "VP", "coordinate")
    post("save", "Bản nháp của KHTC")
    words = text_of(sign_in(client, office.writer).get(form_url(office.report)))
    assert "0/2 đơn vị gửi" in words
    assert "Chưa trả lời: Văn phòng Sở, Phòng Kế hoạch tài chính" in words
    assert "2 đơn vị phối hợp chưa trả lời" in words
    assert "Bản nháp của KHTC" not in words
    post("give", 'Đã cấp "kinh phí" <b>')
    page = sign_in(client, office.writer).get(form_url(office.report))
    html, words = page.content.decode(), text_of(page)
    assert "1/2 đơn vị gửi" in words
    assert "Ngô Văn Khác, 09:00 13/11/2019" in words
    assert 'data-fill-text="Đã cấp &quot;kinh phí&quot; &lt;b&gt;"' in html
    assert "Chưa trả lời: Văn phòng Sở." in words


def test_silence_keeps_no_report_from_being_sent(office, client):
    report = office.find("1.2")
    sign_in(client, office.head)
    page = client.post(form_url(report), {"version": 0, "text": "Xong", "then": "submit"})
    assert page.status_code == 302
    assert office.find("1.2").state == "submitted"


def test_the_report_shows_it_to_the_office_and_not_to_units_outside(post, office, client):
    post("give", "Đã bố trí kinh phí", n=1)
    report = send_lead(office)
    page = reverse("report_detail", args=[report.pk])
    for user in (office.head, office.other_head, office.coordinator, office.leader):
        answer = sign_in(client, user).get(page)
        assert "Đã bố trí kinh phí" in text_of(answer), user
    outsider = office.person("VP", "Người Ngoài", "reporter")
    assert sign_in(client, outsider).get(page).status_code == 403


def test_a_task_without_a_lead_shows_it_to_those_who_report(post, office, client):
    Duty.objects.filter(task=office.tasks[0], role="lead").update(role="implement")
    post("give", "Đã bố trí kinh phí")
    page = sign_in(client, office.writer).get(form_url(office.report))
    assert "Đã bố trí kinh phí" in text_of(page)


def test_nobody_is_mailed(post, office):
    post("give")
    assert not Mail.objects.exists()


# -- The trail ------------------------------------------------------------------------------------


def test_every_step_is_in_the_trail_but_a_drafts_words_stay_in_the_unit(post):
    post("save", "Bản nháp kín")
    post("give", "Bản gửi")
    post("take_back")
    rows = AuditEntry.objects.filter(object_type="tasks.contribution").order_by("id")
    assert [row.action for row in rows] == [
        "Soạn nội dung phối hợp",
        "Gửi nội dung phối hợp",
        "Lấy lại nội dung phối hợp",
    ]
    assert all(row.actor_name == "Ngô Văn Khác" for row in rows)
    assert rows[1].changes["text"] == ["", "Bản gửi"]
    assert "Bản nháp kín" not in str([row.changes for row in rows])


# -- Queries --------------------------------------------------------------------------------------


def test_queries_do_not_grow_with_tasks_and_units(office):
    def count(user, url):
        client = sign_in(Client(), user)
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    def give(task, unit, text):
        part = contributions.Part(task, office.units[unit])
        contributions.give(
            part=part,
            period=office.period,
            by=Actor.of(office.other_head),
            base_version=0,
            text=text,
        )

    give(office.tasks[0], "KHTC", "Đã làm")
    pages = [(office.other_head, reverse("todo")), (office.head, form_url(office.report))]
    before = [count(*page) for page in pages]
    for n in range(20, 40):
        task = Task.objects.create(area=office.area, code=f"1.{n}", title=f"Việc {n}", order=n)
        add_duty(office, task, "TCCB", "lead")
        add_duty(office, task, "KHTC", "coordinate")
        if n % 2:
            give(task, "KHTC", f"Nội dung {n}")
    for unit in ("VP", "LD"):
        add_duty(office, office.tasks[0], unit, "coordinate")
        give(office.tasks[0], unit, f"Của {unit}")
    assert [count(*page) for page in pages] == before
