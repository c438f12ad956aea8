"""The points that wait for each report, written where lists and mails order by them (R30)."""

import datetime as dt
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.history import Actor, record
from accounts.models import Agency, User
from plans.models import Period
from scoring import jobs, recounting
from scoring.models import CriteriaSet, Scorecard, ScorecardEvent
from scoring.risk import risks_of
from scoring.scorecards import compute
from scoring.stakes import write_all, write_stakes
from tasks import services
from tasks.contents import Content
from tasks.models import Correction, Report
from tasks.owing import owed_for_unit
from tasks.periods import release
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


# -- Following changes --------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch):
    """The periods that a worker has been asked to count, in order; nobody works them off."""
    found = []
    monkeypatch.setattr(recounting, "publish", lambda job, pk: found.append((job.name, pk)))
    return found


@pytest.fixture
def commit(django_capture_on_commit_callbacks):
    def committed():
        return django_capture_on_commit_callbacks(execute=True)

    return committed


@pytest.fixture
def people(period):
    unit = period.plan.agency.units.get(code="VP")
    return User.objects.create_user(
        "vp@example.vn", name="Văn phòng", unit=unit, roles=["coordinator"]
    )


JOB = "scoring.jobs.write_period_stakes"


def send(period, number):
    """``number`` reports that wait for points are waiting for review."""
    write_stakes(period, on=DAY)
    now = timezone.now()
    reports = list(Report.objects.filter(pk__in=stakes(period)).with_names()[:number])
    for report in reports:
        Report.objects.filter(pk=report.pk).update(
            state=State.SUBMITTED, first_submitted_at=now, submitted_at=now
        )
        report.refresh_from_db()
    return reports


def marks(period):
    period.refresh_from_db()
    return period.stakes_at, period.stakes_changed_at, period.stakes_asked_at


def test_many_accepted_at_once_ask_for_one_count(period, people, asked, commit):
    reports = send(period, 20)
    with commit():
        assert services.accept(reports=reports, by=Actor.of(people)) == 20
    assert asked == [(JOB, period.pk)]
    assert marks(period)[2] is not None
    assert period.stakes_behind
    there = stakes(period)
    assert recounting.recount(period.pk) > 0
    assert not {report.pk for report in reports} & set(stakes(period))
    assert stakes(period) != there
    assert marks(period)[2] is None
    assert not period.stakes_behind


def test_while_a_job_is_on_its_way_none_is_sent_again(period, people, asked, commit):
    first, second = send(period, 2)
    with commit():
        services.accept(reports=[first], by=Actor.of(people))
    before = marks(period)
    with commit():
        services.accept(reports=[second], by=Actor.of(people))
    assert len(asked) == 1
    assert marks(period)[1] > before[1]
    # Once it has begun, the next change asks again: the job may not have seen it.
    recounting.recount(period.pk)
    with commit():
        services.reopen(report=second, by=Actor.of(people), reason="Sai", until=DAY)
    assert len(asked) == 2


def test_a_message_that_was_lost_is_sent_again_by_a_later_change(period, people, asked, commit):
    first, second = send(period, 2)
    with commit():
        services.accept(reports=[first], by=Actor.of(people))
    later = timezone.now() + recounting.LOST_AFTER + dt.timedelta(seconds=1)
    with time_machine.travel(later), commit():
        services.accept(reports=[second], by=Actor.of(people))
    assert len(asked) == 2


def test_a_second_worker_counts_nothing(period, people, asked, commit):
    reports = send(period, 3)
    with commit():
        services.accept(reports=reports, by=Actor.of(people))
    assert recounting.recount(period.pk) > 0
    Report.objects.filter(period=period).update(stake=None)
    assert recounting.recount(period.pk) == 0
    assert stakes(period) == {}  # it has not looked


def test_what_is_undone_asks_for_nothing(period, people, asked, commit):
    first, second = send(period, 2)
    with commit():
        with pytest.raises(RuntimeError), transaction.atomic():
            services.accept(reports=[first], by=Actor.of(people))
            raise RuntimeError
        assert marks(period)[1] is None
    assert asked == []
    # Undone inside a change that stands: the one that stands is heard of.
    with commit(), transaction.atomic():
        with pytest.raises(RuntimeError), transaction.atomic():
            services.accept(reports=[first], by=Actor.of(people))
            raise RuntimeError
        services.accept(reports=[second], by=Actor.of(people))
    assert asked == [(JOB, period.pk)]


def test_a_draft_that_saves_itself_asks_for_nothing(period, asked, commit):
    report = Report.objects.filter(period=period, task__code="1.2").with_names().first()
    writer = User.objects.create_user(
        "viet@example.vn", name="Người viết", unit=report.unit, roles=["reporter"]
    )
    indicators = services.asked_indicators(report)
    with commit():
        services.save(
            report=report,
            by=Actor.of(writer),
            base_version=report.version,
            content=Content(text="Đang làm"),
            indicators=indicators,
            answers={},
        )
    assert report.version > 0
    assert asked == []
    assert marks(period)[1] is None


def test_releases_corrections_cards_and_plans_are_heard_of(period, people, asked, commit):
    by = Actor.of(people)
    report = send(period, 1)[0]
    card = Scorecard.objects.create(
        agency=period.plan.agency, year=2019, criteria_set=CriteriaSet.objects.get()
    )

    def correct():
        Correction.objects.create(
            **by.columns(), report=report, indicator=report.task.indicators.first(), before="1"
        )

    for change in (
        lambda: release(report=report, by=by, reason="Không có"),
        correct,
        lambda: ScorecardEvent.objects.create(**by.columns(), scorecard=card, action="override"),
        lambda: record(by=by, agency=period.plan.agency_id, action="Nạp", of=period.plan),
        lambda: record(by=by, agency=period.plan.agency_id, action="Nạp", of=card.criteria_set),
    ):
        asked.clear()
        Period.objects.update(stakes_asked_at=None)
        with commit(), transaction.atomic():
            change()
        assert asked == [(JOB, period.pk)], change


def test_other_agencies_and_closed_periods_are_left_alone(period, asked, commit):
    other = Agency.objects.create(code="SNV", name="Sở khác")
    with commit():
        record(by=Actor.system(), agency=other, action="Nạp", of=other)
        record(by=Actor.system(), agency=other, action="Nạp", of=period.plan)
    assert asked == []
    with time_machine.travel(dt.datetime(2020, 2, 1, tzinfo=dt.UTC)), commit():
        record(by=Actor.system(), agency=period.plan.agency_id, action="Nạp", of=period.plan)
    assert asked == []


def test_a_count_that_began_earlier_does_not_overwrite_a_later_one(period):
    write_stakes(period, on=DAY)
    written = stakes(period)
    Period.objects.update(stakes_at=timezone.now() + dt.timedelta(minutes=1))
    CriteriaSet.objects.all().delete()
    assert write_stakes(period, on=DAY) == 0
    assert stakes(period) == written


def test_accepting_costs_two_queries_more_whatever_is_accepted(
    period, people, asked, commit, monkeypatch
):
    reports = send(period, 12)

    def cost(some):
        with CaptureQueriesContext(connection) as captured, commit():
            services.accept(reports=some, by=Actor.of(people))
        return len(captured)

    def unheard(some):
        with monkeypatch.context() as patch:
            patch.setattr(recounting, "ask", lambda what: None)
            return cost(some)

    assert cost(reports[:3]) - unheard(reports[3:6]) <= 2
    assert cost(reports[6:9]) - unheard(reports[9:12]) <= 3  # a job is on its way


def test_the_list_says_when_its_points_were_counted_only_where_they_may_be_others(
    period, people, client, asked, commit
):
    first = send(period, 1)
    head = User.objects.create_user(
        "truong@example.vn", name="Trưởng", unit=first[0].unit, roles=["head"]
    )
    client.force_login(head, backend="accounts.backends.EmailBackend")
    address = reverse("todo")
    assert "điểm tính lúc" not in client.get(address).content.decode()
    with commit():
        services.accept(reports=first, by=Actor.of(people))
    assert "điểm tính lúc" in client.get(address).content.decode()
    recounting.recount(period.pk)
    assert "điểm tính lúc" not in client.get(address).content.decode()


def test_the_sweep_makes_up_for_a_lost_job(period, people, asked, commit):
    reports = send(period, 3)
    with commit():
        services.accept(reports=reports, by=Actor.of(people))
    jobs.write_stakes()
    assert not {report.pk for report in reports} & set(stakes(period))
    period.refresh_from_db()
    assert not period.stakes_behind
