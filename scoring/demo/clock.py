"""A past moment as now: the demo's steps go through the services people use, each at its own time."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Stopped(dt.datetime):
    """Stands where ``django.utils.timezone`` looks for the hour."""

    moment: ClassVar[dt.datetime]

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        return _Stopped.moment.astimezone(tz)


@contextmanager
def at(moment: dt.datetime) -> Iterator[None]:
    """Whatever asks Django for the time inside gets ``moment``. For one process that does nothing else."""
    module: Any = timezone
    before = module.datetime
    _Stopped.moment = moment
    module.datetime = _Stopped
    try:
        yield
    finally:
        module.datetime = before


def moment(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """That hour of ``day`` in Vietnam."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour, minute)))


def working_day(day: dt.date) -> dt.date:
    """``day`` itself, or the Friday before a week-end."""
    return day - dt.timedelta(days=max(0, day.weekday() - 4))
