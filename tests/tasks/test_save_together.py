"""Several people in one report at the same moment: one of two wins, and the other one is told (R14)."""

import threading
import time

import pytest
import time_machine
from django.db import connection, transaction
from report_office import Office, at

from accounts.models import AuditEntry, Role
from tasks import services
from tasks.contents import stored_content
from tasks.models import Answer, Document, Report, Transition, Version
from tasks.periods import close_period

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9), tick=True):
        yield


@pytest.fixture
def office(morning):
    return Office(tasks=2)


def at_once(*works):
    """Run ``works`` in threads that start together; what each returned or raised."""
    start = threading.Barrier(len(works))
    results = [None] * len(works)

    def run(place, work):
        try:
            start.wait(10)
            results[place] = work()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return results


def by_head(office):
    return office.by(office.head, Role.HEAD)


def ready(office):
    """Report 1.2, filled in; read anew by whoever wants to do something with it."""
    office.save(office.find("1.2"))
    return lambda: office.find("1.2")


def test_two_submits_are_one(office):
    report = ready(office)
    one, two = report(), report()
    results = at_once(
        lambda: services.submit(report=one, by=by_head(office)),
        lambda: services.submit(report=two, by=by_head(office)),
    )
    assert sorted(results) == [False, True]
    assert Transition.objects.filter(action="submit").count() == Version.objects.count() == 1


def test_a_submit_during_a_close_waits_and_is_refused(office):
    report = ready(office)()
    closing = threading.Event()
    period = office.period

    def close():
        with transaction.atomic():
            close_period(period=period, by=by_head(office), reason="Tổng kết sớm")
            closing.set()
            time.sleep(0.5)  # the submit below starts now and must not slip in before the commit

    def submit():
        closing.wait(10)
        return services.submit(report=report, by=by_head(office))

    results = at_once(close, submit)
    assert isinstance(results[1], services.Refused), results
    assert office.find("1.2").state == "draft"
    assert not Version.objects.exists()


def test_of_two_saves_on_one_version_one_is_a_conflict(office):
    reports = [office.find("1.2") for _ in range(4)]

    def save(n):
        return lambda: office.save(reports[n], base=0, text=f"Bản {n}")

    results = at_once(*(save(n) for n in range(4)))
    conflicts = [result for result in results if isinstance(result, services.Conflict)]
    (winner,) = [n for n, result in enumerate(results) if isinstance(result, Report)]
    assert len(conflicts) == 3, results
    stored = office.find("1.2")
    assert (stored.text, stored.version) == (f"Bản {winner}", 1)
    assert AuditEntry.objects.filter(action=services.SAVED).count() == 1
    assert Transition.objects.filter(action="start").count() == 1
    assert all(conflict.report.text == f"Bản {winner}" for conflict in conflicts)


def test_a_save_against_a_submit_leaves_what_was_submitted(office):
    report = ready(office)
    one, two = report(), report()
    save, submit = at_once(
        lambda: office.save(one, text="Viết thêm"),
        lambda: services.submit(report=two, by=by_head(office)),
    )
    assert submit is True
    stored = report()
    assert stored.state == "submitted"
    (version,) = Version.objects.all()
    assert version.content["text"] == stored.text
    if isinstance(save, services.Conflict):
        assert stored.text == "Đã làm."
    else:
        assert stored.text == "Viết thêm"


def test_two_hand_ups_and_two_hand_backs_are_one_each(office):
    report = ready(office)
    writer = office.by(office.writer, Role.REPORTER)
    one, two = report(), report()
    assert sorted(
        at_once(
            lambda: services.hand_up(report=one, by=writer),
            lambda: services.hand_up(report=two, by=writer),
        )
    ) == [False, True]
    one, two = report(), report()
    assert sorted(
        at_once(
            lambda: services.hand_back(report=one, by=by_head(office), reason="Sửa"),
            lambda: services.hand_back(report=two, by=by_head(office), reason="Sửa"),
        )
    ) == [False, True]
    assert Transition.objects.filter(action__in=["hand_up", "hand_back"]).count() == 2


def test_two_units_that_register_the_same_document_share_it(office):
    from tasks.answer_forms import read_form

    def fill(report, user):
        indicators = services.asked_indicators(report)
        answers = {}
        content = stored_content(report, answers)
        typed = read_form(office.full(), indicators, today=at(2019, 11, 13).date())
        content.answers, content.text = typed.content.answers, "Đã làm."
        return services.save(
            report=report,
            by=office.by(user),
            base_version=0,
            content=content,
            indicators=indicators,
            answers=answers,
        )

    ours, theirs = office.find("1.1"), office.find("1.1", "KHTC")
    results = at_once(lambda: fill(ours, office.writer), lambda: fill(theirs, office.other_head))
    assert all(isinstance(result, Report) for result in results), results
    document = Document.objects.get()
    assert Answer.objects.filter(document=document).count() == 2


def test_eight_writers_in_eight_reports_all_succeed(office):
    """R36 and the bench: SQLite waits for its turn instead of failing."""
    from plans.models import Task

    reports = []
    for n in range(8):
        task = Task.objects.create(area=office.area, code=f"1.{n + 10}", title="x", order=n + 10)
        office.add_report(task, "TCCB")
        reports.append(office.find(task.code))

    def save(report):
        def work():
            for n in range(5):
                office.save(report, text=f"Bản {n}")
            return report.version

        return work

    assert at_once(*(save(report) for report in reports)) == [5] * 8
