"""Two submissions of a report compared (R13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.decorators import signed_in
from tasks.permissions import require_read
from tasks.report_views import get_report
from tasks.versions import compare

if TYPE_CHECKING:
    from django.http import HttpResponse

    from accounts.http import SignedIn
    from tasks.models import Version


@require_safe
@signed_in
def version_compare(request: SignedIn, pk: int) -> HttpResponse:
    """``?tu=1&den=3``: submission 3 against submission 1; the last two where nothing is asked."""
    report = get_report(request.user, pk)
    require_read(request.user, report)
    versions = list(report.versions.order_by("number"))
    after = _chosen(versions, request.GET.get("den", ""), -1)
    before = _chosen(versions, request.GET.get("tu", ""), -2)
    if before and after and before.number > after.number:
        before, after = after, before
    differences = compare(before.content if before else {}, after.content) if after else []
    changed = [one for one in differences if one.is_change]
    return render(
        request,
        "tasks/version_compare.html",
        {
            "report": report,
            "versions": versions,
            "before": before,
            "after": after,
            "changed": changed,
            "same": [one for one in differences if not one.is_change],
        },
    )


def _chosen(versions: list[Version], asked: str, otherwise: int) -> Version | None:
    for version in versions:
        if str(version.number) == asked:
            return version
    return versions[otherwise] if len(versions) >= -otherwise else None
