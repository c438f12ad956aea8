"""The outbox: a message is written down with the change that causes it, then claimed, then sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.loader import render_to_string

from accounts.models import Mail

if TYPE_CHECKING:
    import datetime as dt

    from accounts.models import User


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

    Renders ``templates/emails/<template>_subject.txt``, ``.txt`` and ``.html``. Call it inside the
    transaction of the change it tells of.
    """
    from accounts.jobs import send_mail

    context = {"site_url": settings.SITE_URL, "agency": user.agency, "person": user, **context}
    subject = " ".join(render_to_string(f"emails/{template}_subject.txt", context).split())
    mail, created = Mail.objects.get_or_create(
        key=key,
        defaults={
            "agency_id": user.agency_id,
            "user": user,
            "kind": kind,
            "to": user.email,
            "subject": subject,
            "text": render_to_string(f"emails/{template}.txt", context),
            "html": render_to_string(f"emails/{template}.html", context),
            **({"next_try_at": not_before} if not_before else {}),
        },
    )
    if not created:
        return None
    send_mail.delay_on_commit(mail.pk)
    return mail
