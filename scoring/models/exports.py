"""What goes out: the workbooks of results made for the province."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Agency, User
from plans.models import Period

if TYPE_CHECKING:
    import datetime as dt


class ExportQuerySet(models.QuerySet["Export"]):
    def visible_to(self, user: User) -> ExportQuerySet:
        return self.filter(agency_id=user.agency_id)

    def stale(self, before: dt.datetime) -> ExportQuerySet:
        """Waiting too long, or taken by a worker that has not been heard of since ``before``."""
        return self.filter(
            Q(state=Export.State.WAITING) | Q(state=Export.State.RUNNING, claimed_at__lt=before)
        )


class Export(models.Model):
    """One workbook of results of one period: asked for, made by a worker, kept (R33). Nobody edits it."""

    class State(models.TextChoices):
        WAITING = "waiting", "Chờ thực hiện"
        RUNNING = "running", "Đang tạo"
        DONE = "done", "Đã xong"
        FAILED = "failed", "Không tạo được"

    agency = models.ForeignKey(
        Agency, models.PROTECT, related_name="exports", verbose_name="cơ quan"
    )
    period = models.ForeignKey(
        Period, models.PROTECT, related_name="exports", verbose_name="kỳ báo cáo"
    )
    state = models.CharField(
        "trạng thái", max_length=10, choices=State.choices, default=State.WAITING
    )
    progress = models.PositiveSmallIntegerField("đã xong (%)", default=0)
    automatic = models.BooleanField("tự tạo vào ngày hạn", default=False)
    requested_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="người yêu cầu"
    )
    requested_at = models.DateTimeField("yêu cầu lúc", auto_now_add=True)
    claimed_at = models.DateTimeField("bắt đầu lúc", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField("số lần thử", default=0)
    finished_at = models.DateTimeField("xong lúc", null=True, blank=True)
    error = models.TextField("lỗi", blank=True)
    name = models.CharField("tên tệp", max_length=200, blank=True)
    path = models.CharField(max_length=200, blank=True)  # below MEDIA_ROOT
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    size = models.PositiveBigIntegerField("dung lượng", default=0)
    summary = models.JSONField("tình trạng khi tạo", default=dict, blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = "hồ sơ kết quả"
        verbose_name_plural = "hồ sơ kết quả"
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["period"], condition=Q(automatic=True), name="automatic_export_once"
            )
        ]

    def __str__(self) -> str:
        return self.name or f"Kết quả {self.period}"
