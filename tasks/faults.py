"""What an inspection would find wrong in a period (R18a): each check by itself, over facts read once.

:data:`CHECKS` is the list: a check takes the :class:`Facts` of a period, as far as the reader may see
them, and yields :class:`Fault`. None asks the database: all facts come in a fixed number of queries
(R36). To add one, write it below and put it into the list.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Q

from accounts.models import Role
from accounts.text import fold
from plans.numbers import show_number
from plans.targets import Kind, Status, judge
from tasks.consolidation import previous_values
from tasks.models import Answer, Document, Evidence, Report
from tasks.models.evidence import in_sight_of
from tasks.states import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from accounts.models import Unit, User
    from plans.models import Indicator, Period
    from plans.targets import Value

# A whole that two units share by chance is small; the same whole above this is the same thing counted twice.
SAME_WHOLE = 10


@dataclass(frozen=True)
class Fault:
    """One thing wrong: where it is, in words, and what it rests on."""

    kind: str
    words: str
    units: tuple[Unit, ...]
    report: Report | None = None
    indicator: Indicator | None = None
    document: Document | None = None


@dataclass
class Facts:
    """What a period's reports say and rest on, as far as the reader may see it."""

    period: Period
    reports: dict[int, Report]
    answers: list[Answer]
    evidence: list[Evidence]
    previous: dict[str, Value] = field(default_factory=dict)
    copies: list[Document] = field(default_factory=list)  # of the whole register; the office's only

    def report(self, row: Answer | Evidence) -> Report:
        return self.reports[row.report_id]

    def documents(self) -> Iterator[tuple[Report, Indicator | None, Document]]:
        """Every document that a report rests on, once for each place."""
        seen = set()
        for answer in self.answers:
            if answer.document is not None and answer.state == Answer.State.GIVEN:
                seen.add((answer.report_id, answer.document_id))
                yield self.report(answer), answer.indicator, answer.document
        for item in self.evidence:
            if (item.report_id, item.document_id) not in seen:
                seen.add((item.report_id, item.document_id))
                yield self.report(item), item.indicator, item.document


def read_facts(period: Period, user: User) -> Facts:
    """The facts of ``period`` that ``user`` may read (R3), in a fixed number of queries."""
    reports = Report.objects.visible_to(user).active().filter(period=period)
    found = {report.pk: report for report in reports.with_names()}
    # The office reads a returned report as it was sent; its unit is changing it now (R3).
    stands = ~Q(report__state=State.RETURNED) | Q(report__unit_id=user.unit_id)
    answers = list(
        Answer.objects.filter(stands, report__in=list(found))
        .select_related("indicator__source", "document")
        .prefetch_related("document__files")
    )
    evidence = list(
        Evidence.objects.filter(in_sight_of(user, tied_at="added_at"), report__in=list(found))
        .select_related("indicator", "document")
        .prefetch_related("document__files")
    )
    compared = {a.indicator_id: a.indicator for a in answers if a.indicator.target_previous_year}
    return Facts(
        period=period,
        reports=found,
        answers=answers,
        evidence=evidence,
        previous=previous_values(period, list(compared.values())),
        copies=_copies(user) if Role.COORDINATOR in user.roles else [],
    )


def _copies(user: User) -> list[Document]:
    """Documents that share number and date with another one of the register."""
    groups: dict[tuple[str, dt.date | None], list[Document]] = defaultdict(list)
    for document in (
        Document.objects.visible_to(user).exclude(number="").select_related("unit").order_by("pk")
    ):
        groups[document.number.casefold(), document.issued_on].append(document)
    return [document for group in groups.values() if len(group) > 1 for document in group]


# -- The checks ---------------------------------------------------------------------------------


def done_without_evidence(facts: Facts) -> Iterator[Fault]:
    """An answer that counts as done or met, and no document for its indicator or the whole report."""
    proved = {(e.report_id, e.indicator_id) for e in facts.evidence}
    for answer in facts.answers:
        indicator = answer.indicator
        kind = Kind(indicator.kind)
        if answer.document_id or not _is_done(answer, kind, facts):
            continue
        if (answer.report_id, indicator.pk) in proved or (answer.report_id, None) in proved:
            continue
        said = {Kind.BOOLEAN: "Ghi là có thực hiện", Kind.DOCUMENT: "Ghi là đã ban hành"}
        yield Fault(
            "no_evidence",
            f"{said.get(kind, 'Số liệu đạt chỉ tiêu')} nhưng không có tài liệu kiểm chứng nào.",
            (facts.report(answer).unit,),
            facts.report(answer),
            indicator,
        )


def _is_done(answer: Answer, kind: Kind, facts: Facts) -> bool:
    if answer.state != Answer.State.GIVEN:
        return False
    if kind is Kind.BOOLEAN:
        return bool(answer.holds)
    if kind is Kind.DOCUMENT:
        return True
    indicator = answer.indicator
    target = indicator.target_for(facts.period.year)
    verdict = judge(answer.value(kind), target, facts.previous.get(indicator.code))
    return verdict.status is Status.MET


def without_a_file(facts: Facts) -> Iterator[Fault]:
    """A document that proves something and can be shown to nobody: no file, no link."""
    for report, indicator, document in facts.documents():
        if not document.url and not document.files.all():
            yield Fault(
                "no_file",
                f"{document}: không có tệp hay liên kết nào.",
                (report.unit,),
                report,
                indicator,
                document,
            )


def without_a_number(facts: Facts) -> Iterator[Fault]:
    """Evidence that is no document one could name: no number, or no date of issue."""
    for report, indicator, document in facts.documents():
        lacking = [
            words
            for words, value in (
                ("số, ký hiệu", document.number),
                ("ngày ban hành", document.issued_on),
            )
            if not value
        ]
        if lacking:
            yield Fault(
                "no_number",
                f"{document}: không có {' và '.join(lacking)}.",
                (report.unit,),
                report,
                indicator,
                document,
            )


def draft_as_proof(facts: Facts) -> Iterator[Fault]:
    """A document that is not signed yet proves nothing."""
    for report, indicator, document in facts.documents():
        if document.is_draft:
            yield Fault(
                "draft",
                f"{document} còn là dự thảo, chưa ký ban hành.",
                (report.unit,),
                report,
                indicator,
                document,
            )


def outside_its_window(facts: Facts) -> Iterator[Fault]:
    """Issued after the indicator's own last day (R10), or after the period had closed."""
    for report, indicator, document in facts.documents():
        if document.issued_on is None:
            continue
        due = indicator.due_on(facts.period.year) if indicator else None
        if due and document.issued_on > due:
            words = f"sau hạn {due:%d/%m/%Y} của chỉ tiêu"
        elif document.issued_on > facts.period.closes_on:
            words = f"sau ngày khóa kỳ {facts.period.closes_on:%d/%m/%Y}"
        else:
            continue
        yield Fault(
            "late_document",
            f"{document} ban hành {words}.",
            (report.unit,),
            report,
            indicator,
            document,
        )


def out_of_force(facts: Facts) -> Iterator[Fault]:
    """No longer in force on the last day of the period on which a report is on time."""
    last_day = facts.period.due_before - dt.timedelta(days=1)
    for report, indicator, document in facts.documents():
        if document.in_force_until and document.in_force_until < last_day:
            yield Fault(
                "out_of_force",
                f"{document} hết hiệu lực sau ngày {document.in_force_until:%d/%m/%Y}, trước hạn của kỳ "
                f"({last_day:%d/%m/%Y}).",
                (report.unit,),
                report,
                indicator,
                document,
            )


def disagreeing(facts: Facts) -> Iterator[Fault]:
    """Units that answer the same fact of the whole Sở differently.

    «Có» against «không»; different documents by the same issuer for one asked document; the same whole
    (a large one) with different parts; an answer that stands beside the one of the indicator's source.
    """
    by_indicator: dict[int, list[Answer]] = defaultdict(list)
    for answer in facts.answers:
        if answer.state == Answer.State.GIVEN:
            by_indicator[answer.indicator_id].append(answer)
    for answers in by_indicator.values():
        indicator = answers[0].indicator
        for group in _contradictions(Kind(indicator.kind), answers):
            units = tuple(facts.report(answer).unit for answer in group)
            said = "; ".join(
                f"{facts.report(answer).unit.name}: {_said(answer)}" for answer in group
            )
            yield Fault(
                "disagree", f"Các đơn vị trả lời khác nhau – {said}.", units, None, indicator
            )


def _contradictions(kind: Kind, answers: list[Answer]) -> Iterator[list[Answer]]:
    if kind is Kind.BOOLEAN:
        if len({answer.holds for answer in answers}) > 1:
            yield answers
    elif kind is Kind.DOCUMENT:
        issuers: dict[str, list[Answer]] = defaultdict(list)
        for answer in answers:
            if answer.document is not None:
                issuers[fold(answer.document.issuer)].append(answer)
        for group in issuers.values():
            if len({answer.document_id for answer in group}) > 1:
                yield group
    elif kind is Kind.RATIO:
        wholes: dict[object, list[Answer]] = defaultdict(list)
        for answer in answers:
            if answer.denominator is not None and answer.denominator >= SAME_WHOLE:
                wholes[answer.denominator].append(answer)
        for group in wholes.values():
            if len({answer.numerator for answer in group}) > 1:
                yield group


def _said(answer: Answer) -> str:
    if answer.holds is not None:
        return "có" if answer.holds else "không"
    if answer.document is not None:
        return str(answer.document)
    return "/".join(
        "…" if n is None else show_number(n) for n in (answer.numerator, answer.denominator)
    )


def beside_the_source(facts: Facts) -> Iterator[Fault]:
    """An answer of a unit that is not asked, because another one answers for the whole Sở (R6a)."""
    for answer in facts.answers:
        indicator = answer.indicator
        report = facts.report(answer)
        if indicator.source is not None and indicator.source_id != report.unit_id:
            yield Fault(
                "not_asked",
                f"Chỉ tiêu này do {indicator.source.name} cung cấp số liệu cho cả Sở; "
                f"{report.unit.name} vẫn còn câu trả lời riêng.",
                (report.unit,),
                report,
                indicator,
            )


def part_above_whole(facts: Facts) -> Iterator[Fault]:
    """A numerator above its denominator where the indicator does not allow it: forms refuse it, imports may bring it."""
    for answer in facts.answers:
        top, bottom = answer.numerator, answer.denominator
        if (
            top is not None
            and bottom is not None
            and top > bottom
            and not answer.indicator.may_exceed
        ):
            yield Fault(
                "above_whole",
                f"Phần đạt {show_number(top)} lớn hơn tổng số {show_number(bottom)}.",
                (facts.report(answer).unit,),
                facts.report(answer),
                answer.indicator,
            )


def not_arising(facts: Facts) -> Iterator[Fault]:
    """An accepted «không phát sinh»: its figures, and with them perhaps a criterion, are out of the index (R7a)."""
    for answer in facts.answers:
        report = facts.report(answer)
        if report.state != State.ACCEPTED:
            continue
        if answer.value(answer.indicator.kind).not_arising:
            reason = f" Lý do: {answer.reason}" if answer.reason else " Không nêu lý do."
            yield Fault(
                "not_arising",
                f"Đã duyệt «không phát sinh»: chỉ tiêu không tính vào kết quả.{reason}",
                (report.unit,),
                report,
                answer.indicator,
            )


def broken_files(facts: Facts) -> Iterator[Fault]:
    """Files that the last check of the disk did not find, or found altered (``check_evidence``)."""
    for report, indicator, document in facts.documents():
        for file in document.files.all():
            if file.problem:
                yield Fault(
                    "broken_file",
                    f"{document}: tệp {file.name} {file.get_problem_display()}.",
                    (report.unit,),
                    report,
                    indicator,
                    document,
                )


def registered_twice(facts: Facts) -> Iterator[Fault]:
    """Number and date of another document, the issuer spelled in another way; the office may join the two."""
    for document in facts.copies:
        issuer = document.issuer or "không ghi cơ quan ban hành"
        yield Fault(
            "twice",
            f"{document} ({issuer}) có thể đã đăng ký hai lần: có tài liệu khác cùng số, cùng ngày.",
            (document.unit,),
            document=document,
        )


@dataclass(frozen=True)
class Check:
    """One kind of fault: what the page calls it, and who finds it."""

    kind: str
    label: str
    run: Callable[[Facts], Iterator[Fault]]


CHECKS = (
    Check("no_evidence", "Đạt nhưng thiếu kiểm chứng", done_without_evidence),
    Check("no_file", "Tài liệu không có tệp", without_a_file),
    Check("no_number", "Tài liệu thiếu số, ngày", without_a_number),
    Check("draft", "Dự thảo làm kiểm chứng", draft_as_proof),
    Check("late_document", "Văn bản ngoài thời hạn", outside_its_window),
    Check("out_of_force", "Văn bản hết hiệu lực", out_of_force),
    Check("disagree", "Đơn vị trả lời khác nhau", disagreeing),
    Check("not_asked", "Số liệu ngoài đơn vị cung cấp", beside_the_source),
    Check("above_whole", "Phần lớn hơn tổng", part_above_whole),
    Check("not_arising", "Không phát sinh đã duyệt", not_arising),
    Check("broken_file", "Tệp mất hoặc bị sửa", broken_files),
    Check("twice", "Có thể đăng ký trùng", registered_twice),
)
LABELS = {check.kind: check.label for check in CHECKS}


def find_faults(facts: Facts, *, unit: int | None = None) -> list[Fault]:
    """Everything wrong, kind by kind, in the plan's order within each; ``unit`` narrows to one unit's part in it."""
    found: list[Fault] = []
    for check in CHECKS:
        found += sorted(check.run(facts), key=_place)
    return [fault for fault in found if unit is None or any(u.pk == unit for u in fault.units)]


def _place(fault: Fault) -> tuple[int, int, int, int]:
    report, indicator = fault.report, fault.indicator
    return (
        report.task.area.order if report else 0,
        report.task.order if report else 0,
        indicator.order if indicator else 0,
        fault.units[0].order,
    )
