"""The list of a period's reports: filters, order, pages, and where rows lead."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from review_office import REASON, TODAY, ReviewOffice

from tasks import report_list_views, services
from tasks.models import Report

pytestmark = pytest.mark.django_db
URL = "/bao-cao/"


@pytest.fixture(autouse=True)
def in_november():
    with time_machine.travel(TODAY):
        yield


@pytest.fixture
def office():
    """A report in each state; one late, one overdue."""
    office = ReviewOffice()
    office.accept("VP", "1.1")
    office.send("TCCB", "2.1")
    returned = office.send("KHTC", "2.1")
    services.send_back(report=returned, by=office.actor("office"), reason=REASON)
    office.fill("TTRA", "2.1")
    return office


@pytest.fixture
def client(client, office):
    return office.sign_in(client, "office")


def names(client, **query):
    page = client.get(URL, query).context["page"]
    return [(report.unit.code, report.task.code) for report in page]


@pytest.mark.parametrize(
    ("name", "status"),
    [("office", 200), ("leader", 200), ("head", 403), ("officer", 403), ("administrator", 403)],
)
def test_who_sees_the_list(client, office, name, status):
    office.sign_in(client, name)
    assert client.get(URL).status_code == status


def test_all_reports_of_the_period_in_the_plans_order(client, office):
    ReviewOffice("SNV")
    found = names(client)
    assert found[:3] == [("VP", "1.1"), ("VP", "1.2"), ("TCCB", "2.1")]
    assert len(found) == Report.objects.filter(unit__agency=office.agency).count() == 8


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"linh-vuc": "1"}, [("VP", "1.1"), ("VP", "1.2")]),
        ({"nhiem-vu": "2.1"}, [("TCCB", "2.1"), ("KHTC", "2.1"), ("TTRA", "2.1")]),
        ({"don-vi": "KHTC"}, [("KHTC", "2.1"), ("KHTC", "2.2")]),
        ({"trang-thai": "draft"}, [("TTRA", "2.1")]),
        ({"trang-thai": "returned", "don-vi": "KHTC"}, [("KHTC", "2.1")]),
        ({"trang-thai": "accepted", "don-vi": "KHTC"}, []),
    ],
)
def test_filters(client, query, wanted):
    assert names(client, **query) == wanted


def test_unknown_state_and_order_are_no_filter(client):
    assert len(names(client, **{"trang-thai": "bịa", "xep": "; drop"})) == 8


def test_late_and_overdue(client, office):
    assert names(client, **{"trang-thai": "late"}) == []
    with time_machine.travel(TODAY + dt.timedelta(days=10)):
        office.sign_in(client, "office")
        office.send("TTRA", "2.2")
        late = names(client, **{"trang-thai": "late"})
    assert ("TTRA", "2.2") in late  # sent late
    assert ("KHTC", "2.1") in late and ("VP", "1.2") in late  # still owed
    assert ("TCCB", "2.1") not in late and ("VP", "1.1") not in late  # on time


def test_order_by_unit_state_and_time(client):
    assert names(client, xep="don-vi")[2] == ("TCCB", "2.1")
    by_state = [r.state for r in client.get(URL, {"xep": "trang-thai"}).context["page"]]
    assert by_state == ["not_started"] * 4 + ["returned", "draft", "submitted", "accepted"]
    sent = [r.submitted_at for r in client.get(URL, {"xep": "gui-luc"}).context["page"]]
    given = [moment for moment in sent if moment]
    assert sent == sorted(given, reverse=True) + [None] * (len(sent) - len(given))


def test_rows_lead_where_their_reader_may_go(client, office):
    for name in ("office", "leader"):
        office.sign_in(client, name)
        page = client.get(URL).content.decode().split("<main", 1)[1]
        for link in {part.split('"')[0] for part in page.split('href="')[1:]}:
            if link.startswith(("/duyet/", "/bao-cao/", "/ket-qua/")):
                assert client.get(link).status_code == 200, (name, link)


def test_released_report_is_marked_and_in_no_state(client, office):
    Report.objects.filter(pk=office.reports["VP", "1.2"].pk).update(
        released_at=TODAY, released_reason="x"
    )
    assert "Được miễn" in client.get(URL).content.decode()
    assert ("VP", "1.2") not in names(client, **{"trang-thai": "not_started"})


def test_long_list_has_pages_that_keep_the_filters(client, monkeypatch):
    monkeypatch.setattr(report_list_views, "PAGE", 3)
    first = names(client, xep="don-vi", **{"trang-thai": ""})
    second = names(client, xep="don-vi", page="2")
    assert len(first) == len(second) == 3 and not set(first) & set(second)
    page = client.get(URL, {"xep": "don-vi"}).content.decode()
    assert "?xep=don-vi&amp;page=2" in page
    assert len(names(client, page="99")) == 2  # the last one


def test_no_period_yet(client):
    empty = ReviewOffice("SNV", opened=False)
    empty.sign_in(client, "office")
    assert "Chưa có kỳ báo cáo nào được mở" in client.get(URL).content.decode()


def test_queries_do_not_grow(client, office):
    with CaptureQueriesContext(connection) as before:
        client.get(URL)
    office.grow()
    with CaptureQueriesContext(connection) as after:
        client.get(URL)
    assert len(after) == len(before)
