"""Deputies who act for the head of a unit between two days (KT. Trưởng phòng, R2a)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from accounts import mail
from accounts.history import Actor, record
from accounts.models import StandIn, Unit, User
from accounts.text import clean

if TYPE_CHECKING:
    from accounts.models import StandInQuerySet

LONGEST = 366  # days; whoever acts longer than a year is the head


class Refused(Exception):
    """What was asked is not possible; the message is for the person."""


def head_of(unit: Unit) -> User | None:
    return User.objects.with_role("head").filter(unit=unit).order_by("pk").first()


@transaction.atomic
def appoint(
    *, unit: Unit, person: User, starts_on: dt.date, ends_on: dt.date, basis: str, by: Actor
) -> StandIn:
    """Let ``person`` act as head of ``unit`` from ``starts_on`` to the end of ``ends_on``; the person is told.

    Refused where the person is of another unit, is its head, or the unit has a deputy in those days.
    """
    today = timezone.localdate()
    unit = Unit.objects.select_for_update().get(pk=unit.pk)  # two at once come one after the other
    if person.unit_id != unit.pk or not person.is_active:
        raise Refused(f"Chỉ chọn được người đang công tác tại {unit.name}.")
    if person.is_head:
        raise Refused(f"{person.name} là trưởng đơn vị, không cần ủy quyền.")
    if ends_on < starts_on:
        raise Refused("Ngày cuối phải từ ngày đầu trở đi.")
    if ends_on < today:
        raise Refused("Thời gian ủy quyền đã qua; hãy chọn ngày cuối từ hôm nay trở đi.")
    if (ends_on - starts_on).days >= LONGEST:
        raise Refused("Mỗi lần ủy quyền không quá một năm.")
    there = overlapping(unit, starts_on, ends_on).select_related("person").first()
    if there:
        raise Refused(
            f"Đơn vị đã ủy quyền cho {there.person.name} từ {there.starts_on:%d/%m/%Y} "
            f"đến {there.ends_on:%d/%m/%Y}; hãy kết thúc lần đó trước."
        )
    row = StandIn.objects.create(
        unit=unit,
        person=person,
        head=head_of(unit),
        starts_on=starts_on,
        ends_on=ends_on,
        basis=clean(basis)[:300],
        made_by=by.user,
    )
    record(
        by=by,
        agency=unit.agency_id,
        action="Ủy quyền ký thay",
        of=row,
        changes={"thời gian": [None, f"{starts_on:%d/%m/%Y} – {ends_on:%d/%m/%Y}"]},
        reason=row.basis,
    )
    mail.put(
        key=f"stand_in:{row.pk}",
        kind="stand_in",
        user=person,
        template="stand_in",
        context={"row": row, "by": by.name},
    )
    return row


def overlapping(unit: Unit, starts_on: dt.date, ends_on: dt.date) -> StandInQuerySet:
    return StandIn.objects.filter(
        unit=unit, ended_at__isnull=True, starts_on__lte=ends_on, ends_on__gte=starts_on
    )


@transaction.atomic
def end(*, row: StandIn, by: Actor) -> bool:
    """Take the rights back now; False where that had been done or the time was over."""
    ended = StandIn.objects.filter(
        pk=row.pk, ended_at__isnull=True, ends_on__gte=timezone.localdate()
    ).update(ended_at=timezone.now())
    if ended:
        record(by=by, agency=row.unit.agency_id, action="Kết thúc ủy quyền ký thay", of=row)
    return bool(ended)
