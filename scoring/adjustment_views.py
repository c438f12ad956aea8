"""Bonus and penalty beside the criteria, on the page of the scorecard (R28)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.models import Role
from scoring import entries
from scoring.leaf_views import say_saved
from scoring.permissions import require
from scoring.scorecard_forms import AdjustmentForm, typed
from scoring.scorecard_views import get_scorecard, page_of
from tasks.services import Refused

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn
    from scoring.models import Adjustment, Scorecard


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def adjustment_add(request: SignedIn, pk: int) -> HttpResponse:
    """A new row."""
    scorecard = get_scorecard(request.user, pk)
    require(request.user, "scorecard_write")
    if request.method != "POST":
        return _page(request, scorecard, AdjustmentForm())
    form = AdjustmentForm(request.POST)
    if not form.is_valid():
        return _page(request, scorecard, form)
    try:
        saved = entries.add_adjustment(
            scorecard=scorecard, by=Actor.in_first(request, Role.COORDINATOR), **form.cleaned_data
        )
    except Refused as error:
        form.add_faults(error)
        return _page(request, scorecard, form)
    say_saved(request, saved, "Đã thêm.")
    return redirect(f"{page_of(scorecard)}#more-title")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def adjustment_change(request: SignedIn, pk: int, adjustment_pk: int) -> HttpResponse:
    """One row: its form; ``do=remove`` takes it away."""
    scorecard = get_scorecard(request.user, pk)
    require(request.user, "scorecard_write")
    row: Adjustment = get_object_or_404(scorecard.adjustments, pk=adjustment_pk)
    if request.method != "POST":
        form = AdjustmentForm(
            initial={"kind": row.kind, "points": typed(row.points), "reason": row.reason}
        )
        return _page(request, scorecard, form, row)
    by, version = Actor.in_first(request, Role.COORDINATOR), request.POST.get("version")
    removing = request.POST.get("do") == "remove"
    form = AdjustmentForm(request.POST)
    if not removing and not form.is_valid():
        return _page(request, scorecard, form, row)
    try:
        if removing:
            saved = entries.remove_adjustment(
                scorecard=scorecard, adjustment=row, by=by, version=version
            )
        else:
            saved = entries.change_adjustment(
                scorecard=scorecard, adjustment=row, by=by, version=version, **form.cleaned_data
            )
    except Refused as error:
        if not scorecard.adjustments.filter(pk=row.pk).exists():
            messages.info(request, str(error))
            return redirect(f"{page_of(scorecard)}#more-title")
        form.is_valid()
        form.add_faults(error)
        row.refresh_from_db()
        overtaken = isinstance(error, entries.Overtaken)
        return _page(request, scorecard, form, row, status=409 if overtaken else 422)
    say_saved(request, saved, "Đã bỏ." if removing else "Đã lưu.")
    return redirect(f"{page_of(scorecard)}#more-title")


def _page(
    request: SignedIn,
    scorecard: Scorecard,
    form: AdjustmentForm,
    row: Adjustment | None = None,
    *,
    status: int | None = None,
) -> HttpResponse:
    return render(
        request,
        "scoring/adjustment_form.html",
        {
            "scorecard": scorecard,
            "form": form,
            "row": row,
            "version": entries.version_of(row) if row else "",
            "back": f"{page_of(scorecard)}#more-title",
        },
        status=status or (422 if form.errors else 200),
    )
