"""The office of the admin site's tests: two units, a person of each role, one row of each list."""

import datetime as dt

from django.urls import reverse

from accounts.models import Agency, Mail, Unit, UnitGroup, User
from plans.models import Area, CalendarDay, Indicator, Period, Plan, Task

BACKEND = "accounts.backends.EmailBackend"
LISTS = ("agency", "unit", "unitgroup", "user", "mail", "auditentry")
PLAN_LISTS = ("plan", "period", "indicator", "calendarday")


class Office:
    def __init__(self, code):
        self.agency = Agency.objects.create(code=code, name=f"Sở {code}")
        self.vp = Unit.objects.create(agency=self.agency, code="VP", name=f"Văn phòng {code}")
        self.other = Unit.objects.create(
            agency=self.agency, code="TCCB", name=f"Phòng Tổ chức {code}", order=1
        )
        self.group = UnitGroup.objects.create(
            agency=self.agency, code="PHONG", name=f"Các phòng {code}"
        )
        self.people = {
            role: User.objects.create_user(
                f"{role}@{code.lower()}.vn", name=f"{role} {code}", unit=self.vp, roles=[role]
            )
            for role in ("reporter", "head", "coordinator", "leader", "administrator")
        }
        self.admin = self.people["administrator"]
        self.plan = Plan.objects.create(
            agency=self.agency, code="KH", title=f"Kế hoạch {code}", years=[2019]
        )
        self.period = Period.objects.create(
            plan=self.plan,
            year=2019,
            starts_on=dt.date(2019, 1, 1),
            due_before=dt.date(2019, 11, 20),
            closes_on=dt.date(2019, 12, 31),
        )
        area = Area.objects.create(plan=self.plan, code="1", name="Lĩnh vực", order=1)
        self.task = Task.objects.create(area=area, code="1.1", title="Nhiệm vụ", order=1)
        self.indicator = Indicator.objects.create(
            task=self.task, code="1.1-a", name=f"Chỉ tiêu {code}", kind="ratio", order=1
        )
        self.day = CalendarDay.objects.create(
            agency=self.agency, day=dt.date(2026, 1, 2), note=f"Nghỉ {code}"
        )
        self.mail = Mail.objects.create(
            agency=self.agency,
            user=self.admin,
            key=f"k{code}",
            kind="reminder",
            to=self.admin.email,
            subject=f"Nhắc việc {code}",
            text="NỘI DUNG THƯ",
            html="<p>NỘI DUNG THƯ</p>",
        )

    def rows(self):
        return {
            "accounts_agency": self.agency,
            "accounts_unit": self.vp,
            "accounts_unitgroup": self.group,
            "accounts_user": self.people["head"],
            "accounts_mail": self.mail,
            "plans_plan": self.plan,
            "plans_period": self.period,
            "plans_indicator": self.indicator,
            "plans_calendarday": self.day,
        }


def url(model, action="changelist", *args):
    app = "plans" if model in PLAN_LISTS else "accounts"
    return reverse(f"admin:{app}_{model}_{action}", args=args)


def person_data(office, **changes):
    return {
        "name": "Trần Thị Bình",
        "email": "Binh@sgddt.vn",
        "unit": office.other.pk,
        "is_reporter": "on",
        "is_active": "on",
    } | changes
