"""«Trình Lãnh đạo Sở»: the office says that a card is ready, and the leaders are told once (R27).

It is no state: an event that holds what was offered, so that a later change of the card shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from accounts import mail
from accounts.models import Role, User
from scoring.differences import differences
from scoring.frozen import Frozen, freeze
from scoring.models import Scorecard, ScorecardEvent
from scoring.readiness import gaps
from scoring.scorecard_services import Unready, card_now
from scoring.seen import refuse_if_changed
from tasks.services import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from accounts.history import Actor
    from scoring.differences import Difference
    from scoring.scorecards import Card

State = Scorecard.State
OFFERED = "Trình Lãnh đạo Sở"  # how the history calls it; looked up again


@dataclass(frozen=True)
class Offer:
    """The card waits for a leader. ``touched``: something was entered after it was offered."""

    scorecard: Scorecard
    event: ScorecardEvent
    touched: bool


@transaction.atomic
def offer(
    *, scorecard: Scorecard, by: Actor, shown: Mapping[str, Any] | None = None
) -> ScorecardEvent:
    """Offer the card to the leaders as it stands; the same card twice is one offer and one mail each."""
    card = Scorecard.objects.select_for_update().get(pk=scorecard.pk)
    if card.state != State.DRAFT:
        raise Refused(
            f"Phiếu điểm đang ở bước «{card.get_state_display()}» nên không trình duyệt nữa."
        )
    now = card_now(card)
    refuse_if_changed(shown, now)
    if found := gaps(now):
        raise Unready("Chưa trình được: còn tiêu chí chưa đủ căn cứ.", found)
    kept, before = freeze(now), offer_of(card)
    if before is not None and kept_by(before) == kept:
        return before.event
    event = ScorecardEvent.objects.create(
        **by.columns(),
        scorecard=card,
        action=OFFERED,
        from_state=card.state,
        to_state=card.state,
        changes={"offered": [None, kept]},
    )
    leaders = User.objects.with_role(Role.LEADER).filter(unit__agency=card.agency_id)
    for person in leaders.select_related("unit__agency").order_by("pk"):
        if by.user is None or person.pk != by.user.pk:
            mail.put(
                key=f"scorecard_offered:{event.pk}:{person.pk}",
                kind="scorecard_offered",
                user=person,
                template="scorecard_offered",
                context={"scorecard": card, "card": now, "event": event},
            )
    return event


def offer_of(scorecard: Scorecard) -> Offer | None:
    """The offer that stands: none once the card was approved, or was approved and came back. One query."""
    return next(iter(_standing([scorecard])), None)


def kept_by(offer: Offer) -> dict[str, Any]:
    kept: dict[str, Any] = offer.event.changes["offered"][1]
    return kept


def changed_since(offer: Offer, card: Card) -> tuple[Difference, ...]:
    """What of ``card`` is not as it was offered."""
    return differences(Frozen.read(kept_by(offer)), card)


def offers_for(user: User) -> list[Offer]:
    """Cards that wait for this leader, the newest year first. Two queries, whatever there is."""
    if not user.is_leader:
        return []
    waiting = _standing(Scorecard.objects.visible_to(user).filter(state=State.DRAFT))
    return sorted(waiting, key=lambda offer: -offer.scorecard.year)


def _standing(scorecards: Iterable[Scorecard]) -> list[Offer]:
    cards = {card.pk: card for card in scorecards if card.state == State.DRAFT}
    found: dict[int, Offer | None] = {}
    touched: set[int] = set()
    events = ScorecardEvent.objects.filter(scorecard__in=list(cards)).defer("changes")
    for event in events.order_by("-at", "-pk"):
        pk = event.scorecard_id
        if pk in found:
            continue
        if event.action == OFFERED:
            found[pk] = Offer(cards[pk], event, pk in touched)
        elif event.from_state != event.to_state:
            found[pk] = None
        touched.add(pk)
    return [offer for offer in found.values() if offer is not None]
