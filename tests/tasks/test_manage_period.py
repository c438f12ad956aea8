"""The office opens a period from the browser, brings changed assignments into it, closes and reopens it."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse
from review_office import TODAY, ReviewOffice

from accounts.models import AuditEntry
from plans.models import Indicator, Period
from tasks.models import Report

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_november():
    with time_machine.travel(TODAY):
        yield


@pytest.fixture
def office():
    return ReviewOffice()


@pytest.fixture
def client(client, office):
    return office.sign_in(client, "office")


def post(client, view, period, **data):
    return client.post(reverse(view, args=[period.pk]), data)


def opening(client, office, **data):
    return client.post(reverse("period_open", args=[office.plan.pk]), data)


# -- Who -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sees", "manages"),
    [
        ("office", 200, 200),
        ("leader", 200, 403),
        ("head", 403, 403),
        ("officer", 403, 403),
        ("administrator", 403, 403),
    ],
)
def test_who_sees_and_manages_periods(client, office, name, sees, manages):
    office.sign_in(client, name)
    assert client.get(reverse("period_list")).status_code == sees
    assert client.get(reverse("period_detail", args=[office.period.pk])).status_code == sees
    assert client.get(reverse("period_open", args=[office.plan.pk])).status_code == manages
    if manages == 403:
        for view in ("period_update", "period_close", "period_reopen"):
            assert post(client, view, office.period, reason="x").status_code == 403
        assert opening(client, office, year="2018", kind="final").status_code == 403
        assert Period.objects.count() == 1


def test_another_agencys_period_does_not_exist(client):
    stranger = ReviewOffice("SNV")
    assert client.get(reverse("period_detail", args=[stranger.period.pk])).status_code == 404
    assert client.get(reverse("period_open", args=[stranger.plan.pk])).status_code == 404
    for view in ("period_update", "period_close", "period_reopen"):
        assert post(client, view, stranger.period, reason="x").status_code == 404
    assert opening(client, stranger, year="2018", kind="final").status_code == 404
    rows = client.get(reverse("period_list")).context["rows"]
    assert stranger.period not in [period for period, _ in rows]


# -- Opening -------------------------------------------------------------------------------------


def test_open_a_plan_year(client, office):
    page = client.get(reverse("period_open", args=[office.plan.pk]))
    wanted = {choice.year: (choice.reports, choice.there) for choice in page.context["choices"]}
    assert wanted == {2018: (8, None), 2019: (8, office.period)}
    answer = opening(client, office, year="2018", kind="final")
    period = Period.objects.get(year=2018)
    assert answer.url == reverse("period_detail", args=[period.pk])
    assert period.due_before == dt.date(2018, 11, 20)
    assert period.reports.count() == 8
    assert AuditEntry.objects.filter(action="Mở kỳ báo cáo", object_id=period.pk).exists()


def test_open_twice_does_nothing(client, office):
    assert opening(client, office, year="2018", kind="final").status_code == 302
    answer = opening(client, office, year="2018", kind="final")
    assert answer.status_code == 422
    assert "đã được mở trước đó" in answer.content.decode()
    assert Report.objects.filter(period__year=2018).count() == 8


@pytest.mark.parametrize(
    "data", [{}, {"year": "2021", "kind": "final"}, {"year": "2019", "kind": "x"}]
)
def test_open_refuses_what_the_plan_has_not(client, office, data):
    assert opening(client, office, **data).status_code == 422
    assert Period.objects.count() == 1


def test_open_an_interim_period_with_a_date_of_its_own(client, office):
    page = client.get(reverse("period_open", args=[office.plan.pk])).content.decode()
    assert "Chưa chỉ tiêu nào" in page
    Indicator.objects.filter(code="2.1-a").update(interim=True)
    answer = opening(client, office, year="2019", kind="h1", due_before="10/07/2019")
    period = Period.objects.get(kind="h1")
    assert answer.url == reverse("period_detail", args=[period.pk])
    assert period.due_before == dt.date(2019, 7, 10)
    owed = period.reports.values_list("task__code", "unit__code")
    assert sorted(owed) == [("2.1", "KHTC"), ("2.1", "TCCB"), ("2.1", "TTRA")]


@pytest.mark.parametrize(
    ("due_before", "said"),
    [
        ("", "chưa đúng"),
        ("31/06/2019", "chưa đúng"),
        ("10/07/2018", "phải nằm trong năm 2019"),
        ("20/11/2019", "trước kỳ cả năm"),
    ],
)
def test_open_an_interim_period_with_a_wrong_date(client, office, due_before, said):
    Indicator.objects.filter(code="2.1-a").update(interim=True)
    answer = opening(client, office, year="2019", kind="h1", due_before=due_before)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page and f'value="{due_before}"' in page
    assert Period.objects.count() == 1


def test_nobody_owes_nothing_opens(client, office):
    answer = opening(client, office, year="2019", kind="q3", due_before="10/10/2019")
    assert answer.status_code == 422
    assert Period.objects.count() == 1


@pytest.mark.parametrize(("name", "shown"), [("office", True), ("leader", False), ("head", False)])
def test_plan_page_leads_the_office_to_opening(client, office, name, shown):
    office.sign_in(client, name)
    page = client.get(reverse("plan_detail", args=[office.plan.pk])).content.decode()
    assert (reverse("period_open", args=[office.plan.pk]) in page) is shown


# -- Changed assignments -------------------------------------------------------------------------


def test_update_shows_first_and_then_applies(client, office):
    office.accept("KHTC", "2.1")
    office.group.members.remove(office.units["KHTC"])
    office.group.members.add(office.units["LD"])
    page = client.get(reverse("period_detail", args=[office.period.pk]))
    shown = page.context["opening"]
    assert shown.created == [("2.1", "Lãnh đạo Sở"), ("2.2", "Lãnh đạo Sở")]
    assert shown.retired == [("2.1", UNIT), ("2.2", UNIT)]
    assert office.period.reports.count() == 8  # looking changes nothing
    post(client, "period_update", office.period)
    kept = office.period.reports.get(unit=office.units["KHTC"], task__code="2.1")
    assert kept.retired_at and kept.answers.count() == 2
    assert office.period.reports.filter(unit=office.units["LD"]).count() == 2
    office.group.members.add(office.units["KHTC"])
    shown = client.get(reverse("period_detail", args=[office.period.pk])).context["opening"]
    assert shown.restored == [("2.1", UNIT), ("2.2", UNIT)]
    post(client, "period_update", office.period)
    kept.refresh_from_db()
    assert kept.retired_at is None and kept.state == "accepted"


UNIT = "Phòng Kế hoạch tài chính"


# -- Closing and reopening -----------------------------------------------------------------------


def test_close_lists_what_follows_needs_a_reason_and_locks(client, office):
    report = office.send("TCCB", "2.1")
    page = client.get(reverse("period_detail", args=[office.period.pk])).content.decode()
    assert "7 báo cáo chưa gửi" in page and "1 báo cáo chờ duyệt" in page
    assert post(client, "period_close", office.period, reason=" ").status_code == 422
    office.period.refresh_from_db()
    assert not office.period.is_closed()
    post(client, "period_close", office.period, reason="Đã đủ số liệu")
    office.period.refresh_from_db()
    assert office.period.is_closed()
    entry = AuditEntry.objects.get(action="Khóa kỳ báo cáo")
    assert (entry.actor, entry.reason) == (office.people["office"], "Đã đủ số liệu")
    assert client.post(reverse("report_accept"), {"bao-cao": report.pk}).status_code == 403
    answer = post(client, "period_close", office.period, reason="Lần hai")
    assert answer.status_code == 422 and "đã khóa" in answer.content.decode()
    answer = post(client, "period_update", office.period)
    assert answer.status_code == 422 and "đã khóa" in answer.content.decode()


def test_reopen(client, office):
    report = office.send("TCCB", "2.1")
    with time_machine.travel(dt.datetime(2020, 1, 6, 8, tzinfo=TODAY.tzinfo)):
        office.sign_in(client, "office")
        page = client.get(reverse("period_detail", args=[office.period.pk])).content.decode()
        assert "vẫn là trễ hạn" in page
        post(client, "period_reopen", office.period, reason="Tỉnh gia hạn", closes_on="15/01/2020")
        office.period.refresh_from_db()
        assert office.period.closes_on == dt.date(2020, 1, 15)
        assert client.post(reverse("report_accept"), {"bao-cao": report.pk}).status_code == 302
        entry = AuditEntry.objects.get(action="Mở lại kỳ báo cáo")
        assert entry.reason == "Tỉnh gia hạn"
        assert entry.changes == {"khóa sau ngày": ["2019-12-31", "2020-01-15"]}


@pytest.mark.parametrize(
    ("closes_on", "reason", "said"),
    [
        ("", "Vì sao", "không đúng"),
        ("05/01/2020", "Vì sao", "không được ở quá khứ"),
        ("15/01/2020", " ", "Hãy nêu lý do"),
    ],
)
def test_reopen_refused_keeps_what_was_typed(client, office, closes_on, reason, said):
    with time_machine.travel(dt.datetime(2020, 1, 6, 8, tzinfo=TODAY.tzinfo)):
        office.sign_in(client, "office")
        answer = post(client, "period_reopen", office.period, reason=reason, closes_on=closes_on)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert said in page and f'value="{closes_on}"' in page and reason in page
        office.period.refresh_from_db()
        assert office.period.is_closed()


def test_open_period_is_not_reopened(client, office):
    answer = post(client, "period_reopen", office.period, reason="x", closes_on="15/01/2020")
    assert answer.status_code == 422 and "đang mở" in answer.content.decode()


def test_released_reports_are_listed_with_their_reason(client, office):
    Report.objects.filter(pk=office.reports["VP", "1.2"].pk).update(
        released_at=TODAY, released_reason="Không có chức năng"
    )
    page = client.get(reverse("period_detail", args=[office.period.pk])).content.decode()
    assert "Không có chức năng" in page


def test_list_counts(client, office):
    office.send("TCCB", "2.1")
    office.accept("KHTC", "2.1")
    ((period, state),) = client.get(reverse("period_list")).context["rows"]
    assert (period, state) == (office.period, "Đang mở")
    assert (period.total, period.accepted, period.waiting) == (8, 1, 1)
