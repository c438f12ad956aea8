"""Working days: the package, the agency's exceptions on top (R20), and the dates inside the agency (R4)."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Agency
from plans.calendar import WorkCalendar, calendar_of, internal_dates
from plans.models import CalendarDay

DAYS = st.dates(dt.date(2018, 1, 1), dt.date(2027, 12, 31))


def test_weekends_and_holidays_are_not_worked():
    calendar = WorkCalendar()
    assert calendar.is_working(dt.date(2019, 11, 15))
    assert not calendar.is_working(dt.date(2019, 11, 16))  # Saturday
    assert not calendar.is_working(dt.date(2019, 9, 2))  # National Day
    assert not calendar.is_working(dt.date(2019, 2, 5))  # Tết


def test_exceptions_of_the_agency_win():
    # What the package does not know: 02/01/2026 off, Saturday 10/01/2026 worked for it.
    calendar = WorkCalendar({dt.date(2026, 1, 2): False, dt.date(2026, 1, 10): True})
    assert not calendar.is_working(dt.date(2026, 1, 2))
    assert calendar.is_working(dt.date(2026, 1, 10))
    assert calendar.next_working(dt.date(2026, 1, 1)) == dt.date(2026, 1, 5)


def test_internal_dates_of_2019():
    assert internal_dates(dt.date(2019, 11, 20), WorkCalendar()) == (
        dt.date(2019, 11, 6),
        dt.date(2019, 11, 12),
        dt.date(2019, 11, 15),
    )


def test_adding_nothing_is_the_day_itself():
    assert WorkCalendar().add_working(dt.date(2019, 11, 17), 0) == dt.date(2019, 11, 17)


@given(DAYS, st.integers(1, 40))
def test_adding_and_taking_away_meet_again(day, count):
    calendar = WorkCalendar()
    later = calendar.add_working(day, count)
    assert later > day
    assert calendar.is_working(later)
    worked = sum(
        calendar.is_working(day + dt.timedelta(days=n)) for n in range(1, (later - day).days + 1)
    )
    assert worked == count
    if calendar.is_working(day):
        assert calendar.add_working(later, -count) == day


@given(DAYS)
def test_next_and_previous_enclose_a_day(day):
    calendar = WorkCalendar()
    before, after = calendar.previous_working(day), calendar.next_working(day)
    assert before <= day <= after
    assert (before == day) == (after == day) == calendar.is_working(day)


@pytest.mark.django_db
def test_the_calendar_of_an_agency_is_one_query(django_assert_num_queries):
    agency, other = (Agency.objects.create(code=code, name=code) for code in ("A", "B"))
    CalendarDay.objects.create(agency=agency, day=dt.date(2019, 11, 16), is_working=True)
    CalendarDay.objects.create(agency=other, day=dt.date(2019, 11, 15), is_working=False)
    with django_assert_num_queries(1):
        calendar = calendar_of(agency)
    assert calendar.is_working(dt.date(2019, 11, 16))
    assert calendar.is_working(dt.date(2019, 11, 15))
