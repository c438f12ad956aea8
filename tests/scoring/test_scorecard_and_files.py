"""A card that is led here, and results files: no step left out, nothing that was sent or published changed (R27)."""

import io
from decimal import Decimal

import pytest
import time_machine
from card_office import NOW, CardOffice
from django.core.management import CommandError, call_command
from made_results import write_yaml

from scoring.frozen import Frozen, freeze
from scoring.models import LeafScore, Scorecard
from scoring.scorecards import compute
from scoring.states import Action


@pytest.fixture
def office(db, tmp_path):
    with time_machine.travel(NOW, tick=False):
        yield CardOffice(tmp_path)


@pytest.fixture
def give(office, tmp_path):
    """Load a results file of the card's year."""

    def load_file(*scores, **parts):
        path = write_yaml(
            tmp_path / "results.yaml",
            {
                "schema": "cchc-results/1",
                "agency": office.agency.code,
                "plan": office.plan.code,
                "year": 2019,
                "reports": [],
                "scores": list(scores),
                **parts,
            },
        )
        call_command("import_results", str(path), stdout=io.StringIO(), stderr=io.StringIO())

    return load_file


def refused(give, *scores, **parts):
    before = list(LeafScore.objects.order_by("pk").values()), list(Scorecard.objects.values())
    with pytest.raises(CommandError):
        give(*scores, **parts)
    assert (
        list(LeafScore.objects.order_by("pk").values()),
        list(Scorecard.objects.values()),
    ) == before


def test_a_file_leaves_out_no_step_of_a_card_that_is_led_here(office, give):
    published = {"published": {"index": "70"}}
    given = {"criterion": "A.3", "appraised": "0.5"}
    refused(give, **published)
    refused(give, given)
    office.send()
    give(given)  # the province's points may come as a file
    refused(give, **published)
    refused(give, {"criterion": "A.3", "override": "1", "explanation": "Khác"})


def test_what_stands_beside_the_points_that_were_sent_is_not_changed_from_a_file(office, give):
    office.send()
    score = LeafScore.objects.get(override__isnull=False)
    same = {
        "criterion": score.criterion.code,
        "override": str(score.override),
        "explanation": score.explanation,
    }
    give(same)
    refused(give, same | {"explanation": "Lời khác"})


def test_a_published_card_takes_nothing_more_from_a_file(office, give):
    office.send()
    Scorecard.objects.update(state="published", published_index="60")
    for score in (
        {"criterion": "A.3", "appraised": "0.5"},
        {"criterion": "A.3", "appraised_1": "0.5"},
        {"criterion": "B.1", "survey": "2"},
    ):
        refused(give, score)
    refused(give, published={"index": "61"})
    give(published={"index": "60"})  # what stands there already


def test_a_card_taken_back_has_none_of_the_provinces_points(office):
    office.send()
    before = compute(office.period, office.set).index
    leaf = office.set.criteria.get(code="A.3")
    LeafScore.objects.update_or_create(
        scorecard=office.scorecard,
        criterion=leaf,
        defaults={"appraised_1": Decimal("0.1"), "appraised": Decimal(0), "note": "Thiếu"},
    )
    assert compute(office.period, office.set).index != before
    office.move(Action.RECALL, reason="Tỉnh trả lại")
    assert compute(office.period, office.set).index == before
    event = office.fresh.events.last()
    assert event.changes["A.3.appraised"] == ["0", None]
    assert event.changes["A.3.note"] == ["Thiếu", ""]


def test_what_is_kept_are_sums_of_our_own_points(office):
    LeafScore.objects.update_or_create(
        scorecard=office.scorecard,
        criterion=office.set.criteria.get(code="A.3"),
        defaults={"appraised": Decimal(0)},
    )
    card = compute(office.period, office.set)
    kept = Frozen.read(freeze(card))
    points = sum(leaf.points for leaf in kept.leaves.values() if leaf.counts)
    maximum = sum(leaf.maximum for leaf in kept.leaves.values() if leaf.counts)
    assert kept.index == points / maximum * 100 != card.index


def test_points_of_ours_from_a_file_take_the_approval_with_them(office, give):
    office.approve()
    give({"criterion": "B.1", "survey": "1"})
    assert office.fresh.state == "approved"
    give({"criterion": "A.2", "override": "2", "explanation": "Ba sáng kiến"})
    card = office.fresh
    assert (card.state, card.approved) == ("draft", None)
    event = card.events.last()
    assert (event.action, event.from_state, event.to_state) == ("Nạp từ tệp", "approved", "draft")
