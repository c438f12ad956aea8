"""What units are to explain after the province's appraisal: asked, answered, returned, taken (R20a, R27).

Nothing else writes to an explanation; its documents are ``tasks.explanation_documents``'. Each function is
one transaction that claims the state it starts from, writes its history and tells everyone concerned once.
``services.Refused`` carries what to tell the person.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import mail
from accounts.history import Actor, record
from accounts.models import AuditEntry, Role, Unit, User
from accounts.text import clean
from tasks.models import Explanation
from tasks.services import Refused, words_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from plans.models import Period

State = Explanation.State
Move = Explanation.Move
TEXT_LIMIT = 4000  # as much as the text to the province holds
KINDS = {
    "explanation_asked": "Yêu cầu giải trình",
    "explanation_answered": "Đơn vị đã giải trình",
    "explanation_returned": "Giải trình bị trả lại",
    "explanation_withdrawn": "Rút yêu cầu giải trình",
}


class Changed(Refused):
    """Somebody else has saved meanwhile; ``current`` is the row as it stands (R14)."""

    def __init__(self, current: Explanation) -> None:
        super().__init__(
            "Người khác vừa lưu nội dung giải trình này. Nội dung của bạn còn nguyên trong ô bên dưới; hãy "
            "đối chiếu với bản vừa lưu rồi lưu lại."
        )
        self.current = current


@dataclass(frozen=True, kw_only=True)
class Question:
    """What one unit is asked about one criterion."""

    unit: Unit
    code: str
    title: str
    text: str


@transaction.atomic
def ask(
    *, period: Period, by: Actor, due_before: dt.date, questions: Sequence[Question]
) -> list[Explanation]:
    """The office passes questions on, all or none; those that are open already are not asked again.

    What was asked now. Each unit's head gets one message, however many criteria it names.
    """
    agency = period.plan.agency_id
    if due_before <= timezone.localdate():
        raise Refused("Hạn trả lời phải sau ngày hôm nay.")
    for question in questions:
        if question.unit.agency_id != agency:
            raise Refused("Đơn vị giải trình phải thuộc cơ quan.")
        if not _words(question.text):
            raise Refused(f"Hãy ghi nội dung yêu cầu giải trình của tiêu chí {question.code}.")
    ids = sorted({question.unit.pk for question in questions})
    list(Unit.objects.select_for_update().filter(pk__in=ids).order_by("pk"))  # two clicks at once
    there = set(
        Explanation.objects.open()
        .filter(period=period, unit__in=ids)
        .values_list("unit_id", "code")
    )
    made: dict[int, list[Explanation]] = defaultdict(list)
    entries: dict[int, AuditEntry] = {}
    for question in questions:
        if (question.unit.pk, question.code) in there:
            continue
        there.add((question.unit.pk, question.code))
        explanation = Explanation.objects.create(
            agency_id=agency,
            unit=question.unit,
            period=period,
            code=question.code,
            title=clean(question.title)[:500],
            question=_words(question.text),
            due_before=due_before,
            asked_by=by.user,
        )
        entry = _write(
            explanation,
            by,
            Move.ASK,
            changes={
                "yêu cầu": ["", explanation.question],
                "trả lời trước ngày": ["", f"{due_before:%d/%m/%Y}"],
            },
        )
        made[question.unit.pk].append(explanation)
        entries.setdefault(question.unit.pk, entry)
    for unit, asked in made.items():
        _tell("asked", entries[unit], by, _heads(unit), asked)
    return [explanation for asked in made.values() for explanation in asked]


@transaction.atomic
def write(*, explanation: Explanation, by: Actor, text: str, version: int) -> Explanation:
    """The unit saves what it has so far; :class:`Changed` where somebody else has saved since ``version``."""
    current = _lock(explanation)
    _refuse_unless_owed(current)
    text = _words(text)
    if text == current.answer:
        return current
    _refuse_if_changed(current, version)
    current.answer = text
    current.version += 1
    current.save(update_fields=["answer", "version"])
    return current


@transaction.atomic
def answer(*, explanation: Explanation, by: Actor, text: str, version: int) -> bool:
    """The unit's head sends the answer to the office; False where this very answer was sent already."""
    current = _lock(explanation)
    text = _words(text)
    if current.is_sent and text == current.answer:
        return False
    _refuse_unless_owed(current)
    if not text:
        raise Refused("Hãy ghi nội dung giải trình trước khi gửi.")
    if text != current.answer:
        _refuse_if_changed(current, version)
    before = current.state
    current.answer = text
    current.version += 1
    current.state = State.ANSWERED
    current.answered_at = timezone.now()
    current.save(update_fields=["answer", "version", "state", "answered_at"])
    proofs = current.proofs.select_related("document")
    entry = _write(
        current,
        by,
        Move.ANSWER,
        before,
        changes={
            "giải trình": ["", text],
            "tài liệu": [
                "",
                "; ".join(f"{p.document}{f', {p.section}' if p.section else ''}" for p in proofs),
            ],
        },
    )
    _tell("answered", entry, by, _office(current), [current])
    return True


@transaction.atomic
def return_(
    *, explanation: Explanation, by: Actor, reason: str, due_before: dt.date | None = None
) -> bool:
    """The office sends an answer back with what it lacks, with a new date if it likes; False where it was sent back."""
    reason = _words(reason)
    if not reason:
        raise Refused("Hãy nêu lý do trả lại.")
    if due_before is not None and due_before <= timezone.localdate():
        raise Refused("Hạn trả lời mới phải sau ngày hôm nay.")
    current = _lock(explanation)
    if current.state == State.RETURNED:
        return False
    _refuse_unless_answered(current)
    dates = [current.due_before, due_before or current.due_before]
    current.state = State.RETURNED
    current.returned_reason = reason
    current.due_before = dates[1]
    current.save(update_fields=["state", "returned_reason", "due_before"])
    changes = {}
    if dates[0] != dates[1]:
        changes["trả lời trước ngày"] = [f"{day:%d/%m/%Y}" for day in dates]
    entry = _write(current, by, Move.RETURN, State.ANSWERED, changes=changes, reason=reason)
    _tell("returned", entry, by, _heads(current.unit_id), [current])
    return True


@transaction.atomic
def take(*, explanation: Explanation, by: Actor) -> bool:
    """The office has what it needs; False where it was taken already."""
    current = _lock(explanation)
    if current.state == State.TAKEN:
        return False
    _refuse_unless_answered(current)
    current.state = State.TAKEN
    current.closed_at = timezone.now()
    current.save(update_fields=["state", "closed_at"])
    _write(current, by, Move.TAKE, State.ANSWERED)
    return True


@transaction.atomic
def withdraw(*, explanation: Explanation, by: Actor, reason: str) -> bool:
    """The office no longer needs an answer; False where it was withdrawn already."""
    reason = _words(reason)
    if not reason:
        raise Refused("Hãy nêu lý do rút yêu cầu.")
    current = _lock(explanation)
    if current.state == State.WITHDRAWN:
        return False
    if not current.is_open:
        raise Refused("Giải trình này đã được đưa vào giải trình gửi tỉnh nên không rút được nữa.")
    before = current.state
    current.state = State.WITHDRAWN
    current.closed_at = timezone.now()
    current.withdrawn_reason = reason
    current.save(update_fields=["state", "closed_at", "withdrawn_reason"])
    entry = _write(current, by, Move.WITHDRAW, before, reason=reason)
    _tell("withdrawn", entry, by, _heads(current.unit_id), [current])
    return True


# -- Parts --------------------------------------------------------------------------------------


def _words(text: str) -> str:
    return words_within(text, TEXT_LIMIT)


def _lock(explanation: Explanation) -> Explanation:
    """The row as it is now, locked: of two at once one comes first."""
    return (
        Explanation.objects.select_for_update(of=("self",))
        .select_related("unit", "period__plan")
        .get(pk=explanation.pk)
    )


def _refuse_unless_owed(explanation: Explanation) -> None:
    if explanation.locked_text:
        raise Refused(explanation.locked_text)


def _refuse_unless_answered(explanation: Explanation) -> None:
    if explanation.state == State.ANSWERED:
        return
    if explanation.is_owed:
        raise Refused("Đơn vị chưa gửi giải trình.")
    raise Refused(f"Yêu cầu giải trình này đã xong: {State(explanation.state).label.lower()}.")


def _refuse_if_changed(explanation: Explanation, version: int) -> None:
    if explanation.version != version:
        raise Changed(explanation)


def _write(
    explanation: Explanation,
    by: Actor,
    action: str,
    before: str = "",
    *,
    changes: dict[str, list[Any]] | None = None,
    reason: str = "",
) -> AuditEntry:
    old = State(before).label if before else ""
    words = {name: pair for name, pair in (changes or {}).items() if pair[0] or pair[1]}
    return record(
        by=by,
        agency=explanation.agency_id,
        action=action,
        of=explanation,
        label=f"{explanation.unit.name}: giải trình tiêu chí {explanation.code}",
        changes={"trạng thái": [old, State(explanation.state).label], **words},
        reason=reason,
    )


def _heads(unit_id: int) -> list[User]:
    """The unit's heads; where it has none, its writers."""
    people = _people(Q(unit_id=unit_id), Role.HEAD, Role.REPORTER)
    return [person for person in people if person.is_head] or people


def _office(explanation: Explanation) -> list[User]:
    return _people(Q(unit__agency_id=explanation.agency_id), Role.COORDINATOR)


def _people(where: Q, *roles: Role) -> list[User]:
    found = User.objects.with_role(*roles).filter(where).select_related("unit__agency")
    return list(found.order_by("pk"))


def _tell(
    event: str,
    entry: AuditEntry,
    by: Actor,
    people: Iterable[User],
    explanations: Sequence[Explanation],
) -> None:
    """One mail to each of ``people`` except the one who did it."""
    for person in people:
        if by.user and person.pk == by.user.pk:
            continue
        mail.put(
            key=f"explanation_{event}:{entry.pk}:{person.pk}",
            kind=f"explanation_{event}",
            user=person,
            template="explanation_event",
            context={
                "event": event,
                "explanation": explanations[0],
                "explanations": explanations,
                "entry": entry,
            },
        )
