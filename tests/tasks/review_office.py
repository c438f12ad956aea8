"""The office of the review tests: units that owe a plan's reports in 2019, answered and sent as people would."""

import datetime as dt
from decimal import Decimal

from django.utils import timezone

from accounts.history import Actor
from accounts.models import Agency, Role, Unit, UnitGroup, User
from plans.models import Area, Assignment, Indicator, Plan, Task
from tasks import periods, services
from tasks.models import Answer, Report

BACKEND = "accounts.backends.EmailBackend"
TODAY = dt.datetime(2019, 11, 13, 9, tzinfo=timezone.get_default_timezone())
UNITS = {
    "VP": "Văn phòng Sở",
    "TCCB": "Phòng Tổ chức cán bộ",
    "KHTC": "Phòng Kế hoạch tài chính",
    "TTRA": "Phòng Thanh tra",
    "LD": "Lãnh đạo Sở",
}
REASON = "Thiếu tài liệu kiểm chứng."


class ReviewOffice:
    """Area 1: tasks 1.1, 1.2 led by VP. Area 2: tasks 2.1, 2.2 implemented by TCCB, KHTC and TTRA."""

    def __init__(self, code="SGDDT", *, opened=True):
        self.agency = Agency.objects.create(code=code, name=f"Sở {code}", province="Tỉnh thử")
        self.units = {
            unit: Unit.objects.create(agency=self.agency, code=unit, name=name, order=n)
            for n, (unit, name) in enumerate(UNITS.items())
        }
        self.group = UnitGroup.objects.create(agency=self.agency, code="PHONG", name="Các phòng")
        self.group.members.set([self.units[unit] for unit in ("TCCB", "KHTC", "TTRA")])
        self.people = {
            name: User.objects.create_user(
                f"{name}@{code.lower()}.vn",
                name=f"Người {name}",
                unit=self.units[unit],
                roles=roles,
            )
            for name, unit, roles in (
                ("office", "VP", [Role.COORDINATOR]),
                ("chief", "VP", [Role.HEAD, Role.COORDINATOR]),
                ("head", "TCCB", [Role.HEAD]),
                ("officer", "TCCB", [Role.REPORTER]),
                ("other_head", "KHTC", [Role.HEAD]),
                ("vp_head", "VP", [Role.HEAD]),
                ("leader", "LD", [Role.LEADER]),
                ("administrator", "LD", [Role.ADMINISTRATOR]),
            )
        }
        self.plan = Plan.objects.create(
            agency=self.agency,
            code="KH",
            title="Kế hoạch CCHC",
            years=[2018, 2019],
            receiving_unit=self.units["VP"],
        )
        self.tasks, self.indicators = {}, {}
        for code_, name, role, to in (
            ("1", "Chỉ đạo, điều hành", "lead", {"unit": self.units["VP"]}),
            ("2", "Cải cách tài chính", "implement", {"group": self.group}),
        ):
            area = Area.objects.create(plan=self.plan, code=code_, name=name, order=int(code_))
            Assignment.objects.create(area=area, role=role, **to)
            for n in (1, 2):
                self.add_task(area, f"{code_}.{n}")
        if opened:
            self.period = periods.open_period(
                plan=self.plan, year=2019, by=Actor.system("kiểm thử")
            ).period
            self.read()

    def add_task(self, area, code):
        task = Task.objects.create(
            area=area, code=code, title=f"Nhiệm vụ {code}", order=int(code.split(".")[1])
        )
        self.tasks[code] = task
        for letter, kind, columns in (
            ("a", "ratio", {"op": ">=", "target": Decimal(90), "counted": "hồ sơ"}),
            ("b", "count", {}),
        ):
            self.indicators[f"{code}-{letter}"] = Indicator.objects.create(
                task=task,
                code=f"{code}-{letter}",
                name=f"Chỉ tiêu {code}-{letter}",
                kind=kind,
                order=ord(letter),
                **columns,
            )
        return task

    def read(self):
        """The period's reports by (unit, task)."""
        self.reports = {
            (report.unit.code, report.task.code): report
            for report in self.period.reports.select_related("unit", "task")
        }

    def actor(self, name):
        return Actor.of(self.people[name])

    def fill(self, unit, task, numerator=9, denominator=10, amount=3, text="Đã làm xong."):
        """What a unit types into a report, as stored."""
        report = self.reports[unit, task]
        Report.objects.filter(pk=report.pk).update(text=text, state="draft")
        for letter, columns in (
            ("a", {"numerator": numerator, "denominator": denominator}),
            ("b", {"amount": amount}),
        ):
            Answer.objects.update_or_create(
                report=report, indicator=self.indicators[f"{task}-{letter}"], defaults=columns
            )
        report.refresh_from_db()
        return report

    def send(self, unit, task, at=None, **figures):
        report = self.fill(unit, task, **figures)
        assert services.submit(report=report, by=Actor.system(), at=at or timezone.now())
        return report

    def accept(self, unit, task, **figures):
        report = self.send(unit, task, **figures)
        assert services.accept(reports=[report], by=self.actor("office")) == 1
        return report

    def grow(self, tasks=4):
        """More tasks and units, with reports sent, so that queries can be compared."""
        for n in range(tasks):
            unit = Unit.objects.create(
                agency=self.agency, code=f"DV{n}", name=f"Đơn vị {n}", order=10 + n
            )
            self.units[unit.code] = unit
            self.group.members.add(unit)
        area = Area.objects.get(plan=self.plan, code="2")
        for n in range(tasks):
            self.add_task(area, f"2.{n + 3}")
        periods.open_period(plan=self.plan, year=2019, by=Actor.system("kiểm thử"))
        self.read()
        for unit, task in list(self.reports):
            if unit.startswith("DV"):
                self.send(unit, task)

    def sign_in(self, client, name):
        client.force_login(self.people[name], backend=BACKEND)
        return client
