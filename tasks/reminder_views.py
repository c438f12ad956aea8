"""What goes out next, what went out, what failed and why (R23, R24); sending a message again by hand."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import mail as outbox
from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.models import Mail, User
from accounts.text import read_day
from tasks import explanations, obstacles, substitutions
from tasks.models import Reminder
from tasks.permissions import can, require
from tasks.reminders import coming

if TYPE_CHECKING:
    from accounts.http import SignedIn
    from accounts.models import MailQuerySet

PER_PAGE = 50
# Only these are shown: the link in a message about a password is for its owner alone.
KINDS = {
    "reminder": "Nhắc việc",
    "report_returned": "Báo cáo bị trả lại",
    "report_reopened": "Báo cáo được mở lại",
    "report_corrected": "Số liệu được đính chính",
    **substitutions.KINDS,
    **obstacles.KINDS,
    **explanations.KINDS,
}
# What the page calls the steps of sending: a person need not tell them apart.
SHOWN = {
    "waiting": ("Chờ gửi", ("waiting", "claimed", "handed")),
    "sent": ("Đã gửi", ("sent",)),
    "failed": ("Không gửi được", ("failed",)),
    "unclear": ("Chưa rõ đã gửi", ("unclear",)),
}
CAN_RETRY = ("waiting", "failed", "unclear")


def mails_of(user: User) -> MailQuerySet:
    return Mail.objects.visible_to(user).filter(kind__in=KINDS)


def person(request: SignedIn) -> User:
    """Who asks; ``signed_in`` has let only people of an agency through."""
    assert isinstance(request.user, User)
    return request.user


@require_safe
@signed_in
def reminder_list(request: SignedIn) -> HttpResponse:
    user = person(request)
    require(user, "reminders_read")
    agency = user.agency
    assert agency is not None
    mails = mails_of(user)
    counts = mails.aggregate(
        **{name: Count("pk", filter=Q(state__in=states)) for name, (_, states) in SHOWN.items()}
    )
    state = request.GET.get("trang-thai", "")
    state = state if state in SHOWN else ""
    typed_day = request.GET.get("ngay", "").strip()[:20]
    try:
        day = read_day(typed_day) if typed_day else None
    except ValueError:
        day = None
    shown = mails
    if state:
        shown = shown.filter(state__in=SHOWN[state][1])
    if day:
        start = timezone.make_aware(dt.datetime.combine(day, dt.time.min))
        # The morning it belongs to, or the day it was written: they differ where a season is replayed.
        shown = shown.filter(
            Q(Exists(Reminder.objects.filter(mail_id=OuterRef("pk"), day=day)))
            | Q(created_at__gte=start, created_at__lt=start + dt.timedelta(days=1))
        )
    rows = shown.select_related("user__unit").prefetch_related("reminders").defer("text", "html")
    page = Paginator(rows.order_by("-pk"), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "tasks/reminder_list.html",
        {
            "coming": coming(agency, timezone.localdate()),
            "hour": agency.reminder_time,
            "counts": counts,
            "states": [(name, text) for name, (text, _) in SHOWN.items()],
            "state": state,
            "day": day,
            "bad_day": typed_day if typed_day and day is None else "",
            "page": page,
            "kinds": KINDS,
            "may_retry": can(user, "mail_retry"),
            "retry_states": CAN_RETRY,
            "today": timezone.localdate(),
        },
    )


@require_safe
@signed_in
def mail_detail(request: SignedIn, pk: int) -> HttpResponse:
    """One message: its words, where it stands, and why it failed."""
    user = person(request)
    mail = get_object_or_404(mails_of(user).select_related("user__unit"), pk=pk)
    require(user, "reminders_read")
    return render(
        request,
        "tasks/mail_detail.html",
        {
            "mail": mail,
            "kind": KINDS[mail.kind],
            "reminders": list(mail.reminders.select_related("period", "direction", "explanation")),
            "may_retry": mail.state in CAN_RETRY and can(user, "mail_retry"),
            "max_attempts": outbox.MAX_ATTEMPTS,
        },
    )


@require_POST
@signed_in
def mail_retry(request: SignedIn, pk: int) -> HttpResponse:
    """Send one message again now."""
    user = person(request)
    mail = get_object_or_404(mails_of(user), pk=pk)
    require(user, "mail_retry")
    if outbox.retry(mail, by=Actor.from_request(request)):
        messages.success(request, f"Thư gửi {mail.to} đã được đưa vào hàng chờ gửi lại.")
    else:
        messages.warning(
            request, f"Thư gửi {mail.to} đang được gửi hoặc đã gửi xong; không gửi lại."
        )
    return redirect("mail_detail", pk=mail.pk)
