"""Asking the permission table from a template of an app above this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template

from tasks.permissions import can

if TYPE_CHECKING:
    from accounts.models import User

register = template.Library()


@register.filter
def may(user: User, action: str) -> bool:
    """``{% if request.user|may:"period_manage" %}``."""
    return can(user, action)
