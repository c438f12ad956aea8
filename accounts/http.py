"""The request as views behind ``accounts.decorators.signed_in`` get it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from accounts.models import Agency, User


class SignedIn(HttpRequest):
    """A request of a person of an agency; only for annotations, no such object is ever made."""

    user: User
    htmx: HtmxDetails


def agency_of(request: SignedIn) -> Agency:
    """The person's agency; ``signed_in`` has made sure that there is one."""
    agency = request.user.agency
    assert agency is not None
    return agency
