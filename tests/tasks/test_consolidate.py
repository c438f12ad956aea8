"""Figures added up in the database are those of the pure rules (R8), in whatever order units answered."""

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from review_office import TODAY, ReviewOffice

from plans.models import Indicator, Period
from plans.targets import Kind, Status, Value, merge
from tasks.consolidation import (
    consolidate,
    consolidate_both,
    previous_values,
    tally,
    value_text,
)
from tasks.models import Answer, Document, Report
from tasks.states import EXPECTED, State

pytestmark = pytest.mark.django_db
FIGURES = st.integers(0, 10**9).map(lambda n: Decimal(n) / 10000)
DAYS = st.dates(dt.date(2018, 1, 1), dt.date(2019, 12, 31))
COLUMNS = {
    Kind.RATIO: st.fixed_dictionaries(
        {
            "numerator": st.one_of(FIGURES, st.none()),
            "denominator": st.one_of(st.just(Decimal(0)), FIGURES, st.none()),
        }
    ),
    Kind.COUNT: st.fixed_dictionaries({"amount": st.one_of(FIGURES, st.none())}),
    Kind.AMOUNT: st.fixed_dictionaries({"amount": st.one_of(FIGURES, st.none())}),
    Kind.BOOLEAN: st.fixed_dictionaries({"holds": st.one_of(st.booleans(), st.none())}),
    Kind.DATE: st.fixed_dictionaries({"day": st.one_of(DAYS, st.none())}),
    Kind.DOCUMENT: st.fixed_dictionaries({"issued_on": st.one_of(DAYS, st.none())}),
}
STATES = st.sampled_from(["given", "given", "given", "missing", "not_arising", "not_ours"])


def answers_of(kind):
    """What three units say, or nothing at all."""
    return st.lists(st.one_of(st.none(), st.tuples(STATES, COLUMNS[kind])), min_size=3, max_size=3)


@pytest.fixture
def office(db):
    with time_machine.travel(TODAY):
        yield ReviewOffice()


def write(office, kind, said, states=("accepted", "accepted", "accepted")):
    """One indicator of ``kind`` answered so by the three units of area 2."""
    indicator = office.indicators["2.1-a"]
    Indicator.objects.filter(pk=indicator.pk).update(kind=kind, op="", target=None)
    Answer.objects.filter(indicator=indicator).delete()
    written = []
    for unit, one, state in zip(("TCCB", "KHTC", "TTRA"), said, states, strict=True):
        report = office.reports[unit, "2.1"]
        Report.objects.filter(pk=report.pk).update(state=state, first_submitted_at=TODAY)
        if one is None:
            continue
        columns = dict(one[1])
        if kind is Kind.DOCUMENT:
            columns["document"] = Document.objects.create(
                agency=office.agency, unit=report.unit, issued_on=columns.pop("issued_on")
            )
        written.append(
            Answer.objects.create(report=report, indicator=indicator, state=one[0], **columns)
        )
    indicator.refresh_from_db()
    return indicator, written


def consolidated(office, indicator, **options):
    return consolidate(office.period, indicators=[indicator], **options)[indicator.pk]


@pytest.mark.parametrize("kind", list(Kind))
def test_database_and_pure_rules_agree(office, kind):
    """The order in which units answer makes no difference either."""

    @settings(
        max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(answers_of(kind), st.permutations(range(3)))
    def check(said, order):
        indicator, written = write(office, kind, said)
        wanted = merge(kind, [answer.value(kind) for answer in written])
        found = consolidated(office, indicator)
        assert found.value == wanted
        assert merge(kind, [a.value(kind) for a in reversed(written)]) == wanted
        again, _ = write(office, kind, [said[n] for n in order])
        assert consolidated(office, again).value == wanted

    check()


def ratio(numerator, denominator, state="given"):
    return (state, {"numerator": Decimal(numerator), "denominator": Decimal(denominator)})


def test_percentages_are_never_averaged(office):
    indicator, _ = write(office, Kind.RATIO, [ratio(1, 1), ratio(0, 9), ratio(8, 10)])
    found = consolidated(office, indicator)
    assert (found.value.numerator, found.value.denominator) == (9, 20)
    assert found.words == "9/20 (45%)"


def test_not_ours_is_neutral(office):
    not_ours = ("not_ours", {"numerator": None, "denominator": None})
    indicator, _ = write(office, Kind.RATIO, [ratio(3, 4), not_ours, None])
    with_it = consolidated(office, indicator).value
    indicator, _ = write(office, Kind.RATIO, [ratio(3, 4), None, None])
    assert consolidated(office, indicator).value == with_it
    indicator, _ = write(office, Kind.RATIO, [not_ours, not_ours, not_ours])
    assert consolidated(office, indicator).value == Value()


def test_only_accepted_reports_count_and_the_rest_is_named(office):
    said = [ratio(1, 2), ratio(1, 2), ratio(1, 2)]
    indicator, _ = write(office, Kind.RATIO, said, states=("accepted", "submitted", "returned"))
    found = consolidated(office, indicator)
    assert (found.value.numerator, found.given, found.owed) == (1, 1, 3)
    assert found.provisional_text == "tạm tính 1/3 đơn vị" and not found.complete
    expected = consolidated(office, indicator, states=EXPECTED)
    assert (expected.value.numerator, expected.given) == (2, 2)


def test_released_and_retired_reports_leave_the_sum(office):
    indicator, _ = write(office, Kind.RATIO, [ratio(1, 2)] * 3)
    Report.objects.filter(pk=office.reports["KHTC", "2.1"].pk).update(released_at=TODAY)
    Report.objects.filter(pk=office.reports["TTRA", "2.1"].pk).update(retired_at=TODAY)
    found = consolidated(office, indicator)
    assert (found.value.denominator, found.given, found.owed) == (2, 1, 1)


def test_the_source_alone_answers(office):
    indicator, _ = write(office, Kind.COUNT, [("given", {"amount": Decimal(n)}) for n in (1, 2, 4)])
    indicator.source = office.units["KHTC"]
    indicator.save()
    found = consolidated(office, indicator)
    assert (found.value.amount, found.given, found.owed) == (2, 1, 1)


def test_sums_are_exact(office):
    said = [("given", {"amount": Decimal(text)}) for text in ("0.1", "0.2", "12345678901.0003")]
    indicator, _ = write(office, Kind.AMOUNT, said)
    assert consolidated(office, indicator).value.amount == Decimal("12345678901.3003")


def test_last_year_is_the_agencys_own_accepted_figure(office):
    """Also from the plan before, by the same code; this plan's own earlier year goes before it (R9)."""
    indicator = office.indicators["2.1-a"]
    Indicator.objects.filter(pk=indicator.pk).update(op=">", target=None, target_previous_year=True)
    indicator.refresh_from_db()
    write_now = Answer.objects.create(
        report=office.reports["TCCB", "2.1"], indicator=indicator, numerator=6, denominator=10
    )
    Report.objects.filter(pk=write_now.report_id).update(
        state=State.ACCEPTED, first_submitted_at=TODAY
    )
    assert consolidated(office, indicator).verdict.status is Status.NO_PREVIOUS

    older = ReviewOffice("SNV")
    older.accept("TCCB", "2.1")  # a stranger's year says nothing here
    older.period.year = 2018
    older.period.save()
    assert consolidated(office, indicator).verdict.status is Status.NO_PREVIOUS

    last = Period.objects.create(
        plan=office.plan,
        year=2018,
        starts_on=dt.date(2018, 1, 1),
        due_before=dt.date(2018, 11, 20),
        closes_on=dt.date(2018, 12, 31),
        opened_at=TODAY,
    )
    report = Report.objects.create(
        period=last,
        task=office.tasks["2.1"],
        unit=office.units["TCCB"],
        state=State.SUBMITTED,
        first_submitted_at=TODAY,
    )
    Answer.objects.create(report=report, indicator=indicator, numerator=5, denominator=10)
    assert consolidated(office, indicator).verdict.status is Status.NO_PREVIOUS
    Report.objects.filter(pk=report.pk).update(state=State.ACCEPTED)
    found = consolidated(office, indicator)
    assert found.verdict.status is Status.MET
    assert found.previous_words == "5/10 (50%)"
    assert previous_values(office.period, [indicator])["2.1-a"] == found.previous
    # What is expected of this year is still held against accepted figures of the last.
    Report.objects.filter(pk=report.pk).update(state=State.SUBMITTED)
    expected = consolidated(office, indicator, states=EXPECTED)
    assert expected.verdict.status is Status.NO_PREVIOUS


@pytest.mark.parametrize("kind", list(Kind))
def test_accepted_and_expected_read_together_are_those_read_apart(office, kind):
    @settings(
        max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(
        answers_of(kind),
        st.lists(
            st.sampled_from(["accepted", "submitted", "returned", "draft"]), min_size=3, max_size=3
        ),
    )
    def agree(said, states):
        indicator, _ = write(office, kind, said, states)
        counted, expected = consolidate_both(office.period, indicators=[indicator])
        assert counted[indicator.pk] == consolidated(office, indicator)
        assert expected[indicator.pk] == consolidated(office, indicator, states=EXPECTED)

    agree()


def test_tally_counts_every_status(office):
    office.accept("VP", "1.1", numerator=9, denominator=10)
    office.accept("VP", "1.2", numerator=8, denominator=10)
    counts = tally(consolidate(office.period).values())
    assert counts[Status.MET] == counts[Status.NOT_MET] == 1
    assert counts[Status.NO_TARGET] == 2 and counts[Status.NOT_REPORTED] == 4


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (Kind.RATIO, Value(), "Chưa có số liệu"),
        (Kind.RATIO, Value(reported=True, not_arising=True), "Không phát sinh"),
        (
            Kind.RATIO,
            Value(reported=True, numerator=Decimal(0), denominator=Decimal(0)),
            "Không phát sinh",
        ),
        (
            Kind.RATIO,
            Value(reported=True, numerator=Decimal(1234), denominator=Decimal(2000)),
            "1.234/2.000 (61,7%)",
        ),
        (Kind.COUNT, Value(reported=True, amount=Decimal("1234.5")), "1.234,5"),
        (Kind.BOOLEAN, Value(reported=True, holds=False), "Không"),
        (Kind.DATE, Value(reported=True, day=dt.date(2019, 3, 1)), "01/03/2019"),
        (Kind.DOCUMENT, Value(reported=True, missing=True), "Chưa ban hành"),
        (Kind.COUNT, Value(reported=True, missing=True), "Chưa thực hiện"),
    ],
)
def test_figures_in_words(kind, value, words):
    assert value_text(kind, value) == words
