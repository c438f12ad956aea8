"""Opening, closing and reopening a period, and releasing a unit from a report (R4, R5, R6, R12, R16)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from accounts.history import Actor, record
from plans.assigning import resolve
from plans.calendar import calendar_of, internal_dates
from plans.models import Assignment, Duty, Indicator, Period, Plan, Task
from tasks.models import Report
from tasks.services import Refused


@dataclass
class Opening:
    """What opening a period did, or (``dry_run``) would do."""

    period: Period
    created: list[tuple[str, str]] = field(default_factory=list)  # (task code, unit name)
    retired: list[tuple[str, str]] = field(default_factory=list)
    restored: list[tuple[str, str]] = field(default_factory=list)
    reports: int = 0

    @property
    def changes(self) -> bool:
        return bool(self.created or self.retired or self.restored)


def owing_units(plan: Plan, *, interim: bool) -> dict[int, set[int]]:
    """Which units owe a report of which task: lead and implement (R6), and the sources of figures (R6a).

    A task none of whose indicators is asked in an ``interim`` period is not owed in it; a unit all of
    whose indicators have another source has nothing left to answer, so it owes nothing.
    """
    duties = resolve(plan)
    indicators: dict[int, list[Indicator]] = {}
    for indicator in Indicator.objects.filter(
        task__area__plan=plan, retired_at__isnull=True, **({"interim": True} if interim else {})
    ):
        indicators.setdefault(indicator.task_id, []).append(indicator)
    owing: dict[int, set[int]] = {}
    for task in Task.objects.filter(
        area__plan=plan, retired_at__isnull=True, area__retired_at__isnull=True
    ):
        asked = indicators.get(task.pk, [])
        if interim and not asked:
            continue
        roles = duties.get(task.pk, {})
        units = {unit for role in Assignment.REPORTING for unit in roles.get(role, [])}
        sources = {indicator.source_id for indicator in asked if indicator.source_id}
        if asked and all(indicator.source_id for indicator in asked):
            units = set()
        owing[task.pk] = units | sources
    return owing


@dataclass(frozen=True)
class _Difference:
    """The reports a period should have against those it has."""

    new: list[tuple[int, int]]  # (task, unit)
    gone: list[Report]
    back: list[Report]
    wanted: int


def _compare(period: Period) -> tuple[_Difference, Opening]:
    """What opening ``period`` (again) changes (R5); writes nothing."""
    plan = period.plan
    owing = owing_units(plan, interim=not period.is_final)
    units = {unit.pk: unit for unit in plan.agency.units.all()}
    tasks = {task.pk: task for task in Task.objects.filter(area__plan=plan).select_related("area")}
    there = {(r.task_id, r.unit_id): r for r in period.reports.all()} if period.pk else {}
    wanted = {(task, unit) for task, who in owing.items() for unit in who}

    def place(key: tuple[int, int]) -> tuple[int, int, int]:
        return tasks[key[0]].area.order, tasks[key[0]].order, units[key[1]].order

    def label(key: tuple[int, int]) -> tuple[str, str]:
        return tasks[key[0]].code, units[key[1]].name

    new = sorted(wanted - there.keys(), key=place)
    gone = sorted(
        (key for key, r in there.items() if key not in wanted and not r.retired_at), key=place
    )
    back = sorted((key for key, r in there.items() if key in wanted and r.retired_at), key=place)
    difference = _Difference(
        new, [there[key] for key in gone], [there[key] for key in back], len(wanted)
    )
    return difference, Opening(
        period,
        [label(k) for k in new],
        [label(k) for k in gone],
        [label(k) for k in back],
        len(wanted),
    )


def preview(period: Period) -> Opening:
    """What :func:`open_period` would change in an opened period; writes nothing."""
    return _compare(period)[1]


@transaction.atomic
def open_period(
    *,
    plan: Plan,
    year: int,
    by: Actor,
    kind: str = Period.FINAL,
    due_before: dt.date | None = None,
    dry_run: bool = False,
) -> Opening:
    """Create the reports owed in one period of ``plan``; again, only what is missing (R5).

    Reports of units or tasks that left the plan are retired with their figures, and come back if they
    return. Refused for a year the plan does not have.
    """
    if year not in plan.years:
        years = ", ".join(str(y) for y in plan.years)
        raise Refused(f"Kế hoạch {plan.code} không có năm {year} (các năm: {years}).")
    period, _ = Period.objects.select_for_update().get_or_create(
        plan=plan,
        year=year,
        kind=kind,
        defaults={
            "starts_on": dt.date(year, 1, 1),
            "due_before": due_before or plan.due_before(year),
            "closes_on": dt.date(year, 12, 31),
        },
    )
    if period.is_history:
        raise Refused(f"{period} là số liệu lịch sử, không mở được.")
    if period.opened_at is None:
        period.opened_at = timezone.now()
    if period.draft_by is None:
        period.draft_by, period.head_check_by, period.office_check_by = internal_dates(
            period.due_before, calendar_of(plan.agency)
        )
    period.save()
    _fix_duties(period)
    difference, opening = _compare(period)
    Report.objects.bulk_create(
        [Report(period=period, task_id=task, unit_id=unit) for task, unit in difference.new]
    )
    now = timezone.now()
    Report.objects.filter(pk__in=[r.pk for r in difference.gone]).update(retired_at=now)
    Report.objects.filter(pk__in=[r.pk for r in difference.back]).update(retired_at=None)
    if dry_run:
        transaction.set_rollback(True)
    elif opening.changes:
        record(
            by=by,
            agency=plan.agency_id,
            action="Mở kỳ báo cáo",
            of=period,
            label=f"{plan.code}, {period}",
            changes={
                name: [None, ", ".join(f"{task} {unit}" for task, unit in rows)[:2000]]
                for name, rows in (
                    ("thêm", opening.created),
                    ("thôi", opening.retired),
                    ("lấy lại", opening.restored),
                )
                if rows
            },
        )
    return opening


@transaction.atomic
def open_new(
    *, plan: Plan, year: int, by: Actor, kind: str = Period.FINAL, due_before: dt.date | None = None
) -> Opening:
    """Open a period from its page: refused where it is open already, where its date cannot be, where nobody owes."""
    if plan.periods.filter(year=year, kind=kind, opened_at__isnull=False).exists():
        raise Refused("Kỳ báo cáo này đã được mở trước đó.")
    if kind != Period.FINAL:
        if due_before is None or due_before.year != year or due_before <= dt.date(year, 1, 1):
            raise Refused(f"Ngày phải gửi của kỳ giữa năm phải nằm trong năm {year}.")
        if due_before >= plan.due_before(year):
            raise Refused(
                "Kỳ giữa năm phải gửi trước kỳ cả năm "
                f"(trước ngày {plan.due_before(year):%d/%m/%Y})."
            )
    opening = open_period(plan=plan, year=year, by=by, kind=kind, due_before=due_before)
    if not opening.reports:
        raise Refused(
            "Không đơn vị nào phải báo cáo trong kỳ này: kế hoạch chưa phân công, "
            "hoặc chưa chỉ tiêu nào được đánh dấu báo cáo giữa năm."
        )
    return opening


def _fix_duties(period: Period) -> None:
    """Write down who has which role in which task of the period, groups as they are now."""
    wanted = {
        (task, unit, role)
        for task, roles in resolve(period.plan).items()
        for role, units in roles.items()
        for unit in units
    }
    there = {(duty.task_id, duty.unit_id, duty.role): duty.pk for duty in period.duties.all()}
    Duty.objects.filter(pk__in=[pk for key, pk in there.items() if key not in wanted]).delete()
    Duty.objects.bulk_create(
        [
            Duty(period=period, task_id=task, unit_id=unit, role=role)
            for task, unit, role in sorted(wanted - there.keys())
        ]
    )


@transaction.atomic
def close_period(*, period: Period, by: Actor, reason: str) -> None:
    """Lock a period before its last day (R16)."""
    _need(reason, "Hãy nêu lý do khóa kỳ.")
    if period.is_closed():
        raise Refused(f"Kỳ báo cáo {period} đã khóa.")
    period.closed_at = timezone.now()
    period.save(update_fields=["closed_at"])
    record(by=by, agency=period.plan.agency_id, action="Khóa kỳ báo cáo", of=period, reason=reason)


@transaction.atomic
def reopen_period(*, period: Period, by: Actor, reason: str, closes_on: dt.date) -> None:
    """Open a locked period again until ``closes_on`` (R16)."""
    _need(reason, "Hãy nêu lý do mở lại kỳ.")
    if period.is_history:
        raise Refused(f"{period} là số liệu lịch sử, không mở được.")
    if not period.is_closed():
        raise Refused(f"Kỳ báo cáo {period} đang mở.")
    if closes_on < timezone.localdate():
        raise Refused("Ngày khóa mới không được ở quá khứ.")
    before = period.closes_on
    period.closed_at, period.closes_on = None, max(closes_on, period.due_before)
    period.save(update_fields=["closed_at", "closes_on"])
    record(
        by=by,
        agency=period.plan.agency_id,
        action="Mở lại kỳ báo cáo",
        of=period,
        reason=reason,
        changes={"khóa sau ngày": [before.isoformat(), period.closes_on.isoformat()]},
    )


@transaction.atomic
def release(*, report: Report, by: Actor, reason: str) -> bool:
    """Release a unit from a report it cannot give (R5); False where it had been released already."""
    _need(reason, "Hãy nêu lý do miễn báo cáo.")
    changed = Report.objects.filter(pk=report.pk, released_at__isnull=True).update(
        released_at=timezone.now(), released_reason=reason[:500]
    )
    if changed:
        record(by=by, agency=report.unit.agency_id, action="Miễn báo cáo", of=report, reason=reason)
    return bool(changed)


@transaction.atomic
def take_back_release(*, report: Report, by: Actor, reason: str) -> bool:
    """Ask a released unit for its report again; False where it was not released."""
    _need(reason, "Hãy nêu lý do yêu cầu báo cáo trở lại.")
    changed = Report.objects.filter(pk=report.pk, released_at__isnull=False).update(
        released_at=None, released_reason=""
    )
    if changed:
        record(
            by=by,
            agency=report.unit.agency_id,
            action="Yêu cầu báo cáo trở lại",
            of=report,
            reason=reason,
        )
    return bool(changed)


def _need(text: str, message: str) -> None:
    if not text.strip():
        raise Refused(message)
