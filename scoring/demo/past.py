"""The demo's past years as ``cchc-results/1`` files, read back through the importer."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from accounts.reading import read_yaml
from plans.models import Indicator
from scoring.demo.clock import at, moment
from scoring.demo.figures import Year, answer, year_2019, year_2020
from scoring.demo.texts import difficulties, report_text, return_reason
from tasks.importing import import_reports
from tasks.models import Report

if TYPE_CHECKING:
    import random

    from accounts.history import Actor
    from accounts.reading import Source
    from plans.models import Period, Plan

SCHEMA = "cchc-results/1"
# What became of the reports of 2020, in the order drawn; the rest was accepted.
NEVER_SENT, UNFINISHED, RETURNED, NEVER_ACCEPTED = 7, 6, 5, 8
SHARED_AREAS = ("2", "3", "7")
LATE_2019, LATE_2020 = 12, 17
# Hồ sơ trực tuyến of a year before the plan: unit → received online, all.
ONLINE_2018 = {"GDMN": (31, 160), "GDTH": (44, 190), "GDTrH": (92, 410), "QLCL": (61, 270)}
ONLINE_BEFORE = {"GDMN": (83, 165), "GDTH": (101, 205), "GDTrH": (228, 430), "QLCL": (149, 284)}


def load(plan: Plan, year: int, reports: list[dict[str, Any]], *, by: Actor) -> int:
    """Import one year as an operator would, from a file; how many reports it holds."""
    return import_reports(as_file(plan, year, {"reports": reports}), by=by).reports


def as_file(plan: Plan, year: int, parts: dict[str, Any]) -> Source:
    """A results file with ``parts``, written and read as an operator's would be."""
    head = {"schema": SCHEMA, "agency": plan.agency.code, "plan": plan.code, "year": year}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"ket-qua-{year}.yaml"
        content = yaml.safe_dump(head | parts, allow_unicode=True, sort_keys=False)
        path.write_text(content, "utf-8")
        return read_yaml(path)


def load_2019(rng: random.Random, period: Period, *, by: Actor) -> None:
    """Complete: everything accepted, a few late."""
    reports = entries(rng, period, year_2019())
    late = {id(entry) for entry in rng.sample(reports, LATE_2019)}
    for entry in reports:
        entry["state"] = "accepted"
        entry["submitted_at"] = _sent(rng, period, late=id(entry) in late)
    with at(moment(dt.date(2019, 12, 27), 15)):
        load(period.plan, 2019, reports, by=by)


def load_2020(rng: random.Random, period: Period, *, by: Actor) -> None:
    """Closed with gaps: some not sent, some returned, some sent and never accepted."""
    reports = entries(rng, period, year_2020())
    # Among the tasks of many units, so that a gap makes a figure provisional and takes none away.
    shared = [entry for entry in reports if entry["task"].startswith(SHARED_AREAS)]
    drawn = rng.sample(shared, len(shared))
    never_sent = {id(entry) for entry in drawn[:NEVER_SENT]}
    states: dict[int, str] = {}
    rest = drawn[NEVER_SENT:]
    for count, state in (
        (UNFINISHED, "draft"),
        (RETURNED, "returned"),
        (NEVER_ACCEPTED, "submitted"),
    ):
        states |= {id(entry): state for entry in rest[:count]}
        rest = rest[count:]
    late = {id(entry) for entry in rest[:LATE_2020]}
    for number, entry in enumerate(reports):
        state = entry["state"] = states.get(id(entry), "accepted")
        if state == "draft":
            entry["values"] = dict(list(entry["values"].items())[:-1])
            continue
        entry["submitted_at"] = _sent(rng, period, late=id(entry) in late)
        if state == "returned":
            entry["reason"] = return_reason(entry["task"], number)
    with at(moment(dt.date(2020, 12, 28), 15)):
        load(period.plan, 2020, [e for e in reports if id(e) not in never_sent], by=by)


def load_history(
    plan: Plan, year: int, online: dict[str, tuple[int, int]], *, by: Actor, on: dt.date
) -> None:
    """The year before the plan's first: what 7.3-b is compared with (R9)."""
    reports = [
        {
            "unit": unit,
            "task": "7.3",
            "state": "accepted",
            "text": f"Số liệu tổng hợp từ báo cáo năm {year} của phòng.",
            "values": {"7.3-b": {"numerator": str(above), "denominator": str(below)}},
        }
        for unit, (above, below) in online.items()
    ]
    with at(moment(on, 9)):
        load(plan, year, reports, by=by)


def entries(rng: random.Random, period: Period, year: Year) -> list[dict[str, Any]]:
    """A whole entry for every report owed; its state and times are the caller's."""
    asked: dict[int, list[Indicator]] = {}
    for indicator in Indicator.objects.filter(task__area__plan=period.plan).order_by("order"):
        asked.setdefault(indicator.task_id, []).append(indicator)
    turns: dict[int, int] = {}
    found = []
    for report in Report.objects.filter(period=period).select_related("unit", "task"):
        turn = turns[report.task_id] = turns.get(report.task_id, -1) + 1
        entry: dict[str, Any] = {
            "unit": report.unit.code,
            "task": report.task.code,
            "text": report_text(rng, report.task.code, turn),
            "values": {
                indicator.code: answer(rng, indicator, report.unit.code, year)
                for indicator in asked.get(report.task_id, [])
            },
        }
        trouble = difficulties(rng, report.task.code)
        if trouble:
            entry["difficulties"] = trouble
        found.append(entry)
    return found


def _sent(rng: random.Random, period: Period, *, late: bool) -> dt.datetime:
    """A working hour in the weeks before the date, or in the days after it."""
    days = rng.randint(0, 8) if late else -rng.randint(1, 19)
    day = period.due_before + dt.timedelta(days=days)
    while day.weekday() > 4 or (not late and day >= period.due_before):
        day += dt.timedelta(days=1 if late else -1)
    return moment(day, rng.choice((8, 9, 10, 14, 15, 16)), rng.randint(0, 59))
