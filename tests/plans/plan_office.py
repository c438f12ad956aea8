"""The office of the plan's page tests: two divisions in a group, an office, a plan of two areas, people of each role."""

import datetime as dt
from decimal import Decimal

from accounts.models import Agency, Unit, UnitGroup, User
from plans.models import Area, Assignment, Indicator, LegalBasis, Period, Plan, Task

BACKEND = "accounts.backends.EmailBackend"


class PlanOffice:
    def __init__(self, code="SGDDT"):
        self.code = code
        self.agency = Agency.objects.create(
            code=code, name="Sở Giáo dục và Đào tạo", province="Bà Rịa – Vũng Tàu"
        )
        self.units = {
            unit: Unit.objects.create(agency=self.agency, code=unit, name=name, order=n)
            for n, (unit, name) in enumerate(
                (
                    ("VP", "Văn phòng Sở"),
                    ("TCCB", "Phòng Tổ chức cán bộ"),
                    ("KHTC", "Phòng Kế hoạch tài chính"),
                    ("TTRA", "Phòng Thanh tra"),
                    ("LD", "Lãnh đạo Sở"),
                )
            )
        }
        self.group = UnitGroup.objects.create(
            agency=self.agency, code="PHONG", name="Các phòng thuộc Sở"
        )
        self.group.members.set([self.units["TCCB"], self.units["KHTC"]])
        self.people = {
            role: User.objects.create_user(
                f"{role}@{code.lower()}.vn",
                name=f"Người {role}",
                unit=self.units[unit],
                roles=[role],
            )
            for role, unit in (
                ("reporter", "TCCB"),
                ("head", "TCCB"),
                ("coordinator", "VP"),
                ("leader", "LD"),
                ("administrator", "LD"),
            )
        }
        self.plan = Plan.objects.create(
            agency=self.agency,
            code="KH-CCHC",
            title="Kế hoạch nâng cao Chỉ số CCHC",
            number="45/KH-SGDĐT",
            issued_on=dt.date(2019, 6, 18),
            issued_at="Bà Rịa – Vũng Tàu",
            signed_by="Giám đốc",
            years=[2019, 2020],
            receiving_unit=self.units["VP"],
            objectives=["Nâng vị trí xếp hạng"],
            recipients=["UBND tỉnh (b/c)"],
            baseline_year=2018,
            baseline_index=Decimal("70.69"),
            baseline_rank=15,
            baseline_ranked_agencies=21,
        )
        LegalBasis.objects.create(
            plan=self.plan,
            order=1,
            number="787/QĐ-UBND",
            issued_on=dt.date(2016, 4, 7),
            issuer="UBND tỉnh",
            subject="Kế hoạch CCHC nhà nước giai đoạn 2016-2020",
        )
        for year in (2019, 2020):
            Period.objects.create(
                plan=self.plan,
                year=year,
                starts_on=dt.date(year, 1, 1),
                due_before=dt.date(year, 11, 20),
                closes_on=dt.date(year, 12, 31),
            )
        self.area1 = self.add_area("1", "Công tác chỉ đạo điều hành")
        self.assign(self.area1, "lead", "VP")
        self.assign(self.area1, "coordinate", self.group)
        self.task11 = self.add_task(self.area1, "1.1", "Ban hành kịp thời kế hoạch", focus=True)
        self.add_indicator(
            self.task11,
            "1.1-a",
            "document",
            due_quarter=2,
            due_year_offset=-1,
            wording="trong quý II của năm trước liền kề",
        )
        self.add_indicator(self.task11, "1.1-b", "ratio", op=">", target=Decimal(10), assumed=True)
        self.area2 = self.add_area("2", "Hiện đại hóa hành chính", maintain=True)
        self.assign(self.area2, "implement", self.group)
        self.assign(self.area2, "consolidate", "VP")
        self.task21 = self.add_task(self.area2, "2.1", "Dịch vụ công trực tuyến")
        self.add_indicator(self.task21, "2.1-a", "ratio", op=">", target_previous_year=True)
        self.add_indicator(self.task21, "2.1-b", "boolean", source=self.units["KHTC"])

    def add_area(self, code, name, **columns):
        return Area.objects.create(plan=self.plan, code=code, name=name, order=int(code), **columns)

    def add_task(self, area, code, title, **columns):
        return Task.objects.create(
            area=area, code=code, title=title, order=int(code.split(".")[1]), **columns
        )

    def add_indicator(self, task, code, kind, **columns):
        return Indicator.objects.create(
            task=task,
            code=code,
            name=f"Chỉ tiêu {code}",
            kind=kind,
            order=task.indicators.count(),
            **columns,
        )

    def assign(self, place, role, to):
        of = {"area": place} if isinstance(place, Area) else {"task": place}
        who = {"group": to} if isinstance(to, UnitGroup) else {"unit": self.units[to]}
        return Assignment.objects.create(role=role, **of, **who)

    def grow(self):
        """Twice as much of everything: what a page shows must not raise its number of queries."""
        for n, (base, kind) in enumerate(((self.area1, "count"), (self.area2, "date")), start=3):
            area = self.add_area(str(n), f"Lĩnh vực {n}")
            for assignment in base.assignments.all():
                self.assign(area, assignment.role, assignment.group or assignment.unit.code)
            task = self.add_task(area, f"{n}.1", "Nhiệm vụ thêm")
            self.assign(task, "lead", "TTRA")
            for letter in "ab":
                self.add_indicator(task, f"{n}.1-{letter}", kind, source=self.units["TCCB"])
        other = UnitGroup.objects.create(agency=self.agency, code="PHONG2", name="Nhóm nữa")
        for n in range(4):
            other.members.add(
                Unit.objects.create(
                    agency=self.agency, code=f"DV{n}", name=f"Đơn vị {n}", order=10 + n
                )
            )
        self.assign(self.area1, "consolidate", other)
        LegalBasis.objects.create(plan=self.plan, order=2, subject="Cuộc họp giao ban")
