"""Two people at one explanation at the same moment: one of them wins, nothing is done twice (R14)."""

import pytest
import time_machine
from explaining_office import Office
from report_office import at
from test_save_together import at_once

from accounts.models import AuditEntry, Mail
from tasks import explanations
from tasks.models import Explanation
from tasks.services import Refused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(at(2019, 11, 13, 9), tick=True):
        yield


@pytest.fixture
def office(morning):
    return Office(tasks=1)


def test_two_clicks_ask_once(office):
    results = at_once(*[lambda: office.ask(office.question())] * 2)
    assert sorted(len(made) for made in results) == [0, 1]
    assert Explanation.objects.count() == Mail.objects.count() == 1


def test_two_writers_at_once_keep_one_and_tell_the_other(office):
    explanation = office.asked()
    results = at_once(
        *[
            lambda text=text: explanations.write(
                explanation=explanation, by=office.boss(), text=text, version=0
            )
            for text in ("Một.", "Hai.")
        ]
    )
    changed = [one for one in results if isinstance(one, explanations.Changed)]
    assert len(changed) == 1
    assert changed[0].current.answer == office.now(explanation).answer
    assert explanation.version == 1


def test_an_answer_during_a_withdrawal_comes_before_or_after(office):
    explanation = office.asked()
    results = at_once(
        lambda: explanations.answer(
            explanation=explanation, by=office.boss(), text="Đây.", version=0
        ),
        lambda: explanations.withdraw(explanation=explanation, by=office.clerk(), reason="Thôi"),
    )
    assert results[1] is True
    assert results[0] is True or isinstance(results[0], Refused)
    assert office.now(explanation).state == "withdrawn"


def test_taking_and_returning_at_once_is_one_of_both(office):
    explanation = office.answered()
    results = at_once(
        lambda: explanations.take(explanation=explanation, by=office.clerk()),
        lambda: explanations.return_(explanation=explanation, by=office.clerk(), reason="Thiếu"),
    )
    done = [one for one in results if one is True]
    refused = [one for one in results if isinstance(one, Refused)]
    assert len(done) == len(refused) == 1
    assert (
        AuditEntry.objects.filter(action__in=["Nhận giải trình", "Trả lại giải trình"]).count() == 1
    )
