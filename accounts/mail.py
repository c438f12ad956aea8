"""The outbox: a message is written down with the change that causes it, then claimed, then sent.

A message passes ``waiting → claimed → handed → sent``. Until the server has said yes to everything
but the content it is *claimed*: a worker killed there has sent nothing, and the sweep lets another
try. From then on it is *handed*: a worker killed there may have sent it, so nobody sends it again by
itself; it becomes *unclear* and a person decides. So nothing is sent twice and nothing is lost in
silence, with any number of workers.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import os
import re
import secrets
import smtplib
import socket
import time
from email.header import Header
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.template import Context
from django.template.loader import get_template, render_to_string
from django.utils import timezone

from accounts.history import record
from accounts.mail_backends import FILE_NAME_HEADER
from accounts.models import Mail
from accounts.queue import enqueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from accounts.history import Actor
    from accounts.models import User

logger = logging.getLogger(__name__)
State = Mail.State

BACK_OFF = (1, 5, 15, 60, 240, 480, 720)  # minutes after each failed try; then it is given up
MAX_ATTEMPTS = len(BACK_OFF) + 1
STALE = dt.timedelta(minutes=10)  # well above the time limit of a job: its worker is dead
UNCLEAR_TEXT = (
    "Máy bị ngắt khi đang giao thư cho máy chủ thư; thư có thể đã được gửi. "
    "Hãy hỏi người nhận, gửi lại bằng tay nếu cần."
)
# Ours say when a message leaves our hands; any other backend counts as handing over from the start.
BACKENDS = {
    "django.core.mail.backends.smtp.EmailBackend": "accounts.mail_backends.SmtpBackend",
    "django.core.mail.backends.filebased.EmailBackend": "accounts.mail_backends.FileBackend",
}
# Answers of the server to this very message; the next one may fare better.
ABOUT_ONE_MESSAGE = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)


class ClaimLost(Exception):
    """Another worker has taken the message over: leave it alone."""


# -- Writing ------------------------------------------------------------------------------------


def compose(
    *,
    key: str,
    kind: str,
    user: User,
    template: str,
    context: dict[str, Any],
    not_before: dt.datetime | None = None,
) -> Mail:
    """One message to ``user``, not saved yet, from ``templates/emails/<template>_subject.txt``, ``.txt``, ``.html``."""
    context = {"site_url": settings.SITE_URL, "agency": user.agency, "person": user, **context}
    subject = " ".join(_plain(f"emails/{template}_subject.txt", context).split())
    return Mail(
        key=key,
        kind=kind,
        agency_id=user.agency_id,
        user=user,
        to=user.email,
        subject=subject[:300],
        text=_tidy(_plain(f"emails/{template}.txt", context)),
        html=render_to_string(f"emails/{template}.html", context),
        next_try_at=not_before or timezone.now(),
    )


def put(
    *,
    key: str,
    kind: str,
    user: User,
    template: str,
    context: dict[str, Any],
    not_before: dt.datetime | None = None,
) -> Mail | None:
    """Write one message to ``user`` into the outbox; None if ``key`` was written before.

    Call it inside the transaction of the change it tells of.
    """
    from accounts.jobs import send_mail

    if Mail.objects.filter(key=key).exists():
        return None
    mail = compose(
        key=key, kind=kind, user=user, template=template, context=context, not_before=not_before
    )
    try:
        with transaction.atomic():
            mail.save(force_insert=True)
    except IntegrityError:  # written by somebody else at the same moment
        return None
    enqueue(send_mail, mail.pk)
    return mail


def put_all(mails: Iterable[Mail]) -> list[Mail]:
    """Write many composed messages at once and wake a worker once. Their keys must be new."""
    from accounts.jobs import send_waiting_mail

    written = Mail.objects.bulk_create(mails)
    if written:
        enqueue(send_waiting_mail)
    return written


def _plain(template: str, context: dict[str, Any]) -> str:
    """A text template, where ``&`` is no HTML."""
    return get_template(template).template.render(Context(context, autoescape=False))  # type: ignore[attr-defined]


def _tidy(text: str) -> str:
    """Templates leave empty lines behind their tags; a reader wants at most one."""
    return re.sub(r"\n[ \t]*(?:\n[ \t]*)+\n", "\n\n", text).strip() + "\n"


# -- Sending ------------------------------------------------------------------------------------


def send(mail_id: int) -> str | None:
    """Send one message if it is due and nobody else has it; its state afterwards, or None.

    Never call it inside a transaction: each step must be on disk before the next one happens.
    """
    return _attempt(mail_id)[0]


def _attempt(mail_id: int) -> tuple[str | None, bool]:
    """Like :func:`send`, and whether the mail server is there and willing."""
    me = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(8)}"
    now = timezone.now()
    claimed = Mail.objects.due(now).filter(pk=mail_id)
    if not claimed.update(
        state=State.CLAIMED, claimed_at=now, claimed_by=me, attempts=F("attempts") + 1
    ):
        return None, True
    mail = Mail.objects.get(pk=mail_id)
    handed = False

    def before_handing() -> None:
        nonlocal handed
        if not _move(mail, State.CLAIMED, state=State.HANDED):
            raise ClaimLost
        handed = True

    try:
        _deliver(mail, before_handing)
    except ClaimLost:
        return None, True
    except Exception as error:  # every failure ends in the row, where the office sees it
        return _failed(mail, error, handed=handed), isinstance(error, ABOUT_ONE_MESSAGE)
    # The sweep may have called it unclear meanwhile; now it is clear.
    held = (State.CLAIMED, State.HANDED, State.UNCLEAR)
    _move(mail, *held, state=State.SENT, sent_at=timezone.now(), error="")
    return str(State.SENT), True


def _deliver(mail: Mail, before_handing: Callable[[], None]) -> None:
    backend = BACKENDS.get(settings.EMAIL_BACKEND)
    if backend:
        connection = get_connection(backend, before_handing=before_handing)
    else:
        connection = get_connection()
        before_handing()
    try:
        connection.open()
        connection.send_messages([message_of(mail)])
    finally:
        try:
            connection.close()
        except (OSError, smtplib.SMTPException) as error:  # the message itself is settled by now
            logger.info("Đóng kết nối máy chủ thư: %s", error)


class Message(EmailMultiAlternatives):
    """Folds a long Vietnamese subject so that its first line is not empty, which some readers dislike."""

    def message(self, **kwargs: Any) -> Any:
        message: Any = super().message(**kwargs)
        subject = Header(str(self.subject), "utf-8", header_name="Subject")
        message.replace_header("Subject", subject)
        return message


def message_of(mail: Mail) -> EmailMultiAlternatives:
    """The message as it goes out, text and HTML; the same ``Message-ID`` however often it is sent."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    if not re.search("[a-z]", host):
        host = f"[{host}]"  # an address in digits is written so in a mail header
    created = timezone.localtime(mail.created_at)
    headers = {
        "Message-ID": f"<{hashlib.sha256(mail.key.encode()).hexdigest()[:32]}@{host}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if BACKENDS.get(settings.EMAIL_BACKEND, "").endswith("FileBackend"):
        headers[FILE_NAME_HEADER] = f"{created:%Y-%m-%d-%H%M}-{mail.to}-{mail.pk}"
    message = Message(mail.subject, mail.text, to=[mail.to], headers=headers)
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message


def _move(mail: Mail, *sources: str, **columns: Any) -> bool:
    """Change the row only while this claim holds it in one of ``sources``."""
    held = Mail.objects.filter(pk=mail.pk, claimed_by=mail.claimed_by, state__in=sources)
    return bool(held.update(**columns))


def _failed(mail: Mail, error: Exception, *, handed: bool) -> str | None:
    code, words = _explain(error)
    columns: dict[str, Any] = {"error": words}
    if handed and code is None:
        # The content was on its way and no answer came: the server may have taken it.
        state = State.UNCLEAR
        columns["error"] += " Thư có thể đã được gửi. Hãy hỏi người nhận, gửi lại bằng tay nếu cần."
    elif mail.attempts >= MAX_ATTEMPTS or _is_final(error, code):
        state = State.FAILED
    else:
        state = State.WAITING
        pause = dt.timedelta(minutes=BACK_OFF[mail.attempts - 1])
        columns["next_try_at"] = timezone.now() + pause
    if code is None and not isinstance(error, (OSError, smtplib.SMTPException)):
        logger.exception("Thư %s: lỗi không lường trước", mail.pk, exc_info=error)
    else:
        logger.warning("Thư %s tới %s: %s", mail.pk, mail.to, words)
    moved = _move(mail, State.CLAIMED, State.HANDED, state=state, **columns)
    return str(state) if moved else None


def _explain(error: Exception) -> tuple[int | None, str]:
    """The server's code, if it gave one, and the reason in Vietnamese with the server's own words."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return code, f"Máy chủ thư từ chối địa chỉ người nhận: {_said(code, said)}"
    if isinstance(error, smtplib.SMTPResponseException):
        code = error.smtp_code
        what = "Máy chủ thư từ chối thư"
        if isinstance(error, smtplib.SMTPAuthenticationError):
            what = "Máy chủ thư không nhận tài khoản gửi"
        elif isinstance(error, smtplib.SMTPSenderRefused):
            what = "Máy chủ thư từ chối địa chỉ gửi"
        elif isinstance(error, (smtplib.SMTPConnectError, smtplib.SMTPHeloError)):
            what = "Máy chủ thư từ chối kết nối"
        # A code below 200 is smtplib's own "the connection broke", not an answer.
        return (code if code >= 200 else None), f"{what}: {_said(code, error.smtp_error)}"
    if isinstance(error, TimeoutError):
        return None, f"Máy chủ thư không trả lời sau {settings.EMAIL_TIMEOUT} giây."
    if isinstance(error, ConnectionRefusedError):
        return None, "Máy chủ thư không nhận kết nối (connection refused)."
    if isinstance(error, socket.gaierror):
        return None, f"Không tìm thấy máy chủ thư «{settings.EMAIL_HOST}»."
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return None, f"Máy chủ thư ngắt kết nối giữa chừng ({error})."
    if isinstance(error, OSError):
        return None, f"Lỗi khi nối với máy chủ thư hoặc ghi tệp: {error}."
    return None, f"Lỗi khi gửi thư: {error.__class__.__name__}: {error}."


def _said(code: int, said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(text.split())}"[:500]


def _is_final(error: Exception, code: int | None) -> bool:
    """The server will never take this message; its own settings (account, sender) can be mended."""
    return isinstance(error, ABOUT_ONE_MESSAGE) and code is not None and code >= 500


# -- Sweeping and by hand -----------------------------------------------------------------------


def release_stale() -> None:
    """Take back what dead workers left behind: claimed waits again, handed becomes unclear."""
    now = timezone.now()
    dead = Q(claimed_at__lt=now - STALE)
    here = socket.gethostname()[:60]
    held = Mail.objects.filter(state__in=[State.CLAIMED, State.HANDED])
    for claim in held.values_list("claimed_by", flat=True):
        host, pid, _ = [*claim.rsplit(":", 2), "", ""][:3]
        # Ten minutes are for workers elsewhere; of one on this machine it is known at once.
        if host == here and pid.isdigit() and not _is_running(int(pid)):
            dead |= Q(claimed_by=claim)
    left = Mail.objects.filter(dead)
    left.filter(state=State.CLAIMED).update(state=State.WAITING, next_try_at=now)
    left.filter(state=State.HANDED).update(state=State.UNCLEAR, error=UNCLEAR_TEXT)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's process, but alive
    return True


def send_waiting(*, limit: int = 200, seconds: float = 200) -> int:
    """Send what is due, oldest first, until ``seconds`` are over; how many were sent.

    Where the server itself is the trouble the rest waits for the next sweep: it must not use up every
    message's tries, nor this worker's time.
    """
    release_stale()
    until = time.monotonic() + seconds
    due = Mail.objects.due(timezone.now()).order_by("next_try_at", "pk")
    sent = 0
    for mail_id in list(due.values_list("pk", flat=True)[:limit]):
        if time.monotonic() > until:
            break
        state, server_is_there = _attempt(mail_id)
        sent += state == State.SENT
        if not server_is_there:
            break
    return sent


def retry(mail: Mail, *, by: Actor) -> bool:
    """Send a failed, unclear or waiting message now («gửi lại bằng tay»); False if it is on its way or sent."""
    from accounts.jobs import send_mail

    with transaction.atomic():
        before = mail.get_state_display()
        again = Mail.objects.filter(
            pk=mail.pk, state__in=[State.FAILED, State.UNCLEAR, State.WAITING]
        )
        if not again.update(state=State.WAITING, attempts=0, next_try_at=timezone.now()):
            return False
        if mail.agency_id:
            record(
                by=by,
                agency=mail.agency_id,
                action="Gửi lại thư",
                of=mail,
                label=str(mail),
                changes={"trạng thái": [before, State.WAITING.label]},
            )
        enqueue(send_mail, mail.pk)
    return True
