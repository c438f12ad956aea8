"""What coordinating units add to a task, for its lead to use (R6): saving, giving, «không có nội dung», taking back.

A contribution is never owed: nobody is reminded of it and no report waits for it. Nothing else writes to one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.history import Actor, record
from plans.models import Assignment, Duty
from tasks.models import Contribution, Report
from tasks.services import Refused
from tasks.states import EDITABLE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from django.db.models import QuerySet

    from accounts.models import Unit, User
    from plans.models import Period, Task

State = Contribution.State
Role = Assignment.Role
REPORTING = (Role.LEAD, Role.IMPLEMENT)
TEXT_LIMIT = 20_000


class Conflict(Exception):
    """Somebody else of the unit saved the contribution since it was shown."""

    def __init__(self, stored: Contribution) -> None:
        super().__init__("Nội dung này đã được người khác sửa trong lúc bạn đang soạn.")
        self.stored = stored


# -- Who is asked -------------------------------------------------------------------------------


def coordinated(period: Period, unit: Unit) -> QuerySet[Duty]:
    """The tasks in which ``unit`` only coordinates in ``period``: who reports says it all in the report."""
    reporting = Duty.objects.filter(
        period_id=OuterRef("period_id"),
        task_id=OuterRef("task_id"),
        unit_id=OuterRef("unit_id"),
        role__in=REPORTING,
    )
    return (
        Duty.objects.filter(
            ~Exists(reporting),
            period=period,
            unit=unit,
            role=Role.COORDINATE,
            task__retired_at=None,
            task__area__retired_at=None,
        )
        .select_related("task__area")
        .order_by("task__area__order", "task__order", "task_id")
    )


@dataclass(frozen=True)
class Part:
    """One unit's part in one task, and what it has added so far."""

    task: Task
    unit: Unit
    contribution: Contribution | None = None

    @property
    def state(self) -> str:
        return self.contribution.state if self.contribution else ""

    @property
    def state_text(self) -> str:
        return str(State(self.state).label) if self.state else "Chưa trả lời"

    @property
    def tone(self) -> str:
        """The class of its badge."""
        tones = {State.DRAFT: "is-draft", State.GIVEN: "is-accepted", State.NOTHING: ""}
        return tones[State(self.state)] if self.state else "is-not-started"

    @property
    def is_answered(self) -> bool:
        return self.state in {State.GIVEN, State.NOTHING}


def parts_of(period: Period, unit: Unit) -> list[Part]:
    """The tasks ``unit`` coordinates in, in the plan's order, with what it has added. Two queries."""
    duties = list(coordinated(period, unit))
    there = {
        row.task_id: row
        for row in Contribution.objects.filter(period=period, unit=unit).select_related("by")
        if duties
    }
    return [Part(duty.task, unit, there.get(duty.task_id)) for duty in duties]


@dataclass(frozen=True)
class Asked:
    """The coordinating units of one task as its lead sees them."""

    parts: list[Part]

    @property
    def given(self) -> list[Part]:
        return [part for part in self.parts if part.state == State.GIVEN]

    @property
    def nothing(self) -> list[Part]:
        return [part for part in self.parts if part.state == State.NOTHING]

    @property
    def silent(self) -> list[Part]:
        """Who has not answered: a draft is the other unit's own matter."""
        return [part for part in self.parts if not part.is_answered]


def asked_for(report: Report, user: User) -> Asked:
    """Who coordinates in the task of ``report``; empty where its unit does not lead it. Two queries at most."""
    duties = list(
        Duty.objects.filter(period_id=report.period_id, task_id=report.task_id)
        .select_related("unit")
        .order_by("unit__order", "unit_id")
    )
    if report.unit_id not in _leading(duties):
        return Asked([])
    reporting = {duty.unit_id for duty in duties if duty.role in REPORTING}
    asked = [
        duty for duty in duties if duty.role == Role.COORDINATE and duty.unit_id not in reporting
    ]
    if not asked:
        return Asked([])
    there = {
        row.unit_id: row
        for row in Contribution.objects.visible_to(user)
        .filter(period_id=report.period_id, task_id=report.task_id)
        .exclude(state=State.DRAFT)
        .select_related("by")
    }
    return Asked([Part(report.task, duty.unit, there.get(duty.unit_id)) for duty in asked])


def _leading(duties: Iterable[Duty]) -> set[int]:
    """The units that use what is contributed: the leads; without one all that report."""
    by_role: dict[str, set[int]] = {}
    for duty in duties:
        by_role.setdefault(duty.role, set()).add(duty.unit_id)
    return by_role.get(Role.LEAD) or by_role.get(Role.IMPLEMENT) or set()


def lead_has_sent(period: Period, task: Task) -> bool:
    """Has a leading unit sent its report? Then what it used is not taken away any more."""
    leading = _leading(Duty.objects.filter(period=period, task=task).order_by())
    sent = Report.objects.active().filter(period=period, task=task, unit__in=leading)
    # Locked, so that a submit and a taking back at the same moment know of each other.
    return any(
        state not in EDITABLE
        for state in sent.order_by().select_for_update().values_list("state", flat=True)
    )


# -- Changing -----------------------------------------------------------------------------------


@transaction.atomic
def save(*, part: Part, period: Period, by: Actor, base_version: int, text: str) -> Contribution:
    """Keep a draft; the same text twice is no conflict."""
    return _write(part, period, by, base_version, text, State.DRAFT)


@transaction.atomic
def give(*, part: Part, period: Period, by: Actor, base_version: int, text: str) -> Contribution:
    """Show the text to the lead, the office and the leaders; given twice it is given once."""
    if not text.strip():
        raise Refused(
            "Chưa có nội dung để gửi. Nếu đơn vị không có gì, hãy chọn «Không có nội dung»."
        )
    return _write(part, period, by, base_version, text, State.GIVEN)


@transaction.atomic
def give_nothing(
    *, part: Part, period: Period, by: Actor, base_version: int, drop_draft: bool = False
) -> Contribution:
    """Say that the unit has nothing to add; refused while a draft says otherwise, unless it is given up."""
    current = _current(part, period)
    if current.text.strip() and current.state == State.DRAFT and not drop_draft:
        raise Refused(
            f"Nhiệm vụ {part.task.code} đang có nội dung soạn dở; hãy gửi hoặc xóa nội dung trước."
        )
    return _write(part, period, by, base_version, "", State.NOTHING)


@transaction.atomic
def take_back(*, part: Part, period: Period, by: Actor, base_version: int) -> Contribution:
    """Make a given contribution a draft again, until a leading unit has sent its report."""
    _refuse_closed(period)
    current = _current(part, period)
    if current.state == State.DRAFT:
        return current
    if lead_has_sent(period, part.task):
        raise Refused(
            "Đơn vị chủ trì đã gửi báo cáo, không lấy lại được nữa. "
            "Cần sửa, hãy báo trực tiếp cho đơn vị chủ trì."
        )
    return _store(
        current,
        by,
        base_version,
        action="Lấy lại nội dung phối hợp",
        state=State.DRAFT,
        given_at=None,
    )


def _write(
    part: Part, period: Period, by: Actor, base_version: int, text: str, state: State
) -> Contribution:
    _refuse_closed(period)
    if len(text) > TEXT_LIMIT:
        raise Refused(f"Nội dung dài quá {TEXT_LIMIT // 1000}.000 ký tự; hãy rút gọn.")
    current = _current(part, period)
    if current.state == state and current.text == text:
        return current
    if current.state != State.DRAFT:
        raise Conflict(current)
    actions = {
        State.DRAFT: "Soạn nội dung phối hợp",
        State.GIVEN: "Gửi nội dung phối hợp",
        State.NOTHING: "Báo không có nội dung phối hợp",
    }
    return _store(
        current,
        by,
        base_version,
        action=actions[state],
        state=state,
        text=text,
        given_at=None if state == State.DRAFT else timezone.now(),
    )


def _current(part: Part, period: Period) -> Contribution:
    """The stored row, or one that is not stored yet."""
    return Contribution.objects.filter(
        period=period, task=part.task, unit=part.unit
    ).first() or Contribution(period=period, task=part.task, unit=part.unit)


def _store(
    current: Contribution, by: Actor, base_version: int, *, action: str, **columns: Any
) -> Contribution:
    if current.version != base_version:
        raise Conflict(current)
    if current.pk is None:  # two at once: the constraint decides, then the version
        current, _ = Contribution.objects.get_or_create(
            period=current.period, task=current.task, unit=current.unit
        )
    before = State(current.state)
    changed = Contribution.objects.filter(pk=current.pk, version=base_version).update(
        by=by.user, version=base_version + 1, updated_at=timezone.now(), **columns
    )
    if not changed:
        raise Conflict(Contribution.objects.get(pk=current.pk))
    current.refresh_from_db()
    changes: dict[str, list[Any]] = {}
    if before != current.state:
        changes["trạng thái"] = [before.label, State(current.state).label]
    if current.state == State.GIVEN:  # a draft's words stay in its unit (R3)
        changes["text"] = ["", current.text]
    record(by=by, agency=current.unit.agency_id, action=action, of=current, changes=changes)
    return current


def nothing_for_several(
    *, parts: Collection[Part], period: Period, by: Actor
) -> tuple[list[Part], list[Part]]:
    """«Không có nội dung» for each of ``parts``: those written, and those left because something is typed there."""
    done, left = [], []
    for part in parts:
        version = part.contribution.version if part.contribution else 0
        try:
            give_nothing(part=part, period=period, by=by, base_version=version)
        except (Refused, Conflict):
            left.append(part)
        else:
            done.append(part)
    return done, left


def _refuse_closed(period: Period) -> None:
    if period.is_closed():
        raise Refused(f"Kỳ báo cáo {period} đã khóa; nội dung phối hợp chỉ còn để tra cứu.")
