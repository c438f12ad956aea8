"""What-if: the tried card against the real one, to the last digit; the page, bad input, and that nothing is stored."""

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from made_results import ScoringOffice, load, make_year, wide_criteria, wide_plan, write_yaml

from accounts.models import Agency, AuditEntry, Unit, User
from plans.targets import Kind, Value
from scoring.frozen import freeze
from scoring.inputs import read_inputs
from scoring.models import Adjustment, LeafScore, Scenario, Scorecard
from scoring.risk import risks_of
from scoring.scorecards import card_of, compute
from scoring.what_if import TICKED, Trial, apply, best_five, changes, next_band, signed
from scoring.what_if_data import Unreadable, pack, pack_value, read, read_decimal, read_value
from scoring.what_if_forms import form_of, texts_of
from scoring.what_if_reading import read_trial
from tasks.models import Answer, Report

NOW = dt.datetime(2019, 11, 13, 9, tzinfo=timezone.get_default_timezone())
TODAY = NOW.date()
LOOKS = ("now", "live", "expected", "reachable")


def pair(top, whole):
    return {"numerator": str(top), "denominator": str(whole)}


def ratio(top, whole):
    return Value(reported=True, numerator=Decimal(top), denominator=Decimal(whole))


def report(unit, task, state="accepted", **values):
    codes = {
        name.replace("_", ".", 1).replace("_", "-").lstrip("i"): v for name, v in values.items()
    }
    return {"unit": unit, "task": task, "state": state, "values": codes}


RESULTS = {
    "reports": [
        report("VP", "1.2", i1_2_a=pair(92, 100), i1_2_b={"value": "2"}),
        report("VP", "1.3", "submitted", i1_3_a=pair(4, 5)),
        report("VP", "8.2", i8_2_a=pair(9, 100)),
        report("TCCB", "4.1", i4_1_a={"value": False}),
        report("TCCB", "4.3", i4_3_a=pair(4, 4)),
    ],
    "scores": [],
    "adjustments": [],
}


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
        office = ScoringOffice(tmp_path, load("plan-2019-2020.yaml"), load("criteria-sample.yaml"))
        office.put(RESULTS)
        leaders = Unit.objects.create(agency=office.agency, code="LD", name="Lãnh đạo Sở", order=99)
        office.people = {
            role: User.objects.create_user(
                f"{role}@example.vn", name=f"Họ {role}", unit=unit, roles=[role]
            )
            for role, unit in (
                ("coordinator", office.units["VP"]),
                ("leader", leaders),
                ("head", office.units["TCCB"]),
                ("reporter", office.units["TCCB"]),
                ("administrator", leaders),
            )
        }
        yield office


@pytest.fixture
def inputs(office):
    return read_inputs(office.period, office.sets[0])


def leaf(card, code):
    return next(one for one in card.leaves if one.criterion.code == code)


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
    """The same through the files that people use."""
    tried = apply(
        inputs,
        Trial(figures={"1.3-a": ratio(5, 5), "4.1-a": Value(reported=True, holds=True)}),
    )
    units = {
        r.unit.code
        for r in Report.objects.filter(period=office.period, task__code="4.1").select_related(
            "unit"
        )
    }
    file = {
        "schema": "cchc-results/1",
        "agency": "SGDDT",
        "plan": "KH-CCHC-2019-2020",
        "year": 2019,
        "reports": [
            {
                "unit": "VP", "task": "1.3", "state": "accepted", "submitted_at": NOW,
                "values": {"1.3-a": pair(5, 5)},
            },
            *(
                {
                    "unit": unit, "task": "4.1", "state": "accepted", "submitted_at": NOW,
                    "values": {"4.1-a": {"value": True}},
                }
                for unit in sorted(units)
            ),
        ],
    }  # fmt: skip
    call_command("import_results", str(write_yaml(tmp_path / "r.yaml", file)))
    same(tried, compute(office.period, office.sets[0]))


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


# -- The page ----------------------------------------------------------------------------------------


@pytest.fixture
def sign_in(client, office):
    def signed_in(role="coordinator"):
        client.force_login(office.people[role], backend="accounts.backends.EmailBackend")
        return client

    return signed_in


def name_of(office, code, part):
    return f"a{office.indicators[code].pk}-{part}"


def ask(client, post, htmx=True):
    return client.post(
        reverse("what_if_compute"), post, headers={"HX-Request": "true"} if htmx else {}
    )


def words(answer):
    return " ".join(answer.content.decode().split())


def test_the_page_shows_todays_figures_and_that_it_is_an_estimate(office, sign_in):
    answer = sign_in().get(reverse("what_if"))
    page = words(answer)
    assert answer.status_code == 200
    assert f'name="{name_of(office, "1.2-a", "numerator")}" value="92"' in page
    assert "Ước tính – không lưu, không gửi ai" in page
    assert "Năm việc đáng làm nhất" in page
    assert "So với 70,69" in page
    assert "minh họa" in page
    assert f'name="{name_of(office, "1.3-a", "numerator")}" value=""' in page  # only submitted
    page = words(sign_in("leader").get(reverse("what_if"), {"cho-duyet": "1"}))
    assert f'name="{name_of(office, "1.3-a", "numerator")}" value="4"' in page


def test_htmx_gets_what_moved_and_what_the_page_still_shows_as_moved(office, sign_in):
    client = sign_in()
    form = form_of(apply(read_inputs(office.period, office.sets[0]), Trial()), Trial())
    texts = texts_of(apply(read_inputs(office.period, office.sets[0]), Trial()))
    leaf_pk = office.sets[0].criteria.get(code="1.2.1").pk
    post = texts | {"goc": form.was, name_of(office, "1.2-a", "numerator"): "96"}
    page = words(ask(client, post))
    assert f'id="kq-{leaf_pk}"' in page
    assert page.count('id="kq-') == 1
    assert "1,44" in page
    assert "+0,06" in page
    assert "<html" not in page
    # Taken back: the page says that this leaf is still shown as moved.
    page = words(ask(client, texts | {"goc": form.was, "da-doi": str(leaf_pk), "da-loi": "a1 d2"}))
    assert f'id="kq-{leaf_pk}"' in page
    assert "is-moved" not in page
    assert '<div class="field-error" id="loi-a1" hx-swap-oob="true"></div>' in page


BAD = {
    ("1.2-a", "numerator", "chín"): "Tử số «chín» không phải là số",
    ("1.2-a", "numerator", "-5"): "Tử số -5 là số âm",
    ("1.2-a", "numerator", "101"): "lớn hơn mẫu số 100",
    ("1.2-a", "denominator", "0"): "Mẫu số là 0",
    ("1.2-a", "denominator", ""): "chưa có mẫu số",
    ("1.2-b", "amount", "1,5"): "phải là số nguyên",
    ("1.1-a", "issued_on", "20/11/2019"): "ở sau ngày hôm nay",
    ("1.1-a", "issued_on", "hôm qua"): "không đúng. Viết như",
    ("1.2-a", "numerator", "9" * 41): "dài quá",
    ("1.2-a", "numerator", "0,00001"): "chữ số sau dấu phẩy",
}


@pytest.mark.parametrize(("field", "message"), BAD.items(), ids=lambda x: str(x)[:30])
def test_bad_input_is_named_at_its_field_and_the_rest_still_counts(office, sign_in, field, message):
    code, part, text = field
    base = apply(read_inputs(office.period, office.sets[0]), Trial())
    post = texts_of(base) | {"goc": form_of(base, Trial()).was, "dat": "1.3.1"}
    post[name_of(office, code, part)] = text
    client = sign_in()
    page = words(ask(client, post))
    assert message in page
    assert f'data-field="{name_of(office, code, part)}"' in page
    assert "+2,00" in page  # the tick
    whole = ask(client, post, htmx=False)
    assert whole.status_code == 200
    assert message in words(whole)
    assert f'value="{text}"' in words(whole)  # typed text stays


def test_bad_points_are_named_too(office, sign_in):
    survey = office.sets[0].criteria.get(code="9.1.1")
    client = sign_in()
    for name, text, message in (
        (f"d{survey.pk}", "mười", "không phải là số"),
        (f"d{survey.pk}", "10,5", "không nằm trong khung"),
        (f"d{survey.pk}", "-1", "không nằm trong khung"),
        (f"d{survey.pk}", "1,23456", "chữ số sau dấu phẩy"),
        ("thuong", "-1", "là số âm"),
        ("tru", "x", "không phải là số"),
    ):
        page = words(ask(client, {name: text}))
        assert message in page, (name, text)
        assert f'id="loi-{name}"' in page


def test_fields_that_say_nothing_and_broken_ones_do_no_harm(office, sign_in):
    client = sign_in()
    for post in (
        {},
        {"goc": "{", "da-doi": "x y", "da-loi": "<b> a1"},
        {"goc": "[1]", "dat": "99.9", "them": "dat d=1 dat=1.2.1 x=y"},
        {"goc": '{"a1-numerator": 5}', "phuong-an": "abc"},
        {"phuong-an": "999999", name_of(office, "1.2-a", "state"): "nonsense"},
    ):
        for htmx in (True, False):
            answer = ask(client, post, htmx)
            assert answer.status_code == 200
            assert "<b>" not in words(answer)


def test_not_arising_zero_of_zero_and_no_figure_are_three_answers(office, sign_in):
    inputs = read_inputs(office.period, office.sets[0])
    base = apply(inputs, Trial())
    start = texts_of(base) | {"goc": form_of(base, Trial()).was}

    def tried(**parts):
        post = QueryDict(mutable=True)
        for name, text in start.items():
            post[name] = text
        for part, text in parts.items():
            post[name_of(office, "1.2-a", part)] = text
        return read_trial(post, inputs, today=TODAY).trial.figures.get("1.2-a")

    assert tried(state="not_arising") == Value(reported=True, not_arising=True)
    assert tried(numerator="0", denominator="0") == Value(reported=True, not_arising=True)
    assert tried(numerator="", denominator="") == Value()
    assert tried(numerator="92,0") == ratio("92.0", 100)
    assert tried() is None
    assert not leaf(
        apply(inputs, Trial(figures={"1.2-a": tried(state="not_arising")})), "1.2.1"
    ).now.counts


def test_a_report_accepted_meanwhile_is_not_taken_for_a_tried_figure(office):
    inputs = read_inputs(office.period, office.sets[0])
    base = apply(inputs, Trial())
    post = QueryDict(mutable=True)
    post.update(texts_of(base) | {"goc": form_of(base, Trial()).was})
    Answer.objects.filter(indicator__code="1.2-a").update(numerator=99)
    later = read_inputs(office.period, office.sets[0])
    assert read_trial(post, later, today=TODAY).trial == Trial()


def test_a_shared_indicator_is_changed_in_one_place_and_moves_every_leaf(wide, client):
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


def test_the_button_of_one_of_the_five_works_without_scripts(office, sign_in):
    page = words(ask(sign_in(), {"them": "dat=1.3.1"}, htmx=False))
    assert 'value="1.3.1" aria-label="Tiêu chí 1.3.1 đạt điểm tối đa" checked' in page
    survey = office.sets[0].criteria.get(code="9.1.1")
    page = words(ask(sign_in(), {"them": f"d{survey.pk}=7,5"}, htmx=False))
    assert "thử: 7,5 điểm" in page


def test_the_switch_brings_every_field_anew_and_keeps_what_was_typed(office, sign_in):
    base = apply(read_inputs(office.period, office.sets[0]), Trial())
    post = texts_of(base) | {"goc": form_of(base, Trial()).was, "cho-duyet": "1", "dat": "4.1.1"}
    post[name_of(office, "1.2-a", "numerator")] = "99"
    answer = ask(sign_in(), post)
    assert answer["HX-Retarget"] == "#what-if-page"
    page = words(answer)
    assert f'name="{name_of(office, "1.3-a", "numerator")}" value="4"' in page  # submitted
    assert f'name="{name_of(office, "1.2-a", "numerator")}" value="99"' in page
    assert "Đang thử 2 thay đổi" in page


def test_a_sent_card_is_said(office, sign_in):
    Scorecard.objects.create(
        agency=office.agency, year=2019, criteria_set=office.sets[0], state="sent",
        sent=freeze(compute(office.period, office.sets[0])),
    )  # fmt: skip
    assert "không phải trên bản đã gửi" in words(sign_in().get(reverse("what_if")))


def test_without_a_survey_it_is_never_set_beside_a_published_index(office, sign_in):
    client = sign_in()
    assert "chưa so sánh được" in words(client.get(reverse("what_if")))
    survey = {f"d{one.pk}": "10" for one in office.sets[0].criteria.filter(kind="survey")}
    page = words(ask(client, survey))
    assert "−" in page.split("So với 70,69", 1)[1][:200]


def test_without_a_period_or_a_set_the_page_says_what_is_missing(office, sign_in):
    client = sign_in()
    office.sets[0].delete()
    assert "Chưa có bộ tiêu chí" in words(client.get(reverse("what_if")))
    assert client.post(reverse("what_if_compute")).status_code == 302
    office.period.opened_at = None
    office.period.save()
    assert "Chưa có kỳ báo cáo nào được mở" in words(client.get(reverse("what_if")))


def test_a_year_without_results_and_a_set_without_leaves_can_be_tried(office, sign_in):
    office.put({"reports": [], "scores": [], "adjustments": []})
    client = sign_in()
    assert client.get(reverse("what_if")).status_code == 200
    assert "+2,00" in words(ask(client, {"dat": "1.3.1"}))
    office.sets[0].criteria.filter(kind__gt="").delete()
    assert "chưa có tiêu chí nào được tính" in words(client.get(reverse("what_if")))
    assert ask(client, {"dat": "1.3.1", "thuong": "1"}).status_code == 200


def test_points_given_by_hand_say_that_figures_do_not_move_them(office, sign_in):
    card = Scorecard.objects.create(agency=office.agency, year=2019, criteria_set=office.sets[0])
    node = office.sets[0].criteria.get(code="1.2.1")
    LeafScore.objects.create(scorecard=card, criterion=node, override="1", explanation="Đủ")
    page = words(sign_in().get(reverse("what_if")))
    assert page.count("không đổi theo số liệu") == 1
    assert f'name="d{node.pk}" value="1"' in page
    tried = words(ask(sign_in(), {f"d{node.pk}": "1,5", "goc": f'{{"d{node.pk}":"1"}}'}))
    assert "+0,50" in tried


def test_nothing_is_stored_by_trying(office, sign_in):
    client = sign_in()
    counts = (Scenario.objects.count(), Scorecard.objects.count(), AuditEntry.objects.count())
    with CaptureQueriesContext(connection) as captured:
        ask(client, {"dat": "1.3.1"})
        client.get(reverse("what_if"))
    written = [q["sql"] for q in captured if q["sql"].split()[0] in {"INSERT", "UPDATE", "DELETE"}]
    assert not written
    assert counts == (
        Scenario.objects.count(),
        Scorecard.objects.count(),
        AuditEntry.objects.count(),
    )


def test_queries_do_not_grow_with_reports(office, sign_in):
    client = sign_in()

    def count():
        found = []
        for act in (lambda: client.get(reverse("what_if")), lambda: ask(client, {"dat": "1.3.1"})):
            with CaptureQueriesContext(connection) as captured:
                assert act().status_code == 200
            found.append(len(captured))
        return found

    few = count()
    office.put(*make_year(5, load("plan-2019-2020.yaml"), load("criteria-sample.yaml")))
    assert count() == few
    assert max(few) <= 26


def test_another_agency_has_nothing_here(office, client):
    other = Agency.objects.create(code="KHAC", name="Sở khác")
    unit = Unit.objects.create(agency=other, code="VP", name="Văn phòng")
    person = User.objects.create_user("x@khac.vn", name="X", unit=unit, roles=["coordinator"])
    client.force_login(person, backend="accounts.backends.EmailBackend")
    page = words(client.get(reverse("what_if"), {"ky": office.period.pk, "bo": "MINH-HOA"}))
    assert "Chưa có kỳ báo cáo nào được mở" in page


@pytest.mark.parametrize("role", ["head", "reporter", "administrator"])
def test_only_the_office_and_leaders_try(office, sign_in, role):
    client = sign_in(role)
    assert client.get(reverse("what_if")).status_code == 403
    assert client.post(reverse("what_if_compute")).status_code == 403
    assert client.post(reverse("scenario_save")).status_code == 403
