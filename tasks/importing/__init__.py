"""Results typed elsewhere: history of a year, or a unit that works in Excel (``cchc-results/1``).

A file is checked whole against the database before anything is written; all of it is, or with every
fault none of it. What the file does not name stays as it is, so the same file again changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.reading import Faulty, validate
from tasks.importing.checking import BASIS, Check
from tasks.importing.writing import write
from tasks.results_schema import ResultsFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.history import Actor
    from accounts.reading import Fault, Source
    from plans.models import Period

__all__ = ["BASIS", "Imported", "import_reports"]


@dataclass(frozen=True)
class Imported:
    """What a file held and what it changed. ``file`` has the parts that scoring takes further."""

    file: ResultsFile
    period: Period
    reports: int
    values: int
    changed: int  # reports that are not as they were
    warnings: list[str] = field(default_factory=list)


@transaction.atomic
def import_reports(
    source: Source, *, by: Actor, also: Callable[[Source, Period], list[Fault]] | None = None
) -> Imported:
    """Write the reports of a file; :class:`accounts.reading.Faulty` with every fault of the whole file.

    ``also`` finds those of the parts that are not written here. Like the check of reports it is asked
    whatever the schema says, so it must take nothing for granted but that there is a period.

    History rows say who acted, and «Nạp từ tệp» as the basis where ``by`` names none.
    """
    check = Check()

    def faults(read: Source) -> list[Fault]:
        found = check.faults(read)
        return [*found, *also(read, check.period)] if also and check.period else found

    file = validate(ResultsFile, source, also=faults)
    if check.period is None:  # the check has found why, so this cannot be
        raise Faulty([])
    if not by.basis:
        by = replace(by, basis=BASIS)
    changed = write(check.period, check.wanted, by=by)
    return Imported(
        file=file,
        period=check.period,
        reports=len(file.reports),
        values=sum(len(report.values) for report in file.reports),
        changed=changed,
        warnings=check.warnings,
    )
