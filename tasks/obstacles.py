"""Difficulties on their way: raised, passed on, directed, carried out, closed (R18). Nothing else writes to one.

Each function is one transaction that claims the state it starts from, writes its history and tells
everyone concerned once. ``services.Refused`` carries what to tell the person.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import mail
from accounts.history import Actor, record
from accounts.models import AuditEntry, Role, Unit, User
from plans.models import Period
from tasks.models import Direction, Obstacle, Report
from tasks.services import Refused, words_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from plans.models import Task

State = Obstacle.State
TEXT_LIMIT = 5000
PASSED_ON = "Trình Lãnh đạo Sở"  # how the trail calls it; a reopening looks it up
CLOSED_TEXT = "Vướng mắc này đã được giải quyết. Cần xem xét tiếp, hãy mở lại."
KINDS = {
    "obstacle_raised": "Vướng mắc mới",
    "obstacle_passed_on": "Vướng mắc trình Lãnh đạo Sở",
    "obstacle_directed": "Ý kiến chỉ đạo",
    "obstacle_done": "Thực hiện xong chỉ đạo",
    "obstacle_closed": "Vướng mắc đã giải quyết",
    "obstacle_reopened": "Vướng mắc mở lại",
}


@dataclass(frozen=True, kw_only=True)
class NewDirection:
    """What one direction asks: of whom, by when (a last day)."""

    text: str
    owner: Unit
    due_on: dt.date


@transaction.atomic
def raise_obstacle(
    *,
    unit: Unit,
    by: Actor,
    text: str,
    proposal: str = "",
    report: Report | None = None,
    task: Task | None = None,
    period: Period | None = None,
) -> Obstacle:
    """A unit raises a difficulty, alone or from one of its reports; the office sees it at once.

    The same words about the same thing, while they are still open, are the same obstacle (R14).
    """
    text, proposal = _words(text), _words(proposal)
    if not text:
        raise Refused("Hãy nêu khó khăn, vướng mắc.")
    if report is not None:
        if report.unit_id != unit.pk:
            raise Refused("Chỉ nêu vướng mắc từ báo cáo của chính đơn vị mình.")
        task, period = report.task, report.period
    Unit.objects.select_for_update().get(pk=unit.pk)  # two clicks at once
    same = Obstacle.objects.open().filter(unit=unit, report=report, task=task, text=text).first()
    if same is not None:
        return same
    obstacle = Obstacle.objects.create(
        agency_id=unit.agency_id,
        unit=unit,
        report=report,
        task=task,
        period=period,
        text=text,
        proposal=proposal,
        raised_by=by.user,
        raised_at=timezone.now(),
    )
    entry = _write(obstacle, by, "Nêu vướng mắc", changes={"đề xuất": ["", proposal]})
    _tell(obstacle, "raised", entry, by, _office(obstacle))
    return obstacle


@transaction.atomic
def pass_on(*, obstacle: Obstacle, by: Actor, note: str = "") -> bool:
    """The office passes it on to the leaders; False where it was passed on already."""
    note = _words(note)
    if not _claim(obstacle, [State.RAISED], state=State.PASSED_ON, office_note=note):
        _refuse_closed(obstacle)
        return False
    entry = _write(
        obstacle, by, PASSED_ON, State.RAISED, changes={"ý kiến Văn phòng Sở": ["", note]}
    )
    _tell(obstacle, "passed_on", entry, by, _leaders(obstacle))
    return True


@transaction.atomic
def direct(
    *,
    obstacle: Obstacle,
    by: Actor,
    leader: User,
    directions: Sequence[NewDirection],
    given_on: dt.date | None = None,
    basis: str = "",
) -> list[Direction]:
    """A leader answers with directions; or the office records what ``leader`` gave on paper (R2b).

    By the office ``given_on`` and ``basis`` are needed: then history says for whom and on what basis.
    The same directions sent twice are given once (R14): then an empty list.
    """
    recorded = by.user is None or by.user.pk != leader.pk
    today = timezone.localdate()
    given_on = given_on or today
    basis = " ".join(basis.split())
    if not leader.is_leader or leader.agency_id != obstacle.agency_id:
        raise Refused("Người chỉ đạo phải là Lãnh đạo Sở.")
    if recorded and not basis:
        raise Refused("Hãy ghi căn cứ: văn bản, kết luận giao ban hoặc tin nhắn của lãnh đạo.")
    if given_on > today:
        raise Refused("Ngày chỉ đạo không được ở sau hôm nay.")
    if not directions:
        raise Refused("Hãy ghi ít nhất một ý kiến chỉ đạo.")
    for new in directions:
        _check(new, obstacle, given_on, today, recorded=recorded)
    before = obstacle.state
    sources = [State.PASSED_ON, State.ANSWERED, *([State.RAISED] if recorded else [])]
    if not _claim(obstacle, sources, state=State.ANSWERED):
        _refuse_closed(obstacle)
        raise Refused("Văn phòng Sở chưa trình vướng mắc này.")
    there = set(obstacle.directions.values_list("text", "owner_id", "due_on", "leader_id"))
    made = [
        Direction.objects.create(
            obstacle=obstacle,
            text=_words(new.text),
            owner=new.owner,
            due_on=new.due_on,
            given_by=leader.name,
            leader=leader,
            given_on=given_on,
            basis=basis if recorded else "",
            recorded_at=timezone.now(),
        )
        for new in directions
        if (_words(new.text), new.owner.pk, new.due_on, leader.pk) not in there
    ]
    if not made:
        return []
    if recorded:
        by = replace(by, for_person=leader.name, basis=basis, basis_date=given_on)
    entry = _write(
        obstacle,
        by,
        "Ghi ý kiến chỉ đạo" if recorded else "Cho ý kiến chỉ đạo",
        before,
        changes={
            f"chỉ đạo {n}": ["", f"{d.text} ({d.owner.name}, hết ngày {d.due_on:%d/%m/%Y})"]
            for n, d in enumerate(made, start=1)
        },
    )
    people = _unit(obstacle.unit_id, Role.HEAD, Role.REPORTER)
    for direction in made:
        people += _unit(direction.owner_id, Role.HEAD)
    if recorded:
        people.append(leader)
    _tell(obstacle, "directed", entry, by, people, directions=made)
    return made


def _check(
    new: NewDirection, obstacle: Obstacle, given_on: dt.date, today: dt.date, *, recorded: bool
) -> None:
    if not _words(new.text):
        raise Refused("Hãy ghi nội dung chỉ đạo.")
    if new.owner.agency_id != obstacle.agency_id:
        raise Refused("Đơn vị thực hiện phải thuộc cơ quan.")
    # What was given on paper may be overdue by the day it is written down.
    if new.due_on < (given_on if recorded else today):
        raise Refused(
            "Hạn hoàn thành không được trước ngày chỉ đạo."
            if recorded
            else "Hạn hoàn thành không được ở quá khứ."
        )


@transaction.atomic
def finish(*, direction: Direction, by: Actor, note: str) -> bool:
    """The owner (or the office for it) says how a direction was carried out; False where it was said already."""
    note = _words(note)
    if not note:
        raise Refused("Hãy ghi kết quả thực hiện.")
    done = Direction.objects.filter(pk=direction.pk, done_at__isnull=True).update(
        done_at=timezone.now(), done_note=note
    )
    if not done:
        return False
    direction.refresh_from_db()
    if by.user is None or by.user.unit_id != direction.owner_id:
        by = replace(by, for_unit=direction.owner)
    entry = record(
        by=by,
        agency=direction.obstacle.agency_id,
        action="Báo thực hiện xong chỉ đạo",
        of=direction,
        label=f"Chỉ đạo: {direction}",
        changes={"kết quả thực hiện": ["", note]},
    )
    people = _office(direction.obstacle)
    if direction.leader and direction.leader.is_active:
        people.append(direction.leader)
    if by.for_unit:  # told, and may object (R2b)
        people += _unit(direction.owner_id, Role.HEAD)
    _tell(direction.obstacle, "done", entry, by, people, directions=[direction])
    return True


@transaction.atomic
def close(*, obstacle: Obstacle, by: Actor, outcome: str, reason: str = "") -> bool:
    """The office or a leader closes it with its outcome; False where it was closed already.

    Without any direction the office says why it needed none. Refused while a direction is not carried
    out: it would be forgotten.
    """
    outcome, reason = _words(outcome), _words(reason)
    if not outcome:
        raise Refused("Hãy ghi kết quả giải quyết.")
    before = obstacle.state
    if not _claim(
        obstacle,
        [State.RAISED, State.PASSED_ON, State.ANSWERED],
        state=State.CLOSED,
        closed_at=timezone.now(),
        outcome=outcome,
    ):
        return False
    left = obstacle.directions.open().count()
    if left:
        raise Refused(
            f"Còn {left} ý kiến chỉ đạo chưa báo thực hiện xong. Hãy ghi kết quả trước khi đóng."
        )
    by_leader = bool(by.user and by.user.is_leader)
    if not reason and not by_leader and not obstacle.directions.exists():
        raise Refused("Hãy nêu lý do không cần ý kiến Lãnh đạo Sở.")
    entry = _write(
        obstacle, by, "Đóng vướng mắc", before, changes={"kết quả": ["", outcome]}, reason=reason
    )
    _tell(obstacle, "closed", entry, by, _unit(obstacle.unit_id, Role.HEAD, Role.REPORTER))
    return True


@transaction.atomic
def reopen(*, obstacle: Obstacle, by: Actor, reason: str) -> bool:
    """Back to where it was before it was closed; False where it is open."""
    reason = _words(reason)
    if not reason:
        raise Refused("Hãy nêu lý do mở lại.")
    state = State.RAISED
    if obstacle.directions.exists():
        state = State.ANSWERED
    elif (
        AuditEntry.objects.filter(
            object_type=Obstacle._meta.label_lower, object_id=obstacle.pk, action=PASSED_ON
        ).exists()
        or by.user is None
        or not by.user.is_coordinator
    ):
        state = State.PASSED_ON
    outcome = obstacle.outcome
    if not _claim(obstacle, [State.CLOSED], state=state, closed_at=None, outcome=""):
        return False
    entry = _write(
        obstacle,
        by,
        "Mở lại vướng mắc",
        State.CLOSED,
        changes={"kết quả": [outcome, ""]},
        reason=reason,
    )
    people = _unit(obstacle.unit_id, Role.HEAD, Role.REPORTER) + _office(obstacle)
    if state != State.RAISED:
        people += _leaders(obstacle)
    _tell(obstacle, "reopened", entry, by, people, reason=reason)
    return True


# -- Parts --------------------------------------------------------------------------------------


def _words(text: str) -> str:
    return words_within(text, TEXT_LIMIT)


def _claim(obstacle: Obstacle, sources: Sequence[str], **columns: Any) -> bool:
    """Change the row only from one of the states ``sources``: of two at once one wins."""
    changed = Obstacle.objects.filter(pk=obstacle.pk, state__in=sources).update(**columns)
    obstacle.refresh_from_db(fields=["state", "office_note", "closed_at", "outcome"])
    return bool(changed)


def _refuse_closed(obstacle: Obstacle) -> None:
    if obstacle.state == State.CLOSED:
        raise Refused(CLOSED_TEXT)


def _write(
    obstacle: Obstacle,
    by: Actor,
    action: str,
    before: str = "",
    *,
    changes: dict[str, list[Any]],
    reason: str = "",
) -> AuditEntry:
    changes = {name: pair for name, pair in changes.items() if pair[0] or pair[1]}
    if before != obstacle.state:
        old = State(before).label if before else ""
        changes = {"trạng thái": [old, State(obstacle.state).label], **changes}
    return record(
        by=by,
        agency=obstacle.agency_id,
        action=action,
        of=obstacle,
        label=f"{obstacle.unit.name}: {obstacle}",
        changes=changes,
        reason=reason,
    )


def _office(obstacle: Obstacle) -> list[User]:
    return _people(Q(unit__agency_id=obstacle.agency_id), Role.COORDINATOR)


def _leaders(obstacle: Obstacle) -> list[User]:
    """The deputy director in charge of the unit, else all leaders."""
    leaders = _people(Q(unit__agency_id=obstacle.agency_id), Role.LEADER)
    deputy = [person for person in leaders if person.pk == obstacle.unit.deputy_director_id]
    return deputy or leaders


def _unit(unit_id: int, *roles: Role) -> list[User]:
    return _people(Q(unit_id=unit_id), *roles)


def _people(where: Q, *roles: Role) -> list[User]:
    found = User.objects.with_role(*roles).filter(where).select_related("unit__agency")
    return list(found.order_by("pk"))


def _tell(
    obstacle: Obstacle,
    event: str,
    entry: AuditEntry,
    by: Actor,
    people: Iterable[User],
    **context: Any,
) -> None:
    """One mail to each of ``people`` except the one who did it."""
    for person in {person.pk: person for person in people}.values():
        if by.user and person.pk == by.user.pk:
            continue
        mail.put(
            key=f"obstacle_{event}:{entry.pk}:{person.pk}",
            kind=f"obstacle_{event}",
            user=person,
            template="obstacle_event",
            context={"event": event, "obstacle": obstacle, "entry": entry, **context},
        )
