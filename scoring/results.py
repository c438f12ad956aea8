"""What is known of a period when its workbook is made (R3, R8, R32), and what it still lacks.

Everything is read in a fixed number of queries and at one moment, so that the sheets agree with each
other. Only what units have sent is read: a draft is its unit's own.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import Unit, UnitGroup
from plans.models import Assignment, Duty, Period, Task
from plans.targets import Status, Value
from tasks.consolidation import Result, consolidate, tally
from tasks.contents import describe, draft_of
from tasks.models import Answer, Document, Evidence, Report, StoredFile, Version
from tasks.states import OWED, STATE_TEXT, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LIVE = (
    State.SUBMITTED,
    State.ACCEPTED,
)  # locked for their unit, so what is stored is what was sent


@dataclass
class UnitStanding:
    """How far one unit is with its reports of the period."""

    unit: Unit
    total: int = 0
    owed: int = 0
    waiting: int = 0
    accepted: int = 0


@dataclass
class Situation:
    """The state an export is made from: what is missing is said before and in it (R32, R33)."""

    counts: Counter[State] = field(default_factory=Counter)
    released: int = 0
    late: int = 0
    units: list[UnitStanding] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def accepted(self) -> int:
        return self.counts[State.ACCEPTED]

    @property
    def waiting(self) -> int:
        return self.counts[State.SUBMITTED]

    @property
    def owed(self) -> int:
        return sum(self.counts[state] for state in OWED)

    @property
    def behind(self) -> list[UnitStanding]:
        """Units that have not sent everything, most first."""
        return sorted((u for u in self.units if u.owed), key=lambda u: (-u.owed, u.unit.order))

    @property
    def unreviewed(self) -> list[UnitStanding]:
        return [unit for unit in self.units if unit.waiting]

    @property
    def without_figure(self) -> list[Result]:
        return [r for r in self.results if r.verdict.status is Status.NOT_REPORTED]

    @property
    def provisional(self) -> list[Result]:
        """Indicators with a figure that lacks units."""
        return [
            r
            for r in self.results
            if not r.complete and r.verdict.status is not Status.NOT_REPORTED
        ]

    @property
    def is_complete(self) -> bool:
        return self.total == self.accepted and not self.without_figure

    def text(self) -> str:
        parts = [f"Số liệu đã duyệt ({self.accepted}/{self.total} báo cáo)"]
        if self.behind:
            parts.append(f"{len(self.behind)}/{len(self.units)} đơn vị chưa gửi đủ")
        if self.waiting:
            parts.append(f"{self.waiting} báo cáo chờ duyệt")
        if self.without_figure:
            parts.append(f"{len(self.without_figure)}/{len(self.results)} chỉ tiêu chưa có số liệu")
        if self.provisional:
            parts.append(f"{len(self.provisional)} chỉ tiêu tạm tính")
        return "; ".join(parts) + "."

    def as_data(self) -> dict[str, Any]:
        """What is kept beside an export of the state it was made from."""
        return {
            "text": self.text(),
            "states": {state.value: self.counts[state] for state in State},
            "released": self.released,
            "late": self.late,
            "indicators": len(self.results),
            "statuses": {status.value: count for status, count in tally(self.results).items()},
            "without_figure": [r.indicator.code for r in self.without_figure],
            "provisional": [r.indicator.code for r in self.provisional],
            "units_behind": [[u.unit.code, u.owed] for u in self.behind],
        }


@dataclass(frozen=True)
class Said:
    """One answer as its unit sent it."""

    label: str
    words: str
    value: Value
    numerator: Decimal | None = None  # as typed: 0 of 0 is «không phát sinh», its zeros still stand
    denominator: Decimal | None = None


@dataclass(frozen=True)
class Proof:
    """One document behind a report: evidence, or the value of a document indicator (R17)."""

    document: Document
    indicator: str | None  # code; None where it proves the report as a whole
    section: str = ""
    is_value: bool = False
    files: tuple[tuple[str, str], ...] = ()  # name, SHA-256


@dataclass
class Sent:
    """What the office may read of a report: nothing of a draft, of a returned one its last version."""

    text: str = ""
    difficulties: str = ""
    answers: dict[str, Said] = field(default_factory=dict)  # by indicator code
    proofs: list[Proof] = field(default_factory=list)
    version: int | None = None


@dataclass
class Results:
    """Everything the workbook says of one period."""

    period: Period
    made_at: dt.datetime
    tasks: list[Task]
    by_task: dict[int, list[Result]]
    doers: dict[int, dict[str, str]]  # task -> role -> names of units
    reports: list[Report]
    sent: dict[int, Sent]  # by report
    situation: Situation

    def sent_of(self, report: Report) -> Sent:
        return self.sent.get(report.pk) or Sent()

    def accepted_of(self, task: Task) -> list[tuple[Report, Sent]]:
        return self._accepted.get(task.pk, [])

    def __post_init__(self) -> None:
        self._accepted: dict[int, list[tuple[Report, Sent]]] = defaultdict(list)
        for report in self.reports:
            if report.state == State.ACCEPTED and not report.released_at:
                self._accepted[report.task_id].append((report, self.sent_of(report)))


@contextmanager
def one_moment() -> Iterator[None]:
    """All queries inside see the same state of the database."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def situation(period: Period) -> Situation:
    """How complete the results of ``period`` are now."""
    with one_moment():
        reports = _reports(period).defer("text", "difficulties", "unread")
        return _situation(list(reports), consolidate(period).values())


def gather(period: Period) -> Results:
    """Everything the workbook of ``period`` says; the period comes with its plan and agency."""
    with one_moment():
        results = consolidate(period)
        reports = list(_reports(period))
        for report in reports:
            report.period = period  # each row would otherwise fetch it to know its date
        by_task: dict[int, list[Result]] = defaultdict(list)
        for result in results.values():
            by_task[result.indicator.task_id].append(result)
        tasks = Task.objects.filter(
            area__plan_id=period.plan_id, retired_at=None, area__retired_at=None
        ).select_related("area")
        return Results(
            period=period,
            made_at=timezone.now(),
            tasks=list(tasks),
            by_task=by_task,
            doers=_doers(period),
            reports=reports,
            sent=_sent(period),
            situation=_situation(reports, results.values()),
        )


def _reports(period: Period) -> Any:
    return (
        Report.objects.filter(period=period, retired_at=None)
        .select_related("unit", "task__area")
        .order_by("task__area__order", "task__order", "unit__order", "unit_id")
    )


def _situation(reports: Iterable[Report], results: Iterable[Result]) -> Situation:
    seen = Situation(results=list(results))
    units: dict[int, UnitStanding] = {}
    for report in reports:
        if report.released_at:
            seen.released += 1
            continue
        state = State(report.state)
        seen.counts[state] += 1
        seen.late += report.is_late
        unit = units.setdefault(report.unit_id, UnitStanding(report.unit))
        unit.total += 1
        unit.owed += state in OWED
        unit.waiting += state is State.SUBMITTED
        unit.accepted += state is State.ACCEPTED
    seen.units = sorted(units.values(), key=lambda u: (u.unit.order, u.unit.pk))
    return seen


def _doers(period: Period) -> dict[int, dict[str, str]]:
    """Who leads and implements each task; units that together are a whole group are named as the group."""
    duties: dict[int, dict[str, list[Unit]]] = defaultdict(lambda: defaultdict(list))
    for duty in (
        Duty.objects.filter(period=period, role__in=Assignment.REPORTING)
        .select_related("unit")
        .order_by("unit__order", "unit_id")
    ):
        duties[duty.task_id][duty.role].append(duty.unit)
    groups = [
        (group.name, {unit.pk for unit in group.members.all()})
        for group in UnitGroup.objects.filter(agency_id=period.plan.agency_id).prefetch_related(
            "members"
        )
    ]
    groups = sorted((g for g in groups if len(g[1]) > 1), key=lambda g: -len(g[1]))
    return {
        task: {role: _names(units, groups) for role, units in roles.items()}
        for task, roles in duties.items()
    }


def _names(units: list[Unit], groups: list[tuple[str, set[int]]]) -> str:
    left = {unit.pk for unit in units}
    named = []
    for name, members in groups:
        if members <= left:
            named.append(f"{name} ({len(members)})")
            left -= members
    return "; ".join([unit.name for unit in units if unit.pk in left] + named)


def _sent(period: Period) -> dict[int, Sent]:
    """What units have sent, by report: as stored where it is locked, else the last version kept (R13)."""
    readable = {"report__period": period, "report__retired_at": None, "report__released_at": None}
    live = {**readable, "report__state__in": LIVE}
    sent: dict[int, Sent] = defaultdict(Sent)
    for pk, text, difficulties in Report.objects.filter(
        period=period, retired_at=None, released_at=None, state__in=LIVE
    ).values_list("pk", "text", "difficulties"):
        sent[pk] = Sent(text, difficulties)
    files: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for document, name, sha256 in StoredFile.objects.filter(
        Q(Exists(Evidence.objects.filter(document=OuterRef("document"), **live)))
        | Q(Exists(Answer.objects.filter(document=OuterRef("document"), **live)))
    ).values_list("document_id", "name", "sha256"):
        files[document].append((name, sha256))
    proven = set()
    for item in Evidence.objects.filter(**live).select_related("document", "indicator"):
        code = item.indicator.code if item.indicator else None
        proven.add((item.report_id, item.document_id, code))
        sent[item.report_id].proofs.append(
            Proof(item.document, code, item.section, files=tuple(files[item.document_id]))
        )
    for answer in Answer.objects.filter(**live).select_related("document", "indicator"):
        code = answer.indicator.code
        sent[answer.report_id].answers[code] = _said(answer, answer.indicator.kind)
        if answer.document and (answer.report_id, answer.document_id, code) not in proven:
            sent[answer.report_id].proofs.append(
                Proof(answer.document, code, is_value=True, files=tuple(files[answer.document.pk]))
            )
    newer = Version.objects.filter(report=OuterRef("report"), number__gt=OuterRef("number"))
    for version in Version.objects.filter(~Exists(newer), report__state=State.RETURNED, **readable):
        sent[version.report_id] = _from_version(version)
    for one in sent.values():
        one.proofs.sort(key=lambda proof: (proof.indicator or "", proof.document.pk or 0))
    return dict(sent)


def _said(answer: Answer, kind: str) -> Said:
    return Said(
        label=Answer.State(answer.state).label,
        words=describe(draft_of(answer)) or "",
        value=answer.value(kind),
        numerator=answer.numerator,
        denominator=answer.denominator,
    )


def _from_version(version: Version) -> Sent:
    content = version.content
    sent = Sent(content.get("text", ""), content.get("difficulties", ""), version=version.number)
    proven = set()
    for item in content.get("evidence", []):
        proven.add((item.get("id"), item.get("indicator")))
        files = tuple((f["name"], f["sha256"]) for f in item.get("files", []))
        sent.proofs.append(
            Proof(_document(item), item.get("indicator"), item.get("section", ""), files=files)
        )
    for item in content.get("answers", []):
        document = item.get("document")
        answer = Answer(
            state=item["state"],
            holds=item["holds"],
            day=_day(item["day"]),
            reason=item["reason"],
            document=_document(document) if document else None,
            **{name: _figure(item[name]) for name in ("numerator", "denominator", "amount")},
        )
        sent.answers[item["code"]] = _said(answer, item["kind"])
        if document and (document.get("id"), item["code"]) not in proven:
            sent.proofs.append(Proof(_document(document), item["code"], is_value=True))
    return sent


def _document(data: dict[str, Any]) -> Document:
    return Document(
        pk=data.get("id"),
        number=data["number"],
        issued_on=_day(data["issued_on"]),
        issuer=data["issuer"],
        subject=data["subject"],
    )


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _figure(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def state_text(report: Report) -> str:
    return "Được miễn báo cáo" if report.released_at else STATE_TEXT[State(report.state)]
