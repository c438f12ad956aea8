"""What the database itself refuses, whatever code writes to it (STYLE 8)."""

import datetime as dt
from decimal import Decimal

import pytest
from cast import TODAY, House
from django.db import IntegrityError, models, transaction

from accounts.models import Unit, UnitGroup, User
from plans.models import (
    Assignment,
    Duty,
    LegalBasis,
    Period,
)
from tasks.models import Answer, Document, Report, Version

D = dt.date


@pytest.fixture
def house(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return House("SGDDT")


def refused(constraint, make):
    """``make`` fails on this constraint; SQLite names only the columns of a plain unique one."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make()
    said = str(error.value)
    assert constraint in said or "UNIQUE constraint failed" in said, said


def again(row, **changes):
    """A second row like ``row``."""
    columns = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key
    }
    return type(row)._base_manager.create(**columns | changes)


def update(row, **columns):
    return type(row)._base_manager.filter(pk=row.pk).update(**columns)


# -- People and units ---------------------------------------------------------------------------


def test_codes_come_once_in_an_agency_in_whatever_case(house):
    for row in (house.units["VP"], UnitGroup.objects.create(agency=house.agency, code="PHONG")):
        for code in (row.code, row.code.lower()):
            refused(
                "code_once_per_agency",
                lambda row=row, code=code: type(row).objects.create(
                    agency=house.agency, code=code, name="x"
                ),
            )
    other = House("SNV")
    assert Unit.objects.filter(agency=other.agency, code="VP").exists()


def test_an_address_is_one_persons_in_whatever_case(house):
    refused(
        "email_once",
        lambda: User.objects.bulk_create(
            [User(email="HEAD@sgddt.vn", name="x", unit=house.units["VP"])]
        ),
    )


def test_a_person_has_a_unit(house):
    refused("person_has_a_unit", lambda: update(house.people["head"], unit=None))
    assert User.objects.create_superuser("may-chu@x.vn").unit is None


# -- Targets ------------------------------------------------------------------------------------


def test_an_indicator_has_one_target(house):
    indicator = house.indicators["draft"]
    refused("one_target", lambda: update(indicator, op=">", target=1, target_previous_year=True))
    assert update(indicator, op=">", target=Decimal(1))
    assert update(indicator, op=">", target=None, target_previous_year=True)


def test_a_target_is_compared_somehow(house):
    indicator = house.indicators["draft"]
    refused("target_has_a_comparison", lambda: update(indicator, op="", target=Decimal(1)))
    refused("target_has_a_comparison", lambda: update(indicator, op="", target_previous_year=True))


@pytest.mark.parametrize("quarter", [0, 5])
def test_quarters_are_four(house, quarter):
    refused("quarter_1_to_4", lambda: update(house.indicators["draft"], due_quarter=quarter))


# -- Assignments --------------------------------------------------------------------------------


def test_an_assignment_is_of_an_area_or_a_task_to_a_unit_or_a_group(house):
    group = UnitGroup.objects.create(agency=house.agency, code="PHONG", name="Các phòng")
    area, task, unit = house.area, house.tasks["draft"], house.units["VP"]
    for of in ({}, {"area": area, "task": task}):
        refused(
            "assignment_of_area_or_task",
            lambda of=of: Assignment.objects.create(role="lead", unit=unit, **of),
        )
    for to in ({}, {"unit": unit, "group": group}):
        refused(
            "assignment_to_unit_or_group",
            lambda to=to: Assignment.objects.create(role="lead", area=area, **to),
        )
    for of in ({"area": area}, {"task": task}):
        for to in ({"unit": unit}, {"group": group}):
            Assignment.objects.create(role="lead", **of, **to)
            refused(
                "assignment_once",
                lambda of=of, to=to: Assignment.objects.create(role="lead", **of, **to),
            )
            Assignment.objects.create(role="consolidate", **of, **to)


# -- Periods ------------------------------------------------------------------------------------


def test_a_period_closes_after_its_date_and_begins_before(house):
    period = house.period
    refused("closes_after_due", lambda: update(period, closes_on=D(2019, 11, 19)))
    refused("starts_before_due", lambda: update(period, starts_on=D(2019, 11, 20)))
    refused("year_2000_to_2100", lambda: update(period, year=1999))
    refused("period_once", lambda: again(period))
    assert update(period, closes_on=D(2019, 11, 20), starts_on=D(2019, 11, 19))
    again(period, kind="q1")


def test_codes_of_a_plan_come_once(house):
    task = house.tasks["draft"]
    LegalBasis.objects.create(plan=house.plan, order=1, subject="x")
    for constraint, make in (
        ("plan_code_once_per_agency", lambda: again(house.plan)),
        ("area_code_once_per_plan", lambda: again(house.area)),
        ("task_code_once_per_area", lambda: again(task)),
        ("indicator_code_once_per_task", lambda: again(house.indicators["draft"])),
        ("duty_once", lambda: again(Duty.objects.filter(task=task).first())),
        ("calendar_day_once", lambda: again(house.calendar_day)),
        ("legal_basis_order", lambda: again(LegalBasis.objects.get())),
    ):
        refused(constraint, make)


# -- Reports ------------------------------------------------------------------------------------


def test_a_unit_has_one_report_of_a_task_in_a_period(house):
    refused("report_once", lambda: again(house.report))


@pytest.mark.parametrize("state", ["submitted", "returned", "accepted"])
def test_a_sent_report_has_its_time(house, state):
    refused("sent_report_has_its_time", lambda: update(house.report, state=state))


def test_a_report_is_not_sent_again_before_it_was_sent(house):
    before = TODAY - dt.timedelta(seconds=1)
    refused(
        "resubmitted_after_first", lambda: update(house.reports["submitted"], submitted_at=before)
    )


def test_an_indicator_is_answered_once_and_never_below_zero(house):
    answer = Answer.objects.get(report=house.report)
    refused("answer_once", lambda: again(answer))
    for column in ("numerator", "denominator", "amount"):
        refused(
            f"{column}_not_negative", lambda column=column: update(answer, **{column: Decimal(-1)})
        )


def test_a_submission_has_its_number_once(house):
    version = Version.objects.get(report=house.reports["submitted"])
    refused("version_once", lambda: again(version))


def test_a_document_is_registered_once_and_a_file_once_in_it(house):
    document = house.evidence.document
    refused("document_once", lambda: again(document))
    refused("file_once_per_document", lambda: again(house.file))
    Document.objects.create(agency=house.agency, unit=house.units["VP"], number="")
    Document.objects.create(agency=house.agency, unit=house.units["VP"], number="")


def test_a_document_proves_a_report_once_and_an_indicator_once(house):
    refused("evidence_of_whole_report_once", lambda: again(house.evidence))
    one = again(house.evidence, indicator_id=house.indicators["draft"].pk)
    refused("evidence_once", lambda: again(one))


# -- What others stand on stays -----------------------------------------------------------------


@pytest.mark.parametrize(
    "what",
    ["agency", "units", "people", "plan", "period", "tasks", "indicators", "report", "document"],
)
def test_nothing_with_figures_or_history_goes_away(house, what):
    rows = {
        "agency": house.agency,
        "units": house.units["TCCB"],
        "people": house.people["head"],
        "plan": house.plan,
        "period": house.period,
        "tasks": house.tasks["submitted"],
        "indicators": house.indicators["submitted"],
        "report": house.reports["submitted"],
        "document": house.evidence.document,
    }
    with pytest.raises(models.ProtectedError):
        rows[what].delete()
    assert Report.objects.filter(pk=house.reports["submitted"].pk).exists()
    assert Period.objects.filter(pk=house.period.pk).exists()
