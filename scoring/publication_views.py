"""«Công bố»: index and rank of our own year, of years before, and the other agencies' scores (R27, R29)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import signed_in
from accounts.http import agency_of
from scoring import publication
from scoring.appraisal import card_of_year, unsurveyed
from scoring.appraisal_sheets import rows_of_table
from scoring.appraisal_views import actor, get_scorecard, step_back_url
from scoring.comparing import signed
from scoring.models import PeerScore, Scorecard
from scoring.permissions import can, require
from scoring.publication_forms import PeersForm, PublicationForm, YearForm, initial_of
from scoring.ranking import Peers, as_published, read_peers, split_lines, standing
from scoring.scorecard_services import Faults, move
from scoring.states import MOVES, Action
from tasks.services import Refused
from tasks.uploading import upload_trouble

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def publication_form(request: SignedIn, pk: int) -> HttpResponse:
    """What was published of one year, beside what we computed. A year without criteria is corrected here."""
    posted = request.method == "POST"
    scorecard = get_scorecard(request, pk, "appraisal_write" if posted else "scorecard_read")
    if not posted:
        return _show(request, scorecard, PublicationForm(initial=initial_of(scorecard)))
    form = PublicationForm(request.POST)
    if not form.is_valid():
        return _show(request, scorecard, form, status=422)
    by = actor(request)
    try:
        if scorecard.criteria_set_id is None:
            changed = publication.correct_year(scorecard=scorecard, by=by, **form.values)
            words = "Đã lưu kết quả công bố." if changed else "Không có gì thay đổi."
        else:
            move(
                scorecard=scorecard,
                action=Action.PUBLISH,
                by=by,
                seen=request.POST.get("seen", ""),
                **form.values,
            )
            words = "Đã ghi kết quả công bố."
    except Faults as error:
        form.take(error.faults)
        return _show(request, scorecard, form, status=422)
    except Refused as error:
        form.add_error(None, str(error))
        scorecard.refresh_from_db()
        return _show(request, scorecard, form, status=409)
    messages.success(request, words)
    return redirect("publication_form", scorecard.pk)


def _show(
    request: SignedIn, scorecard: Scorecard, form: PublicationForm, status: int = 200
) -> HttpResponse:
    has_set = scorecard.criteria_set_id is not None
    writable = can(request.user, "appraisal_write") and (
        not has_set or scorecard.state in MOVES[Action.PUBLISH].sources
    )
    context: dict[str, Any] = {
        "scorecard": scorecard,
        "heading": f"Công bố năm {scorecard.year}",
        "form": form,
        "writable": writable,
        "has_set": has_set,
        "step_back": step_back_url(request, scorecard),
    }
    if has_set:
        try:
            card = card_of_year(scorecard)
        except Refused:
            pass
        else:
            context |= {"card": card, "unsurveyed": len(unsurveyed(card))}
            if scorecard.published_index is not None and not card.waits_for_survey:
                # As published: with two decimals.
                own = card.published_like
                ours = None if own is None else as_published(own)
                difference = None if ours is None else scorecard.published_index - ours
                context["difference"] = difference
                context["difference_words"] = None if difference is None else signed(difference)
    return render(request, "scoring/publication_form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def publication_year_add(request: SignedIn) -> HttpResponse:
    """The result of a year that nobody scored here, so that years can be compared."""
    require(request.user, "appraisal_write")
    form = YearForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            card = publication.add_year(
                agency=agency_of(request),
                year=form.cleaned_data["year"],
                by=actor(request),
                **form.values,
            )
        except Faults as error:
            form.take(error.faults)
        else:
            messages.success(request, f"Đã ghi kết quả năm {card.year}.")
            return redirect("appraisal_home")
    status = 422 if request.method == "POST" else 200
    return render(request, "scoring/publication_year_add.html", {"form": form}, status=status)


# -- Other agencies -----------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def peer_scores(request: SignedIn) -> HttpResponse:
    """The published scores of a year in their order, ours among them; a table is pasted or uploaded here."""
    require(request.user, "appraisal_write" if request.method == "POST" else "scorecard_read")
    agency = agency_of(request)
    years = list(
        PeerScore.objects.filter(agency=agency)
        .order_by("-year")
        .values_list("year", flat=True)
        .distinct()
    )
    wanted = request.GET.get("nam", "")
    year = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) == 4 else 0
    if not 2000 <= year <= timezone.localdate().year:
        year = years[0] if years else timezone.localdate().year - 1
    if request.method != "POST":
        return _show_peers(request, year, years, PeersForm(initial={"year": year}))
    trouble = upload_trouble(request)
    form = PeersForm(request.POST, request.FILES)
    if trouble:
        form.add_error(None, trouble)
    if not form.is_valid():
        return _show_peers(request, year, years, form, status=422)
    try:
        found = _read(form, agency.name)
    except ValueError as error:
        form.add_error("tep" if form.cleaned_data["tep"] else "table", str(error))
        return _show_peers(request, form.cleaned_data["year"], years, form, status=422)
    stored = publication.store_peers(
        agency=agency, year=form.cleaned_data["year"], found=found.found, by=actor(request)
    )
    words = f"Đã thêm {stored.added} cơ quan, sửa {stored.changed} cơ quan."
    if not stored.added and not stored.changed:
        words = "Bảng giống bản đã lưu, không có gì thay đổi."
    if found.own is not None:
        words += f" Bỏ qua dòng của {agency.name}: lấy theo phiếu điểm."
    messages.success(request, words)
    return redirect(f"{reverse('peer_scores')}?nam={form.cleaned_data['year']}")


def _read(form: PeersForm, own_name: str) -> Peers:
    """The agencies of the pasted table or of the file. ValueError with every fault by line."""
    upload = form.cleaned_data["tep"]
    rows = rows_of_table(upload) if upload else split_lines(form.cleaned_data["table"])
    found = read_peers(rows, own_name=own_name)
    if found.faults:
        shown = "; ".join(str(fault) for fault in found.faults[:8])
        more = f"; và {len(found.faults) - 8} dòng khác" if len(found.faults) > 8 else ""
        raise ValueError(f"Chưa ghi gì: {shown}{more}.")
    if not found.found:
        raise ValueError("Bảng chưa có cơ quan nào; hãy dán bảng hoặc chọn tệp.")
    return found


def _show_peers(
    request: SignedIn, year: int, years: list[int], form: PeersForm, status: int = 200
) -> HttpResponse:
    agency = agency_of(request)
    rows = list(PeerScore.objects.filter(agency=agency, year=year))
    others = [row.index for row in rows]
    official = publication.official_of(agency, year) if rows else None
    current = publication.newest_index(agency, year) if rows else None
    estimates = []
    if official is not None:
        estimates.append(publication.RankEstimate(year, standing(official.index, others), True))
    if current is not None:
        estimates.append(
            publication.RankEstimate(
                year, standing(current.index, others), adjusted=current.adjusted
            )
        )
    shown = official or current
    return render(
        request,
        "scoring/peer_scores.html",
        {
            "form": form,
            "year": year,
            "years": sorted({*years, year}, reverse=True),
            "places": publication.places(rows, agency.name, shown.index if shown else None),
            "official": official,
            "current": current,
            "estimates": estimates,
            "may_write": can(request.user, "appraisal_write"),
        },
        status=status,
    )


@require_POST
@signed_in
def peer_remove(request: SignedIn, pk: int) -> HttpResponse:
    peer = get_object_or_404(
        PeerScore.objects.filter(agency=agency_of(request)).select_related("agency"), pk=pk
    )
    require(request.user, "appraisal_write")
    if publication.remove_peer(peer=peer, by=actor(request)):
        messages.success(request, f"Đã xóa {peer.name} khỏi bảng năm {peer.year}.")
    return redirect(f"{reverse('peer_scores')}?nam={peer.year}")
