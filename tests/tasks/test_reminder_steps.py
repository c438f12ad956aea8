"""On which days a date is reminded of (R20), and what a late run makes up (R23)."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from plans.calendar import WorkCalendar
from tasks.reminding import Step, step_on, step_text, steps, urgency

DUE = dt.date(2019, 11, 20)
CLOSES = dt.date(2019, 12, 31)


def season(due=DUE, closes=CLOSES, calendar=None, before=(30, 14, 7, 3, 1), days=5, every=7):
    return steps(due, closes, calendar or WorkCalendar(), before, days, every)


def test_the_season_of_2019():
    assert [(step.code, f"{step.day:%d/%m}", step.overdue) for step in season()] == [
        ("before-30", "21/10", 0),
        ("before-14", "06/11", 0),
        ("before-7", "13/11", 0),
        ("before-3", "15/11", 0),  # 17/11 is a Sunday
        ("before-1", "19/11", 0),
        ("overdue-1", "20/11", 1),
        ("overdue-2", "21/11", 2),
        ("overdue-3", "22/11", 3),
        ("overdue-4", "25/11", 4),
        ("overdue-5", "26/11", 5),
        ("weekly-1", "03/12", 6),
        ("weekly-2", "10/12", 7),
        ("weekly-3", "17/12", 8),
        ("weekly-4", "24/12", 9),
        ("weekly-5", "31/12", 10),  # the last day of the period still counts
    ]


def test_steps_on_one_day_are_one_the_nearest_to_the_date():
    # Before Monday 18/11/2019 both 3 and 1 days lead to Friday the 15th.
    found = season(due=dt.date(2019, 11, 18), before=(3, 1, 2))
    assert [(step.code, step.day) for step in found if not step.overdue] == [
        ("before-1", dt.date(2019, 11, 15))
    ]


def test_a_swapped_day_moves_a_step():
    off = {dt.date(2019, 11, 13): False, dt.date(2019, 11, 20): False}
    found = {step.code: step.day for step in season(calendar=WorkCalendar(off))}
    assert found["before-7"] == dt.date(2019, 11, 12)
    assert found["overdue-1"] == dt.date(2019, 11, 21)
    assert found["overdue-5"] == dt.date(2019, 11, 27)


def test_nothing_after_the_period_closes():
    assert season(closes=dt.date(2019, 11, 21))[-1].code == "overdue-2"
    assert season(closes=DUE)[-1].code == "overdue-1"


def test_settings_without_overdue_days_or_repeats():
    assert [s.code for s in season(before=(1,), days=0, closes=dt.date(2019, 11, 28))] == [
        "before-1",
        "weekly-1",
    ]
    assert season(before=(), days=2, every=0)[-1].code == "overdue-2"


@given(
    due=st.dates(dt.date(2018, 1, 1), dt.date(2027, 6, 30)),
    open_for=st.integers(0, 90),
    before=st.lists(st.integers(1, 365), max_size=8),
    days=st.integers(0, 15),
    every=st.integers(1, 30),
    swapped=st.dictionaries(st.integers(-40, 90), st.booleans(), max_size=20),
)
def test_properties(due, open_for, before, days, every, swapped):
    closes = due + dt.timedelta(days=open_for)
    calendar = WorkCalendar({due + dt.timedelta(days=n): on for n, on in swapped.items()})
    found = steps(due, closes, calendar, before, days, every)
    order = [step.day for step in found]
    assert order == sorted(set(order))
    assert all(calendar.is_working(day) for day in order)
    assert all((step.day < due) == (step.overdue == 0) for step in found)
    assert all(step.day <= closes for step in found)
    assert [s.overdue for s in found if s.overdue] == list(
        range(1, len([s for s in found if s.overdue]) + 1)
    )
    assert len({step.code for step in found}) == len(found)
    assert all(" " not in step.code and len(step.code) <= 11 for step in found)


def test_a_missed_morning_is_made_up_within_two_days():
    plan = season()
    missed = dt.date(2019, 11, 6)
    ran_before = dt.date(2019, 11, 5)
    for later, expected in ((0, "before-14"), (1, "before-14"), (2, "before-14"), (3, None)):
        step = step_on(plan, missed + dt.timedelta(days=later), ran_before)
        assert (step and step.code) == expected


def test_only_the_next_run_makes_it_up():
    plan = season()
    assert step_on(plan, dt.date(2019, 11, 8), last_run=dt.date(2019, 11, 7)) is None


def test_of_several_missed_mornings_only_the_latest_goes_out():
    step = step_on(season(), dt.date(2019, 11, 23), last_run=dt.date(2019, 11, 19))
    assert step is not None
    assert step.code == "overdue-3"


def test_words_and_order_of_steps():
    assert step_text("before-7") == "Trước hạn 7 ngày"
    assert step_text("overdue-2@191211") == "Quá hạn, ngày làm việc thứ 2"
    assert step_text("weekly-3") == "Quá hạn, nhắc lại lần 3"
    day = dt.date(2019, 11, 20)
    some = [
        Step("before-7", day),
        Step("weekly-1", day, 6),
        Step("before-1", day),
        Step("overdue-1", day, 1),
    ]
    assert [s.code for s in sorted(some, key=urgency)] == [
        "weekly-1",
        "overdue-1",
        "before-1",
        "before-7",
    ]
