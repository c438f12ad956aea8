"""The product's points against an independent recomputation from the files: equal in every leaf, to the last digit."""

from fractions import Fraction

import pytest
from made_results import ScoringOffice, load, make_year, wide_criteria, wide_plan
from recompute import recompute

from scoring.scorecards import compute
from tasks.models import Answer

YEARS = 210


def compare(card, wanted):
    leaves = {
        leaf.criterion.code: (leaf.now.points if leaf.now.counts else None, str(leaf.now.state))
        for leaf in card.leaves
    }
    differing = {
        code: (leaves[code], of) for code, of in wanted["criteria"].items() if leaves[code] != of
    }
    assert not differing
    for name in ("index", "secured", "expected", "reachable", "total"):
        assert getattr(card, name) == wanted[name], name
    assert (card.band.name if card.band else None) == wanted["band"]


@pytest.fixture
def office(db, tmp_path):
    criteria = [load("criteria-sample.yaml"), *map(wide_criteria, ("exclude", "full", "zero"))]
    plan = wide_plan()
    office = ScoringOffice(tmp_path, plan, *criteria)
    return office, plan, criteria


def test_two_hundred_made_up_years_are_equal_in_every_leaf(office):
    office, plan, criteria = office
    seen = set()
    for seed in range(YEARS):
        n = (0, 1, 0, 2, 0, 3)[seed % 6]  # the sample set in every second year
        results, history, proofs = make_year(seed, plan, criteria[n])
        wanted = recompute(plan, criteria[n], results, 2019, history=history, proofs=proofs)
        with office.for_a_while():
            office.put(results, history, proofs)
            office.enter(office.sets[n], results)
            card = compute(office.period, office.sets[n])
        try:
            compare(card, wanted)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, set {criteria[n]['code']}: {error}") from None
        seen |= {str(leaf.now.state) for leaf in card.leaves}
        seen.add("secured" if card.secured else "nothing secured")
    # The made-up years do meet everything they should tell apart.
    assert seen >= {
        "scored",
        "not_reported",
        "not_applicable",
        "no_previous",
        "waiting_manual",
        "waiting_survey",
        "surveyed",
        "override",
        "appraised",
        "secured",
        "nothing secured",
    }


def test_the_recomputation_can_fail(office):
    """One figure changed behind the recomputation's back is noticed."""
    office, plan, criteria = office
    reports = [
        {"unit": unit, "task": "8.1", "state": "accepted", "values": {"8.1-b": value}}
        for unit, value in (
            ("VP", {"numerator": "90", "denominator": "92"}),
            ("TCCB", {"numerator": "8", "denominator": "8"}),
        )
    ]
    results = {"reports": reports, "scores": [], "adjustments": []}
    office.put(results)
    office.enter(office.sets[0], results)
    wanted = recompute(plan, criteria[0], results, 2019)
    compare(compute(office.period, office.sets[0]), wanted)
    assert wanted["criteria"]["8.1.2"] == (Fraction(294, 100), "scored")
    answer = Answer.objects.filter(indicator__code="8.1-b", report__unit__code="VP").get()
    answer.numerator += 1
    answer.save()
    with pytest.raises(AssertionError):
        compare(compute(office.period, office.sets[0]), wanted)
