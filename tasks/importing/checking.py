"""A file of results against what is stored: every fault, and what is to be written if there is none."""

from __future__ import annotations

import datetime as dt
import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from pydantic import ValidationError

from accounts.models import Agency, Unit
from plans.models import Indicator, Period, Plan, Task
from plans.targets import Kind
from tasks import answers as rules
from tasks.contents import describe, draft_of
from tasks.importing.answering import read_answer
from tasks.importing.routes import SENT, route
from tasks.models import Answer, Report, Transition
from tasks.results_schema import ReportEntry
from tasks.states import STATE_TEXT, Action, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.reading import Fault, Source

BASIS = "Nạp từ tệp"


@dataclass
class Wanted:
    """One report as the file gives it. ``answers`` are only those that differ from the stored ones."""

    report: Report
    state: State
    submitted_at: dt.datetime | None
    text: str
    difficulties: str
    reason: str
    answers: list[tuple[Indicator, rules.Draft]]
    changes: dict[str, list[Any]]  # for the trail: field or indicator code -> [before, after]
    moves: list[Action] = field(default_factory=list)
    last_move_at: dt.datetime | None = None
    only_imported: bool = True  # nobody has sent this report but by a file

    @property
    def is_written(self) -> bool:
        return bool(self.changes or self.moves or self.report.pk is None)


class Check:
    """Finds what is wrong; afterwards ``period`` and ``wanted`` are what to write."""

    def __init__(self) -> None:
        self.period: Period | None = None
        self.wanted: list[Wanted] = []
        self.warnings: list[str] = []
        self._found: list[Fault] = []
        self._today = timezone.localdate()
        self._now = timezone.now()

    def faults(self, source: Source) -> list[Fault]:
        """Every fault that the schema cannot know. Entries that the schema refuses are passed over."""
        self._source = source
        data = source.data if isinstance(source.data, dict) else {}
        self.period = self._find_period(data)
        if self.period is None:
            return self._found
        entries = data.get("reports")
        self._load(self.period)
        seen: dict[tuple[str, str], int | None] = {}
        for index, raw in enumerate(entries if isinstance(entries, list) else []):
            try:
                entry = ReportEntry.model_validate(raw)
            except ValidationError:
                continue
            key = (entry.unit, entry.task)
            if key in seen:
                self._fault(
                    f"báo cáo này đã có ở dòng {seen[key]}; mỗi đơn vị một báo cáo cho mỗi nhiệm vụ",
                    "reports",
                    index,
                )
                continue
            seen[key] = source.line("reports", index)
            self._check_report(entry, ("reports", index))
        return self._found

    def _fault(self, message: str, *path: str | int) -> None:
        self._found.append(self._source.fault(message, *path))

    # -- Whose file ------------------------------------------------------------------------------

    def _find_period(self, data: dict[str, Any]) -> Period | None:
        codes = [data.get(name) for name in ("agency", "plan", "year")]
        agency_code, plan_code, year = codes
        if not isinstance(agency_code, str) or not isinstance(plan_code, str):
            return None  # the schema says so
        if not isinstance(year, int) or isinstance(year, bool):
            return None
        agency = Agency.objects.filter(code__iexact=agency_code.strip()).first()
        if agency is None:
            known = list(Agency.objects.values_list("code", flat=True))
            self._fault(f"không có cơ quan mã «{agency_code}»{near(agency_code, known)}", "agency")
            return None
        plan = agency.plans.filter(code=plan_code.strip()).first()
        if plan is None:
            known = list(agency.plans.values_list("code", flat=True))
            self._fault(f"không có kế hoạch mã «{plan_code}»{near(plan_code, known)}", "plan")
            return None
        return self._period_of(plan, year)

    def _period_of(self, plan: Plan, year: int) -> Period | None:
        period = plan.periods.select_related("plan").filter(year=year, kind=Period.FINAL).first()
        if year in plan.years:
            if period is None or period.opened_at is None:
                self._fault(
                    f"kỳ báo cáo năm {year} chưa mở; hãy chạy trước: "
                    f"open_period --plan {plan.code} --year {year}",
                    "year",
                )
                return None
            return period
        if not plan.years or year > min(plan.years):
            years = ", ".join(map(str, plan.years))
            self._fault(f"kế hoạch {plan.code} không có năm {year} (các năm: {years})", "year")
            return None
        if not 2000 <= year <= 2100:
            return None  # the schema says so
        return period or Period(
            plan=plan,
            year=year,
            kind=Period.FINAL,
            starts_on=dt.date(year, 1, 1),
            due_before=max(plan.due_before(year), dt.date(year, 1, 2)),
            closes_on=dt.date(year, 12, 31),
            is_history=True,
        )

    def _load(self, period: Period) -> None:
        """All that reports of the period refer to, in a fixed number of queries."""
        plan = period.plan
        self._units = {unit.code: unit for unit in Unit.objects.filter(agency_id=plan.agency_id)}
        self._tasks = {
            task.code: task
            for task in Task.objects.filter(area__plan=plan).order_by("area__order", "order")
        }
        self._indicators: dict[int, dict[str, Indicator]] = {}
        self._task_of: dict[str, str] = {}  # indicator code -> task code
        for indicator in Indicator.objects.filter(task__area__plan=plan).select_related("task"):
            self._indicators.setdefault(indicator.task_id, {})[indicator.code] = indicator
            self._task_of[indicator.code] = indicator.task.code
        self._reports: dict[tuple[int, int], Report] = {}
        self._answers: dict[int, dict[int, Answer]] = {}
        self._moved: dict[int, dt.datetime] = {}
        self._sent_by_hand: set[int] = set()
        if period.pk is None:
            return
        for report in Report.objects.filter(period=period).select_related("unit"):
            self._reports[report.task_id, report.unit_id] = report
        for answer in Answer.objects.filter(report__period=period).select_related("document"):
            self._answers.setdefault(answer.report_id, {})[answer.indicator_id] = answer
        for report_id, at, action, basis in Transition.objects.filter(
            report__period=period
        ).values_list("report_id", "at", "action", "basis"):
            self._moved[report_id] = max(at, self._moved.get(report_id, at))
            if action == Action.SUBMIT and not basis.startswith(BASIS):
                self._sent_by_hand.add(report_id)

    # -- One report ------------------------------------------------------------------------------

    def _check_report(self, entry: ReportEntry, path: tuple[str, int]) -> None:
        before = len(self._found)
        assert self.period is not None
        unit = self._units.get(entry.unit)
        if unit is None:
            self._fault(
                f"không có đơn vị mã «{entry.unit}»{near(entry.unit, self._units)}", *path, "unit"
            )
        task = self._tasks.get(entry.task)
        if task is None:
            self._fault(
                f"không có nhiệm vụ mã «{entry.task}»{near(entry.task, self._tasks)}", *path, "task"
            )
        report = self._report(unit, task, path) if unit and task else None
        self._check_times(entry, path)
        drafts: dict[str, rules.Draft] = {}
        if task:
            drafts = self._check_values(entry, task, unit, path)
        if report is None or len(self._found) > before:
            return
        wanted = self._wanted(entry, report, drafts)
        moves = route(
            State(report.state),
            wanted.state,
            changed=bool(wanted.changes) or wanted.submitted_at != report.submitted_at,
        )
        if moves is None:
            self._fault(
                f"báo cáo đang ở trạng thái «{STATE_TEXT[State(report.state)]}», "
                "không đưa về bản soạn được",
                *path,
                "state",
            )
            return
        wanted.moves = moves
        if wanted.state in SENT:
            self._warn_of_gaps(wanted, entry)
        self.wanted.append(wanted)

    def _report(self, unit: Unit, task: Task, path: tuple[str, int]) -> Report | None:
        """The stored report, or for history a new one; a fault where nobody owes it."""
        assert self.period is not None
        report = self._reports.get((task.pk, unit.pk))
        if self.period.is_history:
            return report or Report(period=self.period, task=task, unit=unit)
        if report is None:
            self._fault(
                f"{unit.name} không phải gửi báo cáo nhiệm vụ {task.code} năm {self.period.year}",
                *path,
            )
        elif report.retired_at:
            self._fault(f"nhiệm vụ {task.code} đã thôi áp dụng với {unit.name}", *path)
        elif report.released_at:
            self._fault(f"{unit.name} đã được miễn báo cáo này: {report.released_reason}", *path)
        else:
            return report
        return None

    def _check_times(self, entry: ReportEntry, path: tuple[str, int]) -> None:
        assert self.period is not None
        state, at = State(entry.state), entry.submitted_at
        if self.period.is_history and state is not State.ACCEPTED:
            self._fault(
                f"năm {self.period.year} là số liệu lịch sử, chỉ nhận báo cáo đã duyệt (accepted)",
                *path,
                "state",
            )
        if entry.reason and state is not State.RETURNED:
            self._fault("lý do chỉ đi với báo cáo bị trả lại (returned)", *path, "reason")
        if state is State.DRAFT:
            if at:
                self._fault("bản soạn chưa gửi thì không có thời điểm gửi", *path, "submitted_at")
            return
        if at is None:
            if not self.period.is_history:
                self._fault(
                    f"báo cáo «{STATE_TEXT[state].lower()}» thiếu thời điểm gửi (submitted_at)",
                    *path,
                )
            return
        local = timezone.localtime(at)
        if at > self._now:
            self._fault(
                f"thời điểm gửi {local:%d/%m/%Y %H:%M} ở sau lúc này", *path, "submitted_at"
            )
        elif local.date() < self.period.starts_on:
            self._fault(
                f"thời điểm gửi {local:%d/%m/%Y} ở trước ngày bắt đầu kỳ "
                f"({self.period.starts_on:%d/%m/%Y}); hãy kiểm tra lại năm",
                *path,
                "submitted_at",
            )

    def _check_values(
        self, entry: ReportEntry, task: Task, unit: Unit | None, path: tuple[str, int]
    ) -> dict[str, rules.Draft]:
        """Indicator code → answer, of those that can be right."""
        assert self.period is not None
        known = self._indicators.get(task.pk, {})
        found = {}
        for code, value in entry.values.items():
            place = (*path, "values", code)
            indicator = known.get(code)
            if indicator is None:
                other = self._task_of.get(code)
                self._fault(
                    f"chỉ tiêu {code} là của nhiệm vụ {other}, không phải của nhiệm vụ {task.code}"
                    if other
                    else f"không có chỉ tiêu mã «{code}»{near(code, known)}",
                    *place,
                )
                continue
            if indicator.is_retired and not self.period.is_history:
                self._fault(f"chỉ tiêu {code} đã thôi áp dụng", *place)
                continue
            if unit and indicator.source_id not in {None, unit.pk}:
                source = next(u for u in self._units.values() if u.pk == indicator.source_id)
                self._fault(f"số liệu chỉ tiêu {code} do {source.name} cung cấp", *place)
                continue
            draft, faults = read_answer(
                value, Kind(indicator.kind), sent=State(entry.state) in SENT
            )
            problems = rules.problems(
                draft, kind=indicator.kind, may_exceed=indicator.may_exceed, today=self._today
            )
            faults += [(KEYS.get(name, name), words) for name, words in problems.items()]
            for key, words in faults:
                self._fault(words, *place, *([key] if key in value.given else []))
            if not faults:
                found[code] = draft
        return found

    def _wanted(self, entry: ReportEntry, report: Report, drafts: dict[str, rules.Draft]) -> Wanted:
        assert self.period is not None
        state = State(entry.state)
        stored = self._answers.get(report.pk, {})
        changes: dict[str, list[Any]] = {}
        answers = []
        for code, draft in drafts.items():
            indicator = self._indicators[report.task_id][code]
            old = stored.get(indicator.pk)
            old_draft = draft_of(old) if old else None
            if old_draft != draft:
                answers.append((indicator, draft))
                changes[code] = [describe(old_draft), describe(draft)]
        texts = {}
        for name in ("text", "difficulties"):
            texts[name] = getattr(entry, name) or getattr(report, name)
            if texts[name] != getattr(report, name):
                changes[name] = [getattr(report, name), texts[name]]
        at = entry.submitted_at
        if at is None and state in SENT:  # history without times: its last moment
            at = timezone.make_aware(dt.datetime.combine(self.period.closes_on, dt.time(23, 59)))
        return Wanted(
            report=report,
            state=state,
            submitted_at=at if state in SENT else report.submitted_at,
            reason=entry.reason or "",
            answers=answers,
            changes=changes,
            last_move_at=self._moved.get(report.pk),
            only_imported=report.pk not in self._sent_by_hand,
            **texts,
        )

    def _warn_of_gaps(self, wanted: Wanted, entry: ReportEntry) -> None:
        """A sent report with an indicator nobody answered is taken, «not reported», but said so."""
        assert self.period is not None
        if self.period.is_history:
            return
        report = wanted.report
        answered = set(self._answers.get(report.pk, {})) | {i.pk for i, _ in wanted.answers}
        gaps = [
            indicator.code
            for indicator in sorted(
                self._indicators.get(report.task_id, {}).values(), key=lambda i: i.order
            )
            if indicator.pk not in answered
            and not indicator.is_retired
            and indicator.source_id in {None, report.unit_id}
        ]
        if gaps:
            self.warnings.append(f"{entry.unit} {entry.task}: chưa có số liệu {', '.join(gaps)}")


# Fields of an answer → keys of the file.
KEYS = {"amount": "value", "holds": "value", "day": "value"}


def near(code: str, known: Iterable[str]) -> str:
    """«; có phải «VP»?» where a known code is close to ``code``."""
    by_folded = {one.casefold(): one for one in known}
    found = difflib.get_close_matches(code.casefold(), by_folded, n=1, cutoff=0.5)
    return f"; có phải «{by_folded[found[0]]}»?" if found else ""
