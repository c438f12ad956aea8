"""«Giải trình với tỉnh»: what the first round took or asks, passed on to units, their answers, our text (R27)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import signed_in
from accounts.models import Role, Unit, User
from scoring import explaining
from scoring.appraisal import BadCells, Overtaken
from scoring.appraisal_views import actor, get_scorecard
from scoring.explaining_forms import AskForm, FinishForm
from scoring.models import Scorecard
from scoring.permissions import can, require
from scoring.scorecard_services import Faults
from tasks.models import Explanation
from tasks.services import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse

    from accounts.http import SignedIn
    from scoring.models import Criterion

KEPT = "explaining"  # of the session: what stood in other fields when a button was pressed
FINISHING = frozenset({"number", "issued_on", "confirmed"})


@require_safe
@signed_in
def explanation_home(request: SignedIn) -> HttpResponse:
    """To the newest card that has something to explain; where none has, to what units were asked."""
    require(request.user, "scorecard_read")
    cards = Scorecard.objects.visible_to(request.user).exclude(criteria_set=None)
    card = cards.exclude(state__in=explaining.BEFORE).order_by("-year").first()
    return redirect("explanation_ask", card.pk) if card else redirect("explanation_list")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def explanation_ask(request: SignedIn, pk: int) -> HttpResponse:
    """The leaves to explain; a POST asks the chosen units about the chosen leaves at once. Leaders read."""
    action = "appraisal_write" if request.method == "POST" else "scorecard_read"
    scorecard = get_scorecard(request, pk, action)
    if request.method != "POST":
        kept = request.session.pop(KEPT, None)
        return _page(request, scorecard, kept=kept and kept.get(str(pk)))
    _, refused = _save_texts(request, scorecard)
    if refused:
        return refused
    try:
        found = explaining.explaining_of(scorecard)
        form = AskForm(found, _units(scorecard), request.POST)
        if not form.is_valid():
            return _page(request, scorecard, ask=form, failed="ask")
        asked = explaining.ask_units(
            scorecard=scorecard,
            by=actor(request),
            due_before=form.due.cleaned_data["due_before"],
            wishes=form.wishes,
        )
    except Refused as error:
        return _page(request, scorecard, error=str(error), failed="ask", data=request.POST)
    _keep(request, scorecard, only=FINISHING)
    if asked:
        units = len({one.unit_id for one in asked})
        messages.success(
            request,
            f"Đã chuyển {len(asked)} yêu cầu giải trình đến {units} đơn vị và gửi thư báo.",
        )
    else:
        messages.info(request, "Các yêu cầu này đã được chuyển trước đó.")
    return redirect("explanation_ask", pk)


@require_POST
@signed_in
def explained_save(request: SignedIn, pk: int, leaf_pk: int) -> HttpResponse:
    """Save what the province gets of one leaf."""
    scorecard = get_scorecard(request, pk, "appraisal_write")
    criterion = _leaf(scorecard, leaf_pk)
    changed, refused = _save_texts(request, scorecard, leaf=criterion.pk)
    if refused:
        return refused
    _keep(request, scorecard)
    if changed:
        messages.success(request, f"Đã lưu nội dung giải trình tiêu chí {criterion.code}.")
    else:
        messages.info(request, "Không có gì thay đổi.")
    return _back(scorecard, criterion)


@require_POST
@signed_in
def explanation_take_in(request: SignedIn, pk: int, explanation_pk: int) -> HttpResponse:
    """Put a unit's answer into what the province gets."""
    scorecard = get_scorecard(request, pk, "appraisal_write")
    explanation = get_object_or_404(
        Explanation.objects.filter(agency=request.user.agency).select_related("period"),
        pk=explanation_pk,
    )
    if scorecard.criteria_set is None:
        raise Http404
    criterion = get_object_or_404(scorecard.criteria_set.criteria, code=explanation.code)
    _, refused = _save_texts(request, scorecard)
    if refused:
        return refused
    try:
        taken = explaining.take_in(
            scorecard=scorecard, criterion=criterion, explanation=explanation, by=actor(request)
        )
    except BadCells as error:
        words = f"Tiêu chí {criterion.code}: {' '.join(error.faults.values())}"
        return _page(request, scorecard, error=words, failed="take")
    except Refused as error:
        return _page(request, scorecard, error=str(error), failed="take")
    _keep(request, scorecard)
    if taken:
        messages.success(
            request,
            f"Đã đưa giải trình tiêu chí {criterion.code} vào văn bản; hãy xem lại lời văn.",
        )
    else:
        messages.info(request, "Giải trình này đã được đưa vào trước đó.")
    return _back(scorecard, criterion)


@require_POST
@signed_in
def explanation_finish(request: SignedIn, pk: int) -> HttpResponse:
    """Our explanation has gone to the province."""
    scorecard = get_scorecard(request, pk, "appraisal_write")
    _, refused = _save_texts(request, scorecard)
    if refused:
        return refused
    form = FinishForm(request.POST)
    if not form.is_valid():
        return _page(request, scorecard, finish=form, failed="finish")
    try:
        explaining.finish(scorecard=scorecard, by=actor(request), **form.cleaned_data)
    except Faults as error:
        form.add_faults(error)
        return _page(request, scorecard, finish=form, failed="finish")
    except Refused as error:
        return _page(request, scorecard, error=str(error), finish=form, failed="finish")
    messages.success(request, "Đã ghi gửi giải trình; chờ tỉnh thẩm định lần 2.")
    return redirect("explanation_ask", pk)


def _save_texts(
    request: SignedIn, scorecard: Scorecard, leaf: int | None = None
) -> tuple[int, HttpResponse | None]:
    """Every button of the page saves what was typed for the province; how many texts changed, or the refusal."""
    if scorecard.criteria_set is None:
        raise Http404
    leaves = {node.code: node.pk for node in scorecard.criteria_set.criteria.exclude(kind="")}
    texts = {
        code: request.POST[f"explained-{pk}"]
        for code, pk in leaves.items()
        if f"explained-{pk}" in request.POST
    }
    seen = {
        code: request.POST.get(f"seen-{leaves[code]}", "").replace("\r\n", "\n") for code in texts
    }
    theirs: dict[int, str] = {}
    faults: dict[int, str] = {}
    error = ""
    try:
        return explaining.write_texts(
            scorecard=scorecard, texts=texts, seen=seen, by=actor(request)
        ), None
    except Overtaken as refused:
        theirs = {leaves[code]: words for (code, _), words in refused.stored.items()}
    except BadCells as refused:
        faults = {leaves[code]: words for (code, _), words in refused.faults.items()}
    except Refused as refused:
        error = str(refused)
    return 0, _page(
        request,
        scorecard,
        error=error,
        failed="text",
        leaf=leaf,
        texts={leaves[code]: text for code, text in texts.items()},
        theirs=theirs,
        faults=faults,
    )


def _keep(request: SignedIn, scorecard: Scorecard, only: frozenset[str] | None = None) -> None:
    """What stood in the other fields is given back on the page that follows."""
    posted = request.POST.copy()
    for name in list(posted):
        if (
            name == "csrfmiddlewaretoken"
            or name.startswith(("explained-", "seen-"))
            or (only is not None and name not in only)
        ):
            del posted[name]
    if posted:
        request.session[KEPT] = {str(scorecard.pk): posted.urlencode()}


def _leaf(scorecard: Scorecard, pk: int) -> Criterion:
    if scorecard.criteria_set is None:
        raise Http404
    return get_object_or_404(scorecard.criteria_set.criteria.exclude(kind=""), pk=pk)


def _back(scorecard: Scorecard, criterion: Criterion) -> HttpResponse:
    return redirect(f"{reverse('explanation_ask', args=[scorecard.pk])}#tieu-chi-{criterion.pk}")


def _units(scorecard: Scorecard) -> list[Unit]:
    """Those in which somebody would answer."""
    people = User.objects.with_role(Role.HEAD, Role.REPORTER).filter(unit=OuterRef("pk"))
    units = Unit.objects.filter(Exists(people), agency=scorecard.agency_id)
    return list(units.order_by("order", "pk"))


def _page(
    request: SignedIn,
    scorecard: Scorecard,
    *,
    error: str = "",
    failed: str = "",
    data: Any = None,
    ask: AskForm | None = None,
    finish: FinishForm | None = None,
    leaf: int | None = None,
    texts: Mapping[int, str] | None = None,
    theirs: Mapping[int, str] | None = None,
    faults: Mapping[int, str] | None = None,
    kept: str | None = None,
) -> HttpResponse:
    """The page; after a refusal with what was typed, of which leaf (``leaf``), and why (422)."""
    locked = explaining.why_locked(scorecard)
    try:
        found = explaining.explaining_of(scorecard)
    except Refused as refused:
        found, locked = None, str(refused)
    may_write = can(request.user, "appraisal_write") and not locked
    if found and may_write:
        # What stood there when another button was pressed comes back, without its faults.
        stood = request.POST if request.method == "POST" else QueryDict(kept) if kept else None
        asking = any(name[:1] in "cuq" and name[1:].isdigit() for name in stood or ())
        ask = ask or AskForm(
            found,
            _units(scorecard),
            data if data is not None else stood if asking else None,
            asked=data is not None,
        )
        finish = finish or FinishForm(
            initial={name: stood[name] for name in FINISHING if name in stood} if stood else None
        )
        if not found.lacking:
            finish.fields.pop("confirmed", None)
    askings = ask.by_leaf if ask and may_write else {}
    rows = [
        (
            row,
            askings.get(pk := row.criterion.pk),
            (texts or {}).get(pk, row.explained),
            (theirs or {}).get(pk),
            (faults or {}).get(pk),
        )
        for row in (found.rows if found else ())
    ]
    return render(
        request,
        "scoring/explanation_ask.html",
        {
            "scorecard": scorecard,
            "found": found,
            "rows": rows,
            "ask": ask if may_write else None,
            "finish": finish if may_write else None,
            "may_write": may_write,
            "locked": locked,
            "sent_as": explaining.sent_as(scorecard),
            "error": error,
            "failed": failed,
            "leaf": leaf,
        },
        status=422 if failed else 200,
    )
