"""Numbers as officials write them: what is read, what is shown, how it is rounded (R11, R35a)."""

import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.numbers import NotANumber, read_number, round_half_up, show_number, show_percent

figures = st.decimals(
    min_value=-(10**14), max_value=10**14, allow_nan=False, allow_infinity=False, places=4
)
shares = st.fractions(min_value=0, max_value=3, max_denominator=10**6)


# -- Reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("12", "12"),
        ("0", "0"),
        ("9,8", "9.8"),
        ("9.8", "9.8"),
        ("0.125", "0.125"),
        ("1.234", "1234"),
        ("1.234,5", "1234.5"),
        ("1.234.567", "1234567"),
        ("1.2345", "1.2345"),
        ("12.34", "12.34"),
        ("1234,5", "1234.5"),
        ("1 234,5", "1234.5"),
        ("1\u00a0234", "1234"),
        ("  70,69  ", "70.69"),
        ("-5", "-5"),
        ("−5,5", "-5.5"),
        ("007", "7"),
        ("-10000000000000000000000000000001", "-10000000000000000000000000000001"),
    ],
)
def test_what_is_typed_is_read(typed, meant):
    assert read_number(typed) == Decimal(meant)


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "-", "mười", "12%", "1e5", "1E5", "NaN", "Infinity", "inf", "1,2,3", "1.23.4", "1,234.5",
        ",5", "5,", "5.", ".5", "--5", "+5", "1_000", "0x10", "١٢", "１２", "½", "²", "12a", "1/2",
        "1..234", "12 5", "1 2345", "1  234", "1 234.567,8", "- 5", "12.3456.789", "1.234.56", "1234.567,8",
    ],
)  # fmt: skip
def test_what_is_no_number_or_two_is_refused(typed):
    with pytest.raises(NotANumber):
        read_number(typed)


@given(st.text())
def test_anything_typed_is_read_exactly_or_refused(text):
    try:
        value = read_number(text)
    except NotANumber:
        return
    assert value.is_finite()
    digits = re.sub(r"\D", "", text).lstrip("0")
    assert re.sub(r"\D", "", f"{value:f}").lstrip("0") == digits  # no digit lost, none invented


# -- Showing ------------------------------------------------------------------------------------


@given(figures)
def test_what_is_shown_is_read_back_the_same(figure):
    assert read_number(show_number(figure)) == figure


@given(figures)
def test_thousands_are_grouped_by_points_and_decimals_follow_a_comma(figure):
    text = show_number(figure)
    assert re.fullmatch(r"-?\d{1,3}(\.\d{3})*(,\d*[1-9])?", text), text
    assert Decimal(text.replace(".", "").replace(",", ".")) == figure


def test_some_figures_in_words():
    assert show_number(Decimal("1234567.50")) == "1.234.567,5"
    assert show_number(1000) == "1.000"
    assert show_number(Decimal("70.69"), 1) == "70,7"
    assert show_number(Decimal("70"), 2) == "70,00"
    assert show_number(Decimal("-0.5"), 0) == "-1"
    assert show_number(Fraction(1, 3)) == "0,33"
    assert show_number(Decimal("1E+3")) == "1.000"


# -- Rounding -----------------------------------------------------------------------------------


def by_hand(value, places):
    """Half away from zero, on whole numbers only: another way than the code's."""
    scaled = abs(Fraction(value)) * 10**places
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    whole += 2 * rest >= scaled.denominator
    return Fraction(whole, 10**places) * (-1 if value < 0 else 1)


@given(st.one_of(figures, shares, shares.map(lambda share: -share)), st.integers(0, 4))
def test_rounding_is_half_up_and_exact(value, places):
    rounded = round_half_up(value, places)
    assert Fraction(rounded) == by_hand(value, places)
    assert -rounded.as_tuple().exponent == places


def test_halves_go_up_where_floats_and_bankers_go_down():
    assert round_half_up(Decimal("2.675"), 2) == Decimal("2.68")
    assert round_half_up(Decimal("0.125"), 2) == Decimal("0.13")
    assert round_half_up(Fraction(1, 8), 2) == Decimal("0.13")
    assert round_half_up(Decimal("-2.5"), 0) == Decimal("-3")


# -- Percentages --------------------------------------------------------------------------------


@given(shares, st.integers(0, 2))
def test_a_percentage_never_says_all_for_less_nor_for_more(share, places):
    text = show_percent(share, places)
    assert text.endswith("%")
    shown = Fraction(read_number(text[:-1]))
    assert abs(shown - share * 100) <= Fraction(1, 10**places)
    assert (shown < 100) == (share < 1)
    assert (shown > 100) == (share > 1)


def test_some_percentages():
    assert show_percent(Fraction(98, 1000)) == "9,8%"
    assert show_percent(Fraction(1)) == "100%"
    assert show_percent(Fraction(99999, 100000)) == "99,99%"
    assert show_percent(Fraction(100001, 100000)) == "100,01%"
    assert show_percent(Fraction(0)) == "0%"
    assert show_percent(Fraction(2, 3)) == "66,67%"
