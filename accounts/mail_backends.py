"""Mail backends that can be asked at which point a message is out of our hands.

``accounts.mail`` puts them in the place of Django's own. ``before_handing`` is called once per
message, when everything that can go wrong harmlessly (connecting, signing in, the server refusing
the recipient) is behind us and the content is about to go out.
"""

from __future__ import annotations

import os
import re
import smtplib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as DjangoSmtpBackend

FILE_NAME_HEADER = "X-CCHC-File"  # names the file of a message; no server ever sees it


def _nothing() -> None:
    pass


class _Handing:
    """An SMTP connection that reports when the server has said yes and the content follows."""

    before_handing: Callable[[], None] = staticmethod(_nothing)
    _in_data = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self._in_data = True
        try:
            return super().data(msg)  # type: ignore[misc]
        finally:
            self._in_data = False

    def send(self, s: Any) -> None:
        # Inside data() smtplib sends the command as text and, after the server's 354, the content as
        # bytes. Reporting there and not before the command keeps the doubtful moment short.
        if self._in_data and isinstance(s, bytes):
            try:
                self.before_handing()
            except BaseException:
                self.close()  # type: ignore[attr-defined]  # without a good-bye: it would be content
                raise
        super().send(s)  # type: ignore[misc]


class HandingSMTP(_Handing, smtplib.SMTP):
    pass


class HandingSMTPS(_Handing, smtplib.SMTP_SSL):
    pass


class SmtpBackend(DjangoSmtpBackend):
    """Django's SMTP backend, on a connection that reports when a message leaves our hands."""

    def __init__(
        self, *args: Any, before_handing: Callable[[], None] = _nothing, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.before_handing = before_handing

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return HandingSMTPS if self.use_ssl else HandingSMTP

    def open(self) -> bool | None:
        opened = super().open()
        if self.connection is not None:
            self.connection.before_handing = self.before_handing  # type: ignore[attr-defined]
        return opened


class FileBackend(BaseEmailBackend):
    """Each message as one file below ``EMAIL_FILE_PATH``.

    The file's name follows from the message, and it appears whole: writing the same message again
    after a crash replaces it instead of adding a second one.
    """

    def __init__(
        self, *args: Any, before_handing: Callable[[], None] = _nothing, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = message.extra_headers.pop(FILE_NAME_HEADER)
            path = folder / f"{re.sub(r'[^0-9A-Za-z@._+-]', '_', name)}.eml"
            part = path.with_suffix(f".{os.getpid()}.part")
            part.write_bytes(message.message().as_bytes())
            part.replace(path)
        return len(email_messages)
