"""Everything that was changed in an agency as one list, for the page of history (R2b, R12).

Three append-only tables hold it: the audit trail, the changes of state of reports, and the office's
corrections of figures. What a unit typed into a draft is shown to that unit only (R3): others see that
something was changed, by whom and when.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import F, Q, QuerySet, Value
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, HistoryRow, Role
from tasks.models import Correction, Direction, Explanation, Obstacle, Report, Transition
from tasks.permissions import steps_known_to
from tasks.states import ACTION_TEXT, STATE_TEXT, Action, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from accounts.models import User

REPORT = "tasks.report"
# What a change of drafts says is for the unit only; its rows carry this object type.
KINDS = {
    "bao-cao": ("Báo cáo", (REPORT,)),
    "tai-lieu": ("Tài liệu", ("tasks.document", "tasks.storedfile")),
    "ky": ("Kỳ báo cáo", ("plans.period",)),
    "ke-hoach": ("Kế hoạch, chỉ tiêu", ("plans.plan", "plans.indicator", "plans.calendarday")),
    "ket-qua": ("Tổng hợp, phối hợp", ("tasks.taskresult", "tasks.contribution")),
    "vuong-mac": ("Khó khăn, chỉ đạo", ("tasks.obstacle", "tasks.direction")),
    "giai-trinh": ("Giải trình", ("tasks.explanation",)),
    "tai-khoan": (
        "Tài khoản, đơn vị",
        (
            "accounts.user",
            "accounts.unit",
            "accounts.unitgroup",
            "accounts.agency",
            "accounts.standin",
        ),
    ),
    "diem": ("Điểm, hồ sơ nộp", ("scoring.",)),
    "thu": ("Thư", ("accounts.mail",)),
}
FIELD_TEXT = {
    "text": "Kết quả thực hiện",
    "difficulties": "Khó khăn, vướng mắc",
    "unread": "Nội dung chưa hợp lệ",
    "evidence": "Tài liệu kiểm chứng",
}


@dataclass(frozen=True)
class Asked:
    """What the list is narrowed to; every part of it is in the address."""

    kind: str = ""
    actor: int | None = None
    object_type: str = ""
    object_id: int | None = None
    since: dt.date | None = None
    until: dt.date | None = None

    @property
    def any(self) -> bool:
        return any((self.kind, self.actor, self.object_type, self.since, self.until))


@dataclass
class Line:
    """One change as the page and the workbook show it."""

    at: dt.datetime
    recorded_at: dt.datetime
    who: str
    acted_as: str
    for_whom: str
    basis: str
    action: str
    what: str
    url: str
    reason: str
    address: str
    object: str = ""  # «tasks.report:12», to follow one thing
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    by_office: bool = False  # for a unit (R2b)
    hidden: bool = False  # values of a draft that is another unit's


def lines_of(user: User, asked: Asked) -> QuerySet[Any]:
    """Keys ``(table, pk, at)`` of every change ``user`` may know of, newest first; sliceable."""
    audit, transitions, corrections = _visible(user)
    audit = _narrow_audit(audit, asked)
    audit = _narrow(audit, asked)
    parts = [_keys(audit, "audit")]
    if _asks_for_reports(asked):
        if asked.object_id is not None:
            transitions = transitions.filter(report_id=asked.object_id)
            corrections = corrections.filter(report_id=asked.object_id)
        parts += [
            _keys(_narrow(transitions, asked), "transition"),
            _keys(_narrow(corrections, asked), "correction"),
        ]
    return parts[0].union(*parts[1:], all=True).order_by("-at", "-pk")


def _visible(user: User) -> tuple[QuerySet[Any], QuerySet[Any], QuerySet[Any]]:
    """The three tables as far as ``user`` may know of their rows."""
    audit = AuditEntry.objects.visible_to(user)
    transitions = Transition.objects.filter(steps_known_to(user), report__unit__agency=user.agency)
    corrections = Correction.objects.filter(report__unit__agency=user.agency)
    if user.roles & {Role.COORDINATOR, Role.LEADER}:
        return audit, transitions, corrections
    nothing = Q(pk__in=[])
    mine = Q(report__unit_id=user.unit_id) if user.roles & {Role.REPORTER, Role.HEAD} else nothing
    known = nothing
    if Role.ADMINISTRATOR in user.roles:
        known |= Q(object_type__startswith="accounts.") | Q(object_type__startswith="plans.")
    if mine is not nothing:
        own = Report.objects.filter(unit=user.unit).values("pk")
        known |= Q(object_type=REPORT, object_id__in=own)
        seen = Obstacle.objects.visible_to(user).values("pk")
        known |= Q(object_type="tasks.obstacle", object_id__in=seen)
        given = Direction.objects.filter(obstacle__in=seen).values("pk")
        known |= Q(object_type="tasks.direction", object_id__in=given)
        asked = Explanation.objects.visible_to(user).values("pk")
        known |= Q(object_type="tasks.explanation", object_id__in=asked)
    return audit.filter(known), transitions.filter(mine), corrections.filter(mine)


def _asks_for_reports(asked: Asked) -> bool:
    if asked.object_type:
        return asked.object_type == REPORT
    return asked.kind in {"", "bao-cao"}


def _narrow_audit(audit: QuerySet[Any], asked: Asked) -> QuerySet[Any]:
    if asked.object_type:
        audit = audit.filter(object_type=asked.object_type)
        return audit if asked.object_id is None else audit.filter(object_id=asked.object_id)
    if asked.kind in KINDS:
        wanted = Q(pk__in=[])
        for label in KINDS[asked.kind][1]:
            wanted |= Q(object_type__startswith=label)
        audit = audit.filter(wanted)
    return audit


def _narrow(rows: QuerySet[Any], asked: Asked) -> QuerySet[Any]:
    if asked.actor is not None:
        rows = rows.filter(actor_id=asked.actor)
    if asked.since:
        rows = rows.filter(at__gte=_midnight(asked.since))
    if asked.until:
        rows = rows.filter(at__lt=_midnight(asked.until + dt.timedelta(days=1)))
    return rows


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def _keys(rows: QuerySet[Any], table: str) -> QuerySet[Any]:
    return rows.order_by().annotate(table=Value(table)).values("table", "pk", "at")


def read_lines(user: User, keys: Sequence[dict[str, Any]]) -> list[Line]:
    """The changes behind ``keys`` (rows of :func:`lines_of`), in their order; three queries at most."""
    wanted: dict[str, list[int]] = {}
    for key in keys:
        wanted.setdefault(key["table"], []).append(key["pk"])
    named = ("for_unit", "report__unit", "report__task", "report__period")
    found: dict[tuple[str, int], Line] = {}
    for entry in AuditEntry.objects.filter(pk__in=wanted.get("audit", [])).select_related(
        "for_unit"
    ):
        found["audit", entry.pk] = _audit_line(entry)
    _hide_drafts(user, [line for line in found.values() if line.object.startswith(f"{REPORT}:")])
    for step in Transition.objects.filter(pk__in=wanted.get("transition", [])).select_related(
        *named
    ):
        found["transition", step.pk] = _transition_line(step)
    for fix in Correction.objects.filter(pk__in=wanted.get("correction", [])).select_related(
        *named, "indicator"
    ):
        found["correction", fix.pk] = _correction_line(fix)
    lines = [found[key["table"], key["pk"]] for key in keys if (key["table"], key["pk"]) in found]
    if not user.roles & {Role.COORDINATOR, Role.ADMINISTRATOR}:
        for line in lines:
            line.address = ""
    return lines


def _hide_drafts(user: User, lines: Iterable[Line]) -> None:
    """Take the typed values out of changes of other units' reports (R3)."""
    lines = [line for line in lines if line.changes]
    ids = {int(line.object.partition(":")[2]) for line in lines}
    own = set()
    if user.roles & {Role.REPORTER, Role.HEAD}:
        own = set(Report.objects.filter(pk__in=ids, unit=user.unit).values_list("pk", flat=True))
    for line in lines:
        if int(line.object.partition(":")[2]) not in own:
            line.changes = [(name, "", "") for name, _, _ in line.changes]
            line.hidden = True


def _line(row: HistoryRow, **more: Any) -> Line:
    basis = row.basis + (f", ngày {row.basis_date:%d/%m/%Y}" if row.basis_date else "")
    whom = row.for_person or (row.for_unit.name if row.for_unit else "")
    return Line(
        at=row.at,
        recorded_at=row.recorded_at,
        who=row.actor_name,
        acted_as=row.acted_as,
        for_whom=whom,
        by_office=bool(row.for_unit and not row.for_person),
        basis=basis,
        reason=row.reason,
        address=row.address or "",
        **more,
    )


def _audit_line(entry: AuditEntry) -> Line:
    return _line(
        entry,
        action=entry.action,
        what=entry.object_label,
        url=_address(entry.object_type, entry.object_id),
        object=f"{entry.object_type}:{entry.object_id}" if entry.object_id else "",
        changes=[
            (FIELD_TEXT.get(name, name), _words(pair, 0), _words(pair, 1))
            for name, pair in (entry.changes or {}).items()
        ],
    )


def _words(pair: Any, side: int) -> str:
    value = pair[side] if isinstance(pair, list) and len(pair) > side else ""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "Có" if value else "Không"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(str(one) for one in value.values())
    return str(value)


def _transition_line(step: Transition) -> Line:
    own = (
        " (báo cáo của chính đơn vị mình)" if step.own_unit and step.action == Action.ACCEPT else ""
    )
    changes = []
    if step.from_state != step.to_state:
        before, after = (STATE_TEXT[State(name)] for name in (step.from_state, step.to_state))
        changes = [("Trạng thái", before, after)]
    return _line(
        step,
        action=ACTION_TEXT[Action(step.action)] + own,
        what=str(step.report),
        url=reverse("report_detail", args=[step.report_id]),
        object=f"{REPORT}:{step.report_id}",
        changes=changes,
    )


def _correction_line(fix: Correction) -> Line:
    return _line(
        fix,
        action="Đính chính số liệu",
        what=str(fix.report),
        url=reverse("report_detail", args=[fix.report_id]),
        object=f"{REPORT}:{fix.report_id}",
        changes=[(fix.indicator.code, fix.before, fix.after)],
    )


def _address(object_type: str, object_id: int | None) -> str:
    name = {
        REPORT: "report_detail",
        "plans.plan": "plan_detail",
        "plans.period": "period_detail",
        "tasks.obstacle": "obstacle_detail",
        "tasks.explanation": "explanation_detail",
    }.get(object_type)
    return reverse(name, args=[object_id]) if name and object_id else ""


def actors_of(user: User) -> list[tuple[int, str]]:
    """(pk, name) of everybody who stands in the list, for its filter."""
    named: dict[int, str] = {}
    for rows in _visible(user):
        for pk, name in (
            rows.filter(actor__isnull=False)
            .order_by("actor_id")
            .values_list("actor_id", F("actor__name"))
            .distinct()
        ):
            named[pk] = name
    return list(named.items())
