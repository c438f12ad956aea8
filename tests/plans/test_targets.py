"""What a figure means against its own target, and what is missing in plain words (R7, R7a, R8, R9, R10)."""

import datetime as dt
import random
import re
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from plans.numbers import read_number
from plans.targets import (
    OPS,
    Kind,
    Status,
    Target,
    Value,
    holds,
    judge,
    last_day_of_quarter,
    merge,
)

whole = st.integers(0, 5000).map(Decimal)
figures = st.decimals(min_value=0, max_value=5000, places=2)
percents = st.decimals(min_value=0, max_value=150, places=2)


def ratio(numerator, denominator):
    return Value(reported=True, numerator=Decimal(numerator), denominator=Decimal(denominator))


def amount(figure):
    return Value(reported=True, amount=Decimal(figure))


def at_least(percent, op=">=", **more):
    return Target(kind=Kind.RATIO, op=op, at=Decimal(percent), **more)


# -- The cases that fixed bands get wrong (R7a) --------------------------------------------------


@pytest.mark.parametrize(
    ("numerator", "denominator", "op", "percent", "words"),
    [
        (98, 1000, ">", 10, "cần thêm 3 trường hợp để vượt 10%"),
        (100, 1000, ">", 10, "cần thêm 1 trường hợp để vượt 10%"),
        (85, 100, ">=", 100, "cần thêm 15 trường hợp để đạt 100%"),
        (85, 100, "=", 100, "cần thêm 15 trường hợp để bằng 100%"),
        (85, 100, "=", 50, "cần giảm 35 trường hợp để bằng 50%"),
        (1, 3, "=", 50, "phải bằng 50%"),
        (3, 4, "=", 125, "phải bằng 125%"),
        (919, 1000, ">=", "92.5", "cần thêm 6 trường hợp để đạt 92,5%"),
        (7, 1000, "<", "0.5", "cần giảm 3 trường hợp để đạt < 0,5%"),
        (1, 10, "<=", 0, "cần giảm 1 trường hợp để đạt ≤ 0%"),
        (
            3,
            3,
            ">",
            100,
            "không thể đạt > 100% bằng cách thêm trường hợp: tử số không được lớn hơn mẫu số 3",
        ),
        (0, 10, "<", 0, "không thể đạt < 0%"),
    ],
)
def test_not_met_says_what_is_missing(numerator, denominator, op, percent, words):
    verdict = judge(ratio(numerator, denominator), at_least(percent, op))
    assert verdict.status is Status.NOT_MET
    assert verdict.missing == words


@pytest.mark.parametrize(
    ("numerator", "denominator", "op", "percent"),
    [
        (101, 1000, ">", 10),
        (1, 3, ">=", "33.33"),
        (100, 100, "=", 100),
        (100, 100, ">=", 100),
        (0, 5, "<=", 0),
    ],
)
def test_met(numerator, denominator, op, percent):
    verdict = judge(ratio(numerator, denominator), at_least(percent, op))
    assert (verdict.status, verdict.missing, verdict.needed) == (Status.MET, "", None)


def test_a_third_is_not_rounded_up_to_its_target():
    """33,33% shown is 33,333…; a target of 33,34% is missed though two places would say 33,33."""
    assert judge(ratio(1, 3), at_least("33.34")).status is Status.NOT_MET
    assert judge(ratio(999_999, 1_000_000), at_least(100)).status is Status.NOT_MET


def test_none_of_none_does_not_arise():
    assert judge(ratio(0, 0), at_least(100)).status is Status.NOT_ARISING
    assert judge(Value(reported=True, not_arising=True), at_least(10)).status is Status.NOT_ARISING


@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_reported_is_no_answer_of_any_kind(kind):
    assert judge(Value(), Target(kind=kind)).status is Status.NOT_REPORTED


def test_the_thing_that_is_counted_has_its_name():
    verdict = judge(ratio(98, 1000), at_least(10, ">", counted="hồ sơ"))
    assert verdict.missing == "cần thêm 3 hồ sơ để vượt 10%"


# -- «cần thêm N» is exact ----------------------------------------------------------------------


@given(figures, figures, percents, st.sampled_from([">", ">="]), st.booleans())
def test_with_the_number_named_a_ratio_is_met_and_with_one_less_not(
    numerator, denominator, percent, op, may_exceed
):
    assume(denominator > 0 and (may_exceed or numerator <= denominator))
    target = at_least(percent, op, may_exceed=may_exceed)
    verdict = judge(ratio(numerator, denominator), target)
    if verdict.status is Status.MET:
        return
    if verdict.needed is None:
        # Said to be out of reach: not even the largest allowed numerator, in whole pieces, does it.
        assert not may_exceed
        most = numerator + int(denominator - numerator)
        assert judge(ratio(most, denominator), target).status is Status.NOT_MET
        assert "không thể đạt" in verdict.missing
        return
    assert verdict.needed == int(verdict.needed) > 0
    assert read_number(re.search(r"cần thêm (\S+)", verdict.missing)[1]) == verdict.needed
    better = ratio(numerator + verdict.needed, denominator)
    assert judge(better, target).status is Status.MET
    assert may_exceed or better.numerator <= denominator
    almost = ratio(numerator + verdict.needed - 1, denominator)
    assert judge(almost, target).status is Status.NOT_MET


@given(whole, whole, percents, st.sampled_from(["<", "<="]))
def test_so_it_is_where_less_is_better(numerator, denominator, percent, op):
    assume(denominator > 0 and numerator <= denominator)
    target = at_least(percent, op)
    verdict = judge(ratio(numerator, denominator), target)
    if verdict.status is Status.MET:
        return
    if verdict.needed is None:
        assert judge(ratio(0, denominator), target).status is Status.NOT_MET
        return
    assert judge(ratio(numerator - verdict.needed, denominator), target).status is Status.MET
    assert judge(ratio(numerator - verdict.needed + 1, denominator), target).status is (
        Status.NOT_MET
    )


@given(whole, whole, st.sampled_from([">", ">="]))
def test_with_the_number_named_a_count_is_met_and_with_one_less_not(have, want, op):
    target = Target(kind=Kind.COUNT, op=op, at=want)
    verdict = judge(amount(have), target)
    if verdict.status is Status.MET:
        assert holds(have, op, want)
        return
    assert judge(amount(have + verdict.needed), target).status is Status.MET
    assert judge(amount(have + verdict.needed - 1), target).status is Status.NOT_MET


@given(whole, whole, st.sampled_from(["<", "<="]))
def test_so_it_is_for_a_count_where_less_is_better(have, want, op):
    target = Target(kind=Kind.COUNT, op=op, at=want)
    verdict = judge(amount(have), target)
    if verdict.status is Status.MET:
        return
    if verdict.needed is None:
        assert (op, want) == ("<", 0)
        return
    assert judge(amount(have - verdict.needed), target).status is Status.MET
    assert judge(amount(have - verdict.needed + 1), target).status is Status.NOT_MET


@given(figures, figures, st.sampled_from(OPS))
def test_a_verdict_is_what_the_comparison_says(have, want, op):
    verdict = judge(amount(have), Target(kind=Kind.AMOUNT, op=op, at=want))
    assert (verdict.status is Status.MET) == holds(have, op, want)
    assert bool(verdict.missing) == (verdict.status is Status.NOT_MET)


@pytest.mark.parametrize(
    ("kind", "have", "op", "want", "words"),
    [
        (Kind.COUNT, "10", ">", "10", "cần thêm 1 để vượt 10"),
        (Kind.COUNT, "10", "<", "10", "cần giảm 1 để đạt < 10"),
        (Kind.COUNT, "0", "<", "0", "không thể đạt < 0"),
        (Kind.COUNT, "9", "=", "10", "cần thêm 1 để bằng 10"),
        (Kind.COUNT, "12", "=", "10", "cần giảm 2 để bằng 10"),
        (Kind.COUNT, "12", "=", "10.5", "phải bằng 10,5"),
        (Kind.COUNT, "2.5", "<=", "0", "cần giảm 2,5 để đạt ≤ 0"),
        (Kind.AMOUNT, "4.5", "=", "10", "cần thêm 5,5 để bằng 10"),
        (Kind.AMOUNT, "5", ">", "10", "cần thêm hơn 5 để vượt 10"),
        (Kind.AMOUNT, "15", "<", "10", "cần giảm hơn 5 để đạt < 10"),
        (Kind.AMOUNT, "5", "<", "0", "không thể đạt < 0"),
        (Kind.AMOUNT, "10", ">", "10", "phải lớn hơn 10"),
        (Kind.AMOUNT, "10", "<", "10", "phải nhỏ hơn 10"),
        (Kind.AMOUNT, "50.25", ">=", "100", "cần thêm 49,75 để đạt 100"),
        (Kind.AMOUNT, "1234.5", "<=", "1000", "cần giảm 234,5 để đạt ≤ 1.000"),
    ],
)
def test_what_a_count_or_an_amount_lacks(kind, have, op, want, words):
    verdict = judge(amount(have), Target(kind=kind, op=op, at=Decimal(want)))
    assert (verdict.status, verdict.missing) == (Status.NOT_MET, words)


# -- The year before (R9) -----------------------------------------------------------------------


def test_the_year_before_is_the_target():
    target = Target(kind=Kind.RATIO, op=">", previous_year=True)
    before = ratio(90, 100)
    assert judge(ratio(91, 100), target, before).status is Status.MET
    verdict = judge(ratio(90, 100), target, before)
    assert verdict.missing == "cần thêm 1 trường hợp để vượt tỷ lệ năm trước 90%"
    count = Target(kind=Kind.COUNT, op=">=", previous_year=True)
    verdict = judge(amount(7), count, amount(10))
    assert verdict.missing == "cần thêm 3 để đạt năm trước 10"


@pytest.mark.parametrize("before", [None, Value(), Value(reported=True, not_arising=True)])
@pytest.mark.parametrize("kind", [Kind.RATIO, Kind.COUNT])
def test_without_a_year_before_it_is_neither_met_nor_missed(kind, before):
    value = Value(reported=True, numerator=Decimal(1), denominator=Decimal(2), amount=Decimal(3))
    verdict = judge(value, Target(kind=kind, op=">", previous_year=True), before)
    assert verdict.status is Status.NO_PREVIOUS
    assert verdict.text == "Chưa có số liệu năm trước"


# -- Documents and dates (R10) ------------------------------------------------------------------


@given(st.integers(2000, 2100), st.integers(1, 4))
def test_the_last_day_of_a_quarter(year, quarter):
    day = last_day_of_quarter(year, quarter)
    after = day + dt.timedelta(days=1)
    assert (day.year, day.month) == (year, quarter * 3)
    assert (after.day, after.month % 3) == (1, 1)


def test_on_time_is_up_to_the_last_day():
    due = last_day_of_quarter(2019, 2)
    assert due == dt.date(2019, 6, 30)
    for kind in (Kind.DOCUMENT, Kind.DATE):
        target = Target(kind=kind, due=due)
        assert judge(Value(reported=True, day=due), target).status is Status.MET
        late = judge(Value(reported=True, day=dt.date(2019, 7, 2)), target)
        assert late.status is Status.NOT_MET
        assert late.missing == "ngày 02/07/2019 là sau hạn 30/06/2019 (2 ngày)"


@pytest.mark.parametrize(
    ("kind", "words"), [(Kind.DOCUMENT, "chưa ban hành"), (Kind.DATE, "chưa thực hiện")]
)
def test_what_was_not_issued_is_not_met(kind, words):
    verdict = judge(Value(reported=True, missing=True), Target(kind=kind))
    assert (verdict.status, verdict.missing) == (Status.NOT_MET, words)


# -- Several units as one (R8) ------------------------------------------------------------------

days = st.dates(dt.date(2018, 1, 1), dt.date(2020, 12, 31))
answers = {
    Kind.RATIO: st.builds(ratio, whole, whole),
    Kind.COUNT: st.builds(amount, whole),
    Kind.AMOUNT: st.builds(amount, figures),
    Kind.BOOLEAN: st.booleans().map(lambda yes: Value(reported=True, holds=yes)),
    Kind.DOCUMENT: st.builds(lambda day: Value(reported=True, day=day), days),
    Kind.DATE: st.builds(lambda day: Value(reported=True, day=day), days),
}
neutral = st.sampled_from([Value(), Value(reported=True, not_arising=True)])
missing = st.just(Value(reported=True, missing=True))


@st.composite
def several(draw, kinds=tuple(Kind)):
    kind = draw(st.sampled_from(kinds))
    one = st.one_of(answers[kind], neutral, missing)
    return kind, draw(st.lists(one, max_size=6))


@given(several(), st.randoms(use_true_random=False))
def test_the_order_of_units_does_not_matter(case, chance: random.Random):
    kind, values = case
    shuffled = list(values)
    chance.shuffle(shuffled)
    assert merge(kind, shuffled) == merge(kind, values)


@given(several((Kind.RATIO, Kind.COUNT, Kind.AMOUNT, Kind.DOCUMENT, Kind.DATE)), st.integers(0, 6))
def test_groups_of_units_merge_to_the_same(case, cut):
    """What a group gives together and what its members give is one value: sums of sums."""
    kind, values = case
    parts = [merge(kind, values[:cut]), merge(kind, values[cut:])]
    assert merge(kind, parts) == merge(kind, values)


@given(several(), st.lists(neutral, max_size=3))
def test_units_where_it_does_not_arise_change_nothing(case, others):
    kind, values = case
    alone, together = merge(kind, values), merge(kind, [*others, *values])
    if alone.reported:
        assert together == alone
    else:
        assert together.not_arising == any(value.not_arising for value in others)


@given(st.lists(st.builds(ratio, whole, whole), min_size=1, max_size=8))
def test_a_ratio_is_a_sum_over_a_sum_never_a_mean(values):
    merged = merge(Kind.RATIO, values)
    real = [value for value in values if value.denominator]
    if not real:
        assert merged.not_arising
        return
    assert merged.numerator == sum(value.numerator for value in real)
    assert merged.denominator == sum(value.denominator for value in real)


def test_the_mean_would_be_wrong():
    merged = merge(Kind.RATIO, [ratio(1, 1), ratio(0, 99)])
    assert merged.ratio * 100 == 1  # not 50


@given(st.lists(st.booleans(), min_size=1, max_size=5))
def test_yes_only_if_all_say_yes(said):
    values = [Value(reported=True, holds=yes) for yes in said]
    assert merge(Kind.BOOLEAN, values).holds is all(said)
    assert merge(Kind.BOOLEAN, [*values, Value(reported=True, missing=True)]).holds is False


@given(st.lists(days, min_size=1, max_size=5))
def test_a_document_of_several_units_is_there_when_the_last_is(issued):
    assert merge(Kind.DOCUMENT, [Value(reported=True, day=day) for day in issued]).day == max(
        issued
    )


def test_nobody_answered():
    for kind in Kind:
        assert merge(kind, []) == merge(kind, [Value()]) == Value()
