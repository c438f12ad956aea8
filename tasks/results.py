"""The consolidated result of one task in one period (R19): merged, saved, approved and then frozen, reopened.

Each function is one transaction and writes its history with it. Nothing else writes to a result.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from accounts.history import Actor, record
from accounts.models import Role, Unit
from plans.assigning import consolidators
from plans.models import Duty
from plans.targets import Value
from tasks.consolidation import consolidate, indicators_of
from tasks.contents import TEXTS
from tasks.models import Report, TaskResult
from tasks.permissions import can
from tasks.services import Refused
from tasks.states import COUNTED
from tasks.trimming import for_the_trail

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User
    from plans.models import Period, Task
    from tasks.consolidation import Result

State = TaskResult.State
TEXT_LIMIT = 100_000  # several units' texts of 20.000 each


class Conflict(Exception):
    """Somebody else changed the result since it was shown; what was typed is still with the person."""

    def __init__(self, stored: TaskResult) -> None:
        super().__init__("Kết quả tổng hợp đã được người khác sửa trong lúc bạn đang soạn.")
        self.stored = stored


# -- Who merges ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Merging:
    """Who merges one task's reports in one period, by the rule of R6."""

    units: tuple[Unit, ...]
    with_part: frozenset[int]  # of these, the units that have a role in the task and so may read it

    @property
    def names(self) -> str:
        return ", ".join(unit.name for unit in self.units)

    def may_write(self, user: User) -> bool:
        """The office always; of the units that merge their heads and writers.

        A unit that only receives the plan's results has no part in the task (R3): its coordinators merge.
        """
        if not can(user, "result_write"):
            return False
        if Role.COORDINATOR in user.roles:
            return True
        return user.unit_id in self.with_part


def merging(period: Period, task: Task) -> Merging:
    """The roles are those of the period, as they were when it opened (R5). Two queries."""
    roles: dict[str, list[int]] = {}
    for role, unit in (
        Duty.objects.filter(period=period, task=task)
        .order_by("unit__order", "unit_id")
        .values_list("role", "unit_id")
    ):
        roles.setdefault(role, []).append(unit)
    wanted = consolidators(roles, period.plan.receiving_unit_id)
    there = {unit for units in roles.values() for unit in units}
    units = tuple(Unit.objects.filter(pk__in=wanted).order_by("order", "pk"))
    return Merging(units, frozenset(wanted) & frozenset(there))


# -- Merging ------------------------------------------------------------------------------------


def merged(reports: Iterable[Report], name: str) -> str:
    """One text of several reports, each under the name of its unit."""
    return "\n\n".join(
        f"{report.unit.name}\n{getattr(report, name).strip()}"
        for report in reports
        if getattr(report, name).strip()
    )


def draft_text(period: Period, task: Task) -> dict[str, str]:
    """What the accepted reports say, unit by unit in the agency's order, to be edited from there."""
    reports = list(
        Report.objects.active()
        .filter(period=period, task=task, state__in=COUNTED)
        .select_related("unit")
        .order_by("unit__order", "unit_id")
    )
    return {name: merged(reports, name) for name in TEXTS}


# -- Saving -------------------------------------------------------------------------------------


@transaction.atomic
def save_result(
    *, period: Period, task: Task, by: Actor, base_version: int, text: str, difficulties: str
) -> TaskResult:
    """Keep the merged text; the same words twice are no conflict and leave nothing in the trail."""
    _refuse_closed(period)
    for words in (text, difficulties):
        if len(words) > TEXT_LIMIT:
            raise Refused(f"Nội dung dài quá {TEXT_LIMIT // 1000}.000 ký tự; hãy rút gọn.")
    current = _current(period, task)
    if current.state == State.APPROVED:
        raise Refused(
            "Kết quả tổng hợp đã được chốt nên không sửa được. Cần sửa, hãy mở lại trước."
        )
    after = {"text": text, "difficulties": difficulties}
    changes = {
        name: [getattr(current, name), words]
        for name, words in after.items()
        if getattr(current, name) != words
    }
    if not changes:
        return current
    current = _store(current, base_version, **after)
    record(
        by=by,
        agency=period.plan.agency_id,
        action="Sửa kết quả tổng hợp",
        of=current,
        changes=for_the_trail(changes, TEXTS),
    )
    return current


@transaction.atomic
def approve_result(
    *,
    period: Period,
    task: Task,
    by: Actor,
    base_version: int,
    text: str | None = None,
    difficulties: str | None = None,
) -> TaskResult:
    """Approve the result and freeze its figures, until the period closes. Approved twice it is approved once.

    ``text`` and ``difficulties`` are what stands in the editor: saved first, so that what is approved is
    what was read. Missing units do not hinder it; their names are frozen with the figures.
    """
    _refuse_closed(period)
    current = _current(period, task)
    if current.state == State.APPROVED:
        if text is not None and (current.text, current.difficulties) != (text, difficulties or ""):
            raise Conflict(current)
        return current
    if text is not None:
        current = save_result(
            period=period,
            task=task,
            by=by,
            base_version=base_version,
            text=text,
            difficulties=difficulties or "",
        )
        base_version = current.version
    if not current.text.strip():
        raise Refused("Chưa có nội dung kết quả tổng hợp để chốt.")
    frozen = figures(period, task)
    current = _store(
        current,
        base_version,
        state=State.APPROVED,
        figures=frozen,
        approved_at=timezone.now(),
        approved_by=by.user,
    )
    changes = {"trạng thái": [State.DRAFT.label, State.APPROVED.label]}
    changes |= {code: ["", row["words"]] for code, row in frozen["indicators"].items()}
    record(
        by=by,
        agency=period.plan.agency_id,
        action="Chốt kết quả tổng hợp",
        of=current,
        changes=changes,
    )
    return current


@transaction.atomic
def reopen_result(
    *, period: Period, task: Task, by: Actor, base_version: int, reason: str
) -> TaskResult:
    """Make an approved result a draft again, with a reason; what had been approved stays in the trail."""
    _refuse_closed(period)
    if not reason.strip():
        raise Refused("Hãy nêu lý do.")
    current = _current(period, task)
    if current.state != State.APPROVED:
        raise Refused("Chỉ mở lại được kết quả đã chốt.")
    frozen = current.figures
    current = _store(
        current, base_version, state=State.DRAFT, figures={}, approved_at=None, approved_by=None
    )
    changes = {"trạng thái": [State.APPROVED.label, State.DRAFT.label]}
    changes |= {code: [row["words"], ""] for code, row in frozen.get("indicators", {}).items()}
    record(
        by=by,
        agency=period.plan.agency_id,
        action="Mở lại kết quả tổng hợp",
        of=current,
        changes=changes,
        reason=reason.strip(),
    )
    return current


def _current(period: Period, task: Task) -> TaskResult:
    """The stored row, or one that is not stored yet."""
    return TaskResult.objects.filter(period=period, task=task).first() or TaskResult(
        period=period, task=task
    )


def _store(current: TaskResult, base_version: int, **columns: Any) -> TaskResult:
    """Write over exactly the version that was shown, in the state it was read in."""
    if current.version != base_version:
        raise Conflict(current)
    if current.pk is None:  # two at once: the constraint decides, then the version
        current, _ = TaskResult.objects.get_or_create(period=current.period, task=current.task)
    changed = TaskResult.objects.filter(
        pk=current.pk, version=base_version, state=current.state
    ).update(version=base_version + 1, updated_at=timezone.now(), **columns)
    if not changed:
        raise Conflict(TaskResult.objects.get(pk=current.pk))
    current.refresh_from_db()
    return current


def _refuse_closed(period: Period) -> None:
    if period.is_closed():
        raise Refused(f"Kỳ báo cáo {period} đã khóa; kết quả tổng hợp chỉ còn để tra cứu.")


# -- Frozen figures -----------------------------------------------------------------------------


def figures(period: Period, task: Task) -> dict[str, Any]:
    """Every figure of the task as it stands, in words and exactly, and who is missing: what approving keeps."""
    indicators = indicators_of(period, tasks={task.pk: task})
    found = consolidate(period, indicators=indicators)
    missing = [
        report.unit.name
        for report in Report.objects.active()
        .filter(period=period, task=task)
        .exclude(state__in=COUNTED)
        .select_related("unit")
        .order_by("unit__order", "unit_id")
    ]
    return {
        "indicators": {
            indicator.code: {
                "name": indicator.name,
                "words": found[indicator.pk].words,
                "given": found[indicator.pk].given,
                "owed": found[indicator.pk].owed,
                "parts": parts_of(found[indicator.pk].value),
            }
            for indicator in indicators
        },
        "missing": missing,
    }


def parts_of(value: Value) -> dict[str, Any]:
    """A figure exactly, as plain data; the same on every database."""
    return {
        "reported": value.reported,
        "not_arising": value.not_arising,
        "missing": value.missing,
        "numerator": _plain(value.numerator),
        "denominator": _plain(value.denominator),
        "amount": _plain(value.amount),
        "holds": value.holds,
        "day": value.day.isoformat() if value.day else None,
    }


def value_of(parts: dict[str, Any]) -> Value:
    """The figure that :func:`parts_of` kept."""

    def number(name: str) -> Decimal | None:
        return None if parts[name] is None else Decimal(parts[name])

    return Value(
        reported=parts["reported"],
        not_arising=parts["not_arising"],
        missing=parts["missing"],
        numerator=number("numerator"),
        denominator=number("denominator"),
        amount=number("amount"),
        holds=parts["holds"],
        day=dt.date.fromisoformat(parts["day"]) if parts["day"] else None,
    )


def _plain(number: Decimal | None) -> str | None:
    return None if number is None else f"{Decimal(number).normalize():f}"


def frozen_of(result: TaskResult | None, live: Result) -> dict[str, Any] | None:
    """What ``live``'s indicator was when the result was approved; None where it is not, or had none."""
    if result is None or result.state != State.APPROVED:
        return None
    kept: dict[str, Any] | None = result.figures.get("indicators", {}).get(live.indicator.code)
    return kept
