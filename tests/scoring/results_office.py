"""A small office with answers of every kind in every state, for the tests of the workbook."""

import datetime as dt
from decimal import Decimal

from django.utils import timezone

from accounts.models import Agency, Unit, UnitGroup, User
from plans.models import Area, Duty, Indicator, Period, Plan, Task
from tasks.models import Answer, Document, Evidence, Report, StoredFile, Version
from tasks.services import content_of
from tasks.states import State

UNITS = {"VP": "Văn phòng Sở", "TCCB": "Phòng Tổ chức cán bộ", "KHTC": "Phòng Kế hoạch tài chính"}
INDICATORS = (
    # task, code, kind, op, target, more
    (
        "1.1",
        "1.1-a",
        "ratio",
        ">=",
        Decimal("92.5"),
        {"wording": "đạt từ 92,5% trở lên", "counted": "hồ sơ"},
    ),
    ("1.1", "1.1-b", "count", ">=", Decimal(10), {}),
    ("1.2", "1.2-a", "document", "", None, {"due_quarter": 2}),
    ("1.2", "1.2-b", "boolean", "", None, {}),
    ("1.2", "1.2-c", "date", "", None, {}),
    ("2.1", "2.1-a", "amount", ">=", Decimal(100), {"assumed": True}),
    ("2.1", "2.1-b", "ratio", ">", None, {"target_previous_year": True}),
)
SENT_AT = dt.datetime(2019, 11, 15, 16, 20, tzinfo=timezone.get_default_timezone())


def person(unit, name, *roles, **extra):
    return User.objects.create_user(
        f"{name}@example.vn", name=f"Họ {name}", unit=unit, roles=roles, **extra
    )


class ResultsOffice:
    """An agency of three units that owe reports of four tasks in 2019; nothing is reported yet."""

    def __init__(self, code="SGDDT"):
        self.agency = Agency.objects.create(
            code=code, name="Sở Giáo dục và Đào tạo", province="Bà Rịa – Vũng Tàu"
        )
        self.units = {
            name: Unit.objects.create(agency=self.agency, code=name, name=text, order=n)
            for n, (name, text) in enumerate({**UNITS, "LD": "Lãnh đạo Sở"}.items())
        }
        group = UnitGroup.objects.create(
            agency=self.agency, code="PHONG", name="Các phòng thuộc Sở"
        )
        group.members.set([self.units["TCCB"], self.units["KHTC"]])
        prefix = code.lower()
        self.office = person(self.units["VP"], f"{prefix}.office", "head", "coordinator")
        self.head = person(self.units["TCCB"], f"{prefix}.head", "head")
        self.writer = person(self.units["TCCB"], f"{prefix}.writer", "reporter")
        self.leader = person(self.units["LD"], f"{prefix}.leader", "leader")
        self.admin = person(self.units["LD"], f"{prefix}.admin", "administrator")
        self.plan = Plan.objects.create(
            agency=self.agency,
            code="KH",
            title="Kế hoạch nâng cao Chỉ số CCHC",
            number="04/KH",
            years=[2019],
            issued_on=dt.date(2019, 6, 18),
        )
        self.period = Period.objects.create(
            plan=self.plan,
            year=2019,
            starts_on=dt.date(2019, 1, 1),
            due_before=dt.date(2019, 11, 20),
            closes_on=dt.date(2019, 12, 31),
            opened_at=timezone.now(),
        )
        areas = {
            "1": Area.objects.create(plan=self.plan, code="1", name="Chỉ đạo, điều hành", order=1),
            "2": Area.objects.create(
                plan=self.plan, code="2", name="Cải cách tài chính công", order=2
            ),
        }
        self.tasks = {
            code: Task.objects.create(
                area=areas[code[0]], code=code, title=f"Nhiệm vụ {code}", order=n
            )
            for n, code in enumerate(("1.1", "1.2", "2.1", "2.2"))
        }
        self.indicators = {
            code: Indicator.objects.create(
                task=self.tasks[task],
                code=code,
                name=f"Chỉ tiêu {code}",
                order=n,
                kind=kind,
                op=op,
                target=target,
                **more,
            )
            for n, (task, code, kind, op, target, more) in enumerate(INDICATORS)
        }
        Indicator.objects.filter(code="2.1-b").update(op=">")
        self.reports = {}
        for name in UNITS:
            for code, task in self.tasks.items():
                Duty.objects.create(
                    period=self.period,
                    task=task,
                    unit=self.units[name],
                    role="lead" if name == "VP" else "implement",
                )
                self.reports[name, code] = Report.objects.create(
                    period=self.period, task=task, unit=self.units[name]
                )

    def answer(self, unit, code, **columns):
        indicator = self.indicators[code]
        report = self.reports[unit, indicator.task.code]
        return Answer.objects.create(report=report, indicator=indicator, **columns)

    def document(self, number, day=dt.date(2019, 6, 28), unit="VP", **columns):
        return Document.objects.create(
            agency=self.agency,
            unit=self.units[unit],
            number=number,
            issued_on=day,
            **{"issuer": "Sở GDĐT", "subject": f"Về việc {number}", **columns},
        )

    def prove(self, unit, task, document, code=None, section=""):
        return Evidence.objects.create(
            report=self.reports[unit, task],
            document=document,
            section=section,
            indicator=self.indicators[code] if code else None,
        )

    def attach(self, document, name="quyết định.pdf", sha256="ab" * 32):
        return StoredFile.objects.create(
            document=document,
            name=name,
            path=f"x/{document.pk}-{name}"[:120],
            sha256=sha256,
            size=10,
            content_type="application/pdf",
        )

    def move(self, unit, task, state, *, late=False, **columns):
        """Put the report into ``state`` as history would have; a sent one keeps its version (R13)."""
        report = self.reports[unit, task]
        for name, value in columns.items():
            setattr(report, name, value)
        report.state, report.is_late = state, late
        if state not in {State.NOT_STARTED, State.DRAFT}:
            report.first_submitted_at = report.submitted_at = SENT_AT
        report.save()
        if report.first_submitted_at:
            Version.objects.create(
                report=report,
                number=report.versions.count() + 1,
                content=content_of(report),
                actor_name="Ai đó",
            )
        return report

    def fill(self):
        """Every kind of answer, every state; figures that tell mistakes apart."""
        self.answer("VP", "1.1-a", numerator=Decimal("12.5"), denominator=Decimal(13))
        self.answer("VP", "1.1-b", amount=Decimal("3"))
        self.answer("TCCB", "1.1-a", numerator=Decimal("80.5"), denominator=Decimal(90))
        self.answer("TCCB", "1.1-b", amount=Decimal("1234.5"))
        self.answer("KHTC", "1.1-a", numerator=Decimal(999), denominator=Decimal(999))  # a draft's
        self.move("VP", "1.1", State.ACCEPTED, text="Đã làm xong", difficulties="Thiếu kinh phí")
        self.move(
            "TCCB", "1.1", State.ACCEPTED, late=True, text="Đã làm", difficulties="=Thiếu người"
        )
        self.move("KHTC", "1.1", State.DRAFT, text="BÍ MẬT", difficulties="BÍ MẬT")

        plan = self.document("12/KH-SGDĐT")
        self.attach(plan)
        self.answer("VP", "1.2-a", document=plan)
        self.answer("VP", "1.2-b", holds=True)
        self.answer("VP", "1.2-c", day=dt.date(2019, 3, 1))
        report = self.document("-99/BC", day=dt.date(2019, 7, 1), issuer="@UBND")
        self.prove("VP", "1.2", report, section="Mục 2, trang 5")
        self.prove("VP", "1.2", plan, code="1.2-a", section="cả văn bản")
        self.move("VP", "1.2", State.ACCEPTED, text="Đã ban hành")
        self.answer("TCCB", "1.2-b", holds=False)
        self.prove("TCCB", "1.2", self.document("7/TB", unit="TCCB"), code="1.2-b")
        self.move("TCCB", "1.2", State.SUBMITTED, text="Đang chờ duyệt")

        self.answer("KHTC", "2.1-a", amount=Decimal("50.25"))
        self.answer(
            "KHTC",
            "2.1-b",
            state=Answer.State.NOT_ARISING,
            numerator=Decimal(0),
            denominator=Decimal(0),
            reason="Không có",
        )
        self.move("KHTC", "2.1", State.ACCEPTED, text="Xong")
        self.answer("TCCB", "2.1-a", amount=Decimal(7))
        self.prove("TCCB", "2.1", self.document("8/TB", unit="TCCB"))
        returned = self.move("TCCB", "2.1", State.SUBMITTED, text="Bản đã gửi")
        # What the unit writes after the return is a draft again.
        Report.objects.filter(pk=returned.pk).update(state=State.RETURNED, text="BÍ MẬT")
        Answer.objects.filter(report=returned).update(amount=Decimal(888))
        Evidence.objects.filter(report=returned).delete()
        self.prove("TCCB", "2.1", self.document("BÍ MẬT", unit="TCCB"))
        Report.objects.filter(pk=self.reports["VP", "2.2"].pk).update(
            released_at=timezone.now(), released_reason="Không có chức năng này"
        )
        return self
