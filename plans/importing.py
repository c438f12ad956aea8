"""Writing ``cchc-plan/1`` into the database: all of it or nothing, and the second time no change (FORMATS).

What the file states holds; what it does not state stays as the office has set it (who answers for an
indicator, what an interim period asks, what is counted, who receives the results). Units and groups
belong to the agency, so those that the file does not name are left alone. Reports are never touched:
what left the plan is retired with its figures (R5), and opened periods change only by ``open_period``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import ProtectedError, Q
from django.utils import timezone

from accounts.history import record
from accounts.models import Agency, Unit, UnitGroup
from accounts.reading import Fault, Faulty, read_yaml, validate
from plans.changes import Changes, Merger
from plans.models import Area, Assignment, Indicator, LegalBasis, Period, Plan, Task
from plans.schema import PREVIOUS_YEAR, PlanFile, cross_checks
from plans.targets import counted_noun

if TYPE_CHECKING:
    from pathlib import Path

    from accounts.history import Actor
    from accounts.reading import Source
    from plans.schema import AreaEntry, AssignmentsEntry, IndicatorEntry, TaskEntry

AREA, TASK, INDICATOR = "lĩnh vực", "nhiệm vụ", "chỉ tiêu"
Pairs = list[tuple[str, int | None, int | None]]  # role, unit, group


@dataclass(frozen=True)
class Outcome:
    """What an import did, or (``dry_run``) would do."""

    plan: Plan
    figures: str  # «8 areas, 31 tasks, …»: what the file holds
    changes: list[str]  # sentences; empty where nothing changed
    notes: list[str]  # what the office should know


def import_plan(path: str | Path, *, by: Actor, dry_run: bool = False) -> Outcome:
    """Create or update the plan of the file at ``path``. Raises Faulty, and then has written nothing."""
    source = read_yaml(path)
    file = validate(PlanFile, source, also=cross_checks)
    return write_plan(file, by=by, source=source, dry_run=dry_run)


@transaction.atomic
def write_plan(
    file: PlanFile, *, by: Actor, source: Source | None = None, dry_run: bool = False
) -> Outcome:
    """Like :func:`import_plan`, of a plan already read. ``source`` gives faults their lines."""
    writer = _Writer(file, source)
    plan = writer.write()
    changes = writer.changes
    if dry_run:
        transaction.set_rollback(True)
    elif changes:
        record(
            by=by,
            agency=plan.agency_id,
            action="Nhập kế hoạch từ tệp",
            of=plan,
            label=f"{plan.code} {plan.title}",
            changes=changes.for_history(),
        )
    return Outcome(plan, file.figures(), changes.sentences(), writer.notes)


class _Writer:
    """One import: from the agency down to the assignments, each level in a fixed number of queries."""

    def __init__(self, file: PlanFile, source: Source | None) -> None:
        self.file = file
        self.source = source
        self.changes = Changes()
        self.merge = Merger(self.changes, timezone.now())
        self.notes: list[str] = []
        self.unit_of: dict[str, Unit] = {}
        self.group_of: dict[str, UnitGroup] = {}

    def write(self) -> Plan:
        agency = self._agency()
        self._units(agency)
        self._groups(agency)
        plan, due_before = self._plan(agency)
        self._legal_bases(plan)
        areas = self._areas(plan)
        tasks = self._tasks(plan, areas)
        self._indicators(plan, tasks)
        self._assignments(plan, areas, tasks)
        self._periods(plan, due_before)
        return plan

    def _fault(self, message: str, *path: str | int) -> Fault:
        return self.source.fault(message, *path) if self.source else Fault(message)

    # -- The agency and its units -----------------------------------------------------------------

    def _agency(self) -> Agency:
        entry = self.file.agency
        there = Agency.objects.filter(code__iexact=entry.code).first()
        if there is None:
            self._warn_of_twin()
        elif there.code != entry.code:
            words = f"đã có cơ quan mã «{there.code}»; hãy viết đúng chữ hoa, chữ thường"
            raise Faulty([self._fault(words, "agency", "code")])
        # Two imports of one agency at the same time: the second waits here.
        Agency.objects.get_or_create(code=entry.code, defaults={"name": entry.name})
        agency = Agency.objects.select_for_update().get(code=entry.code)
        values = {"name": entry.name}
        if "province" in entry.model_fields_set:
            values["province"] = entry.province or ""
        if there is None:
            self.changes.add("cơ quan", entry.code)
            Agency.objects.filter(pk=agency.pk).update(**values)
            agency.refresh_from_db()
            return agency
        return self.merge(
            Agency, "cơ quan", {entry.code: agency}, {entry.code: ({"code": entry.code}, values)}
        )[entry.code]

    def _warn_of_twin(self) -> None:
        entry = self.file.agency
        twin = Agency.objects.filter(
            name=entry.name, province=entry.province or "", plans__code=self.file.plan.code
        ).first()
        if twin:
            self.notes.append(
                f"Cơ quan mã «{twin.code}» mang cùng tên, cùng tỉnh và đã có kế hoạch này; "
                f"«{entry.code}» được coi là cơ quan khác."
            )

    def _units(self, agency: Agency) -> None:
        there = {unit.code.casefold(): unit for unit in agency.units.all()}
        wanted = {
            entry.code.casefold(): (
                {"agency": agency},
                {
                    "code": entry.code,
                    "name": entry.name,
                    "kind": entry.kind,
                    "order": order,
                    "placeholder": entry.placeholder,
                },
            )
            for order, entry in enumerate(self.file.units, start=1)
        }
        self.unit_of = {
            unit.code: unit for unit in self.merge(Unit, "đơn vị", there, wanted).values()
        }

    def _groups(self, agency: Agency) -> None:
        there = {
            group.code.casefold(): group for group in agency.groups.prefetch_related("members")
        }
        before = {key: {unit.pk for unit in group.members.all()} for key, group in there.items()}
        wanted: dict[Any, Any] = {
            entry.code.casefold(): ({"agency": agency}, {"code": entry.code, "name": entry.name})
            for entry in self.file.groups
        }
        groups = self.merge(UnitGroup, "nhóm", there, wanted)
        self.group_of = {group.code: group for group in groups.values()}
        code_of = {unit.pk: unit.code for unit in agency.units.all()}
        links: list[Any] = []
        through: Any = UnitGroup.members.through
        for entry in self.file.groups:
            key = entry.code.casefold()
            group, held = groups[key], before.get(key, set())
            members = {self.unit_of[code].pk for code in entry.members}
            if members == held:
                continue
            if key in before:
                self.changes.edit(
                    f"nhóm {entry.code}, thành viên",
                    *(", ".join(code_of[pk] for pk in sorted(who)) for who in (held, members)),
                )
                through.objects.filter(unitgroup_id=group.pk, unit_id__in=held - members).delete()
            links += [through(unitgroup_id=group.pk, unit_id=pk) for pk in sorted(members - held)]
        through.objects.bulk_create(links)

    # -- The plan ---------------------------------------------------------------------------------

    def _plan(self, agency: Agency) -> tuple[Plan, tuple[int, int] | None]:
        """The plan and, where it was there before, the day and month of its date until now."""
        entry = self.file.plan
        there = {plan.code: plan for plan in Plan.objects.filter(agency=agency, code=entry.code)}
        held = there.get(entry.code)
        due_before = (held.due_day, held.due_month) if held else None
        baseline = entry.baseline
        values: dict[str, Any] = {
            "title": entry.title,
            "number": entry.number or "",
            "issued_on": entry.issued_on,
            "issued_at": entry.issued_at or "",
            "signed_by": entry.signed_by or "",
            "years": sorted(entry.years),
            "due_day": entry.due_before[0],
            "due_month": entry.due_before[1],
            "recipients": entry.recipients,
            "objectives": entry.objectives.general,
            "baseline_year": baseline and baseline.year,
            "baseline_index": baseline and baseline.index,
            "baseline_rank": baseline and baseline.rank,
            "baseline_ranked_agencies": baseline and baseline.ranked_agencies,
        }
        if "receiving_unit" in entry.model_fields_set:
            code = entry.receiving_unit
            values["receiving_unit"] = self.unit_of[code] if code else None
        fixed = {"agency": agency, "code": entry.code}
        plan = self.merge(Plan, "kế hoạch", there, {entry.code: (fixed, values)})[entry.code]
        plan.agency = agency
        return plan, due_before

    def _legal_bases(self, plan: Plan) -> None:
        columns = ("number", "issued_on", "issuer", "subject")
        there = list(plan.legal_bases.values_list(*columns))
        wanted = [
            (entry.number or "", entry.issued_on, entry.issuer or "", entry.subject)
            for entry in self.file.plan.legal_basis
        ]
        if there == wanted:
            return
        if there:
            before, after = (
                "; ".join(subject for *_, subject in bases) for bases in (there, wanted)
            )
            self.changes.edit("căn cứ", before, after)
        plan.legal_bases.all().delete()
        LegalBasis.objects.bulk_create(
            LegalBasis(plan=plan, order=order, **dict(zip(columns, values, strict=True)))
            for order, values in enumerate(wanted, start=1)
        )

    def _areas(self, plan: Plan) -> dict[str, Area]:
        maintain = set(self.file.plan.objectives.maintain)
        wanted = {
            entry.code: (
                {"plan": plan, "code": entry.code},
                {"name": entry.name, "order": order, "maintain": entry.code in maintain},
            )
            for order, entry in enumerate(self.file.areas, start=1)
        }
        return self.merge(Area, AREA, {area.code: area for area in plan.areas.all()}, wanted)

    def _tasks(self, plan: Plan, areas: dict[str, Area]) -> dict[str, Task]:
        # What is in force last, so that it wins over a retired one of the same code.
        there = {
            task.code: task
            for task in sorted(
                Task.objects.filter(area__plan=plan).select_related("area"),
                key=lambda task: not task.is_retired,
            )
        }
        wanted = {
            entry.code: (
                {"code": entry.code},
                {
                    "area": areas[area.code],
                    "title": entry.title,
                    "order": order,
                    "focus": entry.focus,
                    "legal_basis": entry.legal_basis,
                },
            )
            for area in self.file.areas
            for order, entry in enumerate(area.tasks, start=1)
        }
        return self.merge(Task, TASK, there, wanted)

    # -- Indicators -------------------------------------------------------------------------------

    def _indicators(self, plan: Plan, tasks: dict[str, Task]) -> None:
        # With its task, because figures belong to the reports of a task: an indicator that moves is another.
        there = {
            (indicator.task.code, indicator.code): indicator
            for indicator in Indicator.objects.filter(task__area__plan=plan).select_related(
                "task", "source"
            )
        }
        answered = plan.periods.filter(Q(opened_at__isnull=False) | Q(is_history=True)).exists()
        wanted: dict[Any, Any] = {}
        faults: list[Fault] = []
        for a, area in enumerate(self.file.areas):
            for t, task in enumerate(area.tasks):
                for order, entry in enumerate(task.indicators or ()):
                    key = (task.code, entry.code)
                    held = there.get(key)
                    if held and held.kind != entry.kind and answered:
                        words = (
                            f"không đổi được loại từ «{held.kind}» thành «{entry.kind}» khi đã có kỳ báo cáo mở; "
                            "hãy bỏ chỉ tiêu này và thêm chỉ tiêu mã khác"
                        )
                        path = ("areas", a, "tasks", t, "indicators", order, "kind")
                        faults.append(self._fault(words, *path))
                    wanted[key] = self._indicator(tasks[task.code], entry, order + 1, held)
        if faults:
            raise Faulty(faults)
        self.merge(Indicator, INDICATOR, there, wanted, label=lambda key: key[1])

    def _indicator(
        self, task: Task, entry: IndicatorEntry, order: int, held: Indicator | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The columns of a new row only, and those of every row."""
        previous = entry.target == PREVIOUS_YEAR
        values: dict[str, Any] = {
            "name": entry.name,
            "order": order,
            "kind": entry.kind,
            "op": entry.op or "",
            "target": None if previous else entry.target,
            "target_previous_year": previous,
            "due_quarter": entry.due.quarter if entry.due else None,
            "due_year_offset": entry.due.year_offset if entry.due else 0,
            "wording": entry.wording or "",
            "assumed": entry.assumed,
        }
        stated = entry.model_fields_set
        office = {
            "source": self.unit_of[entry.source] if entry.source else None,
            "may_exceed": entry.may_exceed,
            "interim": entry.interim,
        }
        values |= {name: value for name, value in office.items() if name in stated}
        if entry.kind != "ratio":
            values["may_exceed"] = False
        if entry.counted:
            values["counted"] = entry.counted
        elif held is None or held.counted == counted_noun(held.name):
            values["counted"] = counted_noun(entry.name)
        if held and held.source and "source" not in stated:
            self.notes.append(
                f"Chỉ tiêu {entry.code}: giữ đơn vị cung cấp số liệu {held.source.name}, tệp không nêu."
            )
        return {"task": task, "code": entry.code}, values

    # -- Assignments ------------------------------------------------------------------------------

    def _assignments(self, plan: Plan, areas: dict[str, Area], tasks: dict[str, Task]) -> None:
        there: dict[tuple[str, int | None], list[Assignment]] = {}
        for assignment in Assignment.objects.filter(
            Q(area__plan=plan) | Q(task__area__plan=plan)
        ).select_related("unit", "group"):
            key = (
                ("area", assignment.area_id) if assignment.area_id else ("task", assignment.task_id)
            )
            there.setdefault(key, []).append(assignment)
        gone: list[int] = []
        new: list[Assignment] = []
        places: list[tuple[str, str, Area | Task, AreaEntry | TaskEntry]] = [
            ("area", AREA, areas[area.code], area) for area in self.file.areas
        ]
        places += [("task", TASK, tasks[task.code], task) for task in self.file.tasks]
        for of, noun, place, entry in places:
            held = there.get((of, place.pk), [])
            wanted = self._pairs(entry.assignments)
            if [(one.role, one.unit_id, one.group_id) for one in held] == wanted:
                continue
            gone += [one.pk for one in held]
            made = [
                Assignment(role=role, unit_id=unit, group_id=group, order=order, **{of: place})
                for order, (role, unit, group) in enumerate(wanted)
            ]
            new += made
            if not self.changes.is_new(noun, entry.code):
                codes = [(one.role, (one.unit or one.group).code) for one in held]  # type: ignore[union-attr]
                self.changes.edit(
                    f"phân công {noun} {entry.code}",
                    _roles_text(codes),
                    _roles_text(list(entry.assignments.pairs())),
                )
        if gone:
            Assignment.objects.filter(pk__in=gone).delete()
        Assignment.objects.bulk_create(new)

    def _pairs(self, entry: AssignmentsEntry) -> Pairs:
        return [
            (role, self.unit_of[code].pk, None)
            if code in self.unit_of
            else (role, None, self.group_of[code].pk)
            for role, code in entry.pairs()
        ]

    # -- Periods ----------------------------------------------------------------------------------

    def _periods(self, plan: Plan, due_until_now: tuple[int, int] | None) -> None:
        """One final period a year, and those before it that the file names; none is opened here (R4)."""
        entry = self.file.plan
        there = {(period.year, period.kind): period for period in plan.periods.all()}
        days = {Period.FINAL: entry.due_before}
        days |= {period.kind: period.due_before for period in entry.periods}
        new: list[Period] = []
        for year in plan.years:
            for kind, (day, month) in days.items():
                due = dt.date(year, month, day)
                held = there.get((year, kind))
                if held is None:
                    ends = {"starts_on": dt.date(year, 1, 1), "closes_on": dt.date(year, 12, 31)}
                    new.append(Period(plan=plan, year=year, kind=kind, due_before=due, **ends))
                elif held.due_before != due:
                    self._move(held, due, due_until_now)
        Period.objects.bulk_create(new)
        for period in new:
            self.changes.add("kỳ báo cáo", str(period))
        stated = {Period.FINAL} | (
            {k for k, _ in Period.KINDS} if "periods" in entry.model_fields_set else set()
        )
        for (year, kind), period in there.items():
            if (
                kind in stated
                and not period.is_history
                and (year not in plan.years or kind not in days)
            ):
                self._drop(period)
        opened = [str(p) for p in there.values() if p.opened_at and not p.is_closed()]
        if self.changes and opened:
            self.notes.append(
                f"Kỳ {', '.join(opened)} đã mở: hãy chạy lại lệnh open_period để bổ sung "
                "hoặc thôi các báo cáo theo kế hoạch mới."
            )

    def _move(self, period: Period, due: dt.date, due_until_now: tuple[int, int] | None) -> None:
        """Give ``period`` the file's date, unless it runs already or the office gave it a date of its own."""
        if period.is_history:
            return
        by_hand = (
            period.is_final and (period.due_before.day, period.due_before.month) != due_until_now
        )
        if period.opened_at or by_hand:
            why = "đã mở" if period.opened_at else "đã được sửa ngày"
            self.notes.append(
                f"Kỳ {period} {why}: giữ ngày {period.due_before:%d/%m/%Y}, tệp ghi {due:%d/%m/%Y}."
            )
            return
        self.changes.edit(
            f"kỳ báo cáo {period}, gửi trước ngày",
            f"{period.due_before:%d/%m/%Y}",
            f"{due:%d/%m/%Y}",
        )
        period.due_before = due
        period.save(update_fields=["due_before"])

    def _drop(self, period: Period) -> None:
        """A period that left the plan goes if it was never opened; else it stays with its reports."""
        name = str(period)
        try:
            if period.opened_at:
                raise ProtectedError("", set())
            with transaction.atomic():
                period.delete()
        except ProtectedError:
            self.notes.append(
                f"Kỳ {name} không còn trong kế hoạch nhưng đã mở, nên được giữ nguyên."
            )
        else:
            self.changes.remove("kỳ báo cáo", name)


def _roles_text(pairs: list[tuple[str, str]]) -> str:
    """«Chủ trì: VP; Phối hợp: PHONG, DVTT»."""
    by_role: dict[str, list[str]] = {}
    for role, code in pairs:
        by_role.setdefault(Assignment.Role(role).label, []).append(code)
    return "; ".join(f"{role}: {', '.join(codes)}" for role, codes in by_role.items())
