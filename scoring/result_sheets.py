"""The three sheets of results, for people who filter, print and pass them on (R32).

Every row stands by itself: what belongs to the task or the report is repeated, so that a filter on any
column leaves whole sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from plans.models import Assignment, Indicator, Period
from plans.numbers import show_number, show_percent
from plans.targets import OP_TEXT, Kind, Value
from plans.workbook import Band, Cell, Column, Percent, Sheet
from scoring.results import Proof, Results, Sent, state_text
from tasks.states import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tasks.consolidation import Result
    from tasks.models import Report

RESULT_COLUMNS = (
    Column("Mã nhiệm vụ", 7, centred=True),
    Column("Nhiệm vụ", 24),
    Column("Đơn vị chủ trì / thực hiện", 16),
    Column("Mã chỉ tiêu", 7, centred=True),
    Column("Chỉ tiêu", 22),
    Column("Mục tiêu", 16),
    Column("Kết quả tổng hợp", 11.5, centred=True),
    Column("Tử số", 8.5),
    Column("Mẫu số", 8.5),
    Column("Đánh giá", 10, centred=True),
    Column("Còn thiếu", 14),
    Column("Tiến độ số liệu", 10.5, centred=True),
    Column("Tài liệu kiểm chứng", 21),
    Column("Khó khăn, vướng mắc", 20),
)
REPORT_COLUMNS = (
    Column("Lĩnh vực", 14),
    Column("Mã nhiệm vụ", 7, centred=True),
    Column("Nhiệm vụ", 20),
    Column("Đơn vị", 14),
    Column("Trạng thái", 9.5, centred=True),
    Column("Gửi lần đầu", 15),
    Column("Thời hạn", 9, centred=True),
    Column("Mã chỉ tiêu", 7, centred=True),
    Column("Chỉ tiêu", 20),
    Column("Trả lời", 10, centred=True),
    Column("Số liệu", 11.5, centred=True),
    Column("Tử số", 8.5),
    Column("Mẫu số", 8.5),
    Column("Diễn giải", 14),
    Column("Kết quả thực hiện", 30),
    Column("Khó khăn, vướng mắc", 18),
    Column("Ghi chú", 14),
)
EVIDENCE_COLUMNS = (
    Column("Số, ký hiệu", 16),
    Column("Ngày ban hành", 11.5),
    Column("Cơ quan ban hành", 16),
    Column("Trích yếu", 30),
    Column("Đơn vị báo cáo", 16),
    Column("Mã nhiệm vụ", 8, centred=True),
    Column("Mã chỉ tiêu", 8, centred=True),
    Column("Mục, trang", 12),
    Column("Dùng làm", 12),
    Column("Trạng thái báo cáo", 10, centred=True),
    Column("Tên tệp", 20),
    Column("SHA-256", 35),
)


def result_sheets(results: Results) -> Iterator[Sheet]:
    yield Sheet(
        name=f"Kết quả {len({task.area_id for task in results.tasks})} lĩnh vực",
        title=_title(results, "KẾT QUẢ THỰC HIỆN KẾ HOẠCH CẢI CÁCH HÀNH CHÍNH"),
        columns=RESULT_COLUMNS,
        rows=_result_rows(results),
        frozen_columns=1,
    )
    yield Sheet(
        name="Báo cáo của đơn vị",
        title=_title(results, "BÁO CÁO CỦA CÁC ĐƠN VỊ"),
        columns=REPORT_COLUMNS,
        rows=_report_rows(results),
    )
    yield Sheet(
        name="Tài liệu kiểm chứng",
        title=_title(results, "DANH MỤC TÀI LIỆU KIỂM CHỨNG"),
        columns=EVIDENCE_COLUMNS,
        rows=_evidence_rows(results),
        frozen_columns=1,
    )


def _title(results: Results, heading: str) -> tuple[str, ...]:
    period, plan = results.period, results.period.plan
    number = f" số {plan.number}" if plan.number else ""
    day = f" ngày {plan.issued_on:%d/%m/%Y}" if plan.issued_on else ""
    province = f" – {plan.agency.province}" if plan.agency.province else ""
    demo = " · DỮ LIỆU MINH HỌA, KHÔNG PHẢI SỐ LIỆU THẬT" if plan.agency.is_demo else ""
    return (
        f"{plan.agency.name}{province}".upper(),
        f"{heading} – {period}".upper() + demo,
        f"{plan.title}{number}{day}; gửi trước ngày {period.due_before:%d/%m/%Y}.",
        f"{results.situation.text()} Lập lúc {timezone.localtime(results.made_at):%H:%M ngày %d/%m/%Y}.",
    )


# -- Sheet 1 ------------------------------------------------------------------------------------


def _result_rows(results: Results) -> Iterator[Sequence[Cell] | Band]:
    area = None
    for task in results.tasks:
        if task.area_id != area:
            area = task.area_id
            yield Band(f"Lĩnh vực {task.area.code}. {task.area.name}")
        accepted = results.accepted_of(task)
        doers = _doers_text(results.doers.get(task.pk, {}))
        troubles = "\n".join(
            f"{report.unit.name}: {sent.difficulties}"
            for report, sent in accepted
            if sent.difficulties.strip()
        )
        proofs = [proof for _, sent in accepted for proof in sent.proofs]
        head: list[Cell] = [task.code, task.title, doers]
        rows = results.by_task.get(task.pk, [])
        for number, result in enumerate(rows):
            indicator = result.indicator
            yield [
                *head,
                indicator.code,
                indicator.name,
                target_text(indicator, results.period, result),
                value_cell(Kind(indicator.kind), result.value),
                result.value.numerator,
                result.value.denominator,
                result.verdict.text,
                result.verdict.missing,
                progress_text(result),
                _numbers(proofs, indicator.code, with_general=number == 0),
                troubles,
            ]
        if not rows:
            yield [*head, *[None] * 9, _numbers(proofs, None, with_general=True), troubles]


def _doers_text(doers: dict[str, str]) -> str:
    return "\n".join(
        f"{Assignment.Role(role).label}: {doers[role]}"
        for role in Assignment.REPORTING
        if doers.get(role)
    )


def target_text(indicator: Indicator, period: Period, result: Result | None = None) -> str:
    """What is asked, and below it the plan's own words (R7a)."""
    kind, due = Kind(indicator.kind), indicator.due_on(period.year)
    if kind is Kind.BOOLEAN:
        asked = "Có thực hiện"
    elif kind in {Kind.DOCUMENT, Kind.DATE}:
        asked = "Được ban hành" if kind is Kind.DOCUMENT else "Đã thực hiện"
    elif indicator.target_previous_year:
        asked = f"{OP_TEXT[indicator.op]} năm trước{_previous_text(kind, result)}"
    elif indicator.target is not None:
        asked = f"{OP_TEXT[indicator.op]} {show_number(indicator.target)}{'%' if kind is Kind.RATIO else ''}"
    else:
        asked = "Không đặt chỉ tiêu"
    if due:
        asked += f", chậm nhất ngày {due:%d/%m/%Y}"
    if indicator.assumed:
        asked += " (suy ra từ kế hoạch)"
    return f"{asked}\nNguyên văn: {indicator.wording}" if indicator.wording else asked


def _previous_text(kind: Kind, result: Result | None) -> str:
    previous = result.previous if result else None
    if previous is None or not previous.reported:
        return ""
    if kind is Kind.RATIO:
        return f" ({show_percent(previous.ratio)})" if previous.ratio is not None else ""
    return f" ({show_number(previous.amount)})" if previous.amount is not None else ""


def value_cell(kind: Kind, value: Value) -> Cell:
    """A figure as a number, a day as a day, and in words what is neither."""
    if not value.reported:
        return None
    if value.not_arising:
        return "Không phát sinh"
    if value.missing:
        return "Chưa ban hành" if kind is Kind.DOCUMENT else "Chưa thực hiện"
    match kind:
        case Kind.RATIO:
            return Percent(value.ratio) if value.ratio is not None else None
        case Kind.COUNT | Kind.AMOUNT:
            return value.amount
        case Kind.BOOLEAN:
            return value.holds
    return value.day


def progress_text(result: Result) -> str:
    if not result.owed:
        return "không đơn vị nào phải báo cáo"
    return result.provisional_text or f"đủ {result.given}/{result.owed} đơn vị"


def _numbers(proofs: list[Proof], code: str | None, *, with_general: bool) -> str:
    """Each document once; those of the whole task only where ``with_general``."""
    own, general = {}, {}
    for proof in proofs:
        if proof.indicator == code and code is not None:
            own[proof.document.pk] = str(proof.document)
        elif proof.indicator is None:
            general[proof.document.pk] = str(proof.document)
    text = "\n".join(own.values())
    common = "; ".join(name for pk, name in general.items() if pk not in own)
    if with_general and common:
        text = f"{text}\nChung cho nhiệm vụ: {common}".strip()
    return text


# -- Sheet 2 ------------------------------------------------------------------------------------


def _report_rows(results: Results) -> Iterator[Sequence[Cell]]:
    today = timezone.localdate(results.made_at)
    for report in results.reports:
        task, sent = report.task, results.sent_of(report)
        first = timezone.localtime(report.first_submitted_at) if report.first_submitted_at else None
        on_time = "Trễ hạn" if report.is_late else "Đúng hạn" if first else ""
        if report.is_overdue(today):
            on_time = "Quá hạn" if first is None else f"{on_time}, đang nợ bổ sung"
        head: list[Cell] = [
            str(task.area),
            task.code,
            task.title,
            report.unit.name,
            state_text(report),
            first,
            on_time,
        ]
        tail: list[Cell] = [sent.text, sent.difficulties, _note(report, sent)]
        rows = [
            r.indicator
            for r in results.by_task.get(report.task_id, [])
            if r.indicator.source_id in {None, report.unit_id}
        ]
        for indicator in rows:
            said = sent.answers.get(indicator.code)
            answer: list[Cell] = [None] * 5
            if said:
                answer = [
                    said.label,
                    value_cell(Kind(indicator.kind), said.value),
                    said.numerator,
                    said.denominator,
                    said.words,
                ]
            yield [*head, indicator.code, indicator.name, *answer, *tail]
        if not rows:
            yield [*head, *[None] * 7, *tail]


def _note(report: Report, sent: Sent) -> str:
    if report.released_at:
        return f"Được miễn: {report.released_reason}"
    match State(report.state):
        case State.DRAFT:
            return "Đơn vị đang soạn, chưa gửi"
        case State.SUBMITTED:
            return "Chưa duyệt, chưa tính vào kết quả tổng hợp"
        case State.RETURNED:
            words = "đang chờ đơn vị bổ sung, chưa tính vào kết quả tổng hợp"
            return (
                f"Nội dung của lần gửi thứ {sent.version}; {words}"
                if sent.version
                else words.capitalize()
            )
    return ""


# -- Sheet 3 ------------------------------------------------------------------------------------


def _evidence_rows(results: Results) -> Iterator[Sequence[Cell]]:
    for report in results.reports:
        for proof in results.sent_of(report).proofs:
            document = proof.document
            yield [
                document.number,
                document.issued_on,
                document.issuer,
                document.subject,
                report.unit.name,
                report.task.code,
                proof.indicator,
                proof.section,
                "Văn bản của chỉ tiêu" if proof.is_value else "Tài liệu kiểm chứng",
                state_text(report),
                "\n".join(name for name, _ in proof.files),
                "\n".join(sha for _, sha in proof.files),
            ]
