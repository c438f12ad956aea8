"""Last year's own figure and text beside each field, and starting from them (never carried as done)."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from report_office import Office, at, form_url, sign_in, text_of

from plans.models import Area, Indicator, Period, Plan, Task
from tasks.models import Answer, Document, Report

pytestmark = pytest.mark.django_db
START = "start_from_last_year"


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9), tick=False):
        yield


@pytest.fixture
def office(morning):
    return Office()


def last_year(
    office, *, state="accepted", unit="TCCB", plan=None, text="Năm ngoái đã làm.", **more
):
    """The unit's report of 2018 with every kind of answer; in ``plan`` under the same codes where given."""
    period, _ = Period.objects.get_or_create(
        plan=plan or office.plan,
        year=2018,
        kind=Period.FINAL,
        defaults={
            "starts_on": dt.date(2018, 1, 1),
            "due_before": dt.date(2018, 11, 20),
            "closes_on": dt.date(2018, 12, 31),
            "opened_at": at(2018, 1, 2),
        },
    )
    task, indicators = office.tasks[0], office.indicators
    if plan:
        area = Area.objects.create(plan=plan, code="1", name="Chỉ đạo", order=1)
        task = Task.objects.create(area=area, code="1.1", title="Nhiệm vụ cũ", order=1)
        indicators = {
            code: Indicator.objects.create(
                task=task, code=code, name=code, kind=indicator.kind, order=n
            )
            for n, (code, indicator) in enumerate(indicators.items())
        }
    sent = at(2018, 11, 10) if state in {"submitted", "accepted", "returned"} else None
    report = Report.objects.create(
        period=period,
        task=task,
        unit=office.units[unit],
        state=state,
        text=text,
        first_submitted_at=sent,
        submitted_at=sent,
        **more,
    )
    document, _ = Document.objects.get_or_create(
        agency=office.agency,
        number="7/KH",
        issued_on=dt.date(2018, 3, 1),
        defaults={"unit": report.unit},
    )
    for code, columns in {
        "1.1-a": {"numerator": 7, "denominator": 12},
        "1.1-b": {"amount": 1234},
        "1.1-c": {"state": "not_ours", "reason": "Của phòng khác"},
        "1.1-d": {"holds": True},
        "1.1-e": {"document": document},
        "1.1-f": {"day": dt.date(2018, 2, 1)},
    }.items():
        Answer.objects.create(report=report, indicator=indicators[code], **columns)
    return report


def this_year(office):
    return Report.objects.get(pk=office.report.pk)


def show(client, office):
    return sign_in(client, office.writer).get(form_url(office.report))


def start(client, office, **typed):
    version = this_year(office).version
    return sign_in(client, office.writer).post(
        form_url(office.report), {"version": version, "then": START} | typed, follow=True
    )


def before_of(page):
    return {q.indicator.code: q.before for q in page.context["questions"] if q.before}


def test_each_question_shows_what_the_unit_said_the_year_before(client, office):
    last_year(office)
    page = show(client, office)
    words = text_of(page)
    for said in ("7/12", "1.234", "Không thuộc đơn vị này (Của phòng khác)", "Có", "01/02/2018"):
        assert f"Năm 2018 đơn vị báo: {said}" in words
    assert "Năm 2018 đơn vị báo: 7/KH ngày 01/03/2018" in words
    assert "Năm 2018 đơn vị viết Năm ngoái đã làm." in words
    html = page.content.decode()
    name = office.field("1.1-a", "numerator")
    assert f'<data hidden data-field="{name}" value="7"></data>' in html
    assert 'data-fill-text="Năm ngoái đã làm."' in html
    assert this_year(office).version == 0  # looking at it fills in nothing


def test_what_is_only_true_once_done_is_shown_and_not_filled(client, office):
    last_year(office)
    found = before_of(show(client, office))
    assert {code for code, before in found.items() if not before.fields} == {
        "1.1-d",
        "1.1-e",
        "1.1-f",
    }


def test_starting_fills_the_empty_places_as_a_draft(client, office):
    last_year(office)
    page = start(client, office)
    words = text_of(page)
    assert "vào 4 chỗ còn trống" in words
    report = this_year(office)
    assert (report.state, report.text) == ("draft", "Năm ngoái đã làm.")
    answers = {a.indicator.code: a for a in report.answers.all()}
    assert answers.keys() == {"1.1-a", "1.1-b", "1.1-c"}  # no yes, no date, no document
    assert (answers["1.1-a"].numerator, answers["1.1-a"].denominator) == (7, 12)
    assert (answers["1.1-c"].state, answers["1.1-c"].reason) == ("not_ours", "Của phòng khác")
    assert Document.objects.count() == 1
    assert report.submitted_at is None


def test_what_is_typed_is_never_replaced(client, office):
    last_year(office)
    typed = {
        office.field("1.1-a", "numerator"): "3",
        office.field("1.1-b", "amount"): "mười",
        f"a{office.indicators['1.1-c'].pk}-state": "not_arising",
        "text": "Của năm nay",
    }
    page = start(client, office, **typed)
    assert page.status_code == 422  # «mười» is no number, as ever
    report = this_year(office)
    assert report.text == "Của năm nay"
    assert report.unread[office.field("1.1-b", "amount")] == "mười"
    answers = {a.indicator.code: a for a in report.answers.all()}
    assert (answers["1.1-a"].numerator, answers["1.1-a"].denominator) == (3, None)
    assert answers["1.1-c"].state == "not_arising"


def test_twice_changes_nothing_more(client, office):
    last_year(office)
    start(client, office)
    filled = {
        office.field("1.1-a", "numerator"): "7",
        office.field("1.1-a", "denominator"): "12",
        office.field("1.1-b", "amount"): "1.234",
        f"a{office.indicators['1.1-c'].pk}-state": "not_ours",
        f"a{office.indicators['1.1-c'].pk}-reason": "Của phòng khác",
        "text": "Năm ngoái đã làm.",
    }
    page = start(client, office, **filled)
    assert "Không còn chỗ trống nào" in text_of(page)
    assert this_year(office).version == 1


@pytest.mark.parametrize("state", ["draft", "returned"])
def test_a_report_that_was_not_sent_or_sent_back_is_no_start(client, office, state):
    last_year(office, state=state)
    page = show(client, office)
    assert before_of(page) == {}
    assert START not in page.content.decode()


def test_a_released_report_and_another_units_are_no_start(client, office):
    last_year(office, unit="KHTC", text="Của phòng khác viết")
    last_year(office, released_at=at(2018, 12, 1), released_reason="Thôi")
    page = show(client, office)
    assert before_of(page) == {}
    assert "Của phòng khác viết" not in page.content.decode()


def test_a_submitted_report_and_the_plan_before_are(client, office):
    old = Plan.objects.create(agency=office.agency, code="KH-CU", title="Kế hoạch cũ", years=[2018])
    last_year(office, plan=old, state="submitted", text="Theo kế hoạch cũ")
    page = show(client, office)
    assert before_of(page)["1.1-a"].words == "7/12"
    assert "Theo kế hoạch cũ" in text_of(page)


def test_the_same_plans_year_comes_before_another_plans(client, office):
    old = Plan.objects.create(agency=office.agency, code="KH-CU", title="Kế hoạch cũ", years=[2018])
    last_year(office, text="Cùng kế hoạch")
    last_year(office, plan=old, text="Theo kế hoạch cũ")
    assert "Cùng kế hoạch" in text_of(show(client, office))


def test_another_agency_is_never_looked_at(client, office):
    stranger = Office("SNV")
    last_year(stranger, text="Của sở khác")
    page = show(client, office)
    assert before_of(page) == {}
    assert "Của sở khác" not in page.content.decode()


def test_a_figure_of_another_kind_is_shown_only(client, office):
    last_year(office)
    Indicator.objects.filter(code="1.1-b").update(kind="boolean")
    assert before_of(show(client, office))["1.1-a"].fields
    found = before_of(show(client, office))["1.1-b"]
    assert (found.words, dict(found.fields)) == ("1.234", {})


def test_queries_do_not_grow_with_indicators(client, office):
    report = last_year(office)
    show(client, office)

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert show(client, office).status_code == 200
        return len(queries)

    before = count()
    for n in range(12):
        Answer.objects.create(
            report=report, indicator=office.add_indicator(f"1.1-x{n}", "count"), amount=n
        )
    assert count() == before
