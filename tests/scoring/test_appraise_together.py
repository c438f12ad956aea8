"""Two people at one appraisal in the same moment: nobody overwrites the other, and nothing is written twice."""

from decimal import Decimal

import pytest
import time_machine
from sent_card import NOW, SentOffice
from test_scorecard_together import at_once

from scoring import appraisal, publication
from scoring.appraisal import Overtaken
from scoring.models import LeafScore, PeerScore, Scorecard
from scoring.scorecard_services import Faults, move
from tasks.services import Refused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office(tmp_path):
    with time_machine.travel(NOW, tick=True):
        yield SentOffice(tmp_path)


def save(office, code, points, who):
    card, by = Scorecard.objects.get(pk=office.card.pk), office.by(who)
    typed = {code: {"appraised": points}}
    return lambda: appraisal.save(scorecard=card, typed=typed, base={}, by=by)


def test_of_two_in_one_cell_the_second_is_told(office):
    results = at_once(
        save(office, "1.2.1", "1", "coordinator"), save(office, "1.2.1", "0,5", "second")
    )
    assert sum(isinstance(result, Overtaken) for result in results) == 1, results
    assert LeafScore.objects.get().appraised in {1, Decimal("0.5")}
    assert office.card.events.count() == 1


def test_two_in_two_cells_both_stand(office):
    results = at_once(
        save(office, "1.2.1", "1", "coordinator"), save(office, "1.2.2", "0,5", "second")
    )
    assert results == [1, 1]
    assert LeafScore.objects.count() == 2


def test_two_who_fill_fill_once(office):
    def fill(who):
        card, by = Scorecard.objects.get(pk=office.card.pk), office.by(who)
        return lambda: appraisal.fill(scorecard=card, round_=1, by=by)

    assert sorted(at_once(fill("coordinator"), fill("second"))) == [0, len(office.own)]
    assert office.card.events.count() == 1


def test_nothing_is_entered_after_the_step_that_ends_it(office):
    appraisal.fill(scorecard=office.card, round_=2, by=office.by())
    appraisal.finish(scorecard=office.card, round_=2, by=office.by())
    by, card = office.by(), Scorecard.objects.get(pk=office.card.pk)

    def publish():
        return move(scorecard=card, action="publish", by=by, published_index=Decimal(70))

    results = at_once(publish, save_survey(office))
    assert not isinstance(results[0], Exception), results
    events = list(office.card.events.order_by("pk"))
    place = next(n for n, event in enumerate(events) if event.to_state == "published")
    if isinstance(results[1], Refused):
        assert not LeafScore.objects.filter(survey__isnull=False).exists()
    assert place == len(events) - 1


def save_survey(office):
    card, by = Scorecard.objects.get(pk=office.card.pk), office.by("second")
    typed = {"9.1.1": {"survey": "5"}}
    return lambda: appraisal.save(scorecard=card, typed=typed, base={}, by=by)


def test_one_table_pasted_twice_is_stored_once(office):
    def store():
        return publication.store_peers(
            agency=office.agency, year=2018, found={"Sở Y tế": Decimal(70)}, by=office.by()
        )

    results = at_once(store, store)
    assert sorted(result.added for result in results) == [0, 1]
    assert PeerScore.objects.count() == 1


def test_one_year_written_twice_is_there_once(office):
    def add():
        return publication.add_year(
            agency=office.agency, year=2017, by=office.by(), published_index=Decimal(70)
        )

    results = at_once(add, add)
    assert sum(isinstance(result, Faults) for result in results) == 1, results
    assert Scorecard.objects.filter(year=2017).count() == 1
