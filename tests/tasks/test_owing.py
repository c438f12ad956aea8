"""What is owed by a day: the one list that to-do lists and reminders read (R4, R12, R20a, R21)."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from season import Office, at

from accounts.history import Actor
from accounts.models import Role
from plans.models import Area, Period, Task
from tasks import explanations
from tasks.explanations import Question
from tasks.models import Report
from tasks.owing import (
    OwedExplanation,
    explanations_for_unit,
    moment_of,
    owed_for_unit,
    owed_items,
)

DAY = dt.date(2019, 11, 13)


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9)):
        yield


@pytest.fixture
def office(db):
    return Office(tasks=3)


def codes(items):
    return [(item.report.unit.code, item.report.task.code) for item in items]


def of_unit(office, unit, on=None):
    return [report.task.code for report in owed_for_unit(office.units[unit], on)]


def update(office, unit, task, **columns):
    Report.objects.filter(pk=office.reports[unit, task].pk).update(**columns)


def test_everything_not_sent_is_owed_in_the_order_of_the_plan(office):
    assert codes(owed_items(office.agency, DAY)) == [
        (unit, task) for task in ("1.1", "1.2", "1.3") for unit in ("VP", "TCCB", "KHTC")
    ]
    assert of_unit(office, "TCCB") == ["1.1", "1.2", "1.3"]


def test_the_last_of_ten_tasks_comes_last(office):
    """1.10 after 1.2: by the plan's order, not by letters."""
    task = Task.objects.create(area=Area.objects.get(), code="1.10", title="Nữa", order=10)
    Report.objects.create(period=office.period, task=task, unit=office.units["TCCB"])
    assert of_unit(office, "TCCB") == ["1.1", "1.2", "1.3", "1.10"]


@pytest.mark.parametrize(
    ("state", "owed"),
    [
        ("not_started", True),
        ("draft", True),
        ("returned", True),
        ("submitted", False),
        ("accepted", False),
    ],
)
def test_which_states_are_owed(office, state, owed):
    moment = at(2019, 11, 1)
    update(office, "TCCB", "1.1", state=state, first_submitted_at=moment, submitted_at=moment)
    assert ("1.1" in of_unit(office, "TCCB")) is owed
    assert (("TCCB", "1.1") in codes(owed_items(office.agency, DAY))) is owed


@pytest.mark.parametrize("column", ["released_at", "retired_at"])
def test_what_was_released_or_left_the_plan_is_not_owed(office, column):
    update(office, "TCCB", "1.1", **{column: timezone.now()})
    assert of_unit(office, "TCCB") == ["1.2", "1.3"]


@pytest.mark.parametrize(
    ("columns", "day", "runs"),
    [
        ({}, DAY, True),
        ({}, dt.date(2019, 11, 20), True),  # late is still owed
        ({}, dt.date(2019, 12, 31), True),
        ({}, dt.date(2020, 1, 1), False),
        ({"starts_on": dt.date(2019, 11, 14)}, DAY, False),
        ({"opened_at": None}, DAY, False),
        ({"closed_at": at(2019, 11, 12, 17)}, DAY, False),
        ({"closed_at": at(2019, 11, 14, 8)}, DAY, True),  # closed only the day after
        ({"is_history": True}, DAY, False),
    ],
)
def test_in_which_periods_something_is_owed(office, columns, day, runs):
    Period.objects.filter(pk=office.period.pk).update(**columns)
    assert bool(of_unit(office, "TCCB", day)) is runs
    assert bool(owed_items(office.agency, day)) is runs


def test_days_left_count_to_the_exclusive_date(office):
    item = owed_items(office.agency, DAY)[0]
    assert item.due_before == dt.date(2019, 11, 20)
    assert item.last_day == dt.date(2019, 11, 19)
    assert item.days_left(DAY) == 7
    assert item.days_left(dt.date(2019, 11, 19)) == 1
    assert item.days_left(dt.date(2019, 11, 20)) == 0
    assert item.days_left(dt.date(2019, 11, 21)) == -1
    assert item.area == "1. Chỉ đạo, điều hành"


def test_a_reopened_report_has_its_own_date_and_its_reason(office):
    office.send("TCCB", "1.1", at(2019, 11, 1))
    office.move("TCCB", "1.1", at(2019, 11, 2), "accept", "accepted")
    office.move(
        "TCCB",
        "1.1",
        at(2019, 11, 12),
        "reopen",
        "returned",
        reason="Số liệu cả năm",
        extended_to=dt.date(2019, 12, 15),
    )
    items = [i for i in owed_items(office.agency, DAY) if i.report.unit.code == "TCCB"]
    assert [(i.report.task.code, i.last_day) for i in items] == [
        ("1.2", dt.date(2019, 11, 19)),
        ("1.3", dt.date(2019, 11, 19)),
        ("1.1", dt.date(2019, 12, 15)),
    ]
    assert [i.why for i in items] == ["", "", "Số liệu cả năm"]
    assert of_unit(office, "TCCB") == ["1.2", "1.3", "1.1"]
    assert [report.why for report in owed_for_unit(office.units["TCCB"])][-1] == "Số liệu cả năm"


def test_the_reason_is_the_last_returns_and_only_of_a_returned_report(office):
    for n, reason in enumerate(("Thiếu số liệu", "Thiếu văn bản")):
        office.send("TCCB", "1.1", at(2019, 11, 1 + 2 * n))
        office.move("TCCB", "1.1", at(2019, 11, 2 + 2 * n), "return", "returned", reason=reason)
    office.send("KHTC", "1.1", at(2019, 11, 1))
    office.move("KHTC", "1.1", at(2019, 11, 2), "return", "returned", reason="Thiếu")
    office.send("KHTC", "1.1", at(2019, 11, 3))
    why = {(i.report.unit.code, i.report.task.code): i.why for i in owed_items(office.agency, DAY)}
    assert why["TCCB", "1.1"] == "Thiếu văn bản"
    assert why["TCCB", "1.2"] == ""
    assert ("KHTC", "1.1") not in why


def test_most_points_first_within_a_date(office):
    update(office, "TCCB", "1.3", stake=2)
    update(office, "TCCB", "1.2", stake=1)
    assert of_unit(office, "TCCB") == ["1.3", "1.2", "1.1"]


def test_an_earlier_date_comes_before_more_points(office):
    update(office, "TCCB", "1.3", stake=100)
    early = Period.objects.create(
        plan=office.plan,
        year=2019,
        kind="q3",
        starts_on=dt.date(2019, 1, 1),
        due_before=dt.date(2019, 11, 15),
        closes_on=dt.date(2019, 12, 31),
        opened_at=timezone.now(),
    )
    Report.objects.create(period=early, task=office.tasks[0], unit=office.units["TCCB"])
    items = [i for i in owed_items(office.agency, DAY) if i.report.unit.code == "TCCB"]
    assert [(i.due_before.day, i.report.task.code) for i in items][:2] == [(15, "1.1"), (20, "1.3")]


def test_a_past_day_is_read_from_history_at_its_hour(office):
    """A season replayed: what was sent at ten o'clock was still owed that morning."""
    office.send("TCCB", "1.1", at(2019, 11, 6, 10))
    office.move("TCCB", "1.1", at(2019, 11, 8, 10), "return", "returned", reason="Thiếu")

    def seen(day):
        day = dt.date(2019, 11, day)
        moment = moment_of(office.agency, day)
        return {
            item.report.task.code: (item.state, item.why)
            for item in owed_items(office.agency, day, moment)
            if item.report.unit.code == "TCCB"
        }

    assert seen(6)["1.1"] == ("not_started", "")
    assert "1.1" not in seen(7)
    assert seen(9)["1.1"] == ("returned", "Thiếu")
    assert moment_of(office.agency, dt.date(2019, 11, 12)) == at(2019, 11, 12, 7, 30)
    assert moment_of(office.agency, DAY) is None  # today as it is now


def test_another_agency_is_another_list(office):
    stranger = Office("SNV", tasks=1)
    assert {i.report.unit.agency_id for i in owed_items(office.agency, DAY)} == {office.agency.pk}
    assert len(owed_items(stranger.agency, DAY)) == 3


def test_one_query_however_long_the_list(office):
    def count():
        with CaptureQueriesContext(connection) as queries:
            for item in owed_items(office.agency, DAY):
                str(item.report), item.area, item.due_before, item.report.assignee
            for report in owed_for_unit(office.units["TCCB"]):
                str(report), str(report.task.area), report.due_before, report.assignee
        return len(queries)

    before = count()
    for n in range(4, 9):
        task = Task.objects.create(area=Area.objects.get(), code=f"1.{n}", title="Nữa", order=n)
        for unit in office.units.values():
            Report.objects.create(
                period=office.period, task=task, unit=unit, assignee=office.writers["TCCB"]
            )
    assert count() == before == 2


# -- Explanations -------------------------------------------------------------------------------


def ask(office, unit="TCCB", code="1.2.1", due=dt.date(2019, 11, 20)):
    by = Actor.of(office.heads["VP"], role=Role.COORDINATOR)
    question = Question(unit=office.units[unit], code=code, title="Tập huấn", text="Vì sao?")
    (made,) = explanations.ask(period=office.period, by=by, due_before=due, questions=[question])
    return made


def explained(items):
    return [
        (i.unit.code, i.explanation.code, i.why) for i in items if isinstance(i, OwedExplanation)
    ]


def answer(office, explanation):
    explanation.refresh_from_db()
    assert explanations.answer(
        explanation=explanation,
        by=Actor.of(office.heads["TCCB"], role=Role.HEAD),
        text="Vì thế.",
        version=explanation.version,
    )


def send_back(office, explanation, **more):
    by = Actor.of(office.heads["VP"], role=Role.COORDINATOR)
    assert explanations.return_(explanation=explanation, by=by, reason="Thiếu", **more)


def test_an_explanation_is_owed_until_it_is_sent_and_again_when_it_comes_back(office):
    explanation = ask(office)
    assert explained(owed_items(office.agency, DAY)) == [("TCCB", "1.2.1", "")]
    item = explanations_for_unit(office.units["TCCB"])[0]
    assert (item.due_before, item.days_left(DAY), item.thing) == (
        dt.date(2019, 11, 20),
        7,
        explanation,
    )
    answer(office, explanation)
    assert explained(owed_items(office.agency, DAY)) == []
    send_back(office, explanation)
    assert explained(owed_items(office.agency, DAY)) == [("TCCB", "1.2.1", "Thiếu")]
    assert explanations_for_unit(office.units["KHTC"]) == []
    explanations.withdraw(
        explanation=explanation, by=Actor.of(office.heads["VP"]), reason="Tỉnh đã thôi"
    )
    assert explained(owed_items(office.agency, DAY)) == []


def test_an_explanation_is_owed_when_no_period_runs(office):
    ask(office)
    Period.objects.filter(pk=office.period.pk).update(closed_at=at(2019, 11, 1))
    assert len(owed_items(office.agency, dt.date(2020, 2, 1))) == 1


def test_explanations_come_by_their_date_behind_the_reports_of_the_same(office):
    ask(office, code="2.1")
    ask(office, code="2.2", due=dt.date(2019, 11, 15))
    kinds = [type(item).__name__ for item in owed_items(office.agency, DAY)]
    assert kinds[0] == kinds[-1] == "OwedExplanation"
    assert set(kinds[1:-1]) == {"OwedReport"}


def test_a_past_day_knows_what_was_explained_then(office):
    with time_machine.travel(at(2019, 11, 5, 10)):
        explanation = ask(office)
    with time_machine.travel(at(2019, 11, 7, 10)):
        answer(office, explanation)
    with time_machine.travel(at(2019, 11, 9, 10)):
        send_back(office, explanation)
    with time_machine.travel(at(2019, 11, 11, 10)):
        answer(office, explanation)

    def seen(day):
        day = dt.date(2019, 11, day)
        return explained(owed_items(office.agency, day, moment_of(office.agency, day)))

    assert [day for day in range(4, 14) if seen(day)] == [6, 7, 10, 11]
    assert seen(7) == [("TCCB", "1.2.1", "")]
    assert seen(10) == [("TCCB", "1.2.1", "Thiếu")]


def test_another_agencys_explanations_are_another_list(office):
    stranger = Office("SNV", tasks=1)
    ask(stranger)
    assert explained(owed_items(office.agency, DAY)) == []
    assert len(explained(owed_items(stranger.agency, DAY))) == 1


def test_one_more_query_however_many_explanations(office):
    def count():
        with CaptureQueriesContext(connection) as queries:
            for item in owed_items(office.agency, DAY):
                str(item.unit), item.due_before, str(item.thing)
        return len(queries)

    ask(office)
    before = count()
    for n in range(5):
        ask(office, code=f"3.{n}")
    assert count() == before == 2
