"""Who may do what with a report in each state, and who may read it (R2, R3)."""

import datetime as dt

import pytest
import time_machine
from cast import OWN, PEOPLE, STATES, STRANGERS, TODAY, Cast
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Role, User
from accounts.permissions import allows
from plans.permissions import TABLE as PLANS
from scoring.permissions import TABLE as SCORING
from tasks.models import Document, Evidence, Report
from tasks.permissions import (
    IN_A_LIVE_PERIOD,
    OF_OWN_UNIT,
    TABLE,
    can,
    require,
    require_read,
    why_not,
)

PERSONS = [name for name in PEOPLE if name != "anonymous"]
OWED = {"not_started", "draft", "returned"}
SENT = {"submitted", "returned", "accepted"}
# action -> who may, on a report of TCCB in which states
MAY = {
    "report_write": ({"head", "officer"}, OWED),
    "report_hand_up": ({"officer"}, OWED),
    "report_hand_back": ({"head"}, OWED),
    "report_submit": ({"head"}, OWED),
    "report_take_over": ({"head", "officer"}, set(STATES)),
    "report_object": ({"head", "officer"}, set(STATES)),
    # In which state the office's actions do something is the services' business.
    "report_accept": ({"office"}, set(STATES)),
    "report_return": ({"office"}, set(STATES)),
    "report_reopen": ({"office"}, set(STATES)),
    "report_release": ({"office"}, set(STATES)),
    "report_correct": ({"office"}, set(STATES)),
    "report_enter": ({"office"}, OWED),
}
READ = {
    "head": set(STATES),
    "officer": set(STATES),
    "office": SENT,
    "leader": SENT,
    "other_head": SENT,  # has the same task
}


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(TODAY):
        yield


@pytest.fixture
def cast(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return Cast()


def report_of(cast, state):
    return Report.objects.with_names().get(pk=cast.reports[state].pk)


# -- Doing --------------------------------------------------------------------------------------


def test_every_action_on_a_report_is_in_this_test():
    assert set(MAY) == OF_OWN_UNIT | IN_A_LIVE_PERIOD


@pytest.mark.parametrize("action", MAY)
def test_who_may_do_what_in_which_state(cast, action):
    people, states = MAY[action]
    found = {
        (name, state)
        for name in PERSONS
        for state in STATES
        if can(cast.people[name], action, report_of(cast, state))
    }
    assert found == {(name, state) for name in people for state in states}


@pytest.mark.parametrize("action", MAY)
@pytest.mark.parametrize("name", PERSONS)
def test_a_refusal_says_why_in_vietnamese(cast, action, name):
    for state in STATES:
        report = report_of(cast, state)
        reason = why_not(cast.people[name], action, report)
        if reason is None:
            require(cast.people[name], action, report)
            continue
        assert reason.endswith(".")
        assert any(letter in reason.lower() for letter in "ăâđêôơưạảãàáậấ")
        with pytest.raises(PermissionDenied, match=reason.split(".")[0][:40]):
            require(cast.people[name], action, report)


def test_who_may_what_without_a_report():
    """One role each: the tables of the three apps as rows of people."""
    for table in (TABLE, PLANS, SCORING):
        for action, roles in table.items():
            assert roles, action
            assert roles <= set(Role), action
    nobody = User(is_active=True)
    gone = User(is_active=False)
    gone.roles = frozenset(Role)
    for table in (TABLE, PLANS, SCORING):
        for action in table:
            assert not allows(table, nobody, action)
            assert not allows(table, gone, action), "who left has no rights in a job either"


def test_an_unknown_action_is_a_mistake_not_a_right(cast):
    with pytest.raises(KeyError):
        can(cast.people["office"], "report_sumbit")


def test_administrators_and_operators_do_nothing_with_reports(cast):
    for name in ("administrator", "superuser"):
        for state in STATES:
            for action in MAY:
                assert not can(cast.people[name], action, report_of(cast, state))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"closed_at": TODAY - dt.timedelta(days=1)}, "đã khóa ngày 12/11/2019"),
        ({"is_history": True}, "số liệu lịch sử"),
        (
            {"closes_on": dt.date(2019, 11, 12), "due_before": dt.date(2019, 11, 1)},
            "đã khóa ngày 12/11/2019",
        ),
    ],
)
def test_in_a_closed_period_nobody_does_anything(cast, columns, said):
    type(cast.period).objects.filter(pk=cast.period.pk).update(**columns)
    for action, (people, states) in MAY.items():
        for name in people:
            reason = why_not(cast.people[name], action, report_of(cast, min(states)))
            assert said in reason, (action, name)


def test_late_is_not_locked(cast):
    """R4: from the date on it is late; it is locked only after its last day."""
    report = report_of(cast, "draft")
    for day, may in ((dt.date(2019, 11, 20), True), (dt.date(2019, 12, 31), True)):
        assert (why_not(cast.people["head"], "report_submit", report, on=day) is None) == may
    assert "đã khóa" in why_not(
        cast.people["head"], "report_submit", report, on=dt.date(2020, 1, 1)
    )


def test_what_was_released_or_left_the_plan_is_not_written(cast):
    Report.objects.filter(pk=cast.report.pk).update(
        released_at=timezone.now(), released_reason="không có chức năng này"
    )
    reason = why_not(cast.people["head"], "report_write", report_of(cast, "draft"))
    assert "không có chức năng này" in reason
    assert can(cast.people["office"], "report_release", report_of(cast, "draft"))  # taken back
    Report.objects.filter(pk=cast.report.pk).update(released_at=None, retired_at=timezone.now())
    for name, action in (("head", "report_write"), ("office", "report_release")):
        assert "thôi áp dụng" in why_not(cast.people[name], action, report_of(cast, "draft"))


# -- Reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PERSONS)
def test_who_reads_a_report_in_which_state(cast, name):
    user = cast.people[name]
    seen = set(Report.objects.visible_to(user).values_list("pk", flat=True))
    ours = {cast.reports[state].pk for state in READ.get(name, ())}
    theirs = {r.pk for s, r in cast.other.reports.items() if name in STRANGERS}
    if name == "stranger_office":
        theirs = {cast.other.reports[s].pk for s in SENT}
    assert seen == ours | theirs
    for state in STATES:
        report = report_of(cast, state)
        if report.pk in seen:
            require_read(user, report)
        else:
            with pytest.raises(PermissionDenied):
                require_read(user, report)


@pytest.mark.parametrize("name", PERSONS)
def test_an_agency_never_sees_another(cast, name):
    user = cast.people[name]
    house = cast.other if name in STRANGERS else cast.own
    for rows in (
        Report.objects.visible_to(user),
        Report.objects.in_agency_of(user),
        Document.objects.visible_to(user),
        Evidence.objects.visible_to(user),
    ):
        for row in rows:
            report = getattr(row, "report", row)
            agency = getattr(report, "agency_id", None) or report.unit.agency_id
            assert agency == house.agency.pk
    if name == "superuser":
        assert not Report.objects.in_agency_of(user).exists()
        assert not Document.objects.visible_to(user).exists()


def test_who_was_moved_takes_no_drafts_along(cast):
    officer = cast.people["officer"]
    officer.unit = cast.units["TTRA"]
    officer.save()
    assert not Report.objects.visible_to(officer).exists()
    assert not Evidence.objects.visible_to(officer).exists()
    assert not can(officer, "report_write", report_of(cast, "draft"))


def test_who_has_no_role_any_more_reads_nothing(cast):
    head = cast.people["head"]
    head.roles = []
    head.save()
    assert not Report.objects.visible_to(head).exists()
    assert not Document.objects.visible_to(head).exists()


def test_the_office_does_not_read_its_own_units_drafts_by_that_role_alone(cast):
    """Chánh Văn phòng reads them as head of VP, not as coordinator."""
    Report.objects.filter(pk=cast.report.pk).update(unit=cast.units["VP"])
    office = cast.people["office"]
    assert not Report.objects.visible_to(office).filter(pk=cast.report.pk).exists()
    office.roles = [Role.COORDINATOR, Role.HEAD]
    office.save()
    assert Report.objects.visible_to(office).filter(pk=cast.report.pk).exists()
    assert can(office, "report_submit", report_of(cast, "draft"))


def test_accepting_ones_own_units_report_is_possible(cast):
    office = cast.people["office"]
    office.unit, office.roles = cast.units["TCCB"], [Role.COORDINATOR, Role.HEAD]
    office.save()
    assert can(office, "report_accept", report_of(cast, "submitted"))


# -- Documents ----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
def test_evidence_is_read_by_who_reads_the_report(cast, state):
    Evidence.objects.filter(pk=cast.evidence.pk).update(
        report=cast.reports[state], added_at=TODAY - dt.timedelta(days=1)
    )
    document = cast.evidence.document
    for name in OWN:
        user = cast.people[name]
        expected = state in READ.get(name, ())
        assert Evidence.objects.visible_to(user).filter(pk=cast.evidence.pk).exists() == expected
        owner = name in {"head", "officer"}  # whose unit registered it
        seen = Document.objects.visible_to(user).filter(pk=document.pk).exists()
        assert seen == (expected or owner), (name, state)


def test_what_is_added_after_a_return_is_a_draft_again(cast):
    Evidence.objects.filter(pk=cast.evidence.pk).update(
        report=cast.reports["returned"], added_at=TODAY + dt.timedelta(minutes=1)
    )
    for name in OWN:
        seen = Evidence.objects.visible_to(cast.people[name]).exists()
        assert seen == (name in {"head", "officer"}), name


def test_reading_asks_the_database_once_whatever_there_is(cast):
    for name in ("office", "head", "leader"):
        with CaptureQueriesContext(connection) as queries:
            list(Report.objects.visible_to(cast.people[name]))
        assert len(queries) == 1
