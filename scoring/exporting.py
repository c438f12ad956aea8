"""Asking for the workbook of a period and making it (R33).

The row is what counts: it is written first, claimed by a conditional update, and taken up again when
its worker falls silent. A claim is the row's number of attempts, so a worker thought dead that wakes
up again can change nothing any more.
"""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import logging
import os
import re
import secrets
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.history import Actor, record
from accounts.queue import enqueue
from accounts.text import fold
from plans import workbook
from plans.models import Period
from scoring.models import Export
from scoring.result_sheets import result_sheets
from scoring.results import Results, gather

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

logger = logging.getLogger(__name__)

FOLDER = "exports"  # below MEDIA_ROOT
MAX_ATTEMPTS = 3
# Progress is written with every sheet, a matter of seconds; longer silence is a dead worker. Should it
# yet be alive, its claim is lost and it leaves nothing behind.
STALE = dt.timedelta(minutes=3)
AUTOMATIC_DAYS = 7  # how long after the due date the automatic export is still made up
State = Export.State


@dataclass(frozen=True)
class Counts:
    """What a workbook holds."""

    tasks: int
    reports: int
    evidence: int


class ClaimLost(Exception):
    """Another worker has taken this export meanwhile."""


# -- Asking -------------------------------------------------------------------------------------


@transaction.atomic
def request_export(*, period: Period, by: Actor, automatic: bool = False) -> Export:
    """An export of ``period`` to be made by a worker; the one on its way if there is one already."""
    from scoring.jobs import make_export

    # Two clicks at once come here one after the other.
    Period.objects.select_for_update().get(pk=period.pk)
    if automatic:
        there = Export.objects.filter(period=period, automatic=True)
    else:
        there = Export.objects.filter(period=period, state__in=[State.WAITING, State.RUNNING])
    export = there.order_by("-pk").first()
    if export is not None:
        return export
    export = Export.objects.create(
        agency_id=period.plan.agency_id, period=period, automatic=automatic, requested_by=by.user
    )
    record(
        by=by,
        agency=export.agency_id,
        action="Yêu cầu bảng kết quả",
        of=export,
        label=f"{period.plan.code}, {period}",
        changes={"tự động": [None, automatic]} if automatic else {},
    )
    enqueue(make_export, export.pk)
    return export


def request_due(today: dt.date, time: dt.time) -> list[Export]:
    """The automatic exports of every final period whose date has come, once each (R33).

    They are made at the agency's own hour, when the office is about to look.
    """
    asked = []
    due = (
        Period.objects.filter(
            kind=Period.FINAL,
            opened_at__isnull=False,
            is_history=False,
            due_before__lte=today,
            due_before__gte=today - dt.timedelta(days=AUTOMATIC_DAYS),
        )
        .exclude(exports__automatic=True)
        .select_related("plan__agency")
    )
    for period in due:
        if period.due_before == today and time < period.plan.agency.reminder_time:
            continue
        with suppress(IntegrityError):  # a second beat asked at the same moment
            asked.append(
                request_export(period=period, by=Actor.system("Ngày hạn của kỳ"), automatic=True)
            )
    return asked


# -- Making -------------------------------------------------------------------------------------


def make(export_id: int) -> bool:
    """Make one export if it waits or its worker is gone; True if this call made it.

    Never call it inside a transaction: each step must be on disk before the next one happens.
    """
    export = _claim(export_id)
    if export is None:
        return False
    try:
        _make(export)
    except ClaimLost:
        return False
    except Exception as error:  # every failure ends in the row, where the office sees it
        _fail(export, error)
        return False
    return True


def make_waiting() -> int:
    """Make whatever waits or was left by a killed worker; how many were made."""
    before = timezone.now() - STALE
    lost = Export.objects.filter(attempts__gte=MAX_ATTEMPTS).filter(
        Q(state=State.WAITING) | Q(state=State.RUNNING, claimed_at__lt=before)
    )
    lost.update(
        state=State.FAILED,
        finished_at=timezone.now(),
        error=f"Tiến trình tạo tệp đã bị ngắt {MAX_ATTEMPTS} lần. Hãy tạo lại; nếu vẫn lỗi, báo người quản trị.",
    )
    _sweep_parts()
    return sum(
        make(pk) for pk in Export.objects.stale(before).order_by("pk").values_list("pk", flat=True)
    )


def _claim(export_id: int) -> Export | None:
    now = timezone.now()
    free = Export.objects.stale(now - STALE).filter(pk=export_id, attempts__lt=MAX_ATTEMPTS)
    if not free.update(state=State.RUNNING, claimed_at=now, attempts=F("attempts") + 1, progress=0):
        return None
    return Export.objects.select_related("period__plan__agency").get(pk=export_id)


def _change(export: Export, **columns: object) -> None:
    """Change the row only while this claim holds it."""
    held = Export.objects.filter(pk=export.pk, state=State.RUNNING, attempts=export.attempts)
    if not held.update(**columns):
        raise ClaimLost


def _make(export: Export) -> None:
    def progress(percent: int) -> None:
        _change(export, progress=percent, claimed_at=timezone.now())

    results = gather(export.period)
    progress(20)
    name = file_name(results)
    path = f"{FOLDER}/{export.pk}-{secrets.token_hex(4)}.xlsx"
    target = Path(settings.MEDIA_ROOT) / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target) as stream:
        counts = write_results(results, stream, progress)
        progress(90)
    sha256, size = _fingerprint(target)
    try:
        _change(
            export,
            state=State.DONE,
            progress=100,
            finished_at=timezone.now(),
            error="",
            name=name,
            path=path,
            sha256=sha256,
            size=size,
            summary={
                **results.situation.as_data(),
                "tasks": counts.tasks,
                "reports": counts.reports,
                "evidence": counts.evidence,
                "made_at": results.made_at.isoformat(),
            },
        )
    except BaseException:
        target.unlink(missing_ok=True)  # nobody will ever know of this file
        raise


def write_results(
    results: Results, stream: IO[bytes], progress: Callable[[int], None] = lambda percent: None
) -> Counts:
    """The workbook of results into ``stream``; ``progress`` hears 30, 60, 80 as sheets are done."""

    def told() -> Iterator[workbook.Sheet]:
        for sheet, percent in zip(result_sheets(results), (30, 60, 80), strict=True):
            yield sheet
            progress(percent)

    rows = workbook.write(told(), stream, title=f"Kết quả CCHC – {results.period}")
    return Counts(
        tasks=len(results.tasks), reports=len(results.reports), evidence=[*rows.values()][-1]
    )


@contextmanager
def whole_file(target: Path) -> Iterator[IO[bytes]]:
    """A stream whose content appears as ``target`` at once and whole, or not at all."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.chmod(settings.FILE_UPLOAD_PERMISSIONS)
        part.replace(target)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def file_name(results: Results) -> str:
    """``Ket-qua-CCHC-SGDDT-2019-20191120-0730.xlsx``: ASCII, so that it survives every mail server."""
    period = results.period
    agency = re.sub(r"[^A-Za-z0-9]+", "-", _ascii(period.plan.agency.code)).strip("-") or "CQ"
    kind = "" if period.is_final else f"-{period.kind.upper()}"
    return f"Ket-qua-CCHC-{agency}-{period.year}{kind}-{timezone.localtime(results.made_at):%Y%m%d-%H%M}.xlsx"


def _ascii(text: str) -> str:
    """Without diacritics, upper case kept."""
    return "".join(fold(c).upper() if c.isupper() else fold(c) for c in text)


def _fingerprint(path: Path) -> tuple[str, int]:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest(), path.stat().st_size


def _fail(export: Export, error: Exception) -> None:
    logger.exception("Không tạo được hồ sơ kết quả %s", export.pk, exc_info=error)
    # A person presses the button again; an automatic one has nobody to do so.
    again = export.automatic and export.attempts < MAX_ATTEMPTS
    with suppress(ClaimLost):
        _change(
            export,
            state=State.WAITING if again else State.FAILED,
            error=explain(error),
            progress=0,
            finished_at=None if again else timezone.now(),
        )


def explain(error: Exception) -> str:
    """What went wrong, in words an office can act on."""
    if isinstance(error, OSError):
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return "Hết dung lượng đĩa trên máy chủ. Hãy báo người quản trị giải phóng rồi tạo lại."
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            return "Máy chủ không ghi được vào thư mục lưu hồ sơ. Hãy báo người quản trị kiểm tra quyền ghi."
        return f"Lỗi khi ghi tệp trên máy chủ ({error.strerror or error}). Hãy thử lại."
    if isinstance(error, OperationalError):
        return "Cơ sở dữ liệu đang bận hoặc không kết nối được. Hãy thử lại sau ít phút."
    return f"Lỗi không lường trước ({type(error).__name__}). Hãy thử lại; nếu vẫn lỗi, báo người quản trị."


def _sweep_parts() -> None:
    """Unfinished files of killed workers, once nobody can still be writing them."""
    limit = timezone.now().timestamp() - STALE.total_seconds()
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    for part in folder.glob(".*.part"):
        with suppress(OSError):
            if part.stat().st_mtime < limit:
                part.unlink()
