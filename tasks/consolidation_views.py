"""The whole Sở's result of one task in one period: its figures, who has not sent, what units wrote (R8, R19)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.decorators import signed_in
from plans.models import Duty, Period, Task
from plans.targets import Kind, Status, Verdict, judge
from plans.wording import target_text
from tasks.consolidation import Result, consolidate_both, indicators_of, value_text
from tasks.contents import TEXTS
from tasks.models import Answer, Report, TaskResult
from tasks.permissions import can
from tasks.results import frozen_of, merged, merging, value_of
from tasks.states import EXPECTED, OWED, State

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn
    from accounts.models import User
    from plans.models import Indicator


@dataclass
class Column:
    """One indicator of the grid: the consolidated figure, and what it becomes with what waits for review."""

    result: Result
    target: str
    expected: Result
    frozen: Result | None = None  # as it was when the office approved the task's result

    @property
    def shown(self) -> Result:
        """What the page gives as the result: once approved it does not move any more."""
        return self.frozen or self.result

    @property
    def moved(self) -> bool:
        """Has the figure changed since it was approved?"""
        return self.frozen is not None and self.frozen.value != self.result.value

    @property
    def indicator(self) -> Indicator:
        return self.result.indicator

    @property
    def changes(self) -> bool:
        """Would accepting what waits change the figure?"""
        return self.expected.value != self.result.value


@dataclass
class GridCell:
    """What one unit says of one indicator; empty where it has not sent, or where it is not asked."""

    words: str = ""
    reason: str = ""
    verdict: Verdict | None = None
    asked: bool = True
    code: str = ""  # of the indicator


@dataclass
class GridRow:
    """One unit: its report, whether the reader may open it, and its figures."""

    report: Report
    readable: bool
    cells: list[GridCell] = field(default_factory=list)

    @property
    def counts(self) -> bool:
        return self.report.state == State.ACCEPTED

    @property
    def waits(self) -> bool:
        return self.report.state == State.SUBMITTED

    @property
    def owed(self) -> bool:
        return self.report.state in OWED


@dataclass(frozen=True)
class Typed:
    """What the editor of the merged text comes back with: the words, and what became of them."""

    texts: dict[str, str]
    error: str = ""
    conflict: bool = False
    refilled: bool = False  # merged anew from the reports, not saved yet
    before: dict[str, str] = field(default_factory=dict)  # what stood there then


@require_safe
@signed_in
def task_result(request: SignedIn, period_pk: int, pk: int) -> HttpResponse:
    """For the office and the leaders; for the units of the task what they may read of one another (R3)."""
    period, task = find_task(request.user, period_pk, pk)
    return show_task_result(request, period, task)


def find_task(user: User, period_pk: int, pk: int) -> tuple[Period, Task]:
    """The period and the task of its plan, both in the person's agency; else 404."""
    period = get_object_or_404(
        Period.objects.visible_to(user).select_related("plan__agency", "plan__receiving_unit"),
        pk=period_pk,
    )
    task = get_object_or_404(Task.objects.visible_to(user).select_related("area"), pk=pk)
    if task.area.plan_id != period.plan_id:
        raise Http404
    return period, task


def show_task_result(
    request: SignedIn,
    period: Period,
    task: Task,
    *,
    typed: Typed | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; after something that could not be done with what was ``typed`` and why."""
    user = request.user
    reports = list(
        Report.objects.in_agency_of(user)
        .filter(period=period, task=task, retired_at=None)
        .with_names()
        .order_by("unit__order", "pk")
    )
    _require_read(user, period, task, reports)
    for report in reports:
        report.period = period
    readable = set(
        Report.objects.visible_to(user)
        .filter(period=period, task=task)
        .values_list("pk", flat=True)
    )
    result = (
        TaskResult.objects.filter(period=period, task=task).select_related("approved_by").first()
    )
    indicators = indicators_of(period, tasks={task.pk: task})
    columns = _columns(period, indicators, result)
    active = [report for report in reports if not report.released_at]
    rows = _rows(active, readable, columns)
    told = [row.report for row in rows if row.readable and row.report.state in EXPECTED]
    closed = period.is_closed()
    return render(
        request,
        "tasks/task_result.html",
        {
            "period": period,
            "task": task,
            "columns": columns,
            "rows": rows,
            "released": [report for report in reports if report.released_at],
            "missing": [row.report for row in rows if row.owed],
            "waiting": [row.report for row in rows if row.waits],
            "accepted": sum(row.counts for row in rows),
            "total": len(rows),
            "met": sum(c.shown.verdict.status is Status.MET for c in columns),
            "told": [report for report in told if report.text.strip()],
            "difficulties": [report for report in told if report.difficulties.strip()],
            "office": can(user, "review"),
            "overview": can(user, "overview"),
            "today": timezone.localdate(),
            "closed": closed,
            "may_return": can(user, "report_return") and not closed,
            **_editor(user, period, task, result, [r.report for r in rows if r.counts], typed),
        },
        status=status,
    )


def _editor(
    user: User,
    period: Period,
    task: Task,
    result: TaskResult | None,
    accepted: list[Report],
    typed: Typed | None,
) -> dict[str, Any]:
    """The merged text: who merges, what is stored or typed, and what ``user`` may do with it.

    A draft is for who merges, the office and the leaders; once approved it is the task's units' too.
    """
    who = merging(period, task)
    may_write = who.may_write(user)
    approved = result is not None and result.state == TaskResult.State.APPROVED
    closed = period.is_closed()
    started = result is not None and bool(result.text or result.difficulties)
    writable = may_write and not approved and not closed
    if typed is not None:
        texts = typed.texts
    elif result is not None and (started or approved or not writable):
        texts = {name: getattr(result, name) for name in TEXTS}
    elif writable:  # nothing merged yet: one starts from what the reports say
        texts = {name: merged(accepted, name) for name in TEXTS}
    else:
        texts = dict.fromkeys(TEXTS, "")
    return {
        "merging": who,
        "result": result,
        "result_shown": approved or may_write or can(user, "overview"),
        "approved": approved,
        "started": started,
        "writable": writable,
        "texts": texts,
        "typed": typed,
        "result_version": result.version if result else 0,
        "may_approve": writable and can(user, "result_approve"),
        "may_reopen_result": approved and not closed and can(user, "result_reopen"),
    }


def _require_read(user: User, period: Period, task: Task, reports: list[Report]) -> None:
    """403 for units that have no part in the task; administrators see no content of reports."""
    if can(user, "overview"):
        return
    mine = any(report.unit_id == user.unit_id for report in reports)
    if can(user, "unit_todo") and (
        mine or Duty.objects.filter(period=period, task=task, unit=user.unit).exists()
    ):
        return
    raise PermissionDenied(
        "Kết quả của nhiệm vụ này dành cho Văn phòng Sở, Lãnh đạo Sở và các đơn vị cùng nhiệm vụ."
    )


def _columns(
    period: Period, indicators: list[Indicator], approved: TaskResult | None
) -> list[Column]:
    counted, expected = consolidate_both(period, indicators=indicators)
    return [
        Column(
            counted[i.pk],
            target_text(i, period.year),
            expected[i.pk],
            _frozen(approved, counted[i.pk], period),
        )
        for i in indicators
    ]


def _frozen(approved: TaskResult | None, live: Result, period: Period) -> Result | None:
    """``live`` as it was when the result was approved."""
    kept = frozen_of(approved, live)
    if kept is None:
        return None
    value = value_of(kept["parts"])
    verdict = judge(value, live.indicator.target_for(period.year), live.previous)
    return replace(live, value=value, verdict=verdict, given=kept["given"], owed=kept["owed"])


def _rows(reports: list[Report], readable: set[int], columns: list[Column]) -> list[GridRow]:
    """Figures only of what was sent and stands: a returned report is being changed by its unit."""
    shown = [report.pk for report in reports if report.state in EXPECTED and report.pk in readable]
    answers = {
        (answer.report_id, answer.indicator_id): answer
        for answer in Answer.objects.filter(report__in=shown).select_related("document")
    }
    rows = []
    for report in reports:
        row = GridRow(report, report.pk in readable)
        for column in columns:
            indicator = column.indicator
            asked = indicator.source_id in {None, report.unit_id}
            answer = answers.get((report.pk, indicator.pk)) if asked else None
            cell = _cell(answer, column, report) if answer else GridCell(asked=asked)
            cell.code = indicator.code
            row.cells.append(cell)
        rows.append(row)
    return rows


def _cell(answer: Answer, column: Column, report: Report) -> GridCell:
    indicator = column.indicator
    if answer.state == Answer.State.NOT_OURS:
        return GridCell(Answer.State.NOT_OURS.label, answer.reason)
    value = answer.value(indicator.kind)
    words = value_text(Kind(indicator.kind), value)
    if answer.document and answer.document.number:
        words = f"{answer.document.number} ngày {words}"
    verdict = judge(value, indicator.target_for(report.period.year), column.result.previous)
    return GridCell(words, answer.reason, verdict)
