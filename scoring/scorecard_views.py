"""«Điểm»: a year's scorecard as it stands (R29), beginning it, its history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.models import Role
from plans.models import Period
from scoring import scorecard_services as services
from scoring.history_words import lines_of
from scoring.models import Adjustment, CriteriaSet, Scorecard
from scoring.offering import changed_since, offer_of
from scoring.permissions import can, require
from scoring.proofs import documents_behind, lacking_proof
from scoring.publication import rank_estimate
from scoring.scorecard_pages import (
    FILTERS,
    Columns,
    changes_of,
    earlier,
    is_capped,
    next_band,
    sections,
)
from scoring.scorecard_steps import doings_of, steps_of
from scoring.scorecards import compute, period_of, set_for, survey_estimate
from tasks.overview import current_period, opened_periods
from tasks.services import Refused

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn
    from accounts.models import User

EVENTS = 50  # a page of history


def choose(request: SignedIn) -> tuple[Period | None, list[Period]]:
    """The final period of ``?ky=``, else the one that matters today; only final ones are scored (R4)."""
    opened = [period for period in opened_periods(request.user) if period.is_final]
    periods = sorted([*opened, *_history(request.user, opened)], key=lambda one: -one.year)
    wanted = request.GET.get("ky", "")
    chosen = next((period for period in periods if str(period.pk) == wanted), None)
    return chosen or current_period(opened) or current_period(periods), periods


def _history(user: User, opened: list[Period]) -> list[Period]:
    """Years that have a scorecard although nothing was reported here: their figures came from files."""
    years = (
        Scorecard.objects.visible_to(user)
        .filter(criteria_set__isnull=False)
        .exclude(year__in=[period.year for period in opened])
    )
    found = (
        Period.objects.visible_to(user)
        .filter(kind=Period.FINAL, is_history=True, year__in=years.values("year"))
        .select_related("plan__agency")
        .order_by("-year", "-pk")
    )
    return list(
        {period.year: period for period in found}.values()
    )  # as period_of: the first of a year


def choose_set(
    user: User, period: Period, code: str
) -> tuple[CriteriaSet | None, list[CriteriaSet]]:
    """The set called ``code``, else the year's; those still being written, or of a later year, score nothing."""
    usable = CriteriaSet.objects.visible_to(user).usable().filter(valid_from__lte=period.year)
    sets = list(usable.order_by("-valid_from", "code"))
    chosen = next((one for one in sets if one.code == code), None)
    return chosen or set_for(period.plan.agency, period.year), sets


def get_scorecard(user: User, pk: int) -> Scorecard:
    """404 for another agency's."""
    return get_object_or_404(
        Scorecard.objects.visible_to(user).select_related("criteria_set", "agency"), pk=pk
    )


def page_of(scorecard: Scorecard) -> str:
    """The address of the card's page."""
    period = period_of(scorecard)
    return reverse("scorecard_detail") + (f"?ky={period.pk}" if period else "")


# -- The card ----------------------------------------------------------------------------------


@require_safe
@signed_in
def scorecard_detail(request: SignedIn) -> HttpResponse:
    """The tree with maximum, figure, points and how they were computed; steps, totals, what can be reached."""
    require(request.user, "scorecard_read")
    return show_scorecard(request)


def show_scorecard(request: SignedIn, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page of ``?ky=`` and ``?bo=``; ``more`` is what a form that was refused comes back with."""
    user = request.user
    period, periods = choose(request)
    context: dict[str, Any] = {"period": period, "periods": periods}
    if period:
        chosen, sets = choose_set(user, period, request.GET.get("bo", ""))
        context |= {"criteria_set": chosen, "sets": sets}
        if chosen:
            context |= _card_context(request, period, chosen)
    return render(request, "scoring/scorecard_detail.html", context | more, status=status)


def _card_context(request: SignedIn, period: Period, chosen: CriteriaSet) -> dict[str, Any]:
    user = request.user
    card = compute(period, chosen)
    wanted = request.GET.get("loc", "")
    narrowed = wanted if wanted in dict(FILTERS) else ""
    changes = changes_of(card)
    scorecard = card.scorecard
    offer = offer_of(scorecard) if scorecard else None
    grave = any(one.matters for one in changes)
    other = None
    if scorecard is None:
        other = (
            Scorecard.objects.visible_to(user)
            .filter(year=period.year)
            .select_related("criteria_set")
            .first()
        )
    return {
        "card": card,
        "scorecard": scorecard,
        "other": other,
        "sections": sections(
            card,
            documents=documents_behind(card),
            lacking=lacking_proof(card),
            changes={one.code: one for one in changes},
            narrowed=narrowed,
        ),
        "columns": Columns.of(card),
        "filters": FILTERS if changes else FILTERS[:-1],
        "narrowed": narrowed,
        "changes": changes,
        "grave": grave,
        # At the province: nothing of ours is awaited any more, also where files brought it there.
        "is_out": bool(scorecard and not scorecard.is_editable),
        "offer": offer,
        "offer_changed": bool(offer and changed_since(offer, card)),
        "steps": steps_of(scorecard) if scorecard else [],
        "doings": doings_of(scorecard, user, changed=grave) if scorecard else None,
        "may_write": can(user, "scorecard_write"),
        "may_edit": bool(scorecard and scorecard.is_editable and can(user, "scorecard_write")),
        "survey_estimate": survey_estimate(card) if card.waits_for_survey else None,
        "rank_estimate": rank_estimate(card),
        "next_band": None if card.waits_for_survey else next_band(card.index, chosen),
        "earlier": earlier(user, period, card.published_like),
        "more": card.bonus - card.penalty,
        "bonus_capped": is_capped(card, Adjustment.Kind.BONUS, card.bonus),
        "penalty_capped": is_capped(card, Adjustment.Kind.PENALTY, card.penalty),
        "now": timezone.now(),
    }


@require_POST
@signed_in
def scorecard_begin(request: SignedIn) -> HttpResponse:
    """Begin the scorecard of the year of ``ky`` under the set ``bo``; two at once give one."""
    user = request.user
    require(user, "scorecard_write")
    periods = [period for period in opened_periods(user) if period.is_final]
    period = next((p for p in periods if str(p.pk) == request.POST.get("ky", "")), None)
    if period is None:
        raise Http404
    sets = CriteriaSet.objects.visible_to(user)
    chosen = get_object_or_404(sets, code=request.POST.get("bo", "")[:30])
    try:
        card = services.begin(
            agency=period.plan.agency,
            year=period.year,
            criteria_set=chosen,
            by=Actor.in_first(request, Role.COORDINATOR),
        )
    except Refused as error:
        messages.error(request, f"Chưa lập được phiếu điểm. {error}")
    else:
        if card.criteria_set_id == chosen.pk:
            messages.success(request, f"Phiếu điểm năm {period.year} lập theo {chosen.name}.")
        else:
            messages.info(request, f"Phiếu điểm năm {period.year} vừa được người khác lập.")
    return redirect(f"{reverse('scorecard_detail')}?ky={period.pk}")


@require_safe
@signed_in
def scorecard_history(request: SignedIn, pk: int) -> HttpResponse:
    """Everything that was done to the card, the newest first."""
    scorecard = get_scorecard(request.user, pk)
    require(request.user, "scorecard_read")
    events = scorecard.events.select_related("for_unit").order_by("-at", "-pk")
    page = Paginator(events, EVENTS).get_page(request.GET.get("page"))
    return render(
        request,
        "scoring/scorecard_history.html",
        {
            "scorecard": scorecard,
            "page": page,
            "lines": lines_of(page),
            "back": page_of(scorecard),
        },
    )
