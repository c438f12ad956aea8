"""The office of the reporting tests: units with a head and a writer, and a task that asks for every kind of figure."""

import datetime as dt
import re
from decimal import Decimal
from html import unescape

from django.urls import reverse
from django.utils import timezone

from accounts.history import Actor
from accounts.models import Agency, Role, Unit, User
from plans.models import Area, Duty, Indicator, Period, Plan, Task
from tasks import services
from tasks.contents import stored_content
from tasks.models import Report

BACKEND = "accounts.backends.EmailBackend"
UNITS = (
    ("VP", "Văn phòng Sở"),
    ("TCCB", "Phòng Tổ chức cán bộ"),
    ("KHTC", "Phòng Kế hoạch tài chính"),
    ("LD", "Lãnh đạo Sở"),
)
# code, kind, further columns
INDICATORS = (
    ("1.1-a", "ratio", {"op": ">=", "target": Decimal(80), "counted": "hồ sơ"}),
    ("1.1-b", "count", {"op": ">=", "target": Decimal(3)}),
    ("1.1-c", "amount", {}),
    ("1.1-d", "boolean", {}),
    ("1.1-e", "document", {"due_quarter": 2}),
    ("1.1-f", "date", {}),
    ("1.1-g", "ratio", {"op": ">", "target": Decimal(10), "may_exceed": True}),
    ("1.1-h", "ratio", {"op": ">", "target_previous_year": True}),
)


def at(*moment):
    return dt.datetime(*moment, tzinfo=timezone.get_default_timezone())


class Office:
    def __init__(self, code="SGDDT", year=2019, tasks=4):
        self.agency = Agency.objects.create(code=code, name="Sở Giáo dục và Đào tạo")
        self.units = {
            unit: Unit.objects.create(agency=self.agency, code=unit, name=name, order=n)
            for n, (unit, name) in enumerate(UNITS)
        }
        self.head = self.person("TCCB", "Trần Thị Trưởng", "head")
        self.writer = self.person("TCCB", "Lê Văn Soạn", "reporter")
        self.second_writer = self.person("TCCB", "Phạm Thị Hai", "reporter")
        self.other_head = self.person("KHTC", "Ngô Văn Khác", "head", "reporter")
        self.coordinator = self.person("VP", "Đỗ Thị Phòng", "coordinator", "head")
        self.leader = self.person("LD", "Võ Văn Lãnh", "leader")
        self.administrator = self.person("LD", "Bùi Quản", "administrator")
        self.plan = Plan.objects.create(
            agency=self.agency, code="KH", title="Kế hoạch CCHC", years=[year]
        )
        self.area = Area.objects.create(
            plan=self.plan, code="1", name="Chỉ đạo, điều hành", order=1
        )
        self.tasks = [
            Task.objects.create(area=self.area, code=f"1.{n}", title=f"Nhiệm vụ thứ {n}", order=n)
            for n in range(1, tasks + 1)
        ]
        self.indicators = {
            code: self.add_indicator(code, kind, **columns) for code, kind, columns in INDICATORS
        }
        self.period = Period.objects.create(
            plan=self.plan,
            year=year,
            starts_on=dt.date(year, 1, 1),
            due_before=dt.date(year, 11, 20),
            closes_on=dt.date(year, 12, 31),
            opened_at=timezone.now(),
        )
        for task in self.tasks:
            for unit in ("TCCB", "KHTC"):
                self.add_report(task, unit)
        self.report = self.find("1.1")

    def person(self, unit, name, *roles):
        n = User.objects.count()
        return User.objects.create_user(
            f"nguoi{n}@example.vn",
            password="mat-khau-rat-dai",
            name=name,
            unit=self.units[unit],
            roles=roles,
        )

    def add_indicator(self, code, kind, task=None, **columns):
        task = task or self.tasks[0]
        return Indicator.objects.create(
            task=task,
            code=code,
            name=f"Chỉ tiêu {code}",
            kind=kind,
            order=task.indicators.count(),
            **columns,
        )

    def add_report(self, task, unit):
        Duty.objects.get_or_create(
            period=self.period, task=task, unit=self.units[unit], role="implement"
        )
        return Report.objects.create(period=self.period, task=task, unit=self.units[unit])

    def find(self, task, unit="TCCB"):
        return Report.objects.with_names().get(task__code=task, unit=self.units[unit])

    def by(self, user, role=None):
        return Actor.of(user, role=role)

    def field(self, code, name):
        return f"a{self.indicators[code].pk}-{name}"

    def full(self, **changes):
        """Every field of report 1.1 rightly filled in; ``changes`` as «1.1-a numerator»: text."""
        values = {
            "text": "Đã làm xong.",
            "difficulties": "",
            self.field("1.1-a", "numerator"): "9",
            self.field("1.1-a", "denominator"): "10",
            self.field("1.1-b", "amount"): "4",
            self.field("1.1-c", "amount"): "1.234,5",
            self.field("1.1-d", "holds"): "yes",
            self.field("1.1-e", "number"): "12/KH-SGDĐT",
            self.field("1.1-e", "issued_on"): "15/01/2019",
            self.field("1.1-e", "issuer"): "Sở GDĐT",
            self.field("1.1-f", "day"): "01/02/2019",
            self.field("1.1-g", "numerator"): "15",
            self.field("1.1-g", "denominator"): "10",
            self.field("1.1-h", "numerator"): "1",
            self.field("1.1-h", "denominator"): "2",
        }
        return values | {
            (self.field(*name.split()) if " " in name else name): text
            for name, text in changes.items()
        }

    def save(self, report=None, by=None, base=None, text="Đã làm."):
        """Save a report's text through the service, its figures as they are."""
        report = report or self.report
        answers = {a.indicator_id: a for a in report.answers.select_related("document")}
        content = stored_content(report, answers)
        content.text = text
        return services.save(
            report=report,
            by=self.by(by or self.writer, Role.REPORTER),
            base_version=report.version if base is None else base,
            content=content,
            indicators=services.asked_indicators(report),
            answers=answers,
        )

    def send(self, task="1.2", unit="TCCB", at=None):
        """Fill in and submit a report that asks for no figures."""
        report = self.find(task, unit)
        head = self.head if unit == "TCCB" else self.other_head
        self.save(report, by=head)
        assert services.submit(report=report, by=self.by(head, Role.HEAD), at=at)
        return report

    def send_back(self, report, reason="Thiếu tài liệu kiểm chứng."):
        assert services.send_back(
            report=report, by=self.by(self.coordinator, Role.COORDINATOR), reason=reason
        )


def sign_in(client, user):
    client.force_login(user, backend=BACKEND)
    return client


def form_url(report):
    return reverse("report_form", args=[report.pk])


def text_of(page):
    """A page's words without its tags, blanks folded."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page.content.decode())))
