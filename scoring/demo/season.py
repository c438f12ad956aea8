"""The demo's running year: who wrote, sent, returned and accepted what, and when.

Each step goes through the services people use, at its own past moment. What the reports end up in is
in :data:`ENDS`; about 55 in a hundred are sent.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from accounts.history import Actor
from accounts.models import Role
from plans.targets import Kind
from scoring.demo.clock import at, moment
from scoring.demo.evidence import paper_of
from scoring.demo.past import entries
from scoring.demo.texts import (
    HAND_BACK_REASON,
    RELEASE_REASON,
    RELEASED,
    REOPEN_REASON,
    return_reason,
)
from tasks import periods, services
from tasks.contents import Content, draft_of
from tasks.evidence import add_evidence
from tasks.importing.answering import read_answer
from tasks.models import Report
from tasks.reminders import remind
from tasks.results_schema import ValueEntry

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from accounts.models import User
    from plans.models import Period
    from scoring.demo.evidence import Paper
    from scoring.demo.figures import Year
    from scoring.demo.people import Staff

# How many reports end up how, those furthest first; the rest is not started.
ENDS = (("accepted", 49), ("reopened", 1), ("submitted", 22), ("returned", 5), ("draft", 18))
# Mornings on which reminders ran: from well before the first step, 30 days ahead, also where Tết moves it.
LAST_MORNINGS = 31
# How quick each unit is, from 0 to 1.
PACE = {
    "VP": 0.95,
    "TCCB": 0.9,
    "KHTC": 0.8,
    "QLCL": 0.75,
    "GDMN": 0.65,
    "GDTrH": 0.55,
    "GDTH": 0.5,
    "TTRA": 0.45,
    "GDTX": 0.3,
    "CTTT": 0.2,
}
PAPERLESS = 7  # every so many-th report names no document
ALWAYS_FIRST = "8"  # the one-stop desk: its figures are whole, so that 9,8 % is no provisional one


@dataclass(frozen=True)
class Step:
    """One thing somebody does at one moment."""

    when: dt.datetime
    order: int  # of steps at the same moment
    do: Callable[[], object]


class Season:
    """Collects the steps of all reports, then lives through them in the order of time."""

    def __init__(
        self,
        rng: random.Random,
        period: Period,
        staff: Staff,
        year: Year,
        days: list[dt.date],  # from the opening to yesterday
        papers: dict[tuple[str, str], Paper],
    ) -> None:
        self.rng = rng
        self.period = period
        self.staff = staff
        self.mornings = days[-LAST_MORNINGS:]
        self.days = [day for day in days if day.weekday() < 5]
        self.papers = papers
        self.entries = {(e["unit"], e["task"]): e for e in entries(rng, period, year)}
        self.steps: list[Step] = []

    def live(self) -> None:
        reports = list(Report.objects.filter(period=self.period).select_related("unit", "task"))
        reports.sort(key=self._place)
        ends = [end for end, count in ENDS for _ in range(count)]
        for number, report in enumerate(reports):
            end = ends[number] if number < len(ends) else "not_started"
            self._plan(report, end, number, len(ends))
        self._release(next(r for r in reports if _key(r) == RELEASED))
        self._remind()
        for step in sorted(self.steps, key=lambda step: (step.when, step.order)):
            with at(step.when):
                step.do()

    def _place(self, report: Report) -> tuple[bool, float]:
        """Those written first come first; the one that is released, last."""
        pace = self.rng.random() * 0.7 - PACE[report.unit.code]
        if _key(report) == RELEASED:
            return True, 1.0
        first = report.task.code.startswith(ALWAYS_FIRST) or _key(report) in self.papers
        return not first, pace

    # -- One report's way ------------------------------------------------------------------------

    def _plan(self, report: Report, end: str, number: int, begun: int) -> None:
        """Steps of one report; ``number`` of ``begun`` says how early in the season it was written."""
        if end == "not_started":
            return
        unit = report.unit.code
        writer, head = self.staff.reporters[unit], self.staff.heads[unit]
        reviewer = self.staff.coordinator
        day = 1 + (len(self.days) - 4) * number // begun
        partly = end == "draft" and number % 3 == 0
        self._step(day, 9, lambda: self._write(report, writer, partly=partly))
        paper = self.papers.get(_key(report))
        if paper:
            self._step(day, 10, lambda: self._prove(report, writer, paper))
        elif number % PAPERLESS != 3 and not partly:
            self._step(day, 10, lambda: self._name_paper(report, writer, number))
        if end == "draft":
            self._end_of_draft(report, number, day, writer, head)
            return
        self._step(day + 1, 8, lambda: self._hand_up(report, writer))
        self._step(day + 1, 14, lambda: self._submit(report, head))
        if end == "submitted":
            return
        if end == "returned" or number % 17 == 5:
            reason = return_reason(report.task.code, number)
            self._step(day + 2, 10, lambda: self._return(report, reviewer, reason))
            if end == "returned":
                return
            self._step(day + 3, 9, lambda: self._correct(report, writer))
            self._step(day + 3, 15, lambda: self._submit(report, head))
        self._step(day + 4, 16, lambda: self._accept(report, reviewer))
        if end == "reopened":
            last = self.period.due_before - dt.timedelta(days=4)
            self._step(day + 6, 10, lambda: self._reopen(report, last))

    def _end_of_draft(
        self, report: Report, number: int, day: int, writer: User, head: User
    ) -> None:
        if number % 6 == 1:
            self._step(day + 1, 16, lambda: self._hand_up(report, writer))
        elif number % 6 == 4:
            self._step(day + 1, 8, lambda: self._hand_up(report, writer))
            self._step(
                day + 1,
                15,
                lambda: services.hand_back(
                    report=_fresh(report), by=_as(head, Role.HEAD), reason=HAND_BACK_REASON
                ),
            )

    def _step(self, day: int, hour: int, do: Callable[[], object]) -> None:
        minute = self.rng.randint(0, 59)
        when = moment(self.days[min(day, len(self.days) - 1)], hour, minute)
        self.steps.append(Step(when, len(self.steps), do))

    # -- What people do --------------------------------------------------------------------------

    def _write(self, report: Report, writer: User, *, partly: bool = False) -> None:
        entry = self.entries[_key(report)]
        values = list(entry["values"].items())
        self._save(
            report,
            writer,
            text=entry["text"],
            difficulties=entry.get("difficulties", ""),
            values=dict(values[: len(values) // 2] if partly else values),
        )

    def _correct(self, report: Report, writer: User) -> None:
        text = _fresh(report).text
        self._save(
            report,
            writer,
            text=f"{text} Số liệu đã được đối chiếu lại theo ý kiến của Văn phòng Sở.",
        )

    def _save(
        self,
        report: Report,
        writer: User,
        *,
        text: str,
        difficulties: str | None = None,
        values: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        report = _fresh(report)
        stored = {a.indicator_id: a for a in report.answers.select_related("document")}
        answers = {key: draft_of(answer) for key, answer in stored.items()}
        indicators = services.asked_indicators(report)
        for indicator in indicators:
            value = (values or {}).get(indicator.code)
            if value is not None:
                read = ValueEntry.model_validate(value)
                answers[indicator.pk], faults = read_answer(read, Kind(indicator.kind), sent=True)
                assert not faults, (indicator.code, faults)
        services.save(
            report=report,
            by=_as(writer, Role.REPORTER),
            base_version=report.version,
            content=Content(
                text=text,
                difficulties=report.difficulties if difficulties is None else difficulties,
                answers=answers,
            ),
            indicators=indicators,
            answers=stored,
        )

    def _prove(self, report: Report, writer: User, paper: Paper) -> None:
        report = _fresh(report)
        indicator = next(
            (i for i in services.asked_indicators(report) if i.code == paper.indicator), None
        )
        add_evidence(
            report=report,
            by=_as(writer, Role.REPORTER),
            number=paper.number,
            issued_on=paper.issued_on,
            issuer=paper.issuer,
            subject=paper.subject,
            section=paper.section,
            indicator=indicator,
            uploads=[paper.upload()],
        )

    def _name_paper(self, report: Report, writer: User, number: int) -> None:
        named, subject = paper_of(report, 100 + number)
        add_evidence(
            report=_fresh(report),
            by=_as(writer, Role.REPORTER),
            number=named,
            issued_on=timezone.localdate(),
            issuer=report.unit.name,
            subject=subject,
            section="Mục II",
            indicator=None,
            uploads=[],
        )

    def _hand_up(self, report: Report, writer: User) -> None:
        services.hand_up(report=_fresh(report), by=_as(writer, Role.REPORTER))

    def _submit(self, report: Report, head: User) -> None:
        services.submit(report=_fresh(report), by=_as(head, Role.HEAD))

    def _accept(self, report: Report, reviewer: User) -> None:
        services.accept(reports=[_fresh(report)], by=_as(reviewer, Role.COORDINATOR))

    def _return(self, report: Report, reviewer: User, reason: str) -> None:
        services.send_back(report=_fresh(report), by=_as(reviewer, Role.COORDINATOR), reason=reason)

    def _reopen(self, report: Report, until: dt.date) -> None:
        services.reopen(
            report=_fresh(report),
            by=_as(self.staff.office, Role.COORDINATOR),
            reason=REOPEN_REASON,
            until=until,
        )

    def _remind(self) -> None:
        """Every morning's reminders, as the beat would have written them: none is left to be made up."""
        agency = self.period.plan.agency
        for day in self.mornings:
            send = partial(remind, agency, day)
            self.steps.append(Step(moment(day, 7, 30), len(self.steps), send))

    def _release(self, report: Report) -> None:
        self._step(
            4,
            11,
            lambda: periods.release(
                report=_fresh(report),
                by=_as(self.staff.office, Role.COORDINATOR),
                reason=RELEASE_REASON,
            ),
        )


def _key(report: Report) -> tuple[str, str]:
    return report.unit.code, report.task.code


def _as(user: User, role: Role) -> Actor:
    return Actor.of(user, role=role)


def _fresh(report: Report) -> Report:
    return Report.objects.with_names().get(pk=report.pk)
