"""«Thẩm định»: the steps of the year's card, and the page on which a round's points are entered (R27)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.http import agency_of
from accounts.models import Role
from scoring import appraisal, scorecard_views
from scoring.appraisal import FIRST, LABELS, POINTS_OF, SECOND, BadCells, Overtaken, fields_of
from scoring.comparing import own_points
from scoring.models import Criterion, LeafScore, Scorecard
from scoring.permissions import can, require
from scoring.readiness import Gap
from scoring.rules import show_points
from scoring.scorecard_services import Unready
from scoring.scorecard_steps import SLUGS, steps_of
from scoring.states import APPRAISABLE, Action, State
from tasks.services import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from django.http import HttpResponse

    from accounts.http import SignedIn
    from accounts.models import Agency
    from scoring.appraisal import Words
    from scoring.scorecards import Card, ScoredLeaf

# What each round's page asks for beside the points and the survey; the explanation follows the first round.
FIRST_IS_DUE = "Chưa hoàn tất thẩm định lần 1 nên chưa nhập điểm lần 2."
ASKED_IN = {FIRST: ("loss", "note", "asked"), SECOND: ("loss", "note", "explained")}


def get_scorecard(request: SignedIn, pk: int, action: str) -> Scorecard:
    """404 for another agency's, then 403 for whom this is not (R3)."""
    card = scorecard_views.get_scorecard(request.user, pk)
    require(request.user, action)
    return card


def is_sent(card: Scorecard) -> bool:
    return card.state not in {State.DRAFT, State.APPROVED}


def actor(request: SignedIn) -> Actor:
    return Actor.in_first(request, Role.COORDINATOR, Role.LEADER)


def step_back_url(request: SignedIn, card: Scorecard) -> str:
    """Where a published result is taken back; nothing for whom that is not."""
    if card.state != State.PUBLISHED or not card.criteria_set_id:
        return ""
    if not can(request.user, "scorecard_write"):
        return ""
    return reverse("scorecard_move", args=[card.pk, SLUGS[Action.STEP_BACK]])


# -- The year ----------------------------------------------------------------------------------------


@require_safe
@signed_in
def appraisal_home(request: SignedIn) -> HttpResponse:
    """The card of ``?nam=``, else the newest one at the province, with its steps and where to go from here."""
    user = request.user
    require(user, "scorecard_read")
    cards = list(
        Scorecard.objects.visible_to(user).select_related("criteria_set").order_by("-year")
    )
    own = [card for card in cards if card.criteria_set_id]
    wanted = request.GET.get("nam", "")
    chosen = next((card for card in own if str(card.year) == wanted), None)
    chosen = chosen or next((c for c in own if c.state in APPRAISABLE), None)
    chosen = chosen or next(iter(own), None)
    return render(
        request,
        "scoring/appraisal_home.html",
        {
            "card": chosen,
            "cards": own,
            "steps": steps_of(chosen) if chosen else [],
            "is_sent": chosen is not None and is_sent(chosen),
            "published": _published(cards, agency_of(request)),
            "card_url": scorecard_views.page_of(chosen) if chosen else "",
            "may_write": can(user, "appraisal_write"),
        },
    )


@dataclass(frozen=True)
class Published:
    """One year's published result: of its card, or the baseline that a plan names."""

    year: int
    index: Decimal
    rank: int | None
    agencies: int | None
    card: Scorecard | None = None


def _published(cards: list[Scorecard], agency: Agency) -> list[Published]:
    """The newest first. One query."""
    found = {
        card.year: Published(
            card.year, card.published_index, card.published_rank, card.ranked_agencies, card
        )
        for card in cards
        if card.published_index is not None
    }
    for plan in agency.plans.filter(baseline_year__isnull=False, baseline_index__isnull=False):
        assert plan.baseline_year is not None  # as filtered
        assert plan.baseline_index is not None
        found.setdefault(
            plan.baseline_year,
            Published(
                plan.baseline_year,
                plan.baseline_index,
                plan.baseline_rank,
                plan.baseline_ranked_agencies,
            ),
        )
    return sorted(found.values(), key=lambda one: -one.year)


# -- One round ----------------------------------------------------------------------------------------


@dataclass
class Cell:
    """One input of one criterion."""

    name: str
    label: str
    short: str
    value: str
    error: str = ""
    stored: str | None = None  # what someone else has stored meanwhile

    @property
    def is_wrong(self) -> bool:
        return bool(self.error) or self.stored is not None


@dataclass
class Line:
    """One line of the tree: a heading, or a criterion with its inputs."""

    node: Criterion
    leaf: ScoredLeaf | None = None
    ours: Fraction | None = None
    first: str = ""  # of the first round, on the page of the second
    asked: str = ""
    points: Cell | None = None
    loss: Cell | None = None
    texts: list[Cell] = field(default_factory=list)

    @property
    def ours_words(self) -> str:
        """With as many decimals as the province's points beside it can have."""
        return "" if self.ours is None else show_points(self.ours)

    @property
    def is_open(self) -> bool:
        """Some words are there, or wrong: the part that holds them is shown open."""
        return any(cell.value or cell.is_wrong for cell in self.texts)


@dataclass
class Section:
    """One field of the set with its lines."""

    top: Criterion
    lines: list[Line] = field(default_factory=list)
    filled: int = 0
    leaves: int = 0


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def appraisal_form(request: SignedIn, pk: int) -> HttpResponse:
    """The tree with ours and the province's points of one round (``?lan=``). Leaders read."""
    action = "appraisal_write" if request.method == "POST" else "scorecard_read"
    scorecard = get_scorecard(request, pk, action)
    if request.method == "POST":
        return _post(request, scorecard)
    return _page(
        request,
        scorecard,
        _round(request.GET.get("lan", ""), scorecard),
        one_round=request.GET.get("mot-lan") == "1",
    )


def _round(text: str, scorecard: Scorecard) -> int:
    if text in {"1", "2"}:
        return int(text)
    return FIRST if scorecard.state == State.SENT else SECOND


def _post(request: SignedIn, scorecard: Scorecard) -> HttpResponse:
    round_ = _round(request.POST.get("lan", ""), scorecard)
    by = actor(request)
    typed = _typed(request.POST, scorecard)
    then = request.POST.get("then", "save")
    here = f"{reverse('appraisal_form', args=[scorecard.pk])}?lan={round_}"
    one_round = request.POST.get("mot-lan") == "1"
    kept: dict[str, Any] = {"typed": typed, "one_round": one_round}
    if round_ == SECOND and not one_round and appraisal.awaits_first(scorecard):
        return _page(request, scorecard, round_, error=FIRST_IS_DUE, status=422, typed=typed)
    try:
        saved = appraisal.save(
            scorecard=scorecard,
            typed=typed,
            base=_base(request.POST.get("base", "")),
            by=by,
            action=f"Nhập thẩm định lần {round_}",
        )
    except BadCells as error:
        kept["faults"] = error.faults
        return _page(request, scorecard, round_, error=str(error), status=422, **kept)
    except Overtaken as error:
        kept["stored"] = error.stored
        return _page(request, scorecard, round_, error=str(error), status=409, **kept)
    except Refused as error:
        return _page(request, scorecard, round_, error=str(error), status=422, **kept)
    try:
        if then == "fill":
            filled = appraisal.fill(scorecard=scorecard, round_=round_, by=by)
            words = f"Đã lấy điểm cho {filled} tiêu chí còn trống; hãy kiểm tra lại."
            messages.success(request, words if filled else "Không còn tiêu chí nào trống.")
        elif then == "finish":
            appraisal.finish(scorecard=scorecard, round_=round_, by=by, seen=scorecard.state)
            messages.success(request, f"Đã hoàn tất thẩm định lần {round_}.")
            return redirect(f"{reverse('appraisal_home')}?nam={scorecard.year}")
        elif saved:
            messages.success(request, f"Đã lưu {saved} thay đổi.")
        else:
            messages.info(request, "Không có gì thay đổi.")
    except Unready as error:
        return _page(
            request,
            scorecard,
            round_,
            error=str(error),
            gaps=error.gaps,
            one_round=one_round,
            status=422,
        )
    except Refused as error:
        return _page(request, scorecard, round_, error=str(error), one_round=one_round, status=422)
    return redirect(f"{here}&mot-lan=1" if one_round else here)


def _key(leaf: Criterion, name: str) -> str:
    return f"d{leaf.pk}-{name}"


def _typed(post: Mapping[str, str], scorecard: Scorecard) -> Words:
    """What the form holds, by code; fields that it does not have are left alone."""
    if scorecard.criteria_set is None:
        return {}
    return {
        leaf.code: {
            name: post[key] for name in fields_of(leaf) if (key := _key(leaf, name)) in post
        }
        for leaf in scorecard.criteria_set.criteria.exclude(kind="")
    }


def _base(text: str) -> Words:
    """What the person had before them; whatever is not of that form counts as nothing."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        code: {name: str(words) for name, words in cells.items()}
        for code, cells in found.items()
        if isinstance(cells, dict)
    }


def _page(
    request: SignedIn,
    scorecard: Scorecard,
    round_: int,
    *,
    typed: Words | None = None,
    faults: Mapping[tuple[str, str], str] | None = None,
    stored: Mapping[tuple[str, str], str] | None = None,
    error: str = "",
    gaps: tuple[Gap, ...] = (),
    one_round: bool = False,
    status: int = 200,
) -> HttpResponse:
    scorecard.refresh_from_db(fields=["state"])
    locked = appraisal.why_locked(scorecard)
    # Points of the second round count at once: before the first only where there is no other.
    early = not locked and round_ == SECOND and appraisal.awaits_first(scorecard)
    if early and not one_round:
        locked = FIRST_IS_DUE
    context: dict[str, Any] = {
        "scorecard": scorecard,
        "round": round_,
        "heading": f"Thẩm định lần {round_}, năm {scorecard.year}",
        "locked": locked,
        "writable": not locked and can(request.user, "appraisal_write"),
        "error": error,
        "gaps": gaps,
        "losses": LeafScore.Loss.choices,
        "step_back": step_back_url(request, scorecard),
        "one_round": early and one_round,
        "may_skip": early and not one_round and can(request.user, "appraisal_write"),
    }
    if is_sent(scorecard) and scorecard.criteria_set_id:
        try:
            card = appraisal.card_of_year(scorecard)
        except Refused as refused:
            context |= {"locked": str(refused), "writable": False}
        else:
            scores = {score.criterion_id: score for score in scorecard.scores.all()}
            # Where nothing can be written any more, what is stored is shown, not what was typed.
            shown = typed if typed and context["writable"] else {}
            sections = _sections(card, scores, round_, shown, faults or {}, stored or {})
            leaves = [leaf.criterion for leaf in card.leaves]
            finish = appraisal.FINISHES[round_]
            context |= {
                "sections": sections,
                "base": json.dumps(appraisal.stored_words(leaves, scores), ensure_ascii=False),
                "left": len(appraisal.lacking(card, round_)),
                "unsurveyed": len(appraisal.unsurveyed(card)),
                "can_finish": scorecard.state in appraisal.sources_of(finish),
                "faulty": [
                    (line.node.code, cell)
                    for section in sections
                    for line in section.lines
                    for cell in (line.points, line.loss, *line.texts)
                    if cell and cell.is_wrong
                ],
            }
    return render(request, "scoring/appraisal_form.html", context, status=status)


def _sections(
    card: Card,
    scores: Mapping[int, LeafScore],
    round_: int,
    typed: Words,
    faults: Mapping[tuple[str, str], str],
    stored: Mapping[tuple[str, str], str],
) -> list[Section]:
    leaves = {leaf.criterion.pk: leaf for leaf in card.leaves}
    sections: list[Section] = []
    for node in card.nodes:
        if node.depth == 0:
            sections.append(Section(node))
        leaf = leaves.get(node.pk)
        if leaf is None:
            if node.depth:
                sections[-1].lines.append(Line(node))
            continue
        score = scores.get(node.pk)

        def cell(name: str, of: Criterion = node, entered: LeafScore | None = score) -> Cell:
            known = appraisal.words_of(entered, name)
            return Cell(
                name=_key(of, name),
                label=f"{LABELS[name]}, tiêu chí {of.code}",
                short=LABELS[name],
                value=typed.get(of.code, {}).get(name, known),
                error=faults.get((of.code, name), ""),
                stored=stored.get((of.code, name)),
            )

        survey = node.is_survey
        asked = ("note",) if survey else ASKED_IN[round_]
        line = Line(
            node,
            leaf,
            ours=own_points(leaf),
            first=appraisal.words_of(score, "appraised_1") if round_ == SECOND else "",
            asked=score.asked if score and round_ == SECOND else "",
            points=cell("survey" if survey else POINTS_OF[round_]),
            loss=None if survey else cell("loss"),
            texts=[cell(name) for name in asked if name != "loss"],
        )
        sections[-1].lines.append(line)
        sections[-1].leaves += 1
        # What is stored: what was typed and refused is not there yet.
        name = "survey" if survey else POINTS_OF[round_]
        sections[-1].filled += bool(appraisal.words_of(score, name))
    return sections
