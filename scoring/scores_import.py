"""The points of a results file (FORMATS ``cchc-results/1``): appraised, surveyed, typed in; adjustments; publication."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from accounts.reading import Faulty
from scoring.models import Adjustment, CriteriaSet, Criterion, LeafScore, Scorecard, ScorecardEvent
from scoring.scorecards import set_for
from scoring.scores_checking import (
    FROM_FILE,
    OWN,
    SURVEYED,
    Against,
    Points,
    find_faults,
    listed,
    publication_changes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.history import Actor
    from accounts.reading import Source
    from plans.models import Period
    from tasks.results_schema import AdjustmentEntry, PublishedEntry, ScoreEntry


@transaction.atomic
def import_scores(
    *,
    period: Period,
    scores: Sequence[ScoreEntry],
    adjustments: Sequence[AdjustmentEntry],
    published: PublishedEntry | None,
    source: Source,
    by: Actor,
) -> int:
    """Write the points of ``period``'s year; how many the file has. :class:`Faulty` with every fault, else all of it.

    What a file says of a criterion is added to what is stored, field by field; a list of adjustments
    replaces the one before. Again, nothing changes.
    """
    agency, year = period.plan.agency, period.year
    criteria_set = _held(set_for(agency, year))  # first, as whoever begins a card does
    card = Scorecard.objects.select_for_update().filter(agency=agency, year=year).first()
    points = Points(list(enumerate(scores)), adjustments, published)
    against = Against(year, criteria_set, card)
    if faults := find_faults(points, against, source):
        raise Faulty(faults)
    leaves, stored = against.leaves, against.stored
    needs_set = points.need_set
    if card is None:
        card = Scorecard(agency=agency, year=year)
    changes: dict[str, list[Any]] = {}
    before = card.state
    if needs_set and card.criteria_set_id is None:
        card.criteria_set = criteria_set
    if published:
        _take(card, publication_changes(card, published), changes)
    if card.pk is None or changes:
        card.save()
    elif needs_set:
        card.save(update_fields=["criteria_set", "updated_at"])
    for entry in scores:
        _write(card, leaves[entry.criterion], entry, stored.get(entry.criterion), changes)
    if adjustments:
        _adjust(card, adjustments, changes)
    if card.state == Scorecard.State.APPROVED and any(_is_own(name) for name in changes):
        # What was approved is not what stands there now (R27).
        card.state, card.approved = Scorecard.State.DRAFT, None
        card.save(update_fields=["state", "approved", "updated_at"])
    if changes:
        ScorecardEvent.objects.create(
            **by.columns(),
            scorecard=card,
            action=FROM_FILE,
            from_state=before,
            to_state=card.state,
            changes=changes,
        )
    return len(scores)


def _is_own(name: str) -> bool:
    """Is this change one of ours, not of the province's points?"""
    return name == "adjustments" or name.rpartition(".")[2] in {
        "override",
        "explanation",
        "not_applicable",
        "reason",
    }


def _held(criteria_set: CriteriaSet | None) -> CriteriaSet | None:
    """The set, so that nobody takes it back to a draft while points come into it."""
    if criteria_set is None:
        return None
    return (
        CriteriaSet.objects.select_for_update().filter(pk=criteria_set.pk, is_draft=False).first()
    )


def _take(card: Scorecard, values: dict[str, Any], changes: dict[str, list[Any]]) -> None:
    for name, value in values.items():
        changes[name] = [_plain(getattr(card, name)), _plain(value)]
        setattr(card, name, value)


def _write(
    card: Scorecard,
    leaf: Criterion,
    entry: ScoreEntry,
    score: LeafScore | None,
    changes: dict[str, list[Any]],
) -> None:
    score = score or LeafScore(scorecard=card, criterion=leaf)
    changed = score.pk is None
    for name in (*OWN, *SURVEYED, "explanation", "not_applicable", "reason", "note"):
        value = getattr(entry, name)
        before = getattr(score, name)
        if value is not None and value != before:
            changes[f"{leaf.code}.{name}"] = [_plain(before), _plain(value)]
            setattr(score, name, value)
            changed = True
    if changed:
        score.save()


def _adjust(
    card: Scorecard, adjustments: Sequence[AdjustmentEntry], changes: dict[str, list[Any]]
) -> None:
    wanted, there = listed(adjustments), listed(card.adjustments.all())
    if wanted == there:
        return
    changes["adjustments"] = [
        [[kind, str(points), reason] for kind, points, reason in rows] for rows in (there, wanted)
    ]
    card.adjustments.all().delete()
    Adjustment.objects.bulk_create(
        [
            Adjustment(scorecard=card, order=n, kind=kind, points=points, reason=reason)
            for n, (kind, points, reason) in enumerate(wanted)
        ]
    )


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int)) else str(value)
