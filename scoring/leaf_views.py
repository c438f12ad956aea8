"""One criterion of a scorecard: what its points rest on, and what the office enters for it (R27, R28)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.models import Role
from scoring import entries
from scoring.differences import differences
from scoring.frozen import Frozen
from scoring.leaf_page import (
    POLICY_TEXT,
    documents_of,
    figures_of,
    history_of,
    leaf_called,
    rule_words,
)
from scoring.models import LeafScore
from scoring.permissions import can, require
from scoring.proofs import lacking_proof
from scoring.readiness import left_the_plan, needs_explanation
from scoring.scorecard_forms import ExplainForm, NotApplicableForm, OverrideForm, typed
from scoring.scorecard_pages import badge_of, badge_text_of
from scoring.scorecard_views import get_scorecard, page_of
from scoring.scorecards import compute, period_of
from tasks.services import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse

    from accounts.http import SignedIn
    from scoring.entries import Saved
    from scoring.models import Criterion, Scorecard
    from scoring.scorecard_forms import Styled
    from scoring.scorecards import Card, ScoredLeaf

# What each form of the page does, and the words when it is done.
CHANGES: dict[str, tuple[Callable[..., Saved], str]] = {
    "override": (entries.set_override, "Đã ghi điểm Văn phòng chấm."),
    "remove_override": (entries.remove_override, "Đã bỏ điểm Văn phòng chấm."),
    "not_applicable": (entries.set_not_applicable, "Đã ghi tiêu chí không áp dụng."),
    "applicable": (entries.set_applicable, "Tiêu chí được áp dụng lại."),
    "explain": (entries.explain, "Đã ghi giải trình."),
}
FORMS: dict[str, type[Styled]] = {
    "override": OverrideForm,
    "not_applicable": NotApplicableForm,
    "explain": ExplainForm,
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def leaf_detail(request: SignedIn, pk: int, code: str) -> HttpResponse:
    """The page; a POST changes what ``do`` says, as long as the card has not been sent."""
    user = request.user
    scorecard = get_scorecard(user, pk)
    require(user, "scorecard_read")
    if request.method == "POST":
        require(user, "scorecard_write")
    period, chosen = period_of(scorecard), scorecard.criteria_set
    card = compute(period, chosen) if period and chosen else None
    leaf = leaf_called(card, code) if card else None
    if card is None or leaf is None:
        raise Http404
    if request.method != "POST":
        return _page(request, scorecard, card, leaf)
    return _change(request, scorecard, card, leaf)


def _change(request: SignedIn, scorecard: Scorecard, card: Card, leaf: ScoredLeaf) -> HttpResponse:
    do = request.POST.get("do", "")
    if do not in CHANGES:
        raise Http404
    change, done = CHANGES[do]
    form = FORMS[do](request.POST, prefix=do) if do in FORMS else None
    if form is not None and not form.is_valid():
        return _page(request, scorecard, card, leaf, failed=do, form=form)
    try:
        saved = change(
            scorecard=scorecard,
            criterion=leaf.criterion,
            by=Actor.in_first(request, Role.COORDINATOR),
            version=request.POST.get("version"),
            **(form.cleaned_data if form else {}),
        )
    except entries.Overtaken as error:
        return _page(request, scorecard, card, leaf, failed=do, form=form, overtaken=str(error))
    except Refused as error:
        if form is None:
            return _page(request, scorecard, card, leaf, failed=do, error=str(error))
        form.add_faults(error)
        return _page(request, scorecard, card, leaf, failed=do, form=form)
    say_saved(request, saved, done)
    return redirect(request.path)


def say_saved(request: SignedIn, saved: Saved, done: str) -> None:
    """What became of a change, also of an approval that fell with it."""
    if not saved.changed:
        messages.info(request, "Không có gì thay đổi.")
    elif saved.unapproved:
        messages.warning(
            request, f"{done} Phiếu điểm đã duyệt trở về bước lập; cần trình duyệt lại."
        )
    else:
        messages.success(request, done)


def _page(
    request: SignedIn,
    scorecard: Scorecard,
    card: Card,
    leaf: ScoredLeaf,
    *,
    failed: str = "",
    form: Styled | None = None,
    error: str = "",
    overtaken: str = "",
) -> HttpResponse:
    """The page; after a refusal with the form that ``failed`` as it was typed: 422, or 409 if overtaken."""
    criterion = leaf.criterion
    may_edit = scorecard.is_editable and can(request.user, "scorecard_write")
    score = LeafScore.objects.filter(scorecard=scorecard, criterion=criterion).first()
    kept = scorecard.sent or scorecard.approved
    changed = (
        [one for one in differences(Frozen.read(kept), card) if one.code == criterion.code]
        if kept
        else []
    )
    context: dict[str, Any] = {
        "scorecard": scorecard,
        "card": card,
        "leaf": leaf,
        "criterion": criterion,
        "badge": badge_of(leaf),
        "badge_text": badge_text_of(leaf),
        "rule_words": rule_words(card, leaf),
        "figures": figures_of(card, leaf, request.user),
        "gone": left_the_plan(leaf),
        "documents": documents_of(card, leaf),
        "lacking": lacking_proof(card, frozenset({criterion.code})).get(criterion.code, ""),
        "wants_explanation": needs_explanation(leaf),
        "change": changed[0] if changed else None,
        "history": history_of(scorecard, criterion.code),
        "back": f"{page_of(scorecard)}#tieu-chi-{criterion.pk}",
        "policy_text": POLICY_TEXT[card.criteria_set.policy],
        "may_edit": may_edit,
        "office": request.user.is_coordinator,
        "version": entries.version_of(score),
        "failed": failed,
        "error": error or overtaken,
        "failed_form": form,
    }
    if may_edit:
        context["forms"] = _forms(criterion, score, failed, form)
    status = 409 if overtaken else 422 if failed else 200
    return render(request, "scoring/leaf_detail.html", context, status=status)


def _forms(
    criterion: Criterion, score: LeafScore | None, failed: str, form: Styled | None
) -> dict[str, Styled]:
    """The forms of the page as what is stored fills them; the one that failed as it was typed."""
    stored: dict[str, dict[str, Any]] = {
        "override": {
            "points": typed(score.override) if score else "",
            "explanation": score.explanation if score else "",
        },
        "not_applicable": {"reason": score.reason if score else ""},
        "explain": {"explanation": score.explanation if score else ""},
    }
    found = {name: kind(initial=stored[name], prefix=name) for name, kind in FORMS.items()}
    if form is not None:
        found[failed] = form
    points = found["override"].fields["points"]
    assert criterion.maximum is not None
    points.help_text = f"Từ {typed(criterion.minimum) or '0'} đến {typed(criterion.maximum)}."
    return found
