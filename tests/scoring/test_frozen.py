"""What was approved and sent is kept to the last digit, and reports that change later change nothing in it (R27)."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest
import time_machine
from card_office import NOW, RESULTS, CardOffice
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.differences import differences
from scoring.frozen import Frozen, freeze
from scoring.models import LeafScore, Scorecard
from scoring.states import Action

SAME_DATABASE = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
WHOLE = st.integers(min_value=0, max_value=10**9)


@pytest.fixture
def office(db, tmp_path):
    with time_machine.travel(NOW, tick=False):
        yield CardOffice(tmp_path)


def read_back(card):
    """Through the text that the database holds."""
    return Frozen.read(json.loads(json.dumps(freeze(card))))


@given(top=WHOLE, whole=WHOLE, points=st.decimals(-1, 2, places=4))
@SAME_DATABASE
def test_what_is_kept_is_the_card_to_the_last_digit(office, top, whole, points):
    office.change_figure(str(top), str(max(top, whole)))
    LeafScore.objects.update_or_create(
        scorecard=office.scorecard,
        criterion=office.leaf("A.2"),
        defaults={"override": points, "explanation": "Vì thế"},
    )
    card = office.card()
    kept = read_back(card)
    assert (kept.index, kept.total) == (card.index, card.total)
    assert kept.band == card.band.name
    for leaf in card.leaves:
        there = kept.leaves[leaf.criterion.code]
        assert (there.points, there.maximum, there.counts) == (
            leaf.now.points,
            leaf.now.maximum,
            leaf.now.counts,
        )
        assert kept.outcomes.get(leaf.criterion.code) == leaf.outcome
    assert differences(kept, card) == ()


@given(top=WHOLE, whole=WHOLE)
@SAME_DATABASE
def test_reports_that_change_after_the_sending_change_nothing_but_show(office, top, whole):
    office.put(RESULTS, proofs=[("VP", "1.2", "1.2-a")])
    before = office.card()
    Scorecard.objects.filter(pk=office.scorecard.pk).update(state="sent", sent=freeze(before))
    office.change_figure(str(top), str(max(top, whole)))
    after = office.card()
    assert after.index == before.index
    assert [leaf.now for leaf in after.leaves] == [leaf.now for leaf in before.leaves]
    found = {one.code for one in differences(Frozen.read(office.fresh.sent), after)}
    same = after.results["1.2-a"].words == before.results["1.2-a"].words
    assert found == (set() if same else {"A.1.1"})
    Scorecard.objects.filter(pk=office.scorecard.pk).update(state="draft", sent=None)


def test_thirds_stay_thirds(office):
    # 1/3 of 2 points has no end in decimals.
    assert read_back(office.card()).leaves["A.3"].points == Fraction(2, 3)
    office.send()
    assert Frozen.read(office.fresh.sent).leaves["A.3"].points == Fraction(2, 3)
    assert office.score("A.3").now.points == Fraction(2, 3)


def test_what_is_sent_is_what_was_approved(office):
    office.approve()
    approved = office.fresh.approved
    office.move(Action.SEND, sent_number="12", sent_on=NOW.date())
    assert office.fresh.sent == approved


def test_the_provinces_points_count_over_what_was_sent_and_ours_stay(office):
    office.send()
    LeafScore.objects.filter(criterion__code="A.2").update(appraised=Decimal("0.75"))
    leaf = office.score("A.2")
    assert leaf.now.points == Fraction(3, 4)
    assert leaf.own.points == Fraction(5, 4)
    # They are no change of what was sent.
    assert differences(Frozen.read(office.fresh.sent), office.card()) == ()


def test_points_of_the_province_that_are_there_before_the_sending_are_not_kept_as_ours(office):
    LeafScore.objects.create(
        scorecard=office.scorecard, criterion=office.leaf("A.1.1"), appraised=Decimal("0.5")
    )
    card = office.card()
    assert read_back(card).leaves["A.1.1"].points == Fraction("1.38")
    assert differences(read_back(card), card) == ()


def test_a_leaf_that_stops_counting_is_a_difference(office):
    office.approve()
    office.indicators["1.3-a"].answers.update(state="not_arising", numerator=None, denominator=None)
    (one,) = differences(Frozen.read(office.fresh.approved), office.card())
    assert one.words == "A.3 0,6667 → không tính"
    assert one.figures[0].words == "1.3-a 1/3 (33,33%) → Không phát sinh"
