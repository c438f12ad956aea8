"""What a checked file changes, written with its history: answers, documents, moves, versions, the trail."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

from django.db.models import Max
from django.utils import timezone

from accounts.history import record
from accounts.models import AuditEntry
from accounts.text import fold
from plans.models import Indicator
from plans.targets import Kind
from tasks import answers as rules
from tasks.answer_rows import answer_of
from tasks.contents import content_of
from tasks.models import Answer, Document, Report, Transition, Version
from tasks.states import Action, State, next_state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.history import Actor
    from plans.models import Period
    from tasks.importing.checking import Wanted

ACTION = "Nạp kết quả từ tệp"
CORRECTED = "Nạp lại số liệu từ tệp."
NO_REASON = "Tệp không ghi lý do trả lại."
ANSWER_FIELDS = [
    "state",
    "numerator",
    "denominator",
    "amount",
    "holds",
    "day",
    "document",
    "reason",
]
_Key = tuple[str, dt.date, str]


def write(period: Period, wanted: list[Wanted], *, by: Actor) -> int:
    """Write what differs; how many reports that was. Call it in the transaction that checked them."""
    if period.pk is None:
        period.save()
    todo = [item for item in wanted if item.is_written]
    if not todo:
        return 0
    fresh = [item.report for item in todo if item.report.pk is None]
    for report in fresh:
        report.period = period
    Report.objects.bulk_create(fresh)
    _write_answers(period, todo)
    now = timezone.now()
    moves: list[Transition] = []
    sent: list[tuple[Wanted, dt.datetime]] = []
    for item in todo:
        found = _move(item, period, by=by, now=now)
        moves += found
        sent += [(item, move.at) for move in found if move.action == Action.SUBMIT]
    Transition.objects.bulk_create(moves)
    _keep_versions(sent, by)
    _write_trail(period, todo, by)
    return len(todo)


def acting(by: Actor, report: Report) -> Actor:
    """``by``, for the unit of ``report`` where a person of another one acts (R2b)."""
    if by.user is None or by.user.unit_id == report.unit_id:
        return by
    return replace(by, for_unit=report.unit)


def _write_answers(period: Period, todo: list[Wanted]) -> None:
    documents = _register(
        period,
        [
            (item.report, indicator, draft)
            for item in todo
            for indicator, draft in item.answers
            if draft.state == rules.GIVEN and indicator.kind == Kind.DOCUMENT
        ],
    )
    rows = []
    for item in todo:
        for indicator, draft in item.answers:
            key = _key(draft)
            rows.append(answer_of(item.report, indicator, draft, documents[key] if key else None))
    Answer.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["report", "indicator"],
        update_fields=ANSWER_FIELDS,
    )


def _key(draft: rules.Draft) -> _Key | None:
    return (draft.number, draft.issued_on, draft.issuer) if draft.issued_on else None


def _register(
    period: Period, given: Iterable[tuple[Report, Indicator, rules.Draft]]
) -> dict[_Key, Document]:
    """The documents of all answers, each registered once in the agency (R17), in three queries."""
    agency = period.plan.agency_id
    first: dict[_Key, tuple[Report, Indicator]] = {}
    for report, indicator, draft in given:
        key = _key(draft)
        assert key is not None  # the check wants a number and a day
        first.setdefault(key, (report, indicator))
    numbers = {number for number, _, _ in first}

    def known() -> dict[_Key, Document]:
        return {
            (document.number, document.issued_on, document.issuer): document
            for document in Document.objects.filter(agency_id=agency, number__in=numbers)
            if document.issued_on
        }

    there = known()
    new = [
        Document(
            agency_id=agency,
            unit_id=report.unit_id,
            number=key[0],
            issued_on=key[1],
            issuer=key[2],
            subject=indicator.name,
            folded=fold(" ".join((key[0], key[2], indicator.name))),
        )
        for key, (report, indicator) in first.items()
        if key not in there
    ]
    if not new:
        return there
    # Somebody may register the same document at the same moment: the constraint decides.
    Document.objects.bulk_create(new, ignore_conflicts=True)
    return known()


def _move(item: Wanted, period: Period, *, by: Actor, now: dt.datetime) -> list[Transition]:
    """Put the report into its state; the moves that tell how it got there, not saved yet."""
    report, by = item.report, acting(by, item.report)
    moment = now
    if item.moves and item.moves[0] is Action.SUBMIT and item.submitted_at:
        # As it happened elsewhere, but never before what is recorded already.
        moment = max(item.submitted_at, item.last_move_at or item.submitted_at)
    state = State(report.state)
    moves = []
    for action in item.moves:
        to = next_state(state, action)
        assert to is not None
        moves.append(
            Transition(
                **by.columns(),
                report=report,
                action=action,
                from_state=state,
                to_state=to,
                reason=_reason(action, item),
                at=moment,
                own_unit=bool(by.user and by.user.unit_id == report.unit_id),
            )
        )
        state = to
    report.state = state
    report.text, report.difficulties = item.text, item.difficulties
    prefixes = tuple(f"a{indicator.pk}-" for indicator, _ in item.answers)
    report.unread = {
        name: typed
        for name, typed in report.unread.items()
        if state is State.DRAFT
        and not name.startswith(prefixes or ("\0",))
        and name not in item.changes
    }
    report.version += 1
    if Action.SUBMIT in item.moves:
        _set_times(item, period)
    if state is State.ACCEPTED:
        if item.moves:
            report.accepted_at = moment
    else:
        report.accepted_at = None
    report.save()
    return moves


def _set_times(item: Wanted, period: Period) -> None:
    """R15: lateness is the first submission's, which a person's own is for good; a file may correct a file's."""
    report = item.report
    first = item.submitted_at
    assert first is not None
    if report.first_submitted_at and not item.only_imported:
        first = min(first, report.first_submitted_at)
    report.first_submitted_at = first
    report.submitted_at = item.submitted_at
    report.is_late = not period.is_history and first >= period.due_at
    report.handed_up_at = None
    report.substitution = None  # what the file says has taken its place


def _reason(action: Action, item: Wanted) -> str:
    if action is Action.REOPEN or (action is Action.RETURN and action is not item.moves[-1]):
        return CORRECTED
    if action is Action.RETURN:
        return item.reason or NO_REASON
    return ""


def _keep_versions(sent: list[tuple[Wanted, dt.datetime]], by: Actor) -> None:
    """Each submission whole (R13)."""
    reports = [item.report for item, _ in sent]
    numbers = dict(
        Version.objects.filter(report__in=reports)
        .order_by()
        .values_list("report")
        .annotate(last=Max("number"))
    )
    Version.objects.bulk_create(
        [
            Version(
                **acting(by, item.report).columns(),
                report=item.report,
                number=numbers.get(item.report.pk, 0) + 1,
                at=at,
                content=content_of(item.report),
            )
            for item, at in sent
        ]
    )


def _write_trail(period: Period, todo: list[Wanted], by: Actor) -> None:
    agency = period.plan.agency_id
    AuditEntry.objects.bulk_create(
        [
            AuditEntry(
                **acting(by, item.report).columns(),
                agency_id=agency,
                action=ACTION,
                object_type=item.report._meta.label_lower,
                object_id=item.report.pk,
                object_label=str(item.report)[:300],
                changes=item.changes,
            )
            for item in todo
        ]
    )
    record(
        by=by,
        agency=agency,
        action=ACTION,
        of=period,
        label=f"{period.plan.code}, {period}",
        changes={"báo cáo": [None, str(len(todo))]},
    )
