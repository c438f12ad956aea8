"""The office entering a unit's report for it (R2b)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from tasks.models.reports import Report


class Substitution(models.Model):
    """One time the office enters one report for its unit, on what basis, and what the unit says to it.

    ``tasks.substitutions`` changes it, nothing else. Who acted in between is in the history of the report.
    """

    class Kind(models.TextChoices):
        DOCUMENT = "document", "Văn bản"
        PHONE = "phone", "Điện thoại"
        ZALO = "zalo", "Zalo"
        BRIEFING = "briefing", "Kết luận giao ban"
        OTHER = "other", "Khác"

    class End(models.TextChoices):
        SENT = "sent", "Đã gửi thay đơn vị"
        TAKEN_OVER = "taken_over", "Đơn vị tự làm"
        STOPPED = "stopped", "Thôi nhập thay"

    # With its kind in front it fits the 300 characters that a row of history has for it.
    BASIS_LIMIT = 280

    report = models.ForeignKey(
        Report, models.PROTECT, related_name="substitutions", verbose_name="báo cáo"
    )
    kind = models.CharField("loại căn cứ", max_length=10, choices=Kind.choices)
    basis = models.CharField("căn cứ", max_length=BASIS_LIMIT)
    basis_date = models.DateField("ngày của căn cứ")
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="người bắt đầu")
    started_at = models.DateTimeField("bắt đầu lúc", default=timezone.now)
    ended_at = models.DateTimeField("kết thúc lúc", null=True, blank=True)
    ended_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="người kết thúc",
    )
    end = models.CharField("kết thúc vì", max_length=10, choices=End.choices, blank=True)
    objection = models.TextField("ý kiến của đơn vị", blank=True)
    objected_at = models.DateTimeField("có ý kiến lúc", null=True, blank=True)
    objected_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="người có ý kiến",
    )
    answer = models.TextField("trả lời ý kiến", blank=True)
    answered_at = models.DateTimeField("trả lời lúc", null=True, blank=True)
    answered_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="người trả lời",
    )

    class Meta:
        verbose_name = "nhập thay"
        verbose_name_plural = "nhập thay"
        ordering = ("started_at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["report"],
                condition=Q(ended_at__isnull=True),
                name="substitution_running_once",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end="")
                | (Q(ended_at__isnull=False) & ~Q(end="")),
                name="substitution_ends_somehow",
            ),
            models.CheckConstraint(
                condition=Q(objected_at__isnull=True, objection="")
                | (Q(objected_at__isnull=False, end="sent") & ~Q(objection="")),
                name="objection_to_what_was_sent",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(objected_at__isnull=False),
                name="answer_to_an_objection",
            ),
        ]

    def __str__(self) -> str:
        return f"Nhập thay {self.report}"

    @property
    def is_running(self) -> bool:
        return self.ended_at is None

    @property
    def is_sent(self) -> bool:
        return self.end == self.End.SENT

    @property
    def is_objected(self) -> bool:
        """Does the unit wait for an answer to what it said?"""
        return self.objected_at is not None and self.answered_at is None

    @property
    def basis_words(self) -> str:
        """For the history: «Văn bản: số 12/CV-TCCB»."""
        if self.kind == self.Kind.OTHER:
            return self.basis
        return f"{self.Kind(self.kind).label}: {self.basis}"

    @property
    def words(self) -> str:
        """For a sentence: «theo văn bản: số 12/CV-TCCB, ngày 12/11/2019»."""
        words = self.basis_words
        if self.kind not in {self.Kind.ZALO, self.Kind.OTHER}:
            words = words[:1].lower() + words[1:]
        return f"theo {words}, ngày {self.basis_date:%d/%m/%Y}"
