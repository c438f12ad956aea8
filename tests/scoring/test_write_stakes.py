"""The points that wait for each report, written where lists and mails order by them (R30)."""

import datetime as dt
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Agency
from plans.models import Period
from scoring.models import CriteriaSet
from scoring.risk import risks_of
from scoring.scorecards import compute
from scoring.stakes import write_all, write_stakes
from tasks.models import Report
from tasks.owing import owed_for_unit
from tasks.states import State

pytestmark = pytest.mark.django_db
DATA = Path(__file__).resolve().parents[2] / "data"
DAY = dt.date(2019, 11, 13)


@pytest.fixture
def period():
    with time_machine.travel(dt.datetime(2019, 11, 13, 9, tzinfo=timezone.get_default_timezone())):
        call_command("import_plan", str(DATA / "plan-2019-2020.yaml"), verbosity=0)
        call_command("open_period", plan="KH-CCHC-2019-2020", year=2019, verbosity=0)
        call_command("import_criteria", str(DATA / "criteria-sample.yaml"), verbosity=0)
        yield Period.objects.select_related("plan__agency").get(year=2019)


def stakes(period):
    return dict(
        Report.objects.filter(period=period, stake__isnull=False).values_list("pk", "stake")
    )


def test_each_report_has_what_its_leaves_can_still_win(period):
    assert write_stakes(period, on=DAY) > 0
    expected = defaultdict(Fraction)
    for risk in risks_of(compute(period, CriteriaSet.objects.get()), on=DAY).rows:
        for report in risk.holders:
            expected[report.pk] += risk.winnable
    written = stakes(period)
    assert set(written) == {pk for pk, points in expected.items() if points}
    for pk, points in written.items():
        assert abs(Fraction(points) - expected[pk]) <= Fraction(1, 20000)


def test_a_second_time_changes_nothing_and_touches_no_work(period):
    before = list(Report.objects.order_by("pk").values_list("version", "updated_at", "state"))
    write_stakes(period, on=DAY)
    assert (
        list(Report.objects.order_by("pk").values_list("version", "updated_at", "state")) == before
    )
    assert write_stakes(period, on=DAY) == 0


def test_an_accepted_report_waits_for_no_points(period):
    write_stakes(period, on=DAY)
    pk = next(iter(stakes(period)))
    now = timezone.now()
    Report.objects.filter(pk=pk).update(
        state=State.ACCEPTED, first_submitted_at=now, submitted_at=now
    )
    write_stakes(period, on=DAY)
    assert pk not in stakes(period)


def test_most_points_come_first_in_the_unit_s_list(period):
    write_stakes(period, on=DAY)
    unit = Agency.objects.get().units.get(code="KHTC")
    points = [report.stake or 0 for report in owed_for_unit(unit, DAY)]
    assert points == sorted(points, reverse=True)
    assert points[0] > 0


def test_without_criteria_there_are_no_points_and_old_ones_go(period):
    write_stakes(period, on=DAY)
    CriteriaSet.objects.all().delete()
    assert write_all(DAY) > 0
    assert stakes(period) == {}


def test_only_running_periods_are_written(period):
    assert write_all(dt.date(2018, 5, 1)) == 0
    assert write_all(DAY) > 0
    assert write_all(dt.date(2020, 1, 1)) == 0  # closed: what was written stays as history
