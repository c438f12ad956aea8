"""Two people at one card in the same moment: one card, one step, and no approval of what was changed meanwhile."""

import threading
from decimal import Decimal
from fractions import Fraction

import pytest
import time_machine
from card_office import NOW, CardOffice
from django.db import connection

from scoring import entries
from scoring import scorecard_services as services
from scoring.entries import Overtaken, version_of
from scoring.frozen import Frozen
from scoring.models import LeafScore, Scorecard, ScorecardEvent
from tasks.services import Refused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office(tmp_path):
    with time_machine.travel(NOW, tick=True):
        office = CardOffice(tmp_path)
        office.complete()
        yield office


def at_once(*works):
    """Run ``works`` in threads that start together; what each returned or raised."""
    start = threading.Barrier(len(works))
    results = [None] * len(works)

    def run(place, work):
        try:
            start.wait(10)
            results[place] = work()
        except Exception as error:  # what the test looks at
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


def approve(office):
    card, by = office.fresh, office.leader
    return lambda: services.move(scorecard=card, action="approve", by=by, confirmed=True)


def change(office, points, version=None):
    card, leaf, by = office.fresh, office.leaf("A.2"), office.office
    return lambda: entries.set_override(
        scorecard=card,
        criterion=leaf,
        points=Decimal(points),
        explanation="Sửa",
        by=by,
        version=version,
    )


def test_two_who_begin_a_year_begin_one_card(office):
    def begin():
        return services.begin(
            agency=office.agency, year=2021, criteria_set=office.set, by=office.office
        )

    one, two = at_once(begin, begin)
    assert one == two == Scorecard.objects.get(year=2021)
    assert ScorecardEvent.objects.filter(scorecard=one).count() == 1


def test_two_approvals_are_one_and_the_second_is_told(office):
    results = at_once(approve(office), approve(office))
    assert sum(isinstance(result, Refused) for result in results) == 1, results
    assert ScorecardEvent.objects.filter(to_state="approved").count() == 1


def test_an_approval_never_holds_what_was_changed_meanwhile(office):
    results = at_once(approve(office), change(office, "0.5"))
    assert not any(isinstance(result, Exception) for result in results), results
    card = office.fresh
    assert LeafScore.objects.get(criterion__code="A.2").override == Decimal("0.5")
    if card.state == "approved":
        assert Frozen.read(card.approved).leaves["A.2"].points == Fraction(1, 2)
    else:
        assert (card.state, card.approved) == ("draft", None)


def test_of_two_changes_of_one_leaf_the_second_is_told(office):
    version = version_of(LeafScore.objects.get(criterion__code="A.2"))
    results = at_once(change(office, "0.5", version), change(office, "0.75", version))
    assert sum(isinstance(result, Overtaken) for result in results) == 1, results
