"""What is owed by a day: the one list that to-do lists and reminders read (R20a).

Reports, the directions of Lãnh đạo Sở, and what the province wants explained. Further things join as kinds
of :class:`Owed` from :func:`owed_items`; whoever reads the list need not change.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, TextField, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import AuditEntry
from plans.models import Period
from tasks.models import (
    Direction,
    DirectionQuerySet,
    Explanation,
    ExplanationQuerySet,
    Report,
    ReportQuerySet,
    Transition,
)
from tasks.states import OWED, Action, State

if TYPE_CHECKING:
    from accounts.models import Agency, Unit

# A period is reminded of until it closes; a direction or an explanation that nobody sees to, this long.
REMINDED_ALONE = dt.timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Owed:
    """One thing a unit owes: who and by when. What it is, the kinds below say."""

    due_before: dt.date  # exclusive, R4

    @property
    def unit(self) -> Unit:
        raise NotImplementedError

    @property
    def unit_id(self) -> int:
        return self.unit.pk

    @property
    def source(self) -> Period | Direction | Explanation:
        """Whose date it is: reminders go out once for each step of that date."""
        raise NotImplementedError

    @property
    def thing(self) -> Report | Direction | Explanation:
        raise NotImplementedError

    @property
    def reminded_until(self) -> dt.date:
        raise NotImplementedError

    @property
    def last_day(self) -> dt.date:
        """The last day that is still on time."""
        return self.due_before - dt.timedelta(days=1)

    def days_left(self, on: dt.date) -> int:
        """Calendar days until the date; 0 or fewer once it is late."""
        return (self.due_before - on).days


@dataclass(frozen=True, kw_only=True)
class OwedReport(Owed):
    report: Report
    state: State  # on the day asked for, not always the report's own
    why: str = ""  # of a returned report: the reason given

    @property
    def unit(self) -> Unit:
        return self.report.unit

    @property
    def source(self) -> Period:
        return self.report.period

    @property
    def thing(self) -> Report:
        return self.report

    @property
    def reminded_until(self) -> dt.date:
        return self.report.period.closes_on

    @property
    def area(self) -> str:
        return str(self.report.task.area)


@dataclass(frozen=True, kw_only=True)
class OwedDirection(Owed):
    direction: Direction

    @property
    def unit(self) -> Unit:
        return self.direction.owner

    @property
    def source(self) -> Direction:
        return self.direction

    @property
    def thing(self) -> Direction:
        return self.direction

    @property
    def reminded_until(self) -> dt.date:
        return self.due_before + REMINDED_ALONE


@dataclass(frozen=True, kw_only=True)
class OwedExplanation(Owed):
    explanation: Explanation
    why: str = ""  # of one sent back: the reason given

    @property
    def unit(self) -> Unit:
        return self.explanation.unit

    @property
    def source(self) -> Explanation:
        return self.explanation

    @property
    def thing(self) -> Explanation:
        return self.explanation

    @property
    def reminded_until(self) -> dt.date:
        return self.due_before + REMINDED_ALONE


def moment_of(agency: Agency, on: dt.date) -> dt.datetime | None:
    """At which moment the states of day ``on`` are read: of a past day its reminder hour, else now (None)."""
    if on >= timezone.localdate():
        return None
    return timezone.make_aware(dt.datetime.combine(on, agency.reminder_time))


def owed_items(agency: Agency, on: dt.date, moment: dt.datetime | None = None) -> list[Owed]:
    """Everything owed in ``agency`` on day ``on``: nearest date first; of one date reports (most points,
    plan order), then directions, then explanations.

    ``moment``: as the states were then, from the history (see :func:`moment_of`); None: as they are.
    One query however long the list is, one more each where there are directions or explanations.
    """
    directions = _directed(Direction.objects.filter(owner__agency_id=agency.pk), moment)
    explanations = _asked(Explanation.objects.filter(agency_id=agency.pk), moment)
    reports = list(
        _owed(Report.objects.filter(period__plan__agency_id=agency.pk), on, moment).annotate(
            directed=Exists(directions.order_by()), explained=Exists(explanations.order_by())
        )
    )
    items: list[Owed] = [_item(report) for report in reports]
    # Most mornings there are none of these.
    if not reports or reports[0].directed:
        items += [_directed_item(direction) for direction in directions]
    if not reports or reports[0].explained:
        items += [_asked_item(explanation) for explanation in explanations]
    items.sort(key=lambda item: item.due_before)
    return items


def owed_for_unit(unit: Unit | int, on: dt.date | None = None) -> ReportQuerySet:
    """The reports ``unit`` owes now, in the order of :func:`owed_items`, with their names.

    ``on``: the day on which their periods are running (today by default). Each report carries ``why``,
    the reason of its last return, and ``due_before``.
    """
    unit_id = unit if isinstance(unit, int) else unit.pk
    return _owed(Report.objects.filter(unit_id=unit_id), on or timezone.localdate(), None)


def directions_for_unit(unit: Unit | int) -> list[OwedDirection]:
    """The directions ``unit`` has to carry out, nearest date first; of any period."""
    unit_id = unit if isinstance(unit, int) else unit.pk
    directions = _directed(Direction.objects.filter(owner_id=unit_id), None)
    return [_directed_item(direction) for direction in directions]


def _directed(directions: DirectionQuerySet, moment: dt.datetime | None) -> DirectionQuerySet:
    if moment is None:
        directions = directions.open()
    else:
        directions = directions.filter(
            Q(done_at__isnull=True) | Q(done_at__gt=moment), recorded_at__lte=moment
        )
    return directions.select_related("owner", "obstacle__unit").order_by(
        "due_on", "owner__order", "pk"
    )


def _directed_item(direction: Direction) -> OwedDirection:
    return OwedDirection(
        due_before=direction.due_on + dt.timedelta(days=1),  # due_on is a last day
        direction=direction,
    )


def explanations_for_unit(unit: Unit | int) -> list[OwedExplanation]:
    """What ``unit`` has to explain, nearest date first; of any period."""
    unit_id = unit if isinstance(unit, int) else unit.pk
    explanations = _asked(Explanation.objects.filter(unit_id=unit_id), None)
    return [_asked_item(explanation) for explanation in explanations]


def _asked(explanations: ExplanationQuerySet, moment: dt.datetime | None) -> ExplanationQuerySet:
    returned = Explanation.State.RETURNED
    if moment is None:
        explanations = explanations.owed().annotate(sent_back=Q(state=returned))
    else:
        moves = AuditEntry.objects.filter(
            object_type=Explanation._meta.label_lower,
            object_id=OuterRef("pk"),
            at__lte=moment,
            action__in=Explanation.Move.values,
        )
        last = moves.order_by("-at", "-id").values("action")[:1]
        explanations = explanations.annotate(
            last=Subquery(last), sent_back=Q(last=Explanation.Move.RETURN)
        ).filter(last__in=[Explanation.Move.ASK, Explanation.Move.RETURN])
    return explanations.select_related("unit", "period__plan").order_by(
        "due_before", "unit__order", "code", "pk"
    )


def _asked_item(explanation: Explanation) -> OwedExplanation:
    return OwedExplanation(
        due_before=explanation.due_before,
        explanation=explanation,
        why=explanation.returned_reason if explanation.sent_back else "",  # type: ignore[attr-defined]
    )


def _owed(reports: ReportQuerySet, on: dt.date, moment: dt.datetime | None) -> ReportQuerySet:
    # The day a report was released or left the plan is not compared: that is decided for the period.
    reports = reports.active().filter(period__in=Period.objects.running(on))
    before = Transition.objects.filter(report_id=OuterRef("pk"))
    if moment is None:
        reports = reports.filter(state__in=OWED).annotate(
            state_then=F("state"), moved=Q(extended_to__isnull=False)
        )
    else:
        before = before.filter(at__lte=moment)
        last = before.order_by("-at", "-id").values("to_state")[:1]
        reports = reports.annotate(
            state_then=Coalesce(Subquery(last), Value(State.NOT_STARTED.value)),
            # A new date counts from its reopening on.
            moved=Q(Exists(before.filter(action=Action.REOPEN)), extended_to__isnull=False),
        ).filter(state_then__in=OWED)
    why = before.filter(action__in=[Action.RETURN, Action.REOPEN]).order_by("-at", "-id")
    return (
        reports.annotate(
            why=Coalesce(Subquery(why.values("reason")[:1]), Value(""), output_field=TextField())
        )
        .select_related("unit", "assignee", "task__area", "period__plan", "substitution")
        .order_by(
            # A new date is a last day, a period's is exclusive: hence "moved" after it on equal dates.
            Case(When(moved=True, then=F("extended_to")), default=F("period__due_before")),
            "moved",
            F("stake").desc(nulls_last=True),
            "task__area__order",
            "task__order",
            "task__code",
            "unit__order",
            "pk",
        )
    )


def _item(report: Report) -> OwedReport:
    due = report.period.due_before
    if report.moved:  # type: ignore[attr-defined]  # annotated by _owed
        assert report.extended_to is not None
        due = report.extended_to + dt.timedelta(days=1)
    state = State(report.state_then)  # type: ignore[attr-defined]
    return OwedReport(
        due_before=due,
        report=report,
        state=state,
        why=report.why if state == State.RETURNED else "",  # type: ignore[attr-defined]
    )
