"""What an indicator asks for, and figures, days and sizes, in the words officials use."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest

from plans.models import Indicator
from plans.templatetags import vi
from plans.wording import answered_by, due_text, target_text


def indicator(kind="ratio", **columns):
    return Indicator(code="1.1-a", name="Chỉ tiêu", kind=kind, **columns)


@pytest.mark.parametrize(
    ("kind", "columns", "words"),
    [
        ("ratio", {"op": ">=", "target": Decimal(100)}, "≥ 100%"),
        ("ratio", {"op": ">", "target": Decimal(10)}, "> 10%"),
        ("ratio", {"op": ">=", "target": Decimal("92.5")}, "≥ 92,5%"),
        ("ratio", {"op": ">", "target_previous_year": True}, "> năm trước"),
        ("ratio", {}, "không đặt mức"),
        ("count", {}, "không đặt mức"),
        ("count", {"op": ">=", "target": Decimal(1200)}, "≥ 1.200"),
        ("count", {"op": "<=", "target": Decimal(0)}, "≤ 0"),
        ("amount", {"op": "<", "target_previous_year": True}, "< năm trước"),
        ("boolean", {}, "có thực hiện"),
        ("document", {}, "được ban hành"),
        ("date", {}, "đã thực hiện"),
        (
            "document",
            {"due_quarter": 2, "due_year_offset": -1},
            "chậm nhất 30/06/2019 (hết quý II năm 2019)",
        ),
        ("date", {"due_quarter": 4}, "chậm nhất 31/12/2020 (hết quý IV năm 2020)"),
    ],
)
def test_target_in_words(kind, columns, words):
    assert target_text(indicator(kind, **columns), 2020) == words


def test_no_date_where_the_plan_sets_none():
    assert due_text(indicator("document"), 2020) == ""


def test_every_kind_says_how_it_is_answered():
    assert all(answered_by(indicator(kind)) for kind, _ in Indicator.KINDS)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("1234567.5"), "1.234.567,5"),
        (Decimal("70.6900"), "70,69"),
        (0, "0"),
        (None, ""),
    ],
)
def test_figures(value, shown):
    assert vi.figure(value) == shown


def test_figure_rounded_for_display_only():
    assert vi.figure(Decimal("2.345"), 2) == "2,35"


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (Fraction(98, 1000), "9,8%"),
        (Fraction(1), "100%"),
        (Fraction(99999, 100000), "99,99%"),  # never 100% for less than all
        (None, ""),
    ],
)
def test_percentages(share, shown):
    assert vi.percent(share) == shown


def test_days_and_moments():
    night = dt.datetime(2019, 11, 19, 17, 5, tzinfo=dt.UTC)  # already the 20th in Vietnam
    assert vi.ngay(dt.date(2019, 11, 9)) == "09/11/2019"
    assert vi.ngay(night) == "20/11/2019"
    assert vi.ngay("2019-01-15") == "15/01/2019"
    assert vi.ngay("2019-11-19T17:05:00+00:00") == "20/11/2019"
    assert vi.ngay(None) == vi.ngay("hôm qua") == ""
    assert vi.luc(night) == "00:05 20/11/2019"
    assert vi.luc("2019-11-19T17:05:00+00:00") == "00:05 20/11/2019"
    assert vi.luc(None) == ""


@pytest.mark.parametrize(
    ("today", "days", "words"),
    [
        (dt.date(2019, 11, 1), 18, "còn 18 ngày"),
        (dt.date(2019, 11, 19), 0, "hạn cuối hôm nay"),  # «trước ngày 20/11»
        (dt.date(2019, 11, 20), -1, "quá hạn 1 ngày"),
    ],
)
def test_days_left(today, days, words):
    assert vi.days_left(dt.date(2019, 11, 20), today) == days
    assert vi.days_left_text(days) == words


def test_no_date_no_days():
    assert vi.days_left(None) is None
    assert vi.days_left_text(None) == ""


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 byte"),
        (812, "812 byte"),
        (1024, "1 KB"),
        (831_488, "812 KB"),
        (1024 * 1024 - 1, "1 MB"),
        (1_468_006, "1,4 MB"),
        (None, ""),
    ],
)
def test_file_sizes(size, shown):
    assert vi.kb_mb(size) == shown
