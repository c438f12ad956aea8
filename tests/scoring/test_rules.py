"""The eight kinds of rule: points, states and words, one by one; then what holds for all of them."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction as F

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from plans.targets import Kind, Target, Value
from scoring.rules import BY_TYPE, Figure, Leaf, State, best, parse_rule, score
from scoring.totals import (
    Band,
    Entry,
    Points,
    Policy,
    add_up,
    band_of,
    capped,
    decide,
    digits,
)

D = Decimal
YEAR = 2019


def ratio(top, whole, *, op=">=", at="100", code="a", settled=True, **target):
    value = Value(reported=True, numerator=D(top), denominator=D(whole))
    target = Target(Kind.RATIO, op, at and D(at), **target)
    return Figure(code, value, target, settled=settled)


def amount(number, *, op="", at=None, code="a", kind=Kind.COUNT, settled=True):
    value = Value(reported=True, amount=D(number))
    return Figure(code, value, Target(kind, op, at and D(at)), settled=settled)


def yes(holds=True, code="a", settled=True):
    return Figure(code, Value(reported=True, holds=holds), Target(Kind.BOOLEAN), settled=settled)


def issued(*day, due=None, code="a", settled=True):
    value = Value(reported=True, day=dt.date(*day)) if day else Value(reported=True, missing=True)
    return Figure(code, value, Target(Kind.DOCUMENT, due=due), settled=settled)


def silent(kind=Kind.RATIO, code="a", settled=True, **target):
    return Figure(code, Value(), Target(kind, **target), settled=settled)


def none_arose(kind=Kind.RATIO, code="a"):
    return Figure(code, Value(reported=True, not_arising=True), Target(kind))


def points(rule, *figures, top="1", low="0"):
    return score(parse_rule(rule), Leaf(D(top), YEAR, D(low)), {f.code: f for f in figures})


def at_best(rule, *figures, top="1", low="0"):
    return best(parse_rule(rule), Leaf(D(top), YEAR, D(low)), {f.code: f for f in figures})


RATIO = {"type": "ratio", "indicator": "a", "floor": "80", "full": "100"}
TIERS = {
    "type": "tiers",
    "indicator": "a",
    "tiers": [{"op": ">=", "at": "100", "points": "2"}, {"op": ">=", "at": "90", "points": "1"}],
    "otherwise": "0",
}
ABOVE = {
    "type": "tiers",
    "indicator": "a",
    "tiers": [{"op": ">", "at": "10", "points": "1.5"}, {"op": ">", "at": "5", "points": "0.75"}],
    "otherwise": "0",
}
DATE = {
    "type": "date",
    "indicator": "a",
    "on_time": "2",
    "late": "1",
    "missing": "-1",
    "due": {"quarter": 1, "year_offset": 0},
}
DEDUCTION = {
    "type": "deduction",
    "start": "2",
    "events": [
        {"indicator": "a", "count": "shortfall", "points": "0.5"},
        {"indicator": "b", "count": "value", "points": "0.25"},
    ],
}


# -- each kind -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figure", "wanted", "how"),
    [
        (ratio(92, 100), F("1.38"), "92% ≥ 80% → 1,5 × 92% = 1,38 điểm"),
        (ratio(80, 100), F("1.2"), "80% ≥ 80% → 1,5 × 80% = 1,2 điểm"),
        (ratio(79999, 100000), F(0), "79,999% < 80% → 0 điểm"),
        (ratio(7, 7), F("1.5"), "100% ≥ 100% → 1,5 điểm"),
        (ratio(6, 7), F(3, 2) * F(6, 7), "85,71% ≥ 80% → 1,5 × 85,71% ≈ 1,2857 điểm"),
        (ratio(9, 7, may_exceed=True), F("1.5"), "128,57% ≥ 100% → 1,5 điểm"),
        (ratio(0, 7), F(0), "0% < 80% → 0 điểm"),
    ],
)
def test_ratio_with_a_floor(figure, wanted, how):
    outcome = points(RATIO, figure, top="1.5")
    assert (outcome.points, outcome.state, outcome.how) == (wanted, State.SCORED, how)


def test_ratio_without_a_floor_and_full_before_a_hundred():
    rule = {"type": "ratio", "indicator": "a", "full": "95"}
    assert points(rule, ratio(38, 100), top="2").points == F(38, 95) * 2
    assert points(rule, ratio(38, 100), top="2").how == "38% → 2 × 38% / 95% = 0,8 điểm"
    assert points(rule, ratio(95, 100), top="2").points == 2
    assert points(rule, ratio(99, 100), top="2").points == 2


@pytest.mark.parametrize(
    ("rule", "top", "whole", "wanted", "how"),
    [
        (TIERS, 100, 100, 2, "100% ≥ 100% → 2 điểm"),
        (TIERS, 99999, 100000, 1, "99,999% ≥ 90% → 1 điểm"),
        (TIERS, 90, 100, 1, "90% ≥ 90% → 1 điểm"),
        (TIERS, 89999, 100000, 0, "89,999% không thuộc mức nào (≥ 100%; ≥ 90%) → 0 điểm"),
        (ABOVE, 10, 100, F("0.75"), "10% > 5% → 0,75 điểm"),
        (ABOVE, 100001, 1000000, F("1.5"), "10,0001% > 10% → 1,5 điểm"),
        (ABOVE, 5, 100, 0, "5% không thuộc mức nào (> 10%; > 5%) → 0 điểm"),
    ],
)
def test_the_right_tier_owns_its_boundary(rule, top, whole, wanted, how):
    outcome = points(rule, ratio(top, whole), top="2")
    assert (outcome.points, outcome.how) == (wanted, how)


def test_tiers_on_a_count_read_the_value():
    rule = {**TIERS, "tiers": [{"op": ">=", "at": "3", "points": "1"}]}
    assert points(rule, amount(3)).how == "3 ≥ 3 → 1 điểm"
    assert points(rule, amount(2)).points == 0


def test_date_by_the_last_day_of_its_quarter():
    assert points(DATE, issued(2019, 3, 31), top="2", low="-1").points == 2
    late = points(DATE, issued(2019, 4, 1), top="2", low="-1")
    assert (late.points, late.how) == (1, "01/04/2019 sau hạn 31/03/2019 → 1 điểm")
    missing = points(DATE, issued(), top="2", low="-1")
    assert (missing.points, missing.state) == (-1, State.SCORED)
    assert missing.how == "chưa ban hành → −1 điểm"
    silence = points(DATE, silent(Kind.DOCUMENT), top="2", low="-1")
    assert (silence.points, silence.state) == (-1, State.NOT_REPORTED)


def test_date_takes_the_rules_due_before_the_indicators():
    own = {key: value for key, value in DATE.items() if key != "due"}
    figure = issued(2018, 7, 1, due=dt.date(2018, 6, 30))
    assert points(own, figure, top="2").points == 1
    assert points(DATE, figure, top="2").points == 2


def test_boolean_needs_every_member():
    rule = {"type": "boolean", "all_of": ["a", "b"]}
    full = points(rule, issued(2019, 1, 15), yes(code="b"), top="1.5")
    assert (full.points, full.how) == (F("1.5"), "a, b đều đạt → 1,5 điểm")
    failing = points(rule, issued(2019, 1, 15), yes(False, code="b"), top="1.5")
    assert (failing.points, failing.state) == (0, State.SCORED)
    assert failing.how == "b: chưa thực hiện → 0 điểm"
    # A late document is given all the same; only its day would make it late.
    assert points(rule, issued(2019, 12, 1, due=dt.date(2019, 3, 31)), yes(code="b")).points == 1
    assert points(rule, none_arose(), yes(code="b")).points == 1
    assert points(rule, none_arose(), none_arose(code="b")).state is State.NOT_ARISING
    open_ = points(rule, yes(), silent(Kind.BOOLEAN, code="b"))
    assert (open_.points, open_.state, open_.lacking) == (0, State.NOT_REPORTED, ("b",))


def test_boolean_member_with_a_figure_holds_if_it_meets_its_target():
    rule = {"type": "boolean", "all_of": ["a"]}
    assert points(rule, ratio(80, 100, at="80")).how == "80% ≥ 80% → 1 điểm"
    assert points(rule, ratio(79, 100, at="80")).how == "a: 79%, chưa đạt ≥ 80% → 0 điểm"
    assert points(rule, amount(5, op=">", at="5")).points == 0
    assert points(rule, amount(6, op=">", at="5")).points == 1


def test_count_adds_values_and_ones():
    rule = {"type": "count", "indicators": ["a", "b", "c"], "each": "0.5"}
    outcome = points(rule, amount(3), yes(code="b"), issued(code="c"), top="5")
    assert (outcome.points, outcome.how) == (2, "4 × 0,5 = 2 điểm")
    most = points(rule, amount(30), yes(code="b"), issued(code="c"), top="5")
    assert (most.points, most.how) == (5, "31 × 0,5 = 15,5 điểm, giữ ở mức tối đa 5 điểm")
    partial = points(rule, amount(3), silent(Kind.BOOLEAN, code="b"), yes(code="c"), top="5")
    assert (partial.points, partial.lacking) == (2, ("b",))
    assert partial.how.endswith("; chưa có số liệu b")


def test_deduction_less_points_for_each_event():
    outcome = points(DEDUCTION, ratio(3, 4), amount(2, code="b"), top="2")
    assert (outcome.points, outcome.how) == (1, "2 − 1 × 0,5 − 2 × 0,25 = 1 điểm")
    lowest = points(DEDUCTION, ratio(0, 4), amount(9, code="b"), top="2")
    assert lowest.points == 0
    assert lowest.how == "2 − 4 × 0,5 − 9 × 0,25 = −2,25 điểm, không thấp hơn 0 điểm"
    assert points(DEDUCTION, ratio(0, 4), amount(9, code="b"), top="2", low="-1").points == -1
    # More than the whole is no event less than none.
    assert points(
        DEDUCTION, ratio(9, 4, may_exceed=True), amount(2, code="b"), top="2"
    ).points == F("1.5")
    unknown = points(DEDUCTION, silent(), silent(Kind.COUNT, code="b"), top="2")
    assert (unknown.points, unknown.state) == (0, State.NOT_REPORTED)
    half = points(DEDUCTION, ratio(4, 4), silent(Kind.COUNT, code="b"), top="2")
    assert (half.points, half.state, half.lacking) == (2, State.SCORED, ("b",))


def test_target_is_met_or_not():
    rule = {"type": "target", "indicator": "a"}
    assert points(rule, ratio(11, 100, op=">", at="10")).points == 1
    assert points(rule, ratio(10, 100, op=">", at="10")).how == "10%, chưa đạt > 10% → 0 điểm"
    assert points(rule, issued(2018, 6, 30, due=dt.date(2018, 6, 30))).points == 1
    assert points(rule, issued(2018, 7, 1, due=dt.date(2018, 6, 30))).points == 0


def test_target_of_the_year_before():
    rule = {"type": "target", "indicator": "a"}
    target = Target(Kind.RATIO, ">", previous_year=True)
    now = Value(reported=True, numerator=D(1), denominator=D(3))
    unknown = points(rule, Figure("a", now, target))
    assert (unknown.points, unknown.state) == (0, State.NO_PREVIOUS)
    assert unknown.how == "33,33%, chưa có số liệu năm trước → 0 điểm"
    same = Value(reported=True, numerator=D(2), denominator=D(6))
    assert points(rule, Figure("a", now, target, same)).points == 0
    less = Value(reported=True, numerator=D(333333), denominator=D(1000000))
    assert points(rule, Figure("a", now, target, less)).points == 1


def test_manual_waits():
    outcome = points({"type": "manual"}, top="3")
    assert (outcome.points, outcome.state) == (0, State.WAITING_MANUAL)
    assert at_best({"type": "manual"}, top="3").points == 3


def test_an_indicator_that_left_the_plan_counts_as_not_reported_and_is_named():
    outcome = points(RATIO)
    assert (outcome.points, outcome.state) == (0, State.NOT_REPORTED)
    assert outcome.how == "chỉ tiêu a không còn trong kế hoạch → 0 điểm"


@pytest.mark.parametrize("rule", [RATIO, TIERS, {"type": "target", "indicator": "a"}])
def test_not_arising_and_not_reported_are_kept_apart(rule):
    assert points(rule, none_arose()).state is State.NOT_ARISING
    zero = Figure(
        "a", Value(reported=True, numerator=D(0), denominator=D(0)), Target(Kind.RATIO, ">=", D(1))
    )
    assert points(rule, zero).state is State.NOT_ARISING
    assert points(rule, silent()).state is State.NOT_REPORTED
    assert points(rule, silent()).how == "chưa có số liệu a → 0 điểm"
    assert points(rule, ratio(0, 5)).state is State.SCORED


# -- at their best -------------------------------------------------------------------------------


def test_open_figures_meet_their_targets_and_settled_ones_stand():
    assert at_best(RATIO, ratio(1, 2, settled=False), top="1.5").points == F("1.5")
    assert at_best(RATIO, ratio(1, 2), top="1.5").points == 0
    assert at_best(TIERS, silent(settled=False, op=">=", at=D(100)), top="2").points == 2
    assert at_best(DATE, issued(2019, 9, 9, settled=False), top="2").points == 2
    assert at_best(DATE, issued(2019, 9, 9), top="2").points == 1
    both = {"type": "boolean", "all_of": ["a", "b"]}
    assert at_best(both, yes(False), yes(code="b", settled=False)).points == 0
    assert at_best(both, yes(), yes(False, code="b", settled=False)).points == 1
    assert at_best(both, none_arose(), none_arose(code="b")).state is State.NOT_ARISING


def test_a_target_bounds_what_an_open_figure_can_bring():
    few = silent(Kind.COUNT, settled=False, op="<", at=D(4))
    assert at_best({"type": "count", "indicators": ["a"], "each": "0.5"}, few, top="9").points == F(
        "1.5"
    )
    free = silent(Kind.COUNT, settled=False)
    assert at_best({"type": "count", "indicators": ["a"], "each": "0.5"}, free, top="9").points == 9
    low = silent(settled=False, op="<=", at=D(40))
    assert at_best({"type": "ratio", "indicator": "a", "full": "100"}, low, top="2").points == F(
        "0.8"
    )
    assert at_best(ABOVE, silent(settled=False, op="<=", at=D(10)), top="2").points == F("0.75")
    events = {
        "type": "deduction",
        "start": "3",
        "events": [{"indicator": "a", "count": "value", "points": "1"}],
    }
    assert at_best(events, silent(Kind.COUNT, settled=False, op=">", at=D(1)), top="3").points == 1


# -- what holds for all --------------------------------------------------------------------------

NUMBERS = st.decimals(0, 300, places=2, allow_nan=False)
POINTS = st.decimals(-3, 6, places=2, allow_nan=False)


@st.composite
def rules(draw):
    """A rule of any kind on the figures a, b (a ratio or a count, each)."""
    kind = draw(st.sampled_from(sorted(BY_TYPE)))
    text = POINTS.map(str)
    if kind == "boolean":
        return {"type": kind, "all_of": draw(st.sampled_from([["a"], ["a", "b"]]))}
    if kind == "date":
        return {**DATE, "on_time": draw(text), "late": draw(text), "missing": draw(text)}
    if kind == "ratio":
        full = draw(st.decimals("0.01", 120, places=2))
        rule = {"type": kind, "indicator": "a", "full": str(full)}
        return (
            {**rule, "floor": str(draw(st.decimals(0, full, places=2)))}
            if draw(st.booleans())
            else rule
        )
    if kind == "tiers":
        tier = st.fixed_dictionaries(
            {
                "op": st.sampled_from([">=", ">", "=", "<=", "<"]),
                "at": NUMBERS.map(str),
                "points": text,
            }
        )
        return {
            "type": kind,
            "indicator": "a",
            "tiers": draw(st.lists(tier, min_size=1, max_size=4)),
            "otherwise": draw(text),
        }
    if kind == "count":
        return {"type": kind, "indicators": ["b"], "each": draw(text)}
    if kind == "deduction":
        return {**DEDUCTION, "start": draw(text)}
    return {"type": kind, "indicator": "a"} if kind == "target" else {"type": kind}


@st.composite
def two_figures(draw, kind):
    settled = st.booleans()
    whole = draw(st.integers(1, 50))
    target = {
        "op": draw(st.sampled_from([">=", ">", "=", "<=", "<"])),
        "at": str(draw(st.integers(0, 100))),
    }
    if kind == "date":
        first = issued(
            *draw(st.sampled_from([(2019, 3, 31), (2019, 4, 1), ()])), settled=draw(settled)
        )
    else:
        first = ratio(draw(st.integers(0, whole)), whole, settled=draw(settled), **target)
    second = amount(draw(st.integers(0, 40)), code="b", settled=draw(settled), **target)
    silence = draw(st.sampled_from(["", "a", "b"]))
    return [
        Figure(f.code, Value(), f.target, settled=f.settled) if f.code == silence else f
        for f in (first, second)
    ]


@settings(max_examples=400, deadline=None)
@given(st.data(), rules(), st.decimals(-3, 0, places=1), st.decimals("0.1", 6, places=1))
def test_points_and_best_stay_within_the_leafs_bounds(data, rule, low, top):
    figures = data.draw(two_figures(rule["type"]))
    now = points(rule, *figures, top=top, low=low)
    top_ = at_best(rule, *figures, top=top, low=low)
    assert low <= now.points <= top
    assert low <= top_.points <= top
    assert isinstance(now.points, F)
    if (
        all(f.settled for f in figures if f.code in parse_rule(rule).codes)
        and rule["type"] != "manual"
    ):
        assert top_ == now
    assert now.how


@settings(max_examples=300, deadline=None)
@given(
    st.decimals("0.01", 120, places=2),
    st.decimals(0, 100, places=2),
    st.integers(1, 60),
    st.data(),
)
def test_a_higher_percentage_never_loses_points(full, floor, whole, data):
    rule = {"type": "ratio", "indicator": "a", "full": str(full), "floor": str(min(floor, full))}
    low, high = sorted(data.draw(st.tuples(st.integers(0, whole), st.integers(0, whole))))
    assert (
        points(rule, ratio(low, whole), top="3").points
        <= points(rule, ratio(high, whole), top="3").points
    )
    falling = [
        {"op": ">=", "at": str(at), "points": str(p)} for at, p in ((90, 3), (50, 2), (10, 1))
    ]
    tiers = {**TIERS, "tiers": falling}
    assert (
        points(tiers, ratio(low, whole), top="3").points
        <= points(tiers, ratio(high, whole), top="3").points
    )


@given(st.integers(0, 40), st.integers(0, 40))
def test_counting_rises_and_events_fall(one, other):
    low, high = sorted((one, other))
    count = {"type": "count", "indicators": ["b"], "each": "0.25"}
    assert (
        points(count, amount(low, code="b"), top="5").points
        <= points(count, amount(high, code="b"), top="5").points
    )
    few, many = (
        points(DEDUCTION, none_arose(), amount(n, code="b"), top="2").points for n in (low, high)
    )
    assert few >= many


# -- what is refused when loaded -----------------------------------------------------------------

PLAN = {
    "a": Target(Kind.RATIO, ">=", D(100)),
    "bare": Target(Kind.RATIO),
    "n": Target(Kind.COUNT),
    "doc": Target(Kind.DOCUMENT),
    "due": Target(Kind.DOCUMENT, due=dt.date(2019, 6, 30)),
    "yes": Target(Kind.BOOLEAN),
}


def tiers_on(code, *steps):
    tiers = [{"op": op, "at": at, "points": "1"} for op, at in steps]
    return {"type": "tiers", "indicator": code, "tiers": tiers, "otherwise": "0"}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"type": "ratio", "indicator": "a", "full": "80", "floor": "90"}, "mức sàn 90% lớn hơn"),
        ({"type": "ratio", "indicator": "n", "full": "100"}, "cần một tỷ lệ"),
        ({"type": "boolean", "all_of": ["bare"]}, "không có mức chỉ tiêu"),
        ({"type": "boolean", "all_of": ["yes", "yes"]}, "hai lần"),
        ({"type": "target", "indicator": "n"}, "không có mức chỉ tiêu"),
        ({"type": "count", "indicators": ["a"], "each": "1"}, "không đếm tỷ lệ"),
        (
            {"type": "date", "indicator": "doc", "on_time": "1", "late": "0", "missing": "0"},
            "đều không có hạn",
        ),
        ({**DATE, "indicator": "yes"}, "văn bản hoặc ngày"),
        ({**DATE, "indicator": "due", "late": "3"}, "giảm dần"),
        (
            {
                "type": "deduction",
                "start": "1",
                "events": [{"indicator": "n", "count": "shortfall", "points": "1"}],
            },
            "phần thiếu",
        ),
        (
            {
                "type": "deduction",
                "start": "1",
                "events": [{"indicator": "a", "count": "value", "points": "1"}],
            },
            "giá trị",
        ),
        (tiers_on("a", (">=", "90"), (">=", "100")), "không bao giờ được dùng"),
        (tiers_on("a", (">=", "90"), (">=", "90")), "không bao giờ được dùng"),
        (tiers_on("a", (">", "100")), "không bao giờ được dùng"),
        (tiers_on("a", (">=", "80"), ("<=", "80")), "chồng lên nhau"),
        (tiers_on("a", (">=", "90"), ("<", "80")), "khoảng trống"),
        (tiers_on("a", (">", "10"), ("<", "10")), "khoảng trống"),
        (tiers_on("doc", (">=", "1")), "cần tỷ lệ hoặc số"),
    ],
)
def test_rules_that_cannot_be_right(rule, words):
    found = parse_rule(rule).faults(Leaf(D(1), YEAR), PLAN)
    assert [text for _, text in found if words in text], found


@pytest.mark.parametrize(
    "rule",
    [
        tiers_on("a", (">=", "100"), (">=", "90")),
        tiers_on("a", (">=", "90"), ("<", "90")),
        tiers_on("a", ("=", "100"), (">=", "50")),
        tiers_on("a", ("<=", "5"), ("<=", "10")),
        tiers_on("n", (">", "2"), ("<=", "2")),
        tiers_on("n", (">=", "3"), ("<", "3")),
        tiers_on("n", (">=", "3"), ("<=", "2")),  # nothing is between two whole numbers
        {"type": "boolean", "all_of": ["a", "doc", "yes"]},
        {**DATE, "indicator": "doc"},
        {"type": "date", "indicator": "due", "on_time": "1", "late": "0.5", "missing": "0"},
    ],
)
def test_rules_that_can_be(rule):
    assert parse_rule(rule).faults(Leaf(D(1), YEAR), PLAN) == []


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "ratoi"},
        {},
        {"type": "ratio", "indicator": "a"},
        {"type": "ratio", "indicator": "a", "full": "0"},
        {"type": "ratio", "indicator": "a", "full": 99.5},
        {"type": "ratio", "indicator": "a", "full": "100", "flor": "80"},
        {"type": "boolean", "all_of": []},
        {**DATE, "due": {"quarter": 5}},
        tiers_on("a", ("=>", "1")),
    ],
)
def test_rules_without_their_form(rule):
    with pytest.raises(ValidationError):
        parse_rule(rule)


# -- from leaves to the index --------------------------------------------------------------------

LEAF = Leaf(D(2), YEAR)
RULED = points(TIERS, ratio(95, 100), top="2")


def test_whose_points_count():
    assert decide(LEAF, RULED).points == 1
    assert decide(LEAF, RULED, Entry(override=D("1.5"), explanation="x")).points == F("1.5")
    both = Entry(
        override=D("1.5"), explanation="x", appraised_1=D(0), appraised=D("0.5"), note="thiếu"
    )
    assert (decide(LEAF, RULED, both).points, decide(LEAF, RULED, both).state) == (
        F("0.5"),
        "appraised",
    )
    assert (
        decide(LEAF, RULED, Entry(appraised_1=D(0))).points == 1
    )  # the first round scores nothing
    assert not decide(LEAF, None).counts
    assert decide(LEAF, None, Entry(survey=D("1.25"))).points == F("1.25")


def test_not_applicable_by_the_sets_policy():
    out = Entry(not_applicable=True, reason="Không có")
    for policy, wanted in (
        (Policy.EXCLUDE, (0, False)),
        (Policy.FULL, (2, True)),
        (Policy.ZERO, (0, True)),
    ):
        found = decide(LEAF, RULED, out, policy)
        assert (found.points, found.counts) == wanted
        arose = decide(LEAF, points(TIERS, none_arose()), None, policy)
        assert (arose.points, arose.counts, arose.state) == (*wanted, "not_applicable")


def test_index_is_null_where_nothing_counts():
    assert add_up([]).index is None
    assert add_up([decide(LEAF, None)]).index is None
    assert band_of(None, [Band(">=", D(0), "Yếu")]) is None


def test_caps_and_bands_and_no_clamp():
    assert capped([D(1), D("1.5")], D(2)) == 2
    assert capped([D(1), D("1.5")], None) == F("2.5")
    bands = [Band(">=", D(90), "Tốt"), Band(">=", D(80), "Khá")]
    assert band_of(F(90), bands).name == "Tốt"
    assert band_of(F(90) - F(1, 10**9), bands).name == "Khá"
    assert band_of(F(79), bands) is None


def test_sums_are_of_leaves_that_count():
    leaves = [
        decide(LEAF, RULED),
        Points(F(3), F(5), False, "x", ""),
        Points(F(4), F(5), True, "x", ""),
    ]
    assert add_up(leaves).index == F(500, 7)
    assert add_up(leaves, only=[False, True, True]).index == F(400, 7)


@given(st.fractions(-1000, 1000))
def test_figures_are_handed_out_with_twelve_digits_and_more(value):
    text = digits(value)
    assert len(text.lstrip("-0.").replace(".", "")) >= 12 or value == 0
    assert abs(F(text) - value) <= abs(value) / 10**12


def test_figures_that_end_are_exact():
    assert digits(F(500, 7)) == "71.42857142857142857142857143"
    assert digits(F(138, 100)) == "1.38000000000"
    assert digits(F(0)) == "0.00000000000"
    assert digits(F(-1)) == "-1.00000000000"
