"""The real plan's season of 2019, replayed day by day from the commands an operator uses (R20)."""

import datetime as dt
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.models import Agency, Mail, User
from tasks.models import Report

PLAN = Path(__file__).resolve().parents[2] / "data" / "plan-2019-2020.yaml"
FIRST, LAST = dt.date(2019, 10, 15), dt.date(2019, 12, 12)
SEASON = [
    "2019-10-21",
    "2019-11-06",
    "2019-11-13",
    "2019-11-15",
    "2019-11-19",
    "2019-11-20",
    "2019-11-21",
    "2019-11-22",
    "2019-11-25",
    "2019-11-26",
    "2019-12-03",
    "2019-12-10",
]


def run(*args):
    out = StringIO()
    call_command(*args, stdout=out, stderr=StringIO())
    return out.getvalue().splitlines()


@pytest.fixture
def agency(db):
    run("import_plan", str(PLAN))
    assert run("open_period", "--plan", "KH-CCHC-2019-2020", "--year", "2019")[-1] == "131 reports"
    agency = Agency.objects.get(code="SGDDT")
    for unit in agency.units.all():
        for role in ("head", "reporter"):
            roles = [role, "coordinator"] if (role, unit.code) == ("head", "VP") else [role]
            User.objects.create_user(
                f"{role}.{unit.code.lower()}@example.vn",
                name=f"{role} {unit.code}",
                unit=unit,
                roles=roles,
            )
    office = agency.units.get(code="VP")
    User.objects.create_user("gd@example.vn", name="Giám đốc", unit=office, roles=["leader"])
    return agency


def test_the_season_of_the_real_plan(agency):
    sent = {}
    day = FIRST
    while day <= LAST:
        lines = run("send_reminders", "--on", day.isoformat())
        if lines:
            sent[day.isoformat()] = lines
        assert run("send_reminders", "--on", day.isoformat()) == []
        day += dt.timedelta(days=1)
    assert list(sent) == SEASON
    owing = Report.objects.values_list("unit__code", flat=True).order_by("unit").distinct()
    assert len(owing) == 10
    lines = sent["2019-11-13"]
    assert sorted(line.split()[0] for line in lines) == sorted(
        f"{role}.{unit.lower()}@example.vn" for unit in owing for role in ("head", "reporter")
    )
    assert {line.split()[1] for line in lines} == {"before-7"}
    assert sum(int(line.split()[2]) for line in lines if line.startswith("head.")) == 131
    assert "gd@example.vn overdue-3 131" in sent["2019-11-22"]
    assert not any(line.startswith("gd@") for line in sent["2019-11-21"])
    assert Mail.objects.filter(kind="reminder").count() == sum(map(len, sent.values()))
