"""The calendar feed at its private address, and the page on which a person makes that address (R24)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import signed_in
from accounts.history import Actor
from tasks import feeds
from tasks.models import CalendarFeed
from tasks.permissions import require

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.http import SignedIn


@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The .ics file. Nobody signs in: calendars cannot, the address itself is the key; 404 for any other."""
    feed = feeds.feed_of(token)
    if feed is None:
        raise Http404
    response = HttpResponse(
        feeds.calendar_of(feed.user), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = 'inline; filename="cchc.ics"'
    response["X-Robots-Tag"] = "noindex"
    patch_cache_control(response, private=True, max_age=900)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def calendar_address(request: SignedIn) -> HttpResponse:
    """One's own address; POST makes a new one, or with ``do=end`` takes it away."""
    user = request.user
    require(user, "calendar_own")
    if request.method == "POST":
        by = Actor.from_request(request)
        if request.POST.get("do") == "end":
            if feeds.end_feed(user=user, by=by):
                messages.success(
                    request, "Đã hủy địa chỉ lịch; lịch đã thêm sẽ không cập nhật nữa."
                )
        else:
            feeds.make_feed(user=user, by=by)
            messages.success(
                request, "Đã tạo địa chỉ lịch. Địa chỉ cũ, nếu có, không còn dùng được."
            )
        return redirect("calendar_address")
    feed = CalendarFeed.objects.filter(user=user).first()
    address = feed and settings.SITE_URL.rstrip("/") + reverse("calendar_feed", args=[feed.token])
    return render(request, "tasks/calendar_address.html", {"feed": feed, "address": address})
