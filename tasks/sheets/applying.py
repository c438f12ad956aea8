"""Writing a workbook's changes into the drafts: all of them in one transaction, or none (R18b)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from tasks import services
from tasks.permissions import require
from tasks.sheets.comparing import compare
from tasks.sheets.desk import load

if TYPE_CHECKING:
    import datetime as dt

    from accounts.history import Actor
    from accounts.models import User
    from plans.models import Period
    from tasks.sheets.understanding import Entry


class Outdated(Exception):
    """The reports are not as the preview showed them; nothing was written."""


@transaction.atomic
def apply(
    *,
    user: User,
    period: Period,
    entries: list[Entry],
    seen: str,
    chosen: set[str],
    by: Actor,
    today: dt.date,
) -> int:
    """Save the drafts; how many changed. Outdated where they are not as ``seen`` in the preview.

    ``chosen`` names the conflicts (tasks.sheets.comparing.Change.name) that go as the file says; in the
    others the stored words stay.
    """
    comparison = compare(entries, load(user, period), today=today)
    if comparison.faults or comparison.seen != seen:
        raise Outdated
    written = 0
    for one in comparison.papers:
        report = one.paper.report
        require(user, "report_write", report)
        before = report.version
        try:
            services.save(
                report=report,
                by=by,
                base_version=before,
                content=one.content(chosen),
                indicators=one.paper.indicators,
                answers=one.paper.answers,
            )
        except services.Conflict:
            raise Outdated from None
        written += report.version != before
    return written
