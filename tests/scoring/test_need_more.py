"""«Cần thêm N»: the smallest change that brings the points named, for targets, tiers and shares (R30)."""

import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from plans.numbers import read_number
from plans.targets import OPS, Kind, Target, Value
from scoring.rules import Figure, Leaf, parse_rule, score, wanting

LEAF = Leaf(Decimal(2), 2019)
CODE = "1.1-a"


def ratio(top, whole):
    return Value(reported=True, numerator=Decimal(top), denominator=Decimal(whole))


def amount(value):
    return Value(reported=True, amount=Decimal(value))


def figure(value, kind=Kind.RATIO, op="", at=None, **more):
    at = None if at is None else Decimal(at)
    target = Target(kind=kind, op=op, at=at, counted="hồ sơ", **more)
    return Figure(CODE, value=value, target=target)


def moved(one, by):
    """The same figure with ``by`` more of what is counted."""
    value = one.value
    if one.kind is Kind.RATIO:
        value = ratio(value.numerator + by, value.denominator)
    else:
        value = amount(value.amount + by)
    return Figure(one.code, value=value, target=one.target)


def tiers(*levels, otherwise="0"):
    return parse_rule(
        {
            "type": "tiers",
            "indicator": CODE,
            "tiers": [
                {"op": op, "at": str(at), "points": str(points)} for op, at, points in levels
            ],
            "otherwise": otherwise,
        }
    )


TARGET = parse_rule({"type": "target", "indicator": CODE})


def share(full="100", floor=None):
    return parse_rule({"type": "ratio", "indicator": CODE, "full": full, "floor": floor})


def points(rule, one, leaf=LEAF):
    return score(rule, leaf, {CODE: one}).points


def said(rule, one, leaf=LEAF):
    return wanting(rule, leaf, {CODE: one})


NUMBER = re.compile(r"cần (thêm|giảm) (hơn )?([\d.,]+)")
POINTS = re.compile(r"\(([\d,]+) điểm\)")


def read(words):
    """(change, more than that, points) of one sentence; None where it names no number."""
    found = NUMBER.search(words)
    if not found:
        return None
    change = read_number(found[3]) * (1 if found[1] == "thêm" else -1)
    named = POINTS.search(words)
    return change, bool(found[2]), read_number(named[1]) if named else None


# -- In words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "one", "words"),
    [
        (
            TARGET,
            figure(ratio(88, 98), op=">=", at="92.5"),
            ["1.1-a: cần thêm 3 hồ sơ để đạt 92,5%, với mẫu số hiện nay là 98"],
        ),
        (
            TARGET,
            figure(ratio(12, 120), op=">", at=10),
            ["1.1-a: cần thêm 1 hồ sơ để vượt 10%, với mẫu số hiện nay là 120"],
        ),
        (
            TARGET,
            figure(ratio(3, 3), op=">", at=100),
            ["1.1-a: không thể đạt > 100% bằng cách thêm hồ sơ: tử số không được lớn hơn mẫu số 3"],
        ),
        (
            TARGET,
            figure(ratio(3, 3), op=">", at=100, may_exceed=True),
            ["1.1-a: cần thêm 1 hồ sơ để vượt 100%, với mẫu số hiện nay là 3"],
        ),
        (
            TARGET,
            figure(ratio(9, 100), op="<=", at=5),
            ["1.1-a: cần giảm 4 hồ sơ để đạt ≤ 5%, với mẫu số hiện nay là 100"],
        ),
        (TARGET, figure(amount(7), Kind.COUNT, ">=", 10), ["1.1-a: cần thêm 3 để đạt 10"]),
        (
            TARGET,
            figure(amount("2.5"), Kind.AMOUNT, ">", 10),
            ["1.1-a: cần thêm hơn 7,5 để vượt 10"],
        ),
        (
            tiers((">", 10, 2), (">=", 5, 1)),
            figure(ratio(4, 109)),
            [
                "cần thêm 2 hồ sơ để đạt 5% (1 điểm), với mẫu số hiện nay là 109",
                "cần thêm 7 hồ sơ để vượt 10% (2 điểm)",
            ],
        ),
        # One of three more is 100 % at once: nobody is promised the lower tier.
        (
            tiers((">=", 100, 2), (">=", 90, 1)),
            figure(ratio(2, 3)),
            ["cần thêm 1 hồ sơ để đạt 100% (2 điểm), với mẫu số hiện nay là 3"],
        ),
        (
            tiers(("<=", 0, 2), ("<=", 3, 1)),
            figure(amount(5), Kind.COUNT),
            ["cần giảm 2 hồ sơ để đạt ≤ 3 (1 điểm)", "cần giảm 5 hồ sơ để đạt ≤ 0 (2 điểm)"],
        ),
        (
            tiers(("=", 2, 2), (">", 2, "0.5")),
            figure(amount(0), Kind.COUNT),
            ["cần thêm 2 hồ sơ để bằng 2 (2 điểm)"],
        ),
        # Out of a tier that costs points there may be no other: the points alone are named.
        (
            tiers(("<", 3, 0), otherwise="1"),
            figure(amount(1), Kind.COUNT),
            ["cần thêm 2 hồ sơ (1 điểm)"],
        ),
        (
            tiers((">", 100, 2)),
            figure(amount(100), Kind.AMOUNT),
            ["phải lớn hơn 100 (2 điểm)"],
        ),
        (
            tiers((">", "250.5", 2)),
            figure(amount("250"), Kind.AMOUNT),
            ["cần thêm hơn 0,5 để vượt 250,5 (2 điểm)"],
        ),
        (
            tiers((">=", 50, 1)),
            figure(ratio(3, 4)),
            ["đã ở mức cao nhất có thể của thang điểm"],
        ),
        (
            share("90", "60"),
            figure(ratio(55, 100)),
            [
                "cần thêm 5 hồ sơ để đạt 60% (1,3333 điểm), với mẫu số hiện nay là 100",
                "cần thêm 35 hồ sơ để đạt 90% (2 điểm)",
            ],
        ),
        (
            share("90", "60"),
            figure(ratio(0, 1)),
            ["cần thêm 1 hồ sơ để đạt 90% (2 điểm), với mẫu số hiện nay là 1"],
        ),
        (
            share("120"),
            figure(ratio(3, 4)),
            [
                "cần thêm 1 hồ sơ để đạt 100% (1,6667 điểm), với mẫu số hiện nay là 4",
                "không thể đạt ≥ 120% bằng cách thêm hồ sơ: tử số không được lớn hơn mẫu số 4",
            ],
        ),
    ],
)
def test_in_words(rule, one, words):
    assert said(rule, one) == words


def many(rule, **values):
    return wanting(parse_rule(rule), LEAF, values)


def test_what_is_counted_together_is_asked_for_once():
    rule = {"type": "count", "indicators": ["a", "b"], "each": "0.5"}
    target = Target(kind=Kind.COUNT)
    have = {n: Figure(n, value=amount(1), target=target) for n in "ab"}
    assert many(rule, **have) == ["a, b: cần thêm 2 trường hợp (cộng lại) để đủ điểm"]
    assert many(rule | {"each": "-0.5"}, **have) == [
        "a: có 1, trừ 0,5 điểm",
        "b: có 1, trừ 0,5 điểm",
    ]


def test_a_document_says_its_day_and_the_date_it_missed():
    import datetime as dt

    rule = parse_rule(
        {
            "type": "date",
            "indicator": CODE,
            "on_time": "2",
            "late": "1",
            "missing": "0",
            "due": {"quarter": 1},
        }
    )
    value = Value(reported=True, day=dt.date(2019, 4, 15))
    one = Figure(CODE, value=value, target=Target(kind=Kind.DOCUMENT))
    assert said(rule, one) == ["1.1-a: ngày 15/04/2019 là sau hạn 31/03/2019"]


# -- Exactly ------------------------------------------------------------------------------------

percents = st.decimals(min_value=0, max_value=110, places=1)
small = st.integers(0, 40)
wholes = st.integers(1, 40)
levels = st.lists(
    st.tuples(st.sampled_from(OPS), percents, st.sampled_from(["0", "0.5", "1", "1.25", "2"])),
    min_size=1,
    max_size=4,
)


def assert_exact(rule, one, leaf=LEAF):
    """Every number said brings the points said, one piece less does not, and nothing within reach is left out."""
    now = points(rule, one, leaf)
    best_up = best_down = now
    for words in said(rule, one, leaf):
        if (named := read(words)) is None:
            continue
        change, beyond, promised = named
        assert not beyond
        assert change == change.to_integral_value()
        reached = points(rule, moved(one, change), leaf)
        assert reached > now
        if promised is not None:
            assert abs(reached - Fraction(promised)) <= Fraction(1, 20_000)
        less = change - (1 if change > 0 else -1)
        assert points(rule, moved(one, less), leaf) < reached
        if change > 0:
            best_up = max(best_up, reached)
        else:
            best_down = max(best_down, reached)
    have = int(one.value.numerator if one.kind is Kind.RATIO else one.value.amount)
    top = 300 if one.kind is Kind.COUNT else int(one.value.denominator)
    if one.kind is Kind.RATIO and one.target.may_exceed:
        top = 3 * top
    up = [points(rule, moved(one, n), leaf) for n in range(1, top - have + 1)]
    down = [points(rule, moved(one, -n), leaf) for n in range(1, have + 1)]
    return now, best_up, best_down, max([now, *up]), max([now, *down])


@given(small, wholes, st.sampled_from(OPS), percents, st.booleans())
def test_a_ratio_s_target(top, whole, op, at, may_exceed):
    assume(may_exceed or top <= whole)
    one = figure(ratio(top, whole), op=op, at=at, may_exceed=may_exceed)
    now, up, down, most_up, most_down = assert_exact(TARGET, one)
    assert max(up, down) == max(most_up, most_down)
    texts = said(TARGET, one)
    assert bool(texts) == (now < 2)
    if texts and max(up, down) == now:
        assert "không thể đạt" in texts[0] or "phải bằng" in texts[0]
    elif texts:
        assert texts[0].endswith(f", với mẫu số hiện nay là {whole}")


@given(small, st.sampled_from(OPS), st.decimals(min_value=0, max_value=60, places=1))
def test_a_count_s_target(have, op, at):
    one = figure(amount(have), Kind.COUNT, op, at)
    _, up, down, most_up, most_down = assert_exact(TARGET, one)
    assert max(up, down) == max(most_up, most_down)


@given(small, wholes, levels, st.booleans())
def test_tiers_of_a_ratio(top, whole, of, may_exceed):
    assume(may_exceed or top <= whole)
    one = figure(ratio(top, whole), may_exceed=may_exceed)
    _, up, down, most_up, most_down = assert_exact(tiers(*of), one)
    assert (up, down) == (most_up, most_down)


@given(small, levels)
def test_tiers_of_a_count(have, of):
    _, up, down, most_up, most_down = assert_exact(tiers(*of), figure(amount(have), Kind.COUNT))
    assert (up, down) == (most_up, most_down)


@given(st.decimals(min_value=0, max_value=110, places=2), levels)
def test_tiers_of_an_amount(have, of):
    rule, one = tiers(*of), figure(amount(have), Kind.AMOUNT)
    now = points(rule, one)
    little = Decimal("0.0001")
    for words in said(rule, one):
        if (named := read(words)) is None:
            assert words.startswith(("phải lớn hơn", "phải nhỏ hơn", "đã ở mức cao nhất"))
            continue
        change, beyond, promised = named
        way = 1 if change > 0 else -1
        reached = moved(one, change + (little * way if beyond else 0))
        assert points(rule, reached) == Fraction(promised) > now
        assert points(rule, moved(one, change - (0 if beyond else little * way))) < promised


@given(
    small,
    wholes,
    st.decimals(min_value=1, max_value=130, places=1),
    st.one_of(st.none(), st.decimals(min_value=0, max_value=100, places=1)),
)
def test_a_share_with_floor_and_full(top, whole, full, floor):
    assume(top <= whole and (floor is None or floor <= full))
    one = figure(ratio(top, whole))
    rule = share(str(full), None if floor is None else str(floor))
    _, up, _, most, _ = assert_exact(rule, one)
    assert up == most


@given(small, small, st.sampled_from(["0.05", "0.3", "0.5", "1"]))
def test_counting(first, second, each):
    rule = parse_rule({"type": "count", "indicators": ["a", "b"], "each": each})
    target = Target(kind=Kind.COUNT)

    def figures(more=0):
        return {
            "a": Figure("a", value=amount(first + more), target=target),
            "b": Figure("b", value=amount(second), target=target),
        }

    texts = wanting(rule, LEAF, figures())
    lost = score(rule, LEAF, figures()).points < 2
    assert bool(texts) == lost
    if lost:
        change, _, _ = read(texts[0])
        assert score(rule, LEAF, figures(change)).points == 2
        assert score(rule, LEAF, figures(change - 1)).points < 2
