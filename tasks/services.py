"""Changes of a report: saving, submitting, reviewing (R12–R16). Nothing else writes to one.

Each function is one transaction and writes its history with it. ``Refused`` carries what to tell the
person; ``Conflict`` says that somebody else saved in between (R14).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from accounts import mail
from accounts.history import Actor, record
from accounts.models import HistoryRow, User
from accounts.text import clean_paragraphs
from plans.models import Indicator, Period
from tasks import answers as rules
from tasks.answer_rows import as_row, used_elsewhere
from tasks.contents import TEXTS, Content, content_of, differences, draft_of
from tasks.models import Answer, Report, Substitution, Transition, Version
from tasks.states import EDITABLE, MOVES, Action, State, next_state
from tasks.trimming import for_the_trail

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SAVED = "Sửa báo cáo"  # how the trail calls a save
OWN_ENTRY = "Người duyệt cũng là người nhập thay đơn vị."  # R1: possible, and shown as such


class Refused(Exception):
    """What was asked is not possible now; the message is for the person."""


class Conflict(Exception):
    """Somebody else saved the report since it was shown."""

    def __init__(self, report: Report) -> None:
        super().__init__("Báo cáo đã được người khác sửa trong lúc bạn đang soạn.")
        self.report = report


@dataclass(frozen=True)
class Gap:
    """Something a report lacks before it can be submitted: which field, and the words.

    ``indicator`` is the code of the indicator the field belongs to, empty for the report's own text.
    """

    field: str
    message: str
    indicator: str = ""

    def __str__(self) -> str:
        if not self.indicator:
            return self.message
        return f"{self.indicator}: {self.message[:1].lower()}{self.message[1:]}"


def asked_indicators(report: Report) -> list[Indicator]:
    """The indicators this unit answers (R6a): those without a source, and those it is the source of."""
    indicators = Indicator.objects.filter(task_id=report.task_id).order_by("order")
    return [indicator for indicator in indicators if is_asked(indicator, report)]


def is_asked(indicator: Indicator, report: Report) -> bool:
    """Whether ``report`` answers this indicator of its task."""
    return (
        indicator.source_id in {None, report.unit_id}
        and not indicator.is_retired
        and (report.period.is_final or indicator.interim)
    )


# -- Saving -------------------------------------------------------------------------------------


@transaction.atomic
def save(
    *,
    report: Report,
    by: Actor,
    base_version: int,
    content: Content,
    indicators: list[Indicator],
    answers: Mapping[int, Answer],
) -> Report:
    """Write what a unit typed. ``answers`` are the stored ones by indicator, as just read.

    Nothing is written when nothing changed, whatever ``base_version`` says: the same words sent twice
    are no conflict. Else Conflict when ``base_version`` is not the stored one.
    """
    changes = differences(report, content, indicators, answers)
    if not changes:
        return report
    keep, drop, left = [], [], []
    for indicator in indicators:
        if indicator.code not in changes:
            continue
        old = answers.get(indicator.pk)
        draft = content.answers.get(indicator.pk)
        fresh = as_row(report, indicator, draft, old) if draft is not None else None
        if fresh is not None:
            keep.append(fresh)
        elif old:
            drop.append(old.pk)
        if old and old.document and (fresh is None or fresh.document_id != old.document_id):
            left.append(old.document)
    started = report.state == State.NOT_STARTED
    state = State.DRAFT if started else report.state
    now = timezone.now()
    saved = Report.objects.filter(pk=report.pk, version=base_version, state=report.state).update(
        text=content.text,
        difficulties=content.difficulties,
        unread=content.unread,
        version=base_version + 1,
        state=state,
        updated_at=now,
        assignee=report.assignee_id or writer_of(by),
    )
    if not saved:
        raise Conflict(Report.objects.with_names().get(pk=report.pk))
    if drop:
        Answer.objects.filter(pk__in=drop).delete()
    if keep:
        Answer.objects.bulk_create(
            keep,
            update_conflicts=True,
            unique_fields=["report", "indicator"],
            update_fields=[
                "state",
                "numerator",
                "denominator",
                "amount",
                "holds",
                "day",
                "document",
                "reason",
            ],
        )
    for document in left:
        # A number typed wrong at first leaves nothing in the register.
        if document.unit_id == report.unit_id and not used_elsewhere(document, report):
            document.delete()
    record(
        by=by,
        agency=report.unit.agency_id,
        action=SAVED,
        of=report,
        changes=for_the_trail(changes, TEXTS),
    )
    if started:
        write_transition(report, Action.START, State.DRAFT, by=by)
    report.text, report.difficulties, report.unread = (
        content.text,
        content.difficulties,
        content.unread,
    )
    report.version, report.state, report.updated_at = base_version + 1, state, now
    return report


def writer_of(by: Actor) -> int | None:
    """Who becomes a report's assignee: whoever of its unit begins it, not the office for the unit (R2b)."""
    return by.user.pk if by.user and by.for_unit is None else None


def lock(report: Report) -> Report:
    """The report as it is now, its row locked.

    The names are read afterwards: what is joined while waiting for a lock is as it was before.
    """
    Report.objects.select_for_update().get(pk=report.pk)
    return Report.objects.with_names().get(pk=report.pk)


# -- Handing up and submitting ------------------------------------------------------------------


def gaps(
    report: Report, indicators: Iterable[Indicator], answers: Mapping[int, Answer]
) -> list[Gap]:
    """What is missing before ``report`` can be submitted, in the order of the form."""
    found: list[Gap] = []
    for indicator in indicators:
        lacking = _gaps_of(report, indicator, answers.get(indicator.pk))
        found += [
            Gap(f"a{indicator.pk}-{name}", words[:1].upper() + words[1:], indicator.code)
            for name, words in lacking
        ]
    for name, label in (("text", "Kết quả thực hiện"), ("difficulties", "Khó khăn, vướng mắc")):
        if name in report.unread:
            found.append(Gap(name, f"{label} dài quá mức; hãy rút gọn."))
    if not report.text.strip() and "text" not in report.unread:
        found.append(Gap("text", "Chưa có nội dung kết quả thực hiện."))
    return found


def _gaps_of(report: Report, indicator: Indicator, answer: Answer | None) -> list[tuple[str, str]]:
    """(field, words) for what one indicator's answer lacks."""
    prefix = f"a{indicator.pk}-"
    unread = {
        name.removeprefix(prefix): text
        for name, text in report.unread.items()
        if name.startswith(prefix)
    }
    parts = rules.PARTS[indicator.kind]
    if unread:
        # Typed, but not all of it or not rightly.
        if "state" not in unread:
            lacking = [(name, words) for name, words in parts if not unread.get(name)]
            if lacking:
                return lacking
        field = next(name for name in (*unread, "state") if name != "state" or len(unread) == 1)
        return [(field, "có chỗ nhập chưa đúng, hãy sửa chỗ báo đỏ.")]
    if answer is None:
        return [(parts[0][0], parts[0][1] if len(parts) == 1 else "chưa trả lời chỉ tiêu này.")]
    return rules.missing(draft_of(answer), kind=indicator.kind)


@transaction.atomic
def hand_up(*, report: Report, by: Actor) -> bool:
    """The writer hands the draft to the head (trình); False where it was handed up already (R14).

    Refused while nothing is written.
    """
    if report.state not in MOVES[Action.HAND_UP].sources:
        raise Refused("Báo cáo chưa có nội dung nào để trình.")
    changed = Report.objects.filter(
        pk=report.pk, state__in=MOVES[Action.HAND_UP].sources, handed_up_at=None
    ).update(handed_up_at=timezone.now())
    if changed:
        write_transition(report, Action.HAND_UP, State(report.state), by=by)
    return bool(changed)


@transaction.atomic
def hand_back(*, report: Report, by: Actor, reason: str) -> bool:
    """The head gives the draft back to its writer, with a reason; False where it was not handed up."""
    _need_reason(reason)
    changed = Report.objects.filter(
        pk=report.pk, state__in=MOVES[Action.HAND_BACK].sources, handed_up_at__isnull=False
    ).update(handed_up_at=None)
    if changed:
        write_transition(report, Action.HAND_BACK, State(report.state), by=by, reason=reason)
    return bool(changed)


@transaction.atomic
def submit(*, report: Report, by: Actor, at: dt.datetime | None = None) -> bool:
    """Send the report to the office; False where it had been sent already (a repeated click, R14).

    Refused with what is missing. Lateness is the first submission's time, for good (R15).
    """
    at = at or timezone.now()
    # The period first: whoever closes it meanwhile is waited for, and what is closed stays so (R16).
    Period.objects.select_for_update().get(pk=report.period_id)
    current = lock(report)
    if current.state == State.SUBMITTED:
        return False
    if current.state not in EDITABLE:
        raise Refused("Báo cáo đã được duyệt, không gửi lại được.")
    if current.period.is_closed(timezone.localdate(at)):
        raise Refused(f"Kỳ báo cáo {current.period} đã khóa.")
    if current.retired_at or current.released_at:
        raise Refused("Đơn vị không còn phải gửi báo cáo này.")
    for_the_unit = by.for_unit is not None
    if current.being_entered != for_the_unit:
        raise Refused(
            "Đơn vị đã tự làm báo cáo này."
            if for_the_unit
            else "Văn phòng Sở đang nhập thay đơn vị."
        )
    indicators = asked_indicators(current)
    answers = {a.indicator_id: a for a in current.answers.select_related("document")}
    lacking = gaps(current, indicators, answers)
    if lacking:
        raise Refused("Chưa gửi được: " + " ".join(str(gap) for gap in lacking))
    old_state = State(current.state)
    first = current.first_submitted_at or at
    late = current.is_late if current.first_submitted_at else at >= current.period.due_at
    changed = Report.objects.filter(pk=current.pk, version=current.version, state=old_state).update(
        state=State.SUBMITTED,
        first_submitted_at=first,
        submitted_at=at,
        is_late=late,
        handed_up_at=None,
        substitution=current.substitution if for_the_unit else None,
        version=current.version + 1,
        updated_at=at,
    )
    if not changed:
        raise Conflict(current)
    report.refresh_from_db()
    write_transition(report, Action.SUBMIT, old_state, by=by, at=at)
    keep_version(report, by=by, at=at)
    return True


def keep_version(report: Report, *, by: Actor, at: dt.datetime, reason: str = "") -> Version:
    """Keep what the report says now whole (R13): a submission, or what the office corrected, with its reason."""
    number = (report.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    whole = content_of(report)
    return Version.objects.create(
        **by.columns(), report=report, number=number, at=at, content=whole, reason=reason
    )


# -- Review -------------------------------------------------------------------------------------


@transaction.atomic
def accept(
    *, reports: Iterable[Report], by: Actor, reasons: Mapping[int, str] | None = None
) -> int:
    """The office accepts; how many were. Those no longer waiting for review are left as they are.

    So are those entered for their unit to which the unit objects, until that is answered (R2b).
    ``reasons``: report -> what its history keeps of an express confirmation (R7a).
    """
    accepted = 0
    for report in reports:
        now = timezone.now()
        reason = (reasons or {}).get(report.pk, "")
        entry = lock(report).substitution if report.substitution_id else None
        if entry is not None and entry.is_objected:
            continue
        if entry is not None and by.user and by.user.pk in {entry.by_id, entry.ended_by_id}:
            reason = f"{OWN_ENTRY} {reason}".strip()
        accepted += bool(_move(report, Action.ACCEPT, by=by, reason=reason, accepted_at=now))
    return accepted


@transaction.atomic
def send_back(*, report: Report, by: Actor, reason: str) -> bool:
    """The office returns the report with a reason; its unit is told by mail."""
    _need_reason(reason)
    moved = _move(report, Action.RETURN, by=by, reason=reason)
    if moved:
        # An objection to what the office entered is answered with it (R2b).
        Substitution.objects.filter(
            report=report, objected_at__isnull=False, answered_at__isnull=True
        ).update(
            answer=reason,
            answered_at=moved.at,
            answered_by=by.user,
        )
        tell_unit(report, moved, template="report_returned", reason=reason)
    return bool(moved)


@transaction.atomic
def reopen(*, report: Report, by: Actor, reason: str, until: dt.date) -> bool:
    """The office opens one accepted report again until a new date; its lateness stays (R12)."""
    _need_reason(reason)
    if until < timezone.localdate():
        raise Refused("Hạn mới không được ở quá khứ.")
    moved = _move(report, Action.REOPEN, by=by, reason=reason, extended_to=until, accepted_at=None)
    if moved:
        tell_unit(report, moved, template="report_reopened", reason=reason, until=until)
    return bool(moved)


def _move(
    report: Report, action: Action, *, by: Actor, reason: str = "", **columns: Any
) -> Transition | None:
    """Change the state if it still is one the action starts from; None where somebody was faster."""
    old_state = State(report.state)
    new_state = next_state(old_state, action)
    if new_state is None:
        return None
    changed = Report.objects.filter(pk=report.pk, state=old_state).update(
        state=new_state, version=F("version") + 1, updated_at=timezone.now(), **columns
    )
    if not changed:
        return None
    report.refresh_from_db()
    return write_transition(report, action, old_state, by=by, reason=reason)


def write_transition(
    report: Report,
    action: Action,
    old_state: State,
    *,
    by: Actor,
    reason: str = "",
    at: dt.datetime | None = None,
) -> Transition:
    move = MOVES[action]
    return Transition.objects.create(
        **by.columns(),
        report=report,
        action=action,
        from_state=State.NOT_STARTED if action is Action.START else old_state,
        to_state=move.to or old_state,
        reason=reason,
        at=at or timezone.now(),
        own_unit=bool(by.user and by.user.unit_id == report.unit_id),
    )


def words_within(text: str, limit: int) -> str:
    """``text`` as it is kept; Refused where it is longer than ``limit``."""
    words = clean_paragraphs(text)
    if len(words) > limit:
        raise Refused(f"Nội dung dài quá {limit} ký tự; hãy rút gọn.")
    return words


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused("Hãy nêu lý do.")


def tell_unit(report: Report, step: HistoryRow, *, template: str, **context: Any) -> None:
    """Tell the unit's heads and writers once each of what was done in ``step``."""
    people = (
        User.objects.with_role("head", "reporter")
        .filter(unit_id=report.unit_id)
        .select_related("unit__agency")
    )
    for person in people:
        mail.put(
            key=f"{template}:{step.pk}:{person.pk}",
            kind=template,
            user=person,
            template=template,
            context={"report": report, "by": step.actor_name, **context},
        )
