"""The cast: a few named people with fixed rights in an agency with one of everything, and a second agency.

    cast = Cast()            # once per class or module; then
    cast.sign_in(client, "head")

| name          | who                                                                  |
| ------------- | -------------------------------------------------------------------- |
| office        | coordinator in Văn phòng Sở                                          |
| head          | head of TCCB, whose reports ``cast.reports`` are                     |
| officer       | reporter in TCCB                                                     |
| other_head    | head of KHTC, which has the same task                                |
| outside_head  | head of TTRA, which has no part in the task                          |
| leader        | Lãnh đạo Sở                                                          |
| administrator | Quản trị, in the leaders' unit                                       |
| superuser     | an operator of no agency                                             |
| stranger_office, stranger_head | the same rights in another agency                   |
| anonymous     | nobody signed in                                                     |
"""

import datetime as dt
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from accounts.models import Agency, Mail, StandIn, Unit, User
from plans.models import Area, Assignment, CalendarDay, Duty, Indicator, Period, Plan, Task
from scoring.models import (
    Adjustment,
    CriteriaSet,
    Criterion,
    Export,
    LeafScore,
    PeerScore,
    Scenario,
    Scorecard,
)
from tasks.models import (
    Answer,
    Direction,
    Document,
    Evidence,
    Explanation,
    ExplanationDocument,
    Obstacle,
    Report,
    StoredFile,
    Transition,
    Version,
)
from tasks.services import content_of

BACKEND = "accounts.backends.EmailBackend"
PASSWORD = "mat-khau-cua-toi-2019"
TODAY = dt.datetime(2019, 11, 13, 9, tzinfo=timezone.get_default_timezone())
OWN = ("office", "head", "officer", "other_head", "outside_head", "leader", "administrator")
STRANGERS = ("stranger_office", "stranger_head")
PEOPLE = (*OWN, "superuser", *STRANGERS, "anonymous")
STATES = ("not_started", "draft", "submitted", "returned", "accepted")


class House:
    """One agency: units, a plan with one task, its open period, a report of TCCB in each state, one row of all else."""

    def __init__(self, code):
        self.agency = Agency.objects.create(code=code, name=f"Sở {code}", province="Tỉnh thử")
        self.units = {
            unit: Unit.objects.create(agency=self.agency, code=unit, name=name, order=n)
            for n, (unit, name) in enumerate(
                (
                    ("VP", "Văn phòng Sở"),
                    ("TCCB", "Phòng Tổ chức cán bộ"),
                    ("KHTC", "Phòng Kế hoạch tài chính"),
                    ("TTRA", "Thanh tra Sở"),
                    ("LD", "Lãnh đạo Sở"),
                )
            )
        }
        self.people = {
            name: User.objects.create_user(
                f"{name}@{code.lower()}.vn",
                PASSWORD,
                name=f"Người {name}",
                unit=self.units[unit],
                roles=[role],
            )
            for name, unit, role in (
                ("office", "VP", "coordinator"),
                ("head", "TCCB", "head"),
                ("officer", "TCCB", "reporter"),
                ("other_head", "KHTC", "head"),
                ("outside_head", "TTRA", "head"),
                ("leader", "LD", "leader"),
                ("administrator", "LD", "administrator"),
            )
        }
        self.plan = Plan.objects.create(
            agency=self.agency,
            code="KH",
            title="Kế hoạch CCHC",
            years=[2019],
            receiving_unit=self.units["VP"],
        )
        self.period = Period.objects.create(
            plan=self.plan,
            year=2019,
            starts_on=dt.date(2019, 1, 1),
            due_before=dt.date(2019, 11, 20),
            closes_on=dt.date(2019, 12, 31),
            opened_at=TODAY - dt.timedelta(days=200),
        )
        self.area = Area.objects.create(plan=self.plan, code="1", name="Chỉ đạo", order=1)
        self.calendar_day = CalendarDay.objects.create(
            agency=self.agency, day=dt.date(2019, 9, 3), note="Nghỉ bù"
        )
        for unit in ("TCCB", "KHTC"):
            Assignment.objects.create(area=self.area, role="implement", unit=self.units[unit])
        self.tasks = {}
        self.indicators = {}
        self.reports = {}
        for n, state in enumerate(STATES, start=1):
            self._report(n, state)
        # A task in which KHTC only coordinates.
        self.coordinated = Task.objects.create(
            area=self.area, code="1.9", title="Nhiệm vụ phối hợp", order=9
        )
        for unit, role in (("TCCB", "lead"), ("KHTC", "coordinate")):
            Duty.objects.create(
                period=self.period, task=self.coordinated, unit=self.units[unit], role=role
            )
        self.report = self.reports["draft"]
        self.evidence = self._prove(self.reports["draft"])
        self.file = self.evidence.document.files.get()
        # Ahead of today: it gives nobody the head's rights while the table is tried.
        self.stand_in = StandIn.objects.create(
            unit=self.units["TCCB"],
            person=self.people["officer"],
            starts_on=(TODAY + dt.timedelta(days=5)).date(),
            ends_on=(TODAY + dt.timedelta(days=9)).date(),
        )
        self.mail = Mail.objects.create(
            agency=self.agency,
            user=self.people["head"],
            key=f"reminder:{code}",
            kind="reminder",
            to=self.people["head"].email,
            subject="Nhắc việc",
            text="Còn nợ báo cáo",
            state=Mail.State.FAILED,
        )
        self.obstacles = {
            state: Obstacle.objects.create(
                agency=self.agency,
                unit=self.units["TCCB"],
                text=f"Vướng mắc {state}",
                state=state,
                closed_at=TODAY if state == "closed" else None,
            )
            for state in Obstacle.State.values
        }
        self.direction = Direction.objects.create(
            obstacle=self.obstacles["answered"],
            text="Phối hợp giải quyết",
            owner=self.units["KHTC"],
            due_on=dt.date(2019, 12, 1),
            given_by="Người leader",
            given_on=TODAY.date(),
        )
        self.explanations = {
            state: Explanation.objects.create(
                agency=self.agency,
                unit=self.units["TCCB"],
                period=self.period,
                code=f"1.2.{n}",
                title=f"Tiêu chí {n}",
                question=f"Yêu cầu {state}",
                due_before=dt.date(2019, 12, 10),
                state=state,
                answer="" if state == "asked" else f"Trả lời {state}",
                answered_at=None if state == "asked" else TODAY,
                closed_at=TODAY if state in {"taken", "withdrawn"} else None,
            )
            for n, state in enumerate(Explanation.State.values)
        }
        self.proof = ExplanationDocument.objects.create(
            explanation=self.explanations["asked"],
            document=Document.objects.create(
                agency=self.agency, unit=self.units["TCCB"], number="13/GT"
            ),
        )
        # A card after the province's first round, with one leaf to explain: 1.2.1, as the explanation answered.
        self.criteria_set = CriteriaSet.objects.create(
            agency=self.agency, code="BO", name="Bộ tiêu chí", valid_from=2019
        )
        field = Criterion.objects.create(
            criteria_set=self.criteria_set, order=0, code="1", name="Lĩnh vực"
        )
        self.leaf = Criterion.objects.create(
            criteria_set=self.criteria_set,
            parent=field,
            depth=1,
            order=1,
            code="1.2.1",
            name="Tiêu chí 1",
            kind="self",
            maximum=2,
            rule={"type": "manual"},
        )
        self.appraised_card = Scorecard.objects.create(
            agency=self.agency, year=2019, criteria_set=self.criteria_set, state="appraised_1"
        )
        LeafScore.objects.create(
            scorecard=self.appraised_card,
            criterion=self.leaf,
            override=2,
            explanation="Đủ",
            appraised_1=1,
            asked="Giải trình vì sao",
        )
        # The card of the next year, with a bonus; its period is not there yet.
        self.draft_card = Scorecard.objects.create(
            agency=self.agency, year=2020, criteria_set=self.criteria_set
        )
        self.adjustment = Adjustment.objects.create(
            scorecard=self.draft_card, kind="bonus", points=1, reason="Sáng kiến"
        )
        # A set that is being written, whole: its one leaf is typed.
        self.draft_set = CriteriaSet.objects.create(
            agency=self.agency, code="BO-2", name="Bộ đang soạn", valid_from=2019, is_draft=True
        )
        field = Criterion.objects.create(
            criteria_set=self.draft_set, order=0, code="1", name="Lĩnh vực"
        )
        self.draft_line = Criterion.objects.create(
            criteria_set=self.draft_set,
            parent=field,
            depth=1,
            order=1,
            code="1.1",
            name="Tiêu chí 1",
            kind="self",
            maximum=2,
            rule={"type": "manual"},
        )
        self.scenario = Scenario.objects.create(
            agency=self.agency,
            year=2019,
            criteria_set=self.criteria_set,
            name="Đủ báo cáo",
            inputs={"schema": "cchc-what-if/1", "full": ["1.2.1"]},
            shared=True,
            made_by=self.people["office"],
        )
        self.peer = PeerScore.objects.create(
            agency=self.agency, year=2018, name="Sở Y tế", index=70
        )
        path = Path(settings.MEDIA_ROOT) / f"exports/{code}.xlsx"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"PK\x03\x04")
        self.export = Export.objects.create(
            agency=self.agency,
            period=self.period,
            state=Export.State.DONE,
            name="Ket-qua.xlsx",
            path=f"exports/{code}.xlsx",
            requested_by=self.people["office"],
            finished_at=TODAY,
        )

    def _report(self, n, state):
        """One task for each state, so that TCCB has a report in it; KHTC has the same task."""
        task = Task.objects.create(area=self.area, code=f"1.{n}", title=f"Nhiệm vụ {n}", order=n)
        indicator = Indicator.objects.create(
            task=task, code=f"1.{n}-a", name=f"Chỉ tiêu {n}", kind="count", order=1
        )
        for unit in ("TCCB", "KHTC"):
            Duty.objects.create(
                period=self.period, task=task, unit=self.units[unit], role="implement"
            )
        sent = state in {"submitted", "returned", "accepted"}
        report = Report.objects.create(
            period=self.period,
            task=task,
            unit=self.units["TCCB"],
            state=state,
            text="" if state == "not_started" else f"Đã làm {state}",
            first_submitted_at=TODAY if sent else None,
            submitted_at=TODAY if sent else None,
            accepted_at=TODAY if state == "accepted" else None,
        )
        if state != "not_started":
            Answer.objects.create(report=report, indicator=indicator, amount=n)
        if sent:
            Transition.objects.create(
                report=report,
                action="submit",
                from_state="draft",
                to_state="submitted",
                actor_name="Người head",
                at=TODAY,
            )
            Version.objects.create(
                report=report, number=1, content=content_of(report), actor_name="Người head"
            )
        self.tasks[state], self.indicators[state], self.reports[state] = task, indicator, report

    def _prove(self, report):
        document = Document.objects.create(
            agency=self.agency, unit=report.unit, number="12/KH", issued_on=dt.date(2019, 6, 1)
        )
        name = f"evidence/{self.agency.code}.pdf"
        path = Path(settings.MEDIA_ROOT) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%PDF-1.7")
        StoredFile.objects.create(
            document=document,
            name="kế hoạch.pdf",
            path=name,
            sha256="ab" * 32,
            size=8,
            content_type="application/pdf",
        )
        return Evidence.objects.create(report=report, document=document)


class Cast:
    """The agency (``cast.own``) and the strangers' (``cast.other``); the people by name."""

    def __init__(self):
        self.own = House("SGDDT")
        self.other = House("SNV")
        self.people = {
            **self.own.people,
            "superuser": User.objects.create_superuser("dieu-hanh@may-chu.vn", PASSWORD),
            "stranger_office": self.other.people["office"],
            "stranger_head": self.other.people["head"],
            "anonymous": None,
        }

    def __getattr__(self, name):
        """``cast.report``, ``cast.period`` …: those of the cast's own agency."""
        if name.startswith("_") or name == "own":
            raise AttributeError(name)
        return getattr(self.own, name)

    def sign_in(self, client, name):
        if self.people[name] is None:
            client.logout()
        else:
            client.force_login(self.people[name], backend=BACKEND)
        return client
