"""The whole Sở's result of one task: contributions of coordinating units, the consolidated text, corrections."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.models import HistoryQuerySet, HistoryRow, Role, Unit, User
from plans.models import Duty, Indicator, Period, Task
from tasks.models.reports import Report


def of_own_task(user: User) -> Exists:
    """Does the unit of ``user`` have any role in the row's task and period?"""
    return Exists(
        Duty.objects.filter(
            period_id=OuterRef("period_id"), task_id=OuterRef("task_id"), unit_id=user.unit_id or 0
        )
    )


class ContributionQuerySet(models.QuerySet["Contribution"]):
    def visible_to(self, user: User) -> ContributionQuerySet:
        """Of one's own unit; once given also the office's, the leaders' and that of the task's units."""
        mine = Q(unit_id=user.unit_id) if user.roles & {Role.REPORTER, Role.HEAD} else Q(pk__in=[])
        given = ~Q(state=Contribution.State.DRAFT)
        if not user.roles & {Role.COORDINATOR, Role.LEADER}:
            if not user.roles & {Role.REPORTER, Role.HEAD}:
                return self.none()
            given &= Q(of_own_task(user))
        return self.filter(mine | given, unit__agency_id=user.agency_id)


class Contribution(models.Model):
    """What a coordinating unit adds to one task in one period, for its lead to use (R6). Its unit changes it."""

    class State(models.TextChoices):
        DRAFT = "draft", "Đang soạn"
        GIVEN = "given", "Đã gửi"
        NOTHING = "nothing", "Không có nội dung"

    period = models.ForeignKey(
        Period, models.PROTECT, related_name="contributions", verbose_name="kỳ báo cáo"
    )
    task = models.ForeignKey(
        Task, models.PROTECT, related_name="contributions", verbose_name="nhiệm vụ"
    )
    unit = models.ForeignKey(
        Unit, models.PROTECT, related_name="contributions", verbose_name="đơn vị"
    )
    state = models.CharField(
        "trạng thái", max_length=10, choices=State.choices, default=State.DRAFT
    )
    text = models.TextField("nội dung phối hợp", blank=True)
    by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="người gửi"
    )
    given_at = models.DateTimeField("gửi lúc", null=True, blank=True)
    version = models.PositiveIntegerField("phiên bản", default=0)
    updated_at = models.DateTimeField("sửa lúc", auto_now=True)

    objects = ContributionQuerySet.as_manager()

    class Meta:
        verbose_name = "nội dung phối hợp"
        verbose_name_plural = "nội dung phối hợp"
        ordering = ("task__area__order", "task__order", "unit__order")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["period", "task", "unit"], name="contribution_once"),
            models.CheckConstraint(
                condition=~Q(state="given") | ~Q(text=""), name="given_contribution_has_text"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task.code} – {self.unit.name} (phối hợp)"


class TaskResultQuerySet(models.QuerySet["TaskResult"]):
    def visible_to(self, user: User) -> TaskResultQuerySet:
        """The office's and the leaders', and that of the task's own units, also while it is being merged."""
        found = self.filter(period__plan__agency_id=user.agency_id)
        if user.roles & {Role.COORDINATOR, Role.LEADER}:
            return found
        if not user.roles & {Role.REPORTER, Role.HEAD}:
            return self.none()
        return found.filter(Q(of_own_task(user)))


class TaskResult(models.Model):
    """The consolidated result of one task in one period (R19). Who consolidates changes it, the office approves."""

    class State(models.TextChoices):
        DRAFT = "draft", "Đang tổng hợp"
        APPROVED = "approved", "Đã chốt"

    period = models.ForeignKey(
        Period, models.PROTECT, related_name="results", verbose_name="kỳ báo cáo"
    )
    task = models.ForeignKey(Task, models.PROTECT, related_name="results", verbose_name="nhiệm vụ")
    state = models.CharField(
        "trạng thái", max_length=10, choices=State.choices, default=State.DRAFT
    )
    text = models.TextField("kết quả tổng hợp", blank=True)
    difficulties = models.TextField("khó khăn, vướng mắc", blank=True)
    version = models.PositiveIntegerField("phiên bản", default=0)
    # What the figures were when the result was approved: later changes show beside it, not in it.
    figures = models.JSONField("số liệu khi chốt", default=dict, blank=True)
    approved_at = models.DateTimeField("chốt lúc", null=True, blank=True)
    approved_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="người chốt"
    )
    updated_at = models.DateTimeField("sửa lúc", auto_now=True)

    objects = TaskResultQuerySet.as_manager()

    class Meta:
        verbose_name = "kết quả tổng hợp"
        verbose_name_plural = "kết quả tổng hợp"
        ordering = ("task__area__order", "task__order")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["period", "task"], name="task_result_once"),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(approved_at__isnull=False),
                name="approved_result_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task.code} – {self.period}"


class Correction(HistoryRow):
    """One figure of a report corrected by the office, with the reason; the unit sees it. Nobody changes it."""

    report = models.ForeignKey(
        Report, models.PROTECT, related_name="corrections", verbose_name="báo cáo"
    )
    indicator = models.ForeignKey(
        Indicator, models.PROTECT, related_name="+", verbose_name="chỉ tiêu"
    )
    before = models.CharField("trước", max_length=1000, blank=True)
    after = models.CharField("sau", max_length=1000, blank=True)

    objects: ClassVar[Any] = HistoryQuerySet.as_manager()

    class Meta:
        verbose_name = "đính chính số liệu"
        verbose_name_plural = "đính chính số liệu"
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.report}: {self.before} → {self.after}"
