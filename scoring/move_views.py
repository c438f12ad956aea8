"""The steps of a scorecard up to the sending, and back (R27): a page each, with what it rests on and its form."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core import signing
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.models import Role
from accounts.text import clean_paragraphs
from scoring import entries, offering
from scoring import scorecard_services as services
from scoring.frozen import freeze
from scoring.permissions import can, require
from scoring.readiness import gaps, provisional
from scoring.scorecard_forms import ApproveForm, PaperApproveForm, ReasonForm, SendForm
from scoring.scorecard_pages import changes_of
from scoring.scorecard_steps import SLUGS, STEP_TEXT
from scoring.scorecard_views import get_scorecard, page_of
from scoring.scorecards import compute, period_of
from scoring.seen import ChangedSince
from scoring.states import ACTION_TEXT, Action, State, next_state
from tasks.services import Refused

if TYPE_CHECKING:
    from typing import Any

    from django.http import HttpResponse, QueryDict

    from accounts.http import SignedIn
    from accounts.models import User
    from scoring.differences import Difference
    from scoring.models import Scorecard
    from scoring.readiness import Gap
    from scoring.scorecard_forms import Styled
    from scoring.scorecards import Card

SHOWN_SALT = "scorecard-shown"
APPROVALS = frozenset({Action.APPROVE, Action.WITHDRAW})
DONE = {
    Action.APPROVE: "Đã duyệt phiếu điểm.",
    Action.WITHDRAW: "Đã rút lại việc duyệt; phiếu điểm trở về bước lập.",
    Action.SEND: "Đã ghi gửi phiếu điểm. Điểm tự chấm từ nay giữ nguyên như đã gửi.",
    Action.RECALL: "Đã thu hồi phiếu điểm; nội dung đã gửi được giữ trong lịch sử.",
    Action.STEP_BACK: "Đã lùi lại một bước.",
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def scorecard_move(request: SignedIn, pk: int, step: str) -> HttpResponse:
    """One step: what it rests on and its form; a POST takes it."""
    user = request.user
    scorecard = get_scorecard(user, pk)
    action = next((action for action, slug in SLUGS.items() if slug == step), None)
    if action is None:
        raise Http404
    require(user, "scorecard_approve" if action in APPROVALS else "scorecard_write")
    target = next_state(scorecard.state, action)
    if request.method != "POST" and target is None:
        messages.info(
            request,
            f"Phiếu điểm đang ở bước «{scorecard.get_state_display()}» nên không thực hiện được"
            f" «{ACTION_TEXT[action]}».",
        )
        return redirect(page_of(scorecard))
    looked = _Look(request, scorecard, action)
    if request.method != "POST":
        return looked.page()
    form = looked.form
    if looked.blocked:
        looked.error = "Chưa ghi gửi được: điểm đã thay đổi sau khi duyệt."
        return looked.page()
    if not form.is_valid():
        return looked.page()
    try:
        more: dict[str, Any] = {"shown": _shown(request)} if action is Action.APPROVE else {}
        services.move(
            scorecard=scorecard,
            action=action,
            by=Actor.in_first(request, *_roles(user, action)),
            seen=_seen(request),
            **form.cleaned_data,
            **more,
        )
    except ChangedSince as error:
        return _Look(request, scorecard, action, since=error).page()
    except services.Unready as error:
        looked.refused = error
        return looked.page()
    except Refused as error:
        form.add_faults(error)
        return looked.page()
    messages.success(request, DONE[action])
    return redirect(page_of(scorecard))


@require_POST
@signed_in
def scorecard_offer(request: SignedIn, pk: int) -> HttpResponse:
    """The office offers the card to the leaders, as it stood on the page."""
    scorecard = get_scorecard(request.user, pk)
    require(request.user, "scorecard_write")
    try:
        offering.offer(
            scorecard=scorecard, by=Actor.in_first(request, Role.COORDINATOR), shown=_shown(request)
        )
    except ChangedSince as error:
        return _Look(request, scorecard, Action.APPROVE, since=error, typed=request.POST).page()
    except Refused as error:
        looked = _Look(request, scorecard, Action.APPROVE, typed=request.POST)
        looked.error = str(error)
        return looked.page()
    messages.success(request, "Đã trình phiếu điểm; Lãnh đạo Sở được báo qua thư và trang đầu.")
    return redirect(page_of(scorecard))


@require_POST
@signed_in
def leaves_explain(request: SignedIn, pk: int) -> HttpResponse:
    """Explanations typed beside what lacks proof, several at once; the page of the approval comes back."""
    scorecard = get_scorecard(request.user, pk)
    require(request.user, "scorecard_write")
    chosen = scorecard.criteria_set
    given = [
        (criterion, text, request.POST.get(f"version-{criterion.pk}"))
        for criterion in (chosen.criteria.exclude(kind="") if chosen else ())
        if (text := clean_paragraphs(request.POST.get(f"explain-{criterion.pk}", "")))
    ]
    try:
        changed = entries.explain_several(
            scorecard=scorecard, explanations=given, by=Actor.in_first(request, Role.COORDINATOR)
        )
    except Refused as error:
        looked = _Look(request, scorecard, Action.APPROVE, typed=request.POST)
        looked.error = str(error)
        return looked.page()
    if changed:
        messages.success(request, f"Đã ghi giải trình của {changed} tiêu chí.")
    else:
        messages.info(request, "Chưa ghi giải trình nào.")
    return redirect("scorecard_move", pk, SLUGS[Action.APPROVE])


def _roles(user: User, action: Action) -> tuple[Role, ...]:
    return (Role.LEADER, Role.COORDINATOR) if action in APPROVALS else (Role.COORDINATOR,)


def _shown(request: SignedIn) -> dict[str, Any]:
    """The card as the page showed it; empty where the form does not say."""
    try:
        shown: dict[str, Any] = signing.loads(
            request.POST.get("shown", ""), salt=SHOWN_SALT, max_age=None
        )
    except signing.BadSignature:
        return {}
    return shown


def _seen(request: SignedIn) -> str:
    """The state the form was shown in; an unknown one is as none."""
    seen = request.POST.get("seen", "")
    return seen if seen in set(State) else ""


class _Look:
    """The page of one step, as it is shown first and as it comes back."""

    def __init__(
        self,
        request: SignedIn,
        scorecard: Scorecard,
        action: Action,
        *,
        typed: QueryDict | None = None,  # beside the gaps, which is another form
        since: ChangedSince | None = None,
    ) -> None:
        self.request, self.scorecard, self.action = request, scorecard, action
        self.typed, self.since = typed, since
        self.refused: services.Unready | None = None
        self.error = str(since or "")
        self.card = self._card()
        self.changes = changes_of(self.card) if self.card else ()
        self.waiting = provisional(self.card) if self.card and action is Action.APPROVE else ()
        self.gaps = gaps(self.card) if self.card and action is Action.APPROVE else ()
        self.grave = tuple(one for one in self.changes if one.matters)
        self.blocked = action is Action.SEND and bool(self.grave)
        self.offer = offering.offer_of(scorecard) if action is Action.APPROVE else None
        self.form = self._form()

    def _card(self) -> Card | None:
        """Computed for what is approved or sent; the other steps rest on no points."""
        if self.action not in {Action.APPROVE, Action.SEND, Action.WITHDRAW}:
            return None
        period = period_of(self.scorecard)
        chosen = self.scorecard.criteria_set
        return compute(period, chosen) if period and chosen else None

    def _form(self) -> Styled:
        posted = self.request.method == "POST" and self.typed is None
        data = self.request.POST if posted else None
        user = self.request.user
        if self.action is Action.APPROVE:
            waiting = len(self.waiting)
            if user.is_leader:
                return ApproveForm(data, waiting=waiting)
            return PaperApproveForm(data, waiting=waiting, agency=self.scorecard.agency)
        if self.action is Action.SEND:
            return SendForm(data, changed=len(self.changes))
        listed = "; ".join(one.words for one in self.grave[:5])
        more = "; …" if len(self.grave) > 5 else ""
        initial = f"Điểm đã thay đổi sau khi duyệt: {listed}{more}" if listed else ""
        return ReasonForm(data, initial={"reason": initial})

    def _gap_rows(self) -> list[tuple[Gap, str, str]]:
        """Each gap with the version of its leaf and what was typed for it."""
        scores = {score.criterion_id: score for score in self.scorecard.scores.all()}
        return [
            (
                gap,
                entries.version_of(scores.get(gap.key)),
                self.typed.get(f"explain-{gap.key}", "") if self.typed else "",
            )
            for gap in self.gaps
        ]

    def _changed_since_offer(self) -> tuple[Difference, ...]:
        return offering.changed_since(self.offer, self.card) if self.offer and self.card else ()

    def page(self) -> HttpResponse:
        refused = self.form.errors or self.refused or self.error
        on_paper = self.action is Action.APPROVE and not self.request.user.is_leader
        state = self.scorecard.state
        target = next_state(state, self.action, came_from=services.came_from(self.scorecard, state))
        return render(
            self.request,
            "scoring/scorecard_move.html",
            {
                "scorecard": self.scorecard,
                "action": self.action.value,
                "title": "Kiểm tra để trình duyệt" if on_paper else ACTION_TEXT[self.action],
                "target": STEP_TEXT[target] if target else "",
                "possible": target is not None,
                "form": self.form,
                "refused": self.refused or self.error,
                "gaps": self._gap_rows() if self.gaps else [],
                "may_explain": any(gap.key for gap in self.gaps)
                and can(self.request.user, "scorecard_write"),
                "waiting": self.waiting,
                "changes": self.changes,
                "grave": self.grave,
                "blocked": self.blocked,
                "withdraw": reverse(
                    "scorecard_move", args=[self.scorecard.pk, SLUGS[Action.WITHDRAW]]
                ),
                "since": self.since.found if self.since else (),
                "offer": self.offer,
                "offer_changes": self._changed_since_offer(),
                "shown": signing.dumps(freeze(self.card), salt=SHOWN_SALT, compress=True)
                if self.card and self.action is Action.APPROVE
                else "",
                "card": self.card,
                "maximum": sum((of.maximum for of in self.card.fields), Fraction(0))
                if self.card
                else None,
                "back": page_of(self.scorecard),
                "on_paper": on_paper,
            },
            status=422 if refused else 200,
        )
