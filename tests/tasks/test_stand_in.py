"""A deputy acts for the head between two days (R2a): who may appoint whom, what it allows, how it is recorded."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse
from season import Office, at

from accounts.models import AuditEntry, Mail, StandIn
from tasks.models import Report, Transition
from tasks.states import State

pytestmark = pytest.mark.django_db
BACKEND = "accounts.backends.EmailBackend"


@pytest.fixture
def office(db):
    with time_machine.travel(at(2019, 11, 13, 9)):
        yield Office()


@pytest.fixture
def post(client, office):
    def send(user, name="stand_in_list", pk=None, **data):
        client.force_login(user, backend=BACKEND)
        return client.post(reverse(name, args=[pk] if pk else []), data)

    return send


def form(deputy, **changes):
    return {
        "person": deputy.pk,
        "starts_on": "13/11/2019",
        "ends_on": "20/11/2019",
        "basis": "Giấy ủy quyền 05/GUQ-TCCB",
    } | changes


def submit(client, user, report):
    client.force_login(user, backend=BACKEND)
    return client.post(
        reverse("report_form", args=[report.pk]),
        {"version": report.version, "text": "Đã làm xong", "then": "submit"},
    )


def test_a_head_appoints_and_the_deputy_submits_as_such(client, post, office):
    deputy, head = office.writers["TCCB"], office.heads["TCCB"]
    report = office.reports["TCCB", "1.1"]
    assert submit(client, deputy, report).status_code == 403
    report.refresh_from_db()
    assert post(head, **form(deputy)).status_code == 302
    assert submit(client, deputy, report).status_code == 302
    report.refresh_from_db()
    assert report.state == State.SUBMITTED
    step = Transition.objects.get(report=report, action="submit")
    assert (step.acted_as, step.for_person, step.basis) == (
        "KT. Trưởng đơn vị",
        head.name,
        "Giấy ủy quyền 05/GUQ-TCCB",
    )
    assert step.actor == deputy
    assert AuditEntry.objects.filter(action="Ủy quyền ký thay").count() == 1
    assert Mail.objects.get(kind="stand_in").user == deputy


@pytest.mark.parametrize("day", [dt.date(2019, 11, 12), dt.date(2019, 11, 21)])
def test_outside_its_days_it_gives_nothing(client, office, day):
    deputy = office.writers["TCCB"]
    StandIn.objects.create(
        unit=deputy.unit,
        person=deputy,
        starts_on=dt.date(2019, 11, 13),
        ends_on=dt.date(2019, 11, 20),
    )
    with time_machine.travel(at(day.year, day.month, day.day, 9)):
        assert submit(client, deputy, office.reports["TCCB", "1.1"]).status_code == 403


def test_ended_early_it_gives_nothing_more(client, post, office):
    deputy, head = office.writers["TCCB"], office.heads["TCCB"]
    post(head, **form(deputy))
    row = StandIn.objects.get()
    assert post(head, "stand_in_end", row.pk).status_code == 302
    assert submit(client, deputy, office.reports["TCCB", "1.1"]).status_code == 403
    assert post(head, "stand_in_end", row.pk).status_code == 302  # a second click changes nothing
    assert AuditEntry.objects.filter(action="Kết thúc ủy quyền ký thay").count() == 1


def test_a_deputy_of_another_unit_gives_nothing_in_this_one(client, office):
    deputy = office.writers["TCCB"]
    StandIn.objects.create(
        unit=office.units["KHTC"],
        person=deputy,
        starts_on=dt.date(2019, 11, 1),
        ends_on=dt.date(2019, 11, 30),
    )
    assert submit(client, deputy, office.reports["TCCB", "1.1"]).status_code == 403
    assert submit(client, deputy, office.reports["KHTC", "1.1"]).status_code == 403


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ends_on": "12/11/2019"}, "Ngày cuối phải từ ngày đầu trở đi."),
        ({"starts_on": "1/11/2019", "ends_on": "12/11/2019"}, "Thời gian ủy quyền đã qua"),
        ({"ends_on": "13/11/2021"}, "không quá một năm"),
        ({"starts_on": "mai"}, "Không đọc được ngày"),
        ({"person": ""}, "Hãy chọn người ký thay."),
    ],
)
def test_bad_input_is_named(post, office, changes, words):
    page = post(office.heads["TCCB"], **form(office.writers["TCCB"], **changes))
    assert page.status_code == 422
    assert words in page.content.decode()
    assert not StandIn.objects.exists()


def test_only_people_of_ones_own_unit(post, office):
    page = post(office.heads["TCCB"], **form(office.writers["KHTC"]))
    assert page.status_code == 422
    assert (
        post(office.heads["VP"], **form(office.writers["KHTC"])).status_code == 302
    )  # the office: any unit


def test_one_deputy_a_unit_at_a_time(post, office):
    post(office.heads["TCCB"], **form(office.writers["TCCB"]))
    page = post(
        office.heads["TCCB"],
        **form(office.writers["TCCB"], starts_on="20/11/2019", ends_on="25/11/2019"),
    )
    assert "Đơn vị đã ủy quyền cho" in page.content.decode()
    assert StandIn.objects.count() == 1


def test_who_may_not(client, post, office):
    deputy = office.writers["TCCB"]
    assert post(deputy, **form(deputy)).status_code == 403
    assert post(office.director, **form(deputy)).status_code == 403
    post(office.heads["TCCB"], **form(deputy))
    page = post(deputy, **form(deputy))  # now standing in: still may not pass it on
    assert page.status_code == 403
    assert "không ủy quyền tiếp" in page.content.decode()
    row = StandIn.objects.get()
    assert post(office.heads["KHTC"], "stand_in_end", row.pk).status_code == 403
    assert post(Office("SNV").heads["VP"], "stand_in_end", row.pk).status_code == 404


def test_the_page_lists_ones_own_unit_and_for_the_office_all(client, post, office):
    post(office.heads["TCCB"], **form(office.writers["TCCB"]))
    for user, seen in (
        (office.heads["TCCB"], 1),
        (office.heads["KHTC"], 0),
        (office.heads["VP"], 1),
    ):
        client.force_login(user, backend=BACKEND)
        page = client.get(reverse("stand_in_list"))
        assert len(page.context["rows"]) == seen
    assert Report.objects.exists()
