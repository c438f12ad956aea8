"""Figures in the database: exact as typed, exact as a sum, never rounded in silence (R11)."""

from decimal import Decimal

import pytest
from cast import House
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plans.fields import LARGEST, FigureField, from_scaled, to_scaled
from tasks.models import Answer, Report

figures = st.decimals(
    min_value=0, max_value=LARGEST, allow_nan=False, allow_infinity=False, places=4
)
# Each example writes rows into the same transaction and takes them away again.
in_the_database = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


UNITS = ("VP", "KHTC", "TTRA")


@pytest.fixture
def office(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    house = House("SGDDT")
    house.indicator = house.indicators["not_started"]
    house.of_unit = {
        unit: Report.objects.create(
            period=house.period, task=house.indicator.task, unit=house.units[unit]
        )
        for unit in UNITS
    }
    Answer.objects.all().delete()
    return house


def answer(office, unit, amount):
    return Answer.objects.create(
        report=office.of_unit[unit], indicator=office.indicator, amount=amount
    )


@in_the_database
@given(figure=figures)
def test_a_figure_comes_back_as_it_went_in(office, figure):
    row = answer(office, "VP", figure)
    row.refresh_from_db()
    assert isinstance(row.amount, Decimal)
    assert row.amount == figure
    assert Answer.objects.filter(amount=figure).exists()
    row.delete()


@in_the_database
@given(figures=st.lists(figures, min_size=3, max_size=3))
def test_a_sum_made_by_the_database_is_exact(office, figures):
    rows = [answer(office, unit, f) for unit, f in zip(UNITS, figures, strict=True)]
    found = Answer.objects.aggregate(total=Sum("amount"))["total"]
    assert found == sum(figures)
    assert isinstance(found, Decimal)
    for row in rows:
        row.delete()


def test_tenths_are_tenths(office):
    """0.1 + 0.2 is the sum that floats get wrong."""
    for unit, figure in (("VP", "0.1"), ("KHTC", "0.2"), ("TTRA", "0.0001")):
        answer(office, unit, Decimal(figure))
    assert Answer.objects.aggregate(total=Sum("amount"))["total"] == Decimal("0.3001")


def test_figures_are_compared_as_numbers(office):
    for unit, figure in (("VP", "9.8"), ("KHTC", "10"), ("TTRA", "100")):
        answer(office, unit, Decimal(figure))
    assert Answer.objects.filter(amount__gt=Decimal("9.8")).count() == 2
    assert list(Answer.objects.order_by(F("amount").desc()).values_list("amount", flat=True)) == [
        100,
        10,
        Decimal("9.8"),
    ]


@pytest.mark.parametrize("figure", ["0.00001", "1.23456", "99999999999.00005"])
def test_more_than_four_places_are_refused_not_rounded(office, figure):
    with pytest.raises(ValueError, match="more than 4 decimal places"), transaction.atomic():
        answer(office, "VP", Decimal(figure))
    assert not Answer.objects.exists()


def test_trailing_zeros_are_no_places():
    assert to_scaled(Decimal("1.2300000")) == 12300


def test_floats_are_never_figures():
    with pytest.raises(TypeError):
        FigureField().to_python(0.1)


def test_text_is_read_with_a_comma_and_nonsense_refused():
    assert FigureField().to_python(" 70,69 ") == Decimal("70.69")
    with pytest.raises(ValidationError, match="Không phải là số"):
        FigureField().to_python("mười")


@given(st.decimals(min_value=-LARGEST, max_value=LARGEST, allow_nan=False, places=4))
def test_the_scale_goes_both_ways(figure):
    assert from_scaled(to_scaled(figure)) == figure
    assert "E" not in str(from_scaled(to_scaled(figure)))  # shown and kept as plain digits


def test_the_largest_figure_fits_the_column():
    assert to_scaled(LARGEST) < 2**63
