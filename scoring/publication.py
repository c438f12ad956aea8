"""What the province published: of a year with a scorecard, of a year without one, and of other agencies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.history import record
from accounts.models import Agency
from accounts.text import fold
from plans.numbers import show_number
from scoring import ranking
from scoring.models import PeerScore, Scorecard, ScorecardEvent
from scoring.ranking import Standing
from scoring.scorecard_services import PUBLISHED, Faults, publication_values
from scoring.scorecards import Card, compute, period_of, survey_estimate
from scoring.states import State
from tasks.services import Refused

if TYPE_CHECKING:
    from accounts.history import Actor

FIRST_YEAR = 2000


@transaction.atomic
def add_year(*, agency: Agency, year: int, by: Actor, **fields: Any) -> Scorecard:
    """The published result of a year that nobody scored here. ``fields`` as of ``move``'s *publish*."""
    this_year = timezone.localdate().year
    if not FIRST_YEAR <= year <= this_year:
        raise Faults({"year": f"Năm phải từ {FIRST_YEAR} đến {this_year}."})
    there = Scorecard.objects.filter(agency=agency, year=year).first()
    if there is not None:
        what = "kết quả công bố" if there.published_index is not None else "phiếu điểm"
        raise Faults({"year": f"Năm {year} đã có {what}; mỗi năm chỉ có một."})
    card = Scorecard(agency=agency, year=year)
    values = publication_values(card, fields)
    for name, value in values.items():
        setattr(card, name, value)
    card.state = State.PUBLISHED
    try:
        with transaction.atomic():
            card.save()
    except IntegrityError:
        raise Faults({"year": f"Năm {year} vừa có người ghi; mỗi năm chỉ có một."}) from None
    _write(card, by, "Ghi kết quả năm trước", {n: [None, v] for n, v in values.items() if v})
    return card


@transaction.atomic
def correct_year(*, scorecard: Scorecard, by: Actor, **fields: Any) -> int:
    """Correct the result of a year without criteria; how many fields changed."""
    card = Scorecard.objects.select_for_update().get(pk=scorecard.pk)
    if card.criteria_set_id is not None:
        raise Refused("Kết quả đã công bố. Muốn sửa, hãy lùi phiếu điểm lại một bước.")
    values = publication_values(card, fields)
    changes = {
        name: [getattr(card, name), value]
        for name, value in values.items()
        if value != getattr(card, name)
    }
    if changes:
        for name, value in values.items():
            setattr(card, name, value)
        card.save(update_fields=[*PUBLISHED, "updated_at"])
        _write(card, by, "Sửa kết quả năm trước", changes)
    return len(changes)


def _write(card: Scorecard, by: Actor, action: str, changes: dict[str, list[Any]]) -> None:
    ScorecardEvent.objects.create(
        **by.columns(),
        scorecard=card,
        action=action,
        from_state=card.state,
        to_state=card.state,
        changes={name: [_plain(value) for value in pair] for name, pair in changes.items()},
    )


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, (Decimal, dt.date)) else value


# -- Other agencies -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stored:
    added: int
    changed: int


@transaction.atomic
def store_peers(*, agency: Agency, year: int, found: Mapping[str, Decimal], by: Actor) -> Stored:
    """Add the agencies of a table, or give those that are there its index; others stay."""
    if not FIRST_YEAR <= year <= timezone.localdate().year:
        raise Refused(f"Chưa có kết quả công bố của năm {year}.")
    Agency.objects.select_for_update().get(pk=agency.pk)  # two tables at once
    there = {fold(row.name): row for row in PeerScore.objects.filter(agency=agency, year=year)}
    changes: dict[str, list[Any]] = {}
    added = 0
    for name, index in found.items():
        row = there.get(fold(name))
        if row is None:
            PeerScore.objects.create(agency=agency, year=year, name=name, index=index)
            changes[name] = ["", show_number(index)]
            added += 1
        elif row.index != index:
            changes[row.name] = [show_number(row.index), show_number(index)]
            row.index = index
            row.save(update_fields=["index"])
    if changes:
        record(
            by=by,
            agency=agency,
            action=f"Nhập chỉ số các cơ quan năm {year}",
            of=agency,
            changes=changes,
        )
    return Stored(added, len(changes) - added)


@transaction.atomic
def remove_peer(*, peer: PeerScore, by: Actor) -> bool:
    """Take one agency out of the table; False where it was out already."""
    gone, _ = PeerScore.objects.filter(pk=peer.pk).delete()
    if gone:
        record(
            by=by,
            agency=peer.agency_id,
            action=f"Xóa chỉ số cơ quan năm {peer.year}",
            of=peer.agency,
            changes={peer.name: [show_number(peer.index), ""]},
        )
    return bool(gone)


# -- Where we stand -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class RankEstimate:
    """Our place by the published scores of others, marked as an estimate unless it was published."""

    year: int  # of the others' scores
    standing: Standing
    published: bool = False  # ours is published too, for the same year
    adjusted: bool = False  # ours is computed, with bonus or penalty

    @property
    def peers(self) -> int:
        return self.standing.agencies - 1


def our_index(card: Card) -> Fraction | None:
    """What can be compared with a published index: ours if published, else today's; None while it lacks the survey.

    Without survey points it is the estimate with last year's survey (R29). After bonus and penalty, as published.
    """
    scorecard = card.scorecard
    if scorecard is not None and scorecard.published_index is not None:
        return Fraction(scorecard.published_index)
    return survey_estimate(card) if card.waits_for_survey else card.published_like


def rank_estimate(card: Card) -> RankEstimate | None:
    """By the scores of the card's year, else of the newest year before that has any. None without them."""
    rows = list(
        PeerScore.objects.filter(
            agency_id=card.criteria_set.agency_id, year__lte=card.year
        ).order_by("-year")
    )
    index = our_index(card) if rows else None
    if index is None:
        return None
    year = rows[0].year
    published = card.scorecard is not None and card.scorecard.published_index is not None
    others = [row.index for row in rows if row.year == year]
    return RankEstimate(
        year,
        ranking.standing(index, others),
        published and year == card.year,
        card.adjusted and not published,
    )


@dataclass(frozen=True)
class OwnIndex:
    """Ours of one year: as published, with the rank that was published; or as it would be today."""

    year: int
    index: Decimal | Fraction
    rank: int | None = None
    agencies: int | None = None
    adjusted: bool = False  # computed, with bonus or penalty


def official_of(agency: Agency, year: int) -> OwnIndex | None:
    """What was published of us for ``year``: of its scorecard, else the baseline that a plan names."""
    card = Scorecard.objects.filter(agency=agency, year=year, published_index__isnull=False).first()
    if card is not None and card.published_index is not None:
        return OwnIndex(year, card.published_index, card.published_rank, card.ranked_agencies)
    plan = agency.plans.filter(baseline_year=year, baseline_index__isnull=False).first()
    if plan is not None and plan.baseline_index is not None:
        return OwnIndex(
            year, plan.baseline_index, plan.baseline_rank, plan.baseline_ranked_agencies
        )
    return None


def newest_index(agency: Agency, year: int) -> OwnIndex | None:
    """What the newest card from ``year`` on comes to, unless that is what was published of ``year``."""
    card = (
        Scorecard.objects.filter(agency=agency, year__gte=year, criteria_set__isnull=False)
        .select_related("criteria_set", "agency")
        .order_by("-year")
        .first()
    )
    if card is None or (card.year == year and card.published_index is not None):
        return None
    period = period_of(card)
    if period is None or card.criteria_set is None:
        return None
    computed = compute(period, card.criteria_set)
    index = our_index(computed)
    if index is None:
        return None
    adjusted = computed.adjusted and card.published_index is None
    return OwnIndex(card.year, index, adjusted=adjusted)


@dataclass(frozen=True)
class Place:
    """One line of the table of agencies."""

    rank: int
    name: str
    index: Decimal
    peer: PeerScore | None = None  # None: ours


def places(
    peers: Iterable[PeerScore], own_name: str, ours: Decimal | Fraction | None
) -> list[Place]:
    """All agencies of a year in their order, ours among them where it has an index; ties share a rank."""
    rows = list(peers)
    indexes = [row.index for row in rows]
    own = None if ours is None else ranking.as_published(ours, indexes)
    every = indexes if own is None else [*indexes, own]
    found = [Place(ranking.rank_of(row.index, every), row.name, row.index, row) for row in rows]
    if own is not None:
        found.append(Place(ranking.rank_of(own, every), own_name, own))
    return sorted(found, key=lambda place: (place.rank, place.peer is not None, place.name))
