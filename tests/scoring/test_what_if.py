"""What-if, the arithmetic: a tried card against the real one, to the last digit; ticks, points, bands, the best five."""

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
import time_machine
from django.core.management import call_command
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st
from made_results import ScoringOffice, load, make_year, wide_criteria, wide_plan, write_yaml
from what_if_office import NOW, TODAY, leaf, office_of, pair, ratio, report

from plans.targets import Kind, Value
from scoring.frozen import freeze
from scoring.inputs import read_inputs
from scoring.models import Adjustment, LeafScore, Scorecard
from scoring.risk import risks_of
from scoring.scorecards import card_of, compute
from scoring.what_if import TICKED, Trial, apply, best_five, changes, next_band, signed
from scoring.what_if_data import Unreadable, pack, pack_value, read, read_decimal, read_value
from scoring.what_if_forms import form_of, texts_of
from scoring.what_if_reading import read_trial
from tasks.models import Answer, Report

LOOKS = ("now", "live", "expected", "reachable")


def same(card, other, looks=LOOKS):
    for one, two in zip(card.leaves, other.leaves, strict=True):
        for look in looks:
            assert getattr(one, look) == getattr(two, look), (one.criterion.code, look)
    assert (card.index, card.total, card.band) == (other.index, other.total, other.band)


# -- The core, on made-up years ----------------------------------------------------------------------


@pytest.fixture
def wide(db, tmp_path):
    criteria = [load("criteria-sample.yaml"), *map(wide_criteria, ("exclude", "full", "zero"))]
    plan = wide_plan()
    return ScoringOffice(tmp_path, plan, *criteria), plan, criteria


def year_of(wide, seed):
    """The inputs of one made-up year under the set whose turn it is."""
    office, plan, criteria = wide
    n = (0, 1, 0, 2, 0, 3)[seed % 6]
    results, history, proofs = make_year(seed, plan, criteria[n])
    office.put(results, history, proofs)
    office.enter(office.sets[n], results)
    return office.sets[n], results, history, read_inputs(office.period, office.sets[n])


def test_an_empty_trial_is_todays_card_to_the_last_digit(wide):
    office = wide[0]
    seen_unequal = False
    for seed in range(18):
        with office.for_a_while():
            criteria_set, _, _, inputs = year_of(wide, seed)
            card = compute(office.period, criteria_set)
        same(apply(inputs, Trial()), card)
        submitted = apply(inputs, Trial(with_submitted=True))
        assert [leaf.now for leaf in submitted.leaves] == [leaf.expected for leaf in card.leaves]
        assert submitted.index == card.expected
        seen_unequal |= submitted.index != card.index
    assert seen_unequal


def test_a_trial_gives_what_the_system_gives_once_the_figures_are_reported_and_accepted(wide):
    office, plan, criteria = wide
    moved = 0
    for seed in range(18):
        with office.for_a_while():
            criteria_set, results, history, before = year_of(wide, seed)
        with office.for_a_while():
            # Another year's reports, accepted by all; what was entered stays as it is.
            n = office.sets.index(criteria_set)
            other, _, _ = make_year(seed + 500, plan, criteria[n])
            for one in other["reports"]:
                one["state"] = "accepted"
            office.put(other, history)
            office.enter(criteria_set, results)
            after = read_inputs(office.period, criteria_set)
            card = compute(office.period, criteria_set)
        figures = {code: result.value for code, result in after.results.items()}
        tried = apply(before, Trial(figures=figures))
        same(tried, card, ("now", "live"))
        moved += sum(one.moved for one in changes(apply(before, Trial()), tried))
        # The inputs are untouched.
        assert figures != {code: result.value for code, result in before.results.items()}
    assert moved > 100


def test_the_plain_form_says_the_same_trial_again(wide):
    office = wide[0]
    for seed in range(6):
        with office.for_a_while():
            _, _, _, inputs = year_of(wide, seed)
        leaves = [node for node in inputs.nodes if node.is_leaf]
        trial = Trial(
            figures={code: figure.value for code, figure in inputs.expected.items()},
            full=frozenset(node.code for node in leaves[::3]),
            points={node.code: node.maximum for node in leaves[1::3]} | {leaves[2].code: None},
            bonus=Decimal("1.25"),
            with_submitted=bool(seed % 2),
        )
        kept = json.loads(json.dumps(pack(trial, before=card_of(inputs))))
        found = read(kept, inputs)
        assert found.trial == trial
        assert found.dropped == ()
        assert found.base == card_of(inputs).index


def test_the_fields_of_a_page_read_back_change_nothing_and_another_years_change_that(wide):
    office = wide[0]
    for seed in range(6):
        with office.for_a_while():
            inputs = year_of(wide, seed)[3]
        with office.for_a_while():
            other = year_of(wide, seed + 600)[3]
        base = apply(inputs, Trial())
        form = form_of(base, Trial())
        post = QueryDict(mutable=True)
        post.update(texts_of(base))
        post["goc"] = form.was
        typed = read_trial(post, inputs, today=TODAY)
        assert typed.errors == {}
        assert typed.trial == Trial()
        figures = {c: r.value for c, r in other.results.items() if c in inputs.results}
        # A ratio of which every unit said «not done» has no fields of its own.
        figures = {
            c: v
            for c, v in figures.items()
            if not (v.missing and v.day is None and inputs.results[c].indicator.kind == Kind.RATIO)
        }
        for name, text in texts_of(apply(inputs, Trial(figures=figures))).items():
            post[name] = text
        typed = read_trial(post, inputs, today=dt.date(2020, 6, 1))
        assert typed.errors == {}
        same(apply(inputs, typed.trial), apply(inputs, Trial(figures=figures)), ("now",))
        assert typed.trial.figures


# -- The core, by hand -------------------------------------------------------------------------------


@pytest.fixture
def office(db, tmp_path):
    with time_machine.travel(NOW):
        yield office_of(tmp_path)


@pytest.fixture
def inputs(office):
    return read_inputs(office.period, office.sets[0])


def test_a_figure_moves_its_leaf_and_nothing_is_written(office, inputs):
    before = list(Answer.objects.order_by("pk").values())
    card = apply(inputs, Trial(figures={"1.2-a": ratio(96, 100)}))
    assert leaf(card, "1.2.1").now.points == Fraction(144, 100)
    assert leaf(card, "1.2.1").now.how == "96% ≥ 80% → 1,5 × 96% = 1,44 điểm"
    base = card_of(inputs)
    assert [one.criterion.code for one in changes(base, card) if one.moved] == ["1.2.1"]
    assert card.sums.points - base.sums.points == Fraction(6, 100)
    assert list(Answer.objects.order_by("pk").values()) == before


def test_importing_the_figures_gives_the_tried_card(office, inputs, tmp_path):
    """The same through the files that people use; with every unit in, nothing is provisional any more."""
    figures = {
        "1.3-a": ratio(5, 5),
        "4.1-a": Value(reported=True, holds=True),
        "8.2-a": ratio(15, 200),  # the 9 of 100 that are there, and 6 of the other unit's 100
    }
    tried = apply(inputs, Trial(figures=figures))
    typed = [
        ("VP", "1.3", {"1.3-a": pair(5, 5)}),
        *((r.unit.code, "4.1", {"4.1-a": {"value": True}}) for r in reports_of(office, "4.1")),
        ("TCCB", "8.2", {"8.2-a": pair(6, 100)}),
    ]
    file = {
        "schema": "cchc-results/1",
        "agency": "SGDDT",
        "plan": "KH-CCHC-2019-2020",
        "year": 2019,
        "reports": [
            {"unit": u, "task": t, "state": "accepted", "submitted_at": NOW, "values": values}
            for u, t, values in typed
        ],
    }
    assert leaf(card_of(inputs), "8.1.3").provisional
    call_command("import_results", str(write_yaml(tmp_path / "r.yaml", file)))
    card = compute(office.period, office.sets[0])
    same(tried, card)
    assert [one.how for one in tried.leaves] == [one.how for one in card.leaves]
    assert not leaf(tried, "8.1.3").provisional


def reports_of(office, task):
    return Report.objects.filter(period=office.period, task__code=task).select_related("unit")


def test_a_tick_is_the_maximum_whatever_stands_there(office, inputs):
    card = Scorecard.objects.create(agency=office.agency, year=2019, criteria_set=office.sets[0])
    codes = {node.code: node for node in inputs.nodes}
    for code, columns in {
        "1.2.2": {"appraised": "0.5"},
        "6.1.3": {"not_applicable": True, "reason": "Không có"},
        "9.1.1": {},
    }.items():
        LeafScore.objects.create(scorecard=card, criterion=codes[code], **columns)
    ticked = frozenset({"1.2.1", "1.2.2", "6.1.3", "9.1.1"})
    found = apply(
        read_inputs(office.period, office.sets[0]), Trial(full=ticked, points={"1.2.1": Decimal(0)})
    )
    for code in ticked:
        now = leaf(found, code).now
        assert (now.points, now.counts, now.how) == (now.maximum, True, TICKED), code


def test_typed_points_stand_for_survey_and_manual_leaves_and_can_be_taken_away(office, inputs):
    card = Scorecard.objects.create(agency=office.agency, year=2019, criteria_set=office.sets[0])
    survey = office.sets[0].criteria.get(code="9.1.1")
    LeafScore.objects.create(scorecard=card, criterion=survey, survey="8")
    inputs = read_inputs(office.period, office.sets[0])
    tried = apply(inputs, Trial(points={"9.1.1": Decimal("7.25"), "9.1.2": Decimal(10)}))
    assert leaf(tried, "9.1.1").now.points == Fraction(29, 4)
    assert leaf(tried, "9.1.1").now.how == "thử: 7,25 điểm"
    assert tried.sums.maximum - card_of(inputs).sums.maximum == 10
    without = apply(inputs, Trial(points={"9.1.1": None}))
    assert not leaf(without, "9.1.1").now.counts


def test_bonus_and_penalty_are_held_to_their_caps_and_leave_the_band_alone(office, inputs):
    card = Scorecard.objects.create(agency=office.agency, year=2019, criteria_set=office.sets[0])
    Adjustment.objects.create(scorecard=card, kind="bonus", points="0.5", reason="Sáng kiến")
    inputs = read_inputs(office.period, office.sets[0])
    tried = apply(inputs, Trial(bonus=Decimal(9), penalty=Decimal("0.25")))
    assert (tried.bonus, tried.penalty) == (2, Fraction(1, 4))  # the sample's cap is 2
    assert tried.index == card_of(inputs).index
    assert tried.total == tried.index + 2 - Fraction(1, 4)
    assert apply(inputs, Trial(penalty=Decimal(1))).bonus == Fraction(1, 2)  # the other one stays


def test_a_sent_card_is_tried_on_todays_figures(office):
    base = compute(office.period, office.sets[0])
    Scorecard.objects.create(
        agency=office.agency,
        year=2019,
        criteria_set=office.sets[0],
        state="sent",
        sent=freeze(base),
    )
    Answer.objects.filter(indicator__code="1.2-a").update(numerator=96)
    inputs = read_inputs(office.period, office.sets[0])
    assert leaf(card_of(inputs), "1.2.1").now.points == Fraction(138, 100)
    assert leaf(apply(inputs, Trial()), "1.2.1").now.points == Fraction(144, 100)
    assert not apply(inputs, Trial()).is_sent


def test_what_is_not_of_this_set_changes_nothing(inputs):
    trial = Trial(figures={"99-z": ratio(1, 2)}, full=frozenset({"99"}), points={"98": Decimal(1)})
    same(apply(inputs, trial), card_of(inputs))


def test_the_best_five_are_those_with_most_to_win_and_their_sum_is_that_of_the_whole_card(inputs):
    base = apply(inputs, Trial())
    rows = risks_of(base, on=TODAY).rows
    five = best_five(inputs, Trial(), rows)
    assert len(five.rows) == 5
    others = [r.winnable for r in rows if r not in [w.risk for w in five.rows]]
    assert min(w.risk.winnable for w in five.rows) >= max(others)
    assert [w.risk.winnable for w in five.rows] == sorted(
        (w.risk.winnable for w in five.rows), reverse=True
    )
    assert five.together.sums.points == base.sums.points + five.winnable
    done = Trial(full=frozenset(w.leaf.criterion.code for w in five.rows if w.full))
    if all(w.full for w in five.rows):
        assert apply(inputs, done).index == five.together.index


def test_a_leaf_that_can_no_longer_be_had_whole_is_not_ticked(inputs):
    base = apply(inputs, Trial())
    rows = risks_of(base, on=TODAY).rows
    half = replace(rows[0], winnable=rows[0].to_win / 3)
    five = best_five(inputs, Trial(), [half])
    assert not five.rows[0].full
    assert five.together.sums.points == base.sums.points + rows[0].to_win / 3


def test_the_next_band_and_what_is_missing_of_it(inputs):
    card = apply(inputs, Trial())
    step = next_band(card)
    assert step is not None
    assert step.band == "Trung bình"
    assert step.index + card.index == 65
    assert (card.sums.points + step.points) / card.sums.maximum * 100 == 65
    everything = frozenset(one.criterion.code for one in card.leaves)
    assert next_band(apply(inputs, Trial(full=everything))) is None


@given(st.fractions(min_value=-100, max_value=100))
def test_a_difference_has_its_sign_and_none_is_nothing(value):
    words = signed(value)
    assert (words == "") == (value == 0)
    assert value == 0 or words[0] == ("+" if value > 0 else "−")


def test_a_shared_indicator_is_changed_in_one_place_and_moves_every_leaf(wide):
    office = wide[0]
    results = {
        "reports": [report("VP", "9.1", i9_1_b={"value": "2"}, i9_1_c={"value": "2"})],
        "scores": [],
        "adjustments": [],
    }
    office.put(results)
    criteria_set = office.sets[1]
    inputs = read_inputs(office.period, criteria_set)
    form = form_of(apply(inputs, Trial()), Trial())
    asked = [one.indicator.code for fields in form.leaves.values() for one in fields.asked]
    assert len(asked) == len(set(asked))
    assert "9.1-b" in {one.code for fields in form.leaves.values() for one in fields.elsewhere}
    tried = apply(inputs, Trial(figures={"9.1-b": Value(reported=True, amount=Decimal(0))}))
    moved = {one.criterion.code for one in changes(apply(inputs, Trial()), tried) if one.moved}
    assert {"A.4", "A.7"} <= moved


# -- Plain data --------------------------------------------------------------------------------------


def test_values_that_are_none_of_their_kind_are_refused():
    for kind, data in (
        ("ratio", {"numerator": "5", "denominator": "4"}),
        ("ratio", {"numerator": "abc", "denominator": "4"}),
        ("ratio", {"numerator": "5"}),
        ("ratio", {"numerator": "-1", "denominator": "4"}),
        ("count", {"amount": "1.5"}),
        ("count", {"amount": 3}),
        ("count", {"holds": True}),
        ("boolean", {"holds": "yes"}),
        ("date", {"day": "2019-13-01"}),
        ("date", {"day": 5}),
        ("document", []),
        ("document", {"day": "2019-01-01", "more": "x"}),
    ):
        with pytest.raises(ValueError, match=r"."):
            read_value(data, kind=kind)
    for text in ("", "1e5", "NaN", "１", "1.2.3", "+1", "0x1", "9" * 41, None, 1):
        with pytest.raises(ValueError, match=r"."):
            read_decimal(text)
    assert read_value({"numerator": "5", "denominator": "4"}, kind="ratio", may_exceed=True)
    assert read_value({"numerator": "0", "denominator": "0"}, kind="ratio").not_arising


@given(
    st.one_of(
        st.just(Value()),
        st.just(Value(reported=True, not_arising=True)),
        st.just(Value(reported=True, missing=True)),
        st.builds(
            lambda top, more: ratio(top, top + more),
            st.integers(0, 10**9),
            st.integers(1, 10**9),
        ),
    )
)
def test_a_figure_survives_the_plain_form(value):
    assert read_value(json.loads(json.dumps(pack_value(value))), kind="ratio") == value


def test_an_old_scenario_says_what_of_it_is_left_out(inputs):
    data = {
        "schema": "cchc-what-if/1",
        "figures": {"1.2-a": pair(96, 100), "77-x": {}, "4.1-a": pair(1, 2)},
        "full": ["1.3.1", "77.1", 5],
        "points": {"9.1.1": "99", "77.2": "1", "9.1.2": "x"},
        "bonus": "-1",
        "base": {"index": "1/0"},
    }
    found = read(data, inputs)
    assert found.trial == Trial(
        figures={"1.2-a": ratio(96, 100)}, full=frozenset({"1.3.1"}), points={}
    )
    words = "; ".join(found.dropped)
    for part in ("77-x", "4.1-a", "77.1", "9.1.1", "77.2", "9.1.2", "điểm thưởng"):
        assert part in words
    assert found.base is None
    for other in ({}, None, [], {"schema": "cchc-what-if/2"}):
        with pytest.raises(Unreadable):
            read(other, inputs)
    read({"schema": "cchc-what-if/1", "figures": [], "full": 3, "points": "x", "base": 1}, inputs)
