"""The private addresses at which people's calendars read what is owed (R24)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import User


class CalendarFeed(models.Model):
    """One person's address: whoever has it may read. Only the person makes it, renews it, ends it."""

    user = models.OneToOneField(
        User, models.CASCADE, related_name="calendar_feed", verbose_name="người dùng"
    )
    token = models.CharField("mã bí mật", max_length=64, unique=True)
    made_at = models.DateTimeField("tạo lúc", default=timezone.now)

    class Meta:
        verbose_name = "địa chỉ lịch"
        verbose_name_plural = "địa chỉ lịch"
        ordering: ClassVar = ("-made_at",)

    def __str__(self) -> str:
        return f"Lịch của {self.user}"
