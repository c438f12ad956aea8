"""The office of the tests of what-if: a few reports of 2019 under the sample set, on 13 November."""

import datetime as dt
from decimal import Decimal

from django.utils import timezone
from made_results import ScoringOffice, load

from accounts.models import Unit, User
from plans.targets import Value

NOW = dt.datetime(2019, 11, 13, 9, tzinfo=timezone.get_default_timezone())
TODAY = NOW.date()


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


def office_of(folder):
    """The office with one person of each role."""
    office = ScoringOffice(folder, load("plan-2019-2020.yaml"), load("criteria-sample.yaml"))
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
    return office


def leaf(card, code):
    return next(one for one in card.leaves if one.criterion.code == code)
