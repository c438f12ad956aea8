"""The demo office: the plan as it is with its two years, and a copy of it running now.

It joins all apps, so it lives in the lowest. Everything comes through the importers and services that
people use, from one fixed source of chance: the same day gives the same office.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.history import Actor
from accounts.models import Agency, Mail, Role, User
from accounts.reading import read_yaml
from plans.importing import import_plan, write_plan
from plans.models import Period
from plans.schema import PlanFile
from scoring.criteria_importing import import_criteria
from scoring.demo.clock import at, moment, working_day
from scoring.demo.evidence import papers
from scoring.demo.figures import this_year
from scoring.demo.obstacles import Difficulties
from scoring.demo.past import ONLINE_2018, ONLINE_BEFORE, load_2019, load_2020, load_history
from scoring.demo.people import Staff
from scoring.demo.removal import remove_demo
from scoring.demo.scores import Scores
from scoring.demo.season import Season
from scoring.stakes import write_stakes
from tasks.importing import BASIS
from tasks.models import Report, StoredFile
from tasks.periods import open_period

PLAN = Path(settings.BASE_DIR) / "data" / "plan-2019-2020.yaml"
CRITERIA = Path(settings.BASE_DIR) / "data" / "criteria-sample.yaml"
FIRST_YEAR = 2021  # the plan's own years are past then
DAYS_LEFT = 14  # to the running year's date
OPENED_BEFORE = 45  # days ago
_CHANCE = 2019


class NotEmpty(Exception):
    """The database holds something a demo must not be mixed with; the message is for the operator."""


@dataclass(frozen=True)
class Seeded:
    """What was made; ``line`` is the command's last one."""

    agency: Agency
    plans: int
    reports: int  # owed ones, without those of history
    people: int
    files: int

    @property
    def line(self) -> str:
        return (
            f"1 agency, {self.plans} plans, {self.reports} reports, "
            f"{self.people} people, {self.files} files"
        )


@transaction.atomic
def seed(*, force: bool = False) -> Seeded:
    """Make the demo office, all of it or nothing. NotEmpty where the database has agencies or people.

    ``force`` replaces a demo office that is there, or puts one beside real agencies; a real agency is
    never touched.
    """
    today = timezone.localdate()
    if today.year < FIRST_YEAR:
        raise NotEmpty(f"Ngày của máy là {today:%d/%m/%Y}, trước cả kế hoạch minh họa.")
    _make_room(force=force)
    rng = random.Random(_CHANCE)  # noqa: S311  # the same office every time
    agency, staff = _first_plan(rng)
    scores = _past_scores(agency, staff)
    period = _running_plan(rng, agency, staff, today)
    Difficulties(period, staff, today).live()
    begun = working_day(today - dt.timedelta(days=OPENED_BEFORE - 5))
    history = period.plan.periods.get(is_history=True)
    if not agency.scorecards.filter(year=history.year).exists():
        scores.last_year(history, begun)
    scores.this_year(period, begun)
    write_stakes(period, on=today)
    _mark_sent(agency)
    reports = Report.objects.filter(period__plan__agency=agency, period__is_history=False)
    assert period.opened_at is not None
    return Seeded(
        agency=agency,
        plans=agency.plans.count(),
        reports=reports.count(),
        people=staff.count,
        files=StoredFile.objects.filter(document__agency=agency).count(),
    )


def _make_room(*, force: bool) -> None:
    agencies = list(Agency.objects.select_for_update())
    if not force:
        if agencies or User.objects.get_queryset().exists():
            raise NotEmpty(
                "Cơ sở dữ liệu đã có dữ liệu nên không tạo dữ liệu minh họa. Chỉ dùng --force khi chắc chắn: "
                "tài khoản minh họa có mật khẩu công khai."
            )
        return
    code = read_yaml(PLAN).data["agency"]["code"]
    for agency in agencies:
        if agency.is_demo:
            remove_demo(agency)
        elif agency.code.casefold() == code.casefold():
            raise NotEmpty(
                f"Cơ quan {agency.code} ({agency.name}) là cơ quan thật, không thay bằng dữ liệu minh họa."
            )


def _by(user: User, year: int) -> Actor:
    return Actor(
        user=user, name=user.name, role=Role.COORDINATOR.label, basis=f"{BASIS} ket-qua-{year}.yaml"
    )


def _first_plan(rng: random.Random) -> tuple[Agency, Staff]:
    """The plan as it is: 2018 for comparison, 2019 complete, 2020 with gaps."""
    with at(moment(dt.date(2019, 6, 20), 9)):
        plan = import_plan(PLAN, by=Actor.system("Tạo dữ liệu minh họa")).plan
        agency = plan.agency
        agency.is_demo = True
        agency.save(update_fields=["is_demo"])
        staff = Staff(agency)
    office = Actor.of(staff.office, role=Role.COORDINATOR)
    opened = {2019: dt.date(2019, 6, 24), 2020: dt.date(2020, 1, 6)}
    for year, day in opened.items():
        with at(moment(day, 9)):
            open_period(plan=plan, year=year, by=office)
    load_history(plan, 2018, ONLINE_2018, by=_by(staff.office, 2018), on=dt.date(2019, 6, 25))
    load_2019(rng, plan.periods.get(year=2019), by=_by(staff.office, 2019))
    load_2020(rng, plan.periods.get(year=2020), by=_by(staff.office, 2020))
    return agency, staff


def _past_scores(agency: Agency, staff: Staff) -> Scores:
    office = Actor.of(staff.office, role=Role.COORDINATOR)
    with at(moment(dt.date(2019, 12, 26), 9)):
        criteria_set = import_criteria(CRITERIA, by=office, agency_code=agency.code).criteria_set
    scores = Scores(agency, staff, criteria_set)
    periods = {p.year: p for p in Period.objects.filter(plan__agency=agency, is_history=False)}
    scores.year_2019(periods[2019])
    scores.year_2020(periods[2020])
    return scores


def _running_plan(rng: random.Random, agency: Agency, staff: Staff, today: dt.date) -> Period:
    """A copy of the plan for this year, in the middle of its season."""
    year = today.year
    opening = working_day(today - dt.timedelta(days=OPENED_BEFORE))
    begins = min(dt.date(year, 1, 1), today - dt.timedelta(days=60))
    due = today + dt.timedelta(days=DAYS_LEFT)
    office = Actor.of(staff.office, role=Role.COORDINATOR)
    with at(moment(opening, 8)):
        file = PlanFile.model_validate(_copy(year, begins, due))
        plan = write_plan(file, by=office).plan
        period = plan.periods.get(year=year, kind=Period.FINAL)
        # The date may lie in the next year, which no plan's file can say.
        period.starts_on, period.due_before = begins, due
        period.closes_on = max(dt.date(year, 12, 31), due + dt.timedelta(days=20))
        period.save()
        open_period(plan=plan, year=year, by=office)
    period.refresh_from_db()
    load_history(plan, year - 1, ONLINE_BEFORE, by=_by(staff.office, year - 1), on=opening)
    days = [opening + dt.timedelta(days=n) for n in range((today - opening).days)]
    dates = this_year(year, begins, opening)
    Season(rng, period, staff, dates, days, papers(year, dates)).live()
    return period


def _copy(year: int, begins: dt.date, due: dt.date) -> dict[str, Any]:
    """The plan's file as the office would have written it for ``year``."""
    data: dict[str, Any] = read_yaml(PLAN).data
    plan = data["plan"]
    issued = working_day(begins + dt.timedelta(days=14))
    written = due if due.year == year and (due.month, due.day) != (2, 29) else None
    plan |= {
        "code": f"KH-CCHC-{year}",
        "title": f"Kế hoạch nâng cao Chỉ số cải cách hành chính Sở Giáo dục và Đào tạo năm {year}",
        "number": "15/KH-SGDĐT",
        "issued_on": issued,
        "years": [year],
        "due_before": f"{written or dt.date(year, 12, 31):%d/%m}",
        "legal_basis": [
            {
                "issued_on": working_day(begins + dt.timedelta(days=7)),
                "issuer": "UBND tỉnh",
                "subject": f"Kế hoạch cải cách hành chính nhà nước năm {year} trên địa bàn tỉnh",
            },
            {
                "issued_on": issued,
                "issuer": "Sở GDĐT",
                "subject": "Cuộc họp giao ban của Lãnh đạo cơ quan Sở",
            },
        ],
        "baseline": {"year": year - 1, "index": "78.35", "rank": 9, "ranked_agencies": 21},
    }
    plan["objectives"]["general"] = [
        text.replace("năm 2019", f"năm {year}") for text in plan["objectives"]["general"]
    ]
    return data


def _mark_sent(agency: Agency) -> None:
    """What the season's steps wrote to people went out at its time: nothing waits in the outbox."""
    Mail.objects.filter(agency=agency, state=Mail.State.WAITING).update(
        state=Mail.State.SENT, attempts=1, sent_at=F("created_at")
    )
