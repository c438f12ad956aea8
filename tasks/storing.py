"""Putting checked files on disk: all of one request or none, under names of ours, equal content once (R17)."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from tasks.files import BadFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.core.files import File

    from tasks.files import Checked

logger = logging.getLogger(__name__)

_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True)
class Stored:
    """Content on disk: ``path`` is below MEDIA_ROOT."""

    name: str
    path: str
    sha256: str
    size: int
    content_type: str


def store_all(checked: Iterable[tuple[File, Checked]]) -> list[Stored]:
    """Put all contents on disk; BadFile and nothing of them where one cannot be written.

    Each is written whole beside its place first, and only then all are moved into place. Nothing
    refers to a file until the caller's row does: a change rolled back later leaves only an
    unreachable file behind.
    """
    root = Path(settings.MEDIA_ROOT)
    waiting: list[tuple[Path, Stored]] = []
    name = ""
    try:
        for upload, found in checked:
            name = found.name
            temporary = root / "evidence" / f".{secrets.token_hex(8)}.part"
            waiting.append((temporary, Stored(found.name, "", "", found.size, "")))
            digest = _write(upload, temporary, found.size)
            waiting[-1] = (
                temporary,
                Stored(
                    found.name,
                    f"evidence/{digest[:2]}/{digest}",
                    digest,
                    found.size,
                    found.type.content_type,
                ),
            )
        for temporary, stored in waiting:
            name = stored.name
            _move(temporary, root / stored.path, stored.size)
    except OSError as error:
        for temporary, _ in waiting:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        logger.exception("Không ghi được tệp tải lên")
        raise BadFile(disk_text(error, name)) from error
    return [stored for _, stored in waiting]


def disk_text(error: OSError, name: str) -> str:
    """Why a file could not be written, for the person."""
    if error.errno in _FULL:
        return (
            f"Máy chủ đã hết chỗ lưu nên chưa nhận được tệp “{name}”; không có tệp nào được lưu. "
            "Hãy báo cho quản trị rồi tải lại sau."
        )
    return (
        f"Máy chủ chưa lưu được tệp “{name}”; không có tệp nào được lưu. "
        "Hãy thử lại; nếu vẫn lỗi, báo cho quản trị."
    )


def _write(upload: File, target: Path, size: int) -> str:
    """Write the content; its SHA-256. OSError also where fewer bytes came than were checked."""
    sha256 = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    with os.fdopen(handle, "wb") as file:
        for chunk in upload.chunks():
            sha256.update(chunk)
            written += file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if written != size:
        raise OSError(errno.EIO, "the upload ended early")
    return sha256.hexdigest()


def _move(temporary: Path, final: Path, size: int) -> None:
    if final.is_file() and final.stat().st_size == size:
        temporary.unlink()
        return
    final.parent.mkdir(exist_ok=True)
    temporary.replace(final)
