"""The office corrects one figure on the page of review; the unit is told and sees the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.models import Role
from tasks import answers as rules
from tasks import services
from tasks.answer_forms import read_form
from tasks.corrections import correct_figure, form_name
from tasks.permissions import require, require_read
from tasks.report_pages import get_report, posted_version
from tasks.review_views import back_to, show_review

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn


@require_POST
@signed_in
def figure_correct(request: SignedIn, pk: int) -> HttpResponse:
    """``indicator`` names the figure, its fields are those of the report form, ``why`` is the reason."""
    require(request.user, "report_correct")
    report = get_report(request.user, pk)
    require_read(request.user, report)
    require(request.user, "report_correct", report)
    wanted = request.POST.get("indicator", "")
    indicator = next((i for i in services.asked_indicators(report) if str(i.pk) == wanted), None)
    if indicator is None:
        raise Http404
    typed = read_form(request.POST, [indicator], today=timezone.localdate())
    form = form_name(indicator.pk)
    if typed.errors:
        error = f"Chưa đính chính được {indicator.code}. {next(iter(typed.errors.values()))}"
        return show_review(request, report, error=error, form=form, faults=typed.errors)
    try:
        correct_figure(
            report=report,
            indicator=indicator,
            draft=typed.content.answers.get(indicator.pk, rules.Draft()),
            by=Actor.from_request(request, role=Role.COORDINATOR),
            reason=request.POST.get("why", ""),
            base_version=posted_version(request.POST, "version"),
        )
    except services.Refused as error:
        return show_review(request, report, error=f"Chưa đính chính được. {error}", form=form)
    messages.success(
        request, f"Đã đính chính {indicator.code} của {report.unit.name} và gửi thư báo đơn vị."
    )
    return back_to(request, "review_report", pk)
