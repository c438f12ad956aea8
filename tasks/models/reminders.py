"""What was reminded of, and when."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Agency, Mail, User
from plans.models import Period
from tasks.reminding import step_text


class ReminderRun(models.Model):
    """One morning's reminders of one agency, claimed before anything is written for it (R23)."""

    agency = models.ForeignKey(
        Agency, models.PROTECT, related_name="reminder_runs", verbose_name="cơ quan"
    )
    day = models.DateField("ngày")
    messages = models.PositiveIntegerField("số thư", default=0)
    started_at = models.DateTimeField("bắt đầu lúc", auto_now_add=True)

    class Meta:
        verbose_name = "lượt nhắc"
        verbose_name_plural = "lượt nhắc"
        ordering = ("-day",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "day"], name="reminder_run_once")
        ]

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y}: {self.messages} thư"


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def visible_to(self, user: User) -> ReminderQuerySet:
        return self.filter(user__unit__agency_id=user.agency_id)


class Reminder(models.Model):
    """One step of a period's, a direction's or an explanation's date, told to one person, and its message (R23)."""

    mail = models.ForeignKey(Mail, models.PROTECT, related_name="reminders", verbose_name="thư")
    period = models.ForeignKey(
        Period, models.PROTECT, null=True, related_name="reminders", verbose_name="kỳ báo cáo"
    )
    direction = models.ForeignKey(
        "tasks.Direction",
        models.PROTECT,
        null=True,
        related_name="reminders",
        verbose_name="ý kiến chỉ đạo",
    )
    explanation = models.ForeignKey(
        "tasks.Explanation",
        models.PROTECT,
        null=True,
        related_name="reminders",
        verbose_name="giải trình",
    )
    user = models.ForeignKey(
        User, models.PROTECT, related_name="reminders", verbose_name="người nhận"
    )
    step = models.CharField("mốc", max_length=20)
    step_day = models.DateField("ngày của mốc")
    day = models.DateField("ngày nhắc")
    owed = models.PositiveIntegerField("số việc còn nợ")

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = "nhắc việc"
        verbose_name_plural = "nhắc việc"
        ordering = ("-day", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["period", "user", "step"], name="reminder_once"),
            models.UniqueConstraint(
                fields=["direction", "user", "step"], name="direction_reminder_once"
            ),
            models.UniqueConstraint(
                fields=["explanation", "user", "step"], name="explanation_reminder_once"
            ),
            models.CheckConstraint(
                condition=Q(period__isnull=False, direction__isnull=True, explanation__isnull=True)
                | Q(period__isnull=True, direction__isnull=False, explanation__isnull=True)
                | Q(period__isnull=True, direction__isnull=True, explanation__isnull=False),
                name="reminder_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y} {self.step} {self.user}"

    @property
    def step_text(self) -> str:
        return step_text(self.step)
