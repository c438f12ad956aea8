"""What the office does for a unit in the tests of it: the basis, a report entered, and one the unit objects to."""

import datetime as dt

from accounts.models import Role
from tasks import services, substitutions
from tasks.contents import Content
from tasks.models import Report

TODAY = dt.date(2019, 11, 13)
BASIS = {"kind": "document", "basis": "số 12/CV-TCCB", "basis_date": "12/11/2019"}
WORDS = "theo văn bản: số 12/CV-TCCB, ngày 12/11/2019"


def by(office, user=None):
    return office.by(user or office.clerk, Role.COORDINATOR)


def start(office, report=None, **changes):
    report = report or office.find("1.2")
    values = {"kind": "document", "basis": "số 12/CV-TCCB", "basis_date": dt.date(2019, 11, 12)}
    substitutions.start(report=report, by=by(office), **(values | changes))
    return report


def typed(report, then="save", **fields):
    version = Report.objects.get(pk=report.pk).version
    return {"version": version, "then": then, "text": "Đã làm theo công văn."} | fields


def entered(office, task="1.2"):
    """Report ``task`` of TCCB, entered and sent by the office."""
    report = start(office, office.find(task))
    actor = substitutions.acting(by(office), report)
    services.save(
        report=report,
        by=actor,
        base_version=report.version,
        content=Content(text="Đã làm theo công văn."),
        indicators=[],
        answers={},
    )
    assert substitutions.send(report=report, by=actor)
    return office.find(task)


def objected(office, text="Còn thiếu 2 hồ sơ."):
    report = entered(office)
    assert substitutions.object_to(report=report, by=office.by(office.head), text=text)
    return office.find("1.2")
