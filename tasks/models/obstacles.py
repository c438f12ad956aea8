"""Difficulties that go from a unit through the office to the leaders, and what these direct (R18)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Role, Unit, User
from plans.models import Period, Task
from tasks.models.reports import Report

if TYPE_CHECKING:
    import datetime as dt


class ObstacleQuerySet(models.QuerySet["Obstacle"]):
    def visible_to(self, user: User) -> ObstacleQuerySet:
        """The unit's own, and the office's; the leaders see what the office has passed on (R18)."""
        found = self.filter(agency_id=user.agency_id)
        if user.is_coordinator:
            return found
        readable = Q(pk__in=[])
        if user.roles & {Role.REPORTER, Role.HEAD}:
            directed = Direction.objects.filter(owner_id=user.unit_id).values("obstacle_id")
            readable |= Q(unit_id=user.unit_id) | Q(pk__in=directed)
        if user.is_leader:
            readable |= ~Q(state=Obstacle.State.RAISED)
        return found.filter(readable)

    def open(self) -> ObstacleQuerySet:
        return self.exclude(state=Obstacle.State.CLOSED)


class Obstacle(models.Model):
    """A difficulty that a unit cannot solve alone (khó khăn, vướng mắc): unit → office → leaders (R18)."""

    class State(models.TextChoices):
        RAISED = "raised", "Chờ Văn phòng Sở"
        PASSED_ON = "passed_on", "Chờ Lãnh đạo Sở"
        ANSWERED = "answered", "Đã có ý kiến chỉ đạo"
        CLOSED = "closed", "Đã giải quyết"

    agency = models.ForeignKey(
        "accounts.Agency", models.PROTECT, related_name="obstacles", verbose_name="cơ quan"
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="obstacles", verbose_name="đơn vị")
    period = models.ForeignKey(
        Period,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="obstacles",
        verbose_name="kỳ báo cáo",
    )
    task = models.ForeignKey(
        Task,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="obstacles",
        verbose_name="nhiệm vụ",
    )
    report = models.ForeignKey(
        Report,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="obstacles",
        verbose_name="báo cáo",
    )
    text = models.TextField("khó khăn, vướng mắc")
    proposal = models.TextField("đề xuất, kiến nghị", blank=True)
    office_note = models.TextField("ý kiến Văn phòng Sở", blank=True)
    state = models.CharField(
        "trạng thái", max_length=10, choices=State.choices, default=State.RAISED
    )
    raised_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="người nêu"
    )
    raised_at = models.DateTimeField("nêu lúc", default=timezone.now)
    closed_at = models.DateTimeField("đóng lúc", null=True, blank=True)
    outcome = models.TextField("kết quả giải quyết", blank=True)

    objects = ObstacleQuerySet.as_manager()

    class Meta:
        verbose_name = "khó khăn, vướng mắc"
        verbose_name_plural = "khó khăn, vướng mắc"
        ordering = ("-raised_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(text=""), name="obstacle_has_text"),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(closed_at__isnull=False),
                name="closed_obstacle_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class DirectionQuerySet(models.QuerySet["Direction"]):
    def visible_to(self, user: User) -> DirectionQuerySet:
        return self.filter(obstacle__in=Obstacle.objects.visible_to(user).values("pk"))

    def open(self) -> DirectionQuerySet:
        return self.filter(done_at__isnull=True)

    def overdue(self, on: dt.date) -> DirectionQuerySet:
        return self.open().filter(due_on__lt=on)


class Direction(models.Model):
    """What Lãnh đạo Sở direct about an obstacle (ý kiến chỉ đạo): who does what by when (R18)."""

    obstacle = models.ForeignKey(
        Obstacle, models.PROTECT, related_name="directions", verbose_name="khó khăn, vướng mắc"
    )
    text = models.TextField("ý kiến chỉ đạo")
    owner = models.ForeignKey(
        Unit, models.PROTECT, related_name="directions", verbose_name="đơn vị thực hiện"
    )
    due_on = models.DateField("hoàn thành trước hết ngày")
    given_by = models.CharField("người chỉ đạo", max_length=150)  # the name as it was then
    leader = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="lãnh đạo đã chỉ đạo"
    )
    given_on = models.DateField("ngày chỉ đạo")
    # R2b: a direction given on paper or at a briefing is recorded by the office with its basis.
    basis = models.CharField("căn cứ", max_length=300, blank=True)
    recorded_at = models.DateTimeField("ghi lúc", default=timezone.now)
    done_at = models.DateTimeField("xong lúc", null=True, blank=True)
    done_note = models.TextField("kết quả thực hiện", blank=True)

    objects = DirectionQuerySet.as_manager()

    class Meta:
        verbose_name = "ý kiến chỉ đạo"
        verbose_name_plural = "ý kiến chỉ đạo"
        ordering = ("due_on", "id")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(text=""), name="direction_has_text"),
        ]

    def __str__(self) -> str:
        return self.text[:80]
