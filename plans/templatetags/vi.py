"""Figures, days and sizes as Vietnamese officials write them. Built in: no template loads it.

Each filter answers with an empty text for an empty value, so that templates need no ``if``.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import template
from django.utils import timezone

from plans.numbers import round_half_up, show_number, show_percent

register = template.Library()


@register.filter
def figure(value: Decimal | int | Fraction | None, places: int | None = None) -> str:
    """``1234567.5`` as ``1.234.567,5``; ``places`` rounds half-up."""
    return "" if value is None or value == "" else _minus(show_number(value, places))


@register.filter
def percent(value: Fraction | Decimal | int | None, places: int = 2) -> str:
    """A share of one as a percentage: one half as ``50%``."""
    return "" if value is None or value == "" else _minus(show_percent(Fraction(value), places))


@register.filter
def ngay(value: dt.date | dt.datetime | str | None) -> str:
    """``19/11/2019``: of a date, a moment (the day it is in Vietnam) or an ISO date of a kept version."""
    day = _read(value)
    if isinstance(day, dt.datetime):
        day = timezone.localtime(day) if timezone.is_aware(day) else day
    return f"{day:%d/%m/%Y}" if day else ""


@register.filter
def luc(value: dt.datetime | str | None) -> str:
    """``14:05 19/11/2019``: a moment in Vietnam's time."""
    moment = _read(value)
    if isinstance(moment, dt.datetime):
        moment = timezone.localtime(moment) if timezone.is_aware(moment) else moment
        return f"{moment:%H:%M %d/%m/%Y}"
    return ngay(moment)


@register.filter
def days_left(due_before: dt.date | None, today: dt.date | None = None) -> int | None:
    """Days one can still be on time before an exclusive date: 0 on the last one, negative when late (R4)."""
    if due_before is None:
        return None
    return (due_before - (today or timezone.localdate())).days - 1


@register.filter
def days_left_text(days: int | None) -> str:
    """The number of :func:`days_left` in words."""
    if days is None:
        return ""
    if days < 0:
        return f"quá hạn {show_number(-days)} ngày"
    return "hạn cuối hôm nay" if days == 0 else f"còn {show_number(days)} ngày"


@register.filter
def kb_mb(size: int | None) -> str:
    """Bytes as a person reads them: ``812 KB``, ``1,4 MB``."""
    if size is None or size == "":
        return ""
    if size < 1024:
        return f"{show_number(size)} byte"
    if round_half_up(Fraction(size, 1024), 0) < 1024:
        return f"{show_number(Fraction(size, 1024), 0)} KB"
    return f"{show_number(round_half_up(Fraction(size, 1024 * 1024), 1))} MB"


def _minus(shown: str) -> str:
    """With a true minus; ``read_number`` reads it too."""
    return shown.replace("-", "−")


def _read(value: Any) -> dt.date | None:
    if not isinstance(value, str):
        return value
    try:
        return dt.datetime.fromisoformat(value) if "T" in value else dt.date.fromisoformat(value)
    except ValueError:
        return None
