"""«Điểm»: a year's scorecard as it stands (R29). Nothing is written here."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.decorators import signed_in
from plans.models import Period
from plans.targets import Status
from scoring import rules
from scoring.models import CriteriaSet, Criterion, Scorecard
from scoring.permissions import require
from scoring.scorecards import Card, ScoredLeaf, compute, set_for, survey_estimate
from scoring.totals import Source
from tasks.overview import current_period, opened_periods

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn
    from accounts.models import User

STATE_TEXT = {
    rules.State.SCORED: "Đã tính",
    rules.State.NOT_REPORTED: "Chưa có số liệu",
    rules.State.NO_PREVIOUS: "Chưa có số liệu năm trước",
    rules.State.NOT_ARISING: "Không áp dụng",
    rules.State.WAITING_MANUAL: "Chờ Văn phòng chấm",
    rules.State.WAITING_SURVEY: "Chờ điều tra",
    Source.APPRAISED: "Đã thẩm định",
    Source.OVERRIDE: "Văn phòng chấm",
    Source.SURVEY: "Đã điều tra",
}
# Which look of the target badge a leaf's state has; colour, icon and word always together.
LOOK = {
    rules.State.NOT_REPORTED: Status.NOT_REPORTED,
    rules.State.NO_PREVIOUS: Status.NO_PREVIOUS,
    rules.State.NOT_ARISING: Status.NOT_ARISING,
    rules.State.WAITING_MANUAL: Status.NOT_REPORTED,
    rules.State.WAITING_SURVEY: Status.NOT_REPORTED,
}


@dataclass(frozen=True)
class Line:
    """One line of the tree: a field's criterion, or a leaf with its points."""

    node: Criterion
    leaf: ScoredLeaf | None = None

    @property
    def badge(self) -> str:
        assert self.leaf is not None
        now = self.leaf.now
        full = Status.MET if now.points == now.maximum else Status.NOT_MET
        return str(LOOK.get(now.state, full))  # type: ignore[call-overload]  # states of both kinds are words

    @property
    def badge_text(self) -> str:
        assert self.leaf is not None
        now = self.leaf.now
        if now.state == rules.State.SCORED:
            if now.points == now.maximum:
                return "Đủ điểm"
            return "Một phần" if now.points > 0 else "Chưa có điểm"
        return STATE_TEXT[now.state]  # type: ignore[index]


@dataclass(frozen=True)
class Section:
    """One field with its sums and its lines."""

    field: Criterion
    points: Fraction
    counted: Fraction
    maximum: Fraction
    lines: list[Line]

    @property
    def share(self) -> Fraction | None:
        return self.points / self.counted if self.counted else None

    @property
    def bar(self) -> int:
        """The share as a whole percent for the bar: a negative sum shows nothing."""
        return max(0, int((self.share or Fraction(0)) * 100))


def choose(request: SignedIn) -> tuple[Period | None, list[Period]]:
    """The final period of ``?ky=``, else the one that matters today; only final ones are scored (R4)."""
    periods = [period for period in opened_periods(request.user) if period.is_final]
    wanted = request.GET.get("ky", "")
    chosen = next((period for period in periods if str(period.pk) == wanted), None)
    return chosen or current_period(periods), periods


def choose_set(
    user: User, period: Period, code: str
) -> tuple[CriteriaSet | None, list[CriteriaSet]]:
    sets = list(CriteriaSet.objects.visible_to(user).usable().order_by("-valid_from", "code"))
    chosen = next((one for one in sets if one.code == code), None)
    return chosen or set_for(period.plan.agency, period.year), sets


@require_safe
@signed_in
def scorecard_detail(request: SignedIn) -> HttpResponse:
    """The tree with maximum, figure, points and how they were computed; totals and what can be reached."""
    user = request.user
    require(user, "scorecard_read")
    period, periods = choose(request)
    context: dict[str, object] = {"period": period, "periods": periods}
    if period:
        chosen, sets = choose_set(user, period, request.GET.get("bo", ""))
        context |= {"criteria_set": chosen, "sets": sets}
        if chosen:
            card = compute(period, chosen)
            context |= {
                "card": card,
                "sections": sections(card),
                "survey_estimate": survey_estimate(card) if card.waits_for_survey else None,
                "earlier": earlier(user, period),
            }
    return render(request, "scoring/scorecard_detail.html", context)


def sections(card: Card) -> list[Section]:
    leaves = {leaf.criterion.pk: leaf for leaf in card.leaves}
    lines: dict[int, list[Line]] = {}
    top = 0
    for node in card.nodes:
        if node.depth == 0:
            top = node.pk
            lines[top] = []
        else:
            lines[top].append(Line(node, leaves.get(node.pk)))
    return [
        Section(
            field=of.criterion,
            points=of.sums.points,
            counted=of.sums.maximum,
            maximum=of.maximum,
            lines=lines[of.criterion.pk],
        )
        for of in card.fields
    ]


@dataclass(frozen=True)
class Earlier:
    """One year's published result."""

    year: int
    index: object
    rank: int | None
    ranked: int | None


def earlier(user: User, period: Period) -> list[Earlier]:
    """What was published of the years before, and the plan's own baseline where its year is not among them."""
    found = [
        Earlier(card.year, card.published_index, card.published_rank, card.ranked_agencies)
        for card in Scorecard.objects.visible_to(user)
        .filter(year__lt=period.year, published_index__isnull=False)
        .order_by("-year")[:5]
    ]
    plan = period.plan
    if plan.baseline_index is not None and plan.baseline_year not in {one.year for one in found}:
        found.append(
            Earlier(
                plan.baseline_year or 0,
                plan.baseline_index,
                plan.baseline_rank,
                plan.baseline_ranked_agencies,
            )
        )
    return sorted(found, key=lambda one: -one.year)
