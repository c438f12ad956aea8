"""Asking clamd about an upload, where one is configured (``CLAMD_SOCKET``).

The protocol is clamd's own INSTREAM: the content in pieces, each after its length in four bytes, an empty
piece at the end, one line back. Source: clamd(8), section COMMANDS.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
from typing import TYPE_CHECKING

from django.conf import settings

from tasks.files import BadFile

if TYPE_CHECKING:
    from django.core.files import File

logger = logging.getLogger(__name__)

TIMEOUT = 30  # seconds for each answer of the socket
PIECE = 64 * 1024


def scan(upload: File, name: str) -> None:
    """Nothing where no clamd is configured; BadFile for an infected file, and where clamd does not answer.

    A scanner that is set up but silent lets nothing through: whoever set it up wants no unseen file.
    """
    if not settings.CLAMD_SOCKET:
        return
    try:
        answer = _ask(settings.CLAMD_SOCKET, upload)
    except (OSError, ValueError) as error:
        logger.exception("clamd (%s) không trả lời", settings.CLAMD_SOCKET)
        raise BadFile(
            f"Chưa kiểm tra được vi-rút cho tệp “{name}” nên chưa nhận. Hãy thử lại sau ít phút; "
            "nếu vẫn lỗi, báo cho quản trị."
        ) from error
    if answer.endswith("OK"):
        return
    logger.warning("clamd từ chối tệp %r: %s", name, answer)
    if answer.endswith("FOUND"):
        raise BadFile(f"Tệp “{name}” có chứa mã độc, không nhận. Hãy quét vi-rút máy tính của bạn.")
    raise BadFile(
        f"Chưa kiểm tra được vi-rút cho tệp “{name}” nên chưa nhận. Hãy báo cho quản trị."
    )


def _ask(address: str, upload: File) -> str:
    """clamd's answer: «stream: OK», «stream: NAME FOUND» or an error of its own."""
    with _connect(address) as connection:
        # clamd closes early on a stream above its own limit; its answer then says so.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(b"zINSTREAM\0")
            upload.seek(0)
            for chunk in upload.chunks(PIECE):
                connection.sendall(struct.pack(">I", len(chunk)) + chunk)
            connection.sendall(struct.pack(">I", 0))
        answer = b""
        while part := connection.recv(4096):
            answer += part
    upload.seek(0)
    return answer.rstrip(b"\0\n").decode(errors="replace").strip()


def _connect(address: str) -> socket.socket:
    """``/run/clamav/clamd.ctl`` is a socket in the file system, ``host:3310`` one of the network."""
    if address.startswith("/"):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(TIMEOUT)
        connection.connect(address)
        return connection
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), TIMEOUT)
