"""What others saved in a report since somebody opened its form (R14)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from accounts.models import AuditEntry
from tasks.contents import TEXTS
from tasks.models import Report
from tasks.services import SAVED
from tasks.trimming import restored


@dataclass(frozen=True)
class Meanwhile:
    """What was saved since a version: who last, when, and per field what had stood there before."""

    actor: int | None
    name: str
    at: dt.datetime
    before: dict[str, Any]  # field or indicator code


def saved_since(report: Report, version: int) -> Meanwhile | None:
    """What others saved in ``report`` since ``version``, for the later of two editors (R14).

    Every save raises the version by one, as other changes do: so it lies in as many last rows of the
    trail at most.
    """
    steps = min(report.version - version, 50) if 0 <= version < report.version else 50
    rows = AuditEntry.objects.filter(
        object_type=Report._meta.label_lower, object_id=report.pk, action=SAVED
    ).order_by("-at", "-id")[:steps]
    before: dict[str, Any] = {name: getattr(report, name) for name in TEXTS}
    touched: set[str] = set()
    last = None
    for row in rows:
        last = last or row
        touched |= row.changes.keys()
        before |= {
            name: restored(before[name], change) if name in TEXTS else change[0]
            for name, change in row.changes.items()
        }
    before = {name: value for name, value in before.items() if name in touched}
    return Meanwhile(last.actor_id, last.actor_name, last.at, before) if last else None
