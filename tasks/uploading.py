"""What may go wrong while an upload arrives: a full disk, a connection that breaks off.

The temporary file of an upload is written while Django reads the form, before any view runs: without
the handler here a full disk would be a page of error instead of a message.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler

from tasks.storing import disk_text

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger(__name__)

# The last field of every form with files. Fields come in their order: without it the rest was cut off.
WHOLE = "whole"


class DiskHandler(TemporaryFileUploadHandler):
    """Large uploads into a temporary file; where that cannot be written, the form goes on without it."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().new_file(*args, **kwargs)
        except OSError as error:
            self._give_up(error)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        try:
            self.file.write(raw_data)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        logger.error("Không ghi được tệp tạm của lần tải lên: %s", error)
        if self.request is not None:
            self.request.META["cchc.upload_failed"] = disk_text(error, self.file_name or "")
        raise StopUpload(connection_reset=False) from error


def upload_trouble(request: HttpRequest) -> str | None:
    """Why the files of ``request`` did not arrive whole, for the person; None where they did."""
    if request.content_type != "multipart/form-data":
        return None
    whole = WHOLE in request.POST  # reads the form, if nothing has yet
    failed: str | None = request.META.get("cchc.upload_failed")
    if failed:
        return failed
    if not whole:
        return (
            "Tệp tải lên bị đứt giữa chừng nên chưa có gì được lưu. Hãy kiểm tra mạng rồi gửi lại."
        )
    return None
