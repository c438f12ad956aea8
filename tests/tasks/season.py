"""The office of the reminder tests: three units that owe the reports of 2019, and their people."""

import datetime as dt

from django.utils import timezone

from accounts.models import Agency, Unit, User
from plans.models import Area, Period, Plan, Task
from tasks.models import Report, Transition
from tasks.states import Action, State

UNITS = ("VP", "TCCB", "KHTC")


def at(*moment):
    return dt.datetime(*moment, tzinfo=timezone.get_default_timezone())


def person(unit, name, *roles, **extra):
    return User.objects.create_user(
        f"{name}@example.vn", name=f"Họ {name}", unit=unit, roles=roles, **extra
    )


class Office:
    """An agency with three units that owe, its people, and the period of 2019."""

    def __init__(self, code="SGDDT", tasks=4):
        self.agency = Agency.objects.create(code=code, name="Sở Giáo dục và Đào tạo")
        self.units = {
            name: Unit.objects.create(agency=self.agency, code=name, name=f"Phòng {name}", order=n)
            for n, name in enumerate((*UNITS, "LD"))
        }
        prefix = "" if code == "SGDDT" else f"{code.lower()}."
        self.heads = {
            name: person(
                self.units[name],
                f"{prefix}head.{name.lower()}",
                "head",
                *(["coordinator"] if name == "VP" else []),
            )
            for name in UNITS
        }
        self.writers = {
            name: person(self.units[name], f"{prefix}writer.{name.lower()}", "reporter")
            for name in UNITS
        }
        self.director = person(self.units["LD"], f"{prefix}director", "leader")
        self.deputy = person(self.units["LD"], f"{prefix}deputy", "leader")
        Unit.objects.filter(pk=self.units["KHTC"].pk).update(deputy_director=self.deputy)
        person(self.units["LD"], f"{prefix}admin", "administrator")
        person(self.units["TCCB"], f"{prefix}gone", "reporter", is_active=False)
        self.plan = Plan.objects.create(
            agency=self.agency, code="KH", title="Kế hoạch CCHC", years=[2019]
        )
        area = Area.objects.create(plan=self.plan, code="1", name="Chỉ đạo, điều hành", order=1)
        self.tasks = [
            Task.objects.create(
                area=area, code=f"1.{n}", title=f"Nhiệm vụ thứ {n} & tài liệu", order=n
            )
            for n in range(1, tasks + 1)
        ]
        self.period = Period.objects.create(
            plan=self.plan,
            year=2019,
            starts_on=dt.date(2019, 1, 1),
            due_before=dt.date(2019, 11, 20),
            closes_on=dt.date(2019, 12, 31),
            opened_at=timezone.now(),
        )
        self.reports = {
            (name, task.code): Report.objects.create(
                period=self.period, task=task, unit=self.units[name]
            )
            for name in UNITS
            for task in self.tasks
        }

    def move(self, unit, task, at, action, state, **columns):
        """One change of state as history tells it; the report then stands there too."""
        report = self.reports[unit, task]
        Transition.objects.create(
            report=report,
            action=action,
            from_state=report.state,
            to_state=state,
            at=at,
            actor_name="Ai đó",
            reason=columns.pop("reason", ""),
        )
        report.state = state
        report.first_submitted_at = report.first_submitted_at or at
        for name, value in columns.items():
            setattr(report, name, value)
        report.save()
        return report

    def send(self, unit, task, at):
        return self.move(unit, task, at, Action.SUBMIT, State.SUBMITTED)

    def send_all(self, unit, at):
        for task in self.tasks:
            self.send(unit, task.code, at)
