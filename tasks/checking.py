"""Are the stored files still there, and still what was handed in? The weekly job and ``check_evidence`` ask."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from tasks.models import Report, StoredFile

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)


@dataclass
class Broken:
    """One file that is not what it was, with everything that rests on it."""

    file: StoredFile
    reports: list[Report]

    @property
    def words(self) -> str:
        file, document = self.file, self.file.document
        used = "; ".join(str(report) for report in self.reports) or "chưa báo cáo nào dùng"
        return f"{file.name}: {file.get_problem_display()} – {document} ({document.unit.name}) – {used}"


@dataclass
class Outcome:
    files: int = 0
    missing: int = 0
    altered: int = 0
    broken: list[Broken] = field(default_factory=list)

    @property
    def line(self) -> str:
        return f"{self.files} files, {self.missing} missing, {self.altered} altered"


def check_files() -> Outcome:
    """Read every stored content once, remember on its rows what was found, and tell what is broken.

    Safe to run twice or by two at once: it only reads the disk and writes what it saw.
    """
    outcome = Outcome()
    for path, sha256 in _contents():
        problem = _look_at(Path(settings.MEDIA_ROOT) / path, sha256)
        rows = StoredFile.objects.filter(path=path, sha256=sha256)
        count = rows.update(checked_at=timezone.now(), problem=problem)
        outcome.files += count
        if problem == StoredFile.Problem.MISSING:
            outcome.missing += count
        elif problem == StoredFile.Problem.ALTERED:
            outcome.altered += count
        if problem:
            outcome.broken += [
                Broken(file, _reports(file)) for file in rows.select_related("document__unit")
            ]
            logger.error("Tệp %s: %s", path, StoredFile.Problem(problem).label)
    return outcome


def _contents() -> Iterator[tuple[str, str]]:
    """(path, SHA-256) of each content, once however many documents have it."""
    yield from StoredFile.objects.order_by("path").values_list("path", "sha256").distinct()


def _look_at(path: Path, sha256: str) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(1024 * 1024):
                digest.update(chunk)
    except OSError:
        return StoredFile.Problem.MISSING
    return "" if digest.hexdigest() == sha256 else StoredFile.Problem.ALTERED


def _reports(file: StoredFile) -> list[Report]:
    document = file.document_id
    found = Report.objects.filter(evidence__document=document) | Report.objects.filter(
        answers__document=document
    )
    return list(found.with_names().distinct())
