"""When the points that wait for reports are counted anew: after whatever they rest on has changed (R30).

What changes them leaves a row of history; the receivers below hear of it, note on the period that its points
are behind and ask a worker to count them, once however much changes at once. Drafts change nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.db.models.signals import post_save
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.queue import publish
from plans.models import Period
from scoring import stakes
from scoring.models import ScorecardEvent
from tasks.models import Correction, Report, Transition
from tasks.services import SAVED
from tasks.states import Action

if TYPE_CHECKING:
    from collections.abc import Callable

# A message that was lost, or whose worker died, is asked for again by the next change after this.
LOST_AFTER = dt.timedelta(minutes=2)
# What a step of a report does to its figures: only what is accepted counts.
COUNTING = frozenset({Action.ACCEPT, Action.REOPEN})
# Kinds of things whose history says that the points of the whole agency may be others now.
OF_AGENCY = (
    "plans.plan",
    "plans.indicator",
    "plans.period",
    "scoring.criteria",
    "scoring.scorecard",
)


def recount(period_id: int) -> int:
    """Count the points of one period if it was asked for; how many reports changed. Safe to run again."""
    asked = Period.objects.filter(pk=period_id, stakes_asked_at__isnull=False)
    if not asked.update(stakes_asked_at=None):
        return 0  # another worker has taken it
    today = timezone.localdate()
    period = stakes.scored_periods(today).select_related("plan__agency").filter(pk=period_id)
    return sum(stakes.write_stakes(one, on=today) for one in period)


@dataclass(frozen=True)
class _Ask:
    """What is done once the change is committed: note it, and start one job."""

    report: int | None = None
    period: int | None = None
    agency: int | None = None
    year: int | None = None

    def __call__(self) -> None:
        from scoring.jobs import write_period_stakes

        now = timezone.now()
        periods = stakes.scored_periods(timezone.localdate())
        if self.report is not None:
            periods = periods.filter(reports=self.report)
        if self.period is not None:
            periods = periods.filter(pk=self.period)
        if self.agency is not None:
            periods = periods.filter(plan__agency=self.agency)
        if self.year is not None:
            periods = periods.filter(year=self.year)
        for pk in list(periods.values_list("pk", flat=True)):
            period = Period.objects.filter(pk=pk)
            free = Q(stakes_asked_at__isnull=True) | Q(stakes_asked_at__lt=now - LOST_AFTER)
            if period.filter(free).update(stakes_changed_at=now, stakes_asked_at=now):
                publish(write_period_stakes, pk)
            else:
                period.update(stakes_changed_at=now)


def ask(what: Callable[[], None]) -> None:
    """Run ``what`` after the commit, once for however many equal changes there are in the transaction."""
    connection = transaction.get_connection()
    inside = set(connection.savepoint_ids)
    # One registered in this savepoint or around it is undone no sooner than what is changed here.
    waiting = (entry for entry in connection.run_on_commit if entry[1] == what)
    if not any(entry[0] <= inside for entry in waiting):
        transaction.on_commit(what)


def report_moved(instance: Transition, *, created: bool, **kwargs: Any) -> None:
    if created and instance.action in COUNTING:
        # Of the whole agency: a figure of last year is what this year's may be measured by (R9).
        ask(_Ask(agency=instance.report.unit.agency_id))


def figure_corrected(instance: Correction, *, created: bool, **kwargs: Any) -> None:
    if created:
        ask(_Ask(agency=instance.report.unit.agency_id))


def card_changed(instance: ScorecardEvent, *, created: bool, **kwargs: Any) -> None:
    if created:
        card = instance.scorecard
        ask(_Ask(agency=card.agency_id, year=card.year))


def thing_changed(instance: AuditEntry, *, created: bool, **kwargs: Any) -> None:
    """Releases of reports, opened periods, imports, criteria sets, targets of the plan."""
    kind = instance.object_type
    if not created:
        return
    if kind == Report._meta.label_lower:
        if instance.action != SAVED:
            ask(_Ask(report=instance.object_id))
    elif kind.startswith(OF_AGENCY):
        ask(_Ask(agency=instance.agency_id))


def listen() -> None:
    """Hear of changes; called once, when the app is ready."""
    for receiver, sender in (
        (report_moved, Transition),
        (figure_corrected, Correction),
        (card_changed, ScorecardEvent),
        (thing_changed, AuditEntry),
    ):
        post_save.connect(receiver, sender=sender, dispatch_uid=f"stakes of {sender.__name__}")
