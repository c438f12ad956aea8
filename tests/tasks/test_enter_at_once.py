"""The office and the unit at one report at the same moment: one of them wins, and the other one is told (R2b, R14)."""

import datetime as dt

import pytest
import time_machine
from report_office import Office, at
from test_save_together import at_once

from accounts.models import Mail, Role
from tasks import services, substitutions
from tasks.contents import Content
from tasks.models import Substitution, Transition, Version
from tasks.services import Conflict, Refused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9), tick=True):
        yield


@pytest.fixture
def office(morning):
    return Office(tasks=2)


def by_office(office):
    return office.by(office.coordinator, Role.COORDINATOR)


def start(office, report):
    return substitutions.start(
        report=report,
        by=by_office(office),
        kind="zalo",
        basis="Ông An báo",
        basis_date=dt.date(2019, 11, 12),
    )


def filled_in(office):
    """Report 1.2 with something entered by the office; and who acts for the unit."""
    report = office.find("1.2")
    start(office, report)
    actor = substitutions.acting(by_office(office), report)
    services.save(
        report=report,
        by=actor,
        base_version=report.version,
        content=Content(text="Đã làm."),
        indicators=[],
        answers={},
    )
    return actor


def test_two_of_the_office_begin_once(office):
    one, two = office.find("1.2"), office.find("1.2")
    results = at_once(lambda: start(office, one), lambda: start(office, two))
    assert {type(result) for result in results} == {Substitution, Refused}
    (entry,) = Substitution.objects.all()
    assert office.find("1.2").substitution == entry


def test_the_unit_writes_or_the_office_begins(office):
    one, two = office.find("1.2"), office.find("1.2")
    saved, begun = at_once(lambda: office.save(one, text="Của đơn vị"), lambda: start(office, two))
    report = office.find("1.2")
    if isinstance(begun, Refused):
        assert (report.text, report.being_entered) == ("Của đơn vị", False)
    else:
        assert isinstance(saved, Conflict)
        assert (report.text, report.being_entered) == ("", True)


def test_the_unit_takes_over_or_the_office_sends(office):
    actor = filled_in(office)
    one, two = office.find("1.2"), office.find("1.2")
    taken, sent = at_once(
        lambda: substitutions.take_over(report=one, by=office.by(office.head, Role.HEAD)),
        lambda: substitutions.send(report=two, by=actor),
    )
    report, (entry,) = office.find("1.2"), Substitution.objects.all()
    if taken is True:
        assert isinstance(sent, Refused | Conflict)
        assert (report.state, report.substitution, entry.end) == ("draft", None, "taken_over")
        assert not Version.objects.exists()
    else:
        assert (taken, sent) == (False, True)
        assert (report.state, report.substitution, entry.end) == ("submitted", entry, "sent")
    assert Mail.objects.filter(user=office.head).count() == (taken is not True)


def test_two_clicks_send_once(office):
    actor = filled_in(office)
    one, two = office.find("1.2"), office.find("1.2")
    results = at_once(
        lambda: substitutions.send(report=one, by=actor),
        lambda: substitutions.send(report=two, by=actor),
    )
    assert sorted(results) == [False, True]
    assert Transition.objects.filter(action="submit").count() == Version.objects.count() == 1
    assert Mail.objects.filter(user=office.head).count() == 1


def test_the_unit_objects_or_the_office_accepts(office):
    substitutions.send(report=office.find("1.2"), by=filled_in(office))
    one, two = office.find("1.2"), office.find("1.2")
    said, accepted = at_once(
        lambda: substitutions.object_to(
            report=one, by=office.by(office.head, Role.HEAD), text="Không đúng."
        ),
        lambda: services.accept(reports=[two], by=by_office(office)),
    )
    report = office.find("1.2")
    if accepted == 1:
        assert isinstance(said, Refused)
        assert (report.state, report.substitution.is_objected) == ("accepted", False)
    else:
        assert (accepted, said) == (0, True)
        assert (report.state, report.substitution.is_objected) == ("submitted", True)
