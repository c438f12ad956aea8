"""Reports of units, their answers, and the history of both."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts.models import HistoryQuerySet, HistoryRow, Role, Unit, User
from plans.fields import FigureField
from plans.models import Duty, Indicator, Period, Task
from plans.targets import Kind, Value
from tasks.states import ACTION_TEXT, OWED, STATE_TEXT, Action, State


class ReportQuerySet(models.QuerySet["Report"]):
    def in_agency_of(self, user: User) -> ReportQuerySet:
        """Reports whose existence and state ``user`` may know of."""
        return self.filter(unit__agency_id=user.agency_id) if user.agency_id else self.none()

    def visible_to(self, user: User) -> ReportQuerySet:
        """Reports whose content ``user`` may read (R3).

        Drafts are their own unit's; what was submitted is also the office's, the leaders' and that
        of the units of the same task.
        """
        if not user.agency_id or not user.unit_id or not user.roles:
            return self.none()
        mine = Q()
        if user.roles & {Role.REPORTER, Role.HEAD}:
            mine = Q(unit_id=user.unit_id)
        sent = Q(first_submitted_at__isnull=False) & ~Q(state=State.DRAFT)
        if not user.roles & {Role.COORDINATOR, Role.LEADER}:
            if not mine:
                return self.none()
            same_task = Duty.objects.filter(
                period_id=OuterRef("period_id"), task_id=OuterRef("task_id"), unit_id=user.unit_id
            )
            sent &= Q(Exists(same_task))
        elif Role.COORDINATOR in user.roles:
            # What the office is entering itself, nothing of the unit's in it (R2b).
            sent |= Q(substitution__isnull=False, substitution__ended_at__isnull=True)
        return self.in_agency_of(user).filter(mine | sent if mine else sent)

    def active(self) -> ReportQuerySet:
        """Owed or given: neither released by the office nor out of the plan."""
        return self.filter(released_at__isnull=True, retired_at__isnull=True)

    def owed(self) -> ReportQuerySet:
        return self.active().filter(state__in=OWED)

    def overdue(self, on: dt.date) -> ReportQuerySet:
        """Still owed on day ``on`` although the date has come (R4), in a period not yet closed."""
        return self.owed().filter(
            Q(extended_to__isnull=True, period__due_before__lte=on) | Q(extended_to__lt=on)
        )

    def with_names(self) -> ReportQuerySet:
        return self.select_related("unit", "task__area", "period__plan", "substitution")


class Report(models.Model):
    """One unit's result of one task in one period. ``tasks.services`` changes it, nothing else."""

    period = models.ForeignKey(
        Period, models.PROTECT, related_name="reports", verbose_name="kỳ báo cáo"
    )
    task = models.ForeignKey(Task, models.PROTECT, related_name="reports", verbose_name="nhiệm vụ")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="reports", verbose_name="đơn vị")
    assignee = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="assigned_reports",
        verbose_name="người soạn",
    )
    state = models.CharField(
        "trạng thái",
        max_length=12,
        choices=[(s.value, t) for s, t in STATE_TEXT.items()],
        default=State.NOT_STARTED,
    )
    handed_up_at = models.DateTimeField("trình lúc", null=True, blank=True)
    text = models.TextField("kết quả thực hiện", blank=True)
    difficulties = models.TextField("khó khăn, vướng mắc", blank=True)
    # What was typed and cannot be read as a figure or a date yet: field -> text. Nothing typed is lost.
    unread = models.JSONField("nội dung chưa hợp lệ", default=dict, blank=True)
    version = models.PositiveIntegerField("phiên bản", default=0)  # every save raises it (R14)
    first_submitted_at = models.DateTimeField("gửi lần đầu", null=True, blank=True)
    submitted_at = models.DateTimeField("gửi gần nhất", null=True, blank=True)
    accepted_at = models.DateTimeField("duyệt lúc", null=True, blank=True)
    is_late = models.BooleanField(
        "trễ hạn", default=False
    )  # R15: of the first submission, for good
    extended_to = models.DateField("hạn mới", null=True, blank=True)  # R12: the date of a reopening
    released_at = models.DateTimeField("miễn báo cáo lúc", null=True, blank=True)
    released_reason = models.CharField("lý do miễn", max_length=500, blank=True)
    retired_at = models.DateTimeField("thôi áp dụng từ", null=True, blank=True)
    # The office's entering that what stands here comes from (R2b): running, or sent and not replaced since.
    substitution = models.ForeignKey(
        "Substitution",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="nhập thay",
    )
    stake = FigureField(
        "điểm đang chờ", null=True, blank=True
    )  # written by scoring, orders the lists
    updated_at = models.DateTimeField("sửa lúc", auto_now=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = "báo cáo kết quả"
        verbose_name_plural = "báo cáo kết quả"
        ordering = ("task__area__order", "task__order", "unit__order")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["period", "task", "unit"], name="report_once"),
            models.CheckConstraint(
                condition=~Q(state__in=[State.SUBMITTED, State.ACCEPTED, State.RETURNED])
                | Q(first_submitted_at__isnull=False),
                name="sent_report_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(submitted_at__isnull=True)
                | Q(submitted_at__gte=F("first_submitted_at")),
                name="resubmitted_after_first",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["period", "state"], name="report_period_state")]

    def __str__(self) -> str:
        return f"{self.task.code} – {self.unit.name} – {self.period}"

    @property
    def is_owed(self) -> bool:
        return self.state in OWED and self.released_at is None and self.retired_at is None

    @property
    def due_before(self) -> dt.date:
        """The exclusive date: the period's, or the day after the new date of a reopening."""
        if self.extended_to:
            return self.extended_to + dt.timedelta(days=1)
        return self.period.due_before

    @property
    def being_entered(self) -> bool:
        """Is the office entering this report for its unit now?"""
        return self.substitution is not None and self.substitution.is_running

    @property
    def was_entered(self) -> bool:
        """Was what was sent last entered by the office?"""
        return self.substitution is not None and self.substitution.is_sent

    def is_overdue(self, on: dt.date | None = None) -> bool:
        return self.is_owed and (on or timezone.localdate()) >= self.due_before


class Answer(models.Model):
    """A report's answer to one indicator. ``tasks.services`` changes it with its report."""

    class State(models.TextChoices):
        GIVEN = "given", "Có số liệu"
        MISSING = "missing", "Chưa ban hành, chưa thực hiện"
        NOT_ARISING = "not_arising", "Không phát sinh"
        NOT_OURS = "not_ours", "Không thuộc đơn vị này"

    report = models.ForeignKey(
        Report, models.CASCADE, related_name="answers", verbose_name="báo cáo"
    )
    indicator = models.ForeignKey(
        Indicator, models.PROTECT, related_name="answers", verbose_name="chỉ tiêu"
    )
    state = models.CharField("trả lời", max_length=12, choices=State.choices, default=State.GIVEN)
    numerator = FigureField("tử số", null=True, blank=True)
    denominator = FigureField("mẫu số", null=True, blank=True)
    amount = FigureField("giá trị", null=True, blank=True)
    holds = models.BooleanField("có thực hiện", null=True, blank=True)
    day = models.DateField("ngày", null=True, blank=True)
    document = models.ForeignKey(
        "Document",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="answers",
        verbose_name="văn bản",
    )
    reason = models.CharField("lý do", max_length=500, blank=True)

    class Meta:
        verbose_name = "số liệu"
        verbose_name_plural = "số liệu"
        ordering = ("indicator__order",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["report", "indicator"], name="answer_once"),
            models.CheckConstraint(
                condition=Q(numerator__isnull=True) | Q(numerator__gte=0),
                name="numerator_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(denominator__isnull=True) | Q(denominator__gte=0),
                name="denominator_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0), name="amount_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator.code}: {self.get_state_display()}"

    def value(self, kind: str) -> Value:
        """The pure value of this answer; «không thuộc đơn vị này» is no answer at all."""
        if self.state == self.State.NOT_OURS:
            return Value()
        if self.state == self.State.NOT_ARISING or (kind == Kind.RATIO and self.denominator == 0):
            return Value(reported=True, not_arising=True)
        if self.state == self.State.MISSING:
            return Value(reported=True, missing=True)
        day = self.day
        if kind == Kind.DOCUMENT:
            day = self.document.issued_on if self.document else None
        return Value(
            reported=True,
            numerator=self.numerator,
            denominator=self.denominator,
            amount=self.amount,
            holds=self.holds,
            day=day,
        )


class Transition(HistoryRow):
    """One change of state of one report (R12)."""

    report = models.ForeignKey(
        Report, models.PROTECT, related_name="transitions", verbose_name="báo cáo"
    )
    action = models.CharField(
        "hành động", max_length=12, choices=[(a.value, t) for a, t in ACTION_TEXT.items()]
    )
    from_state = models.CharField(
        "từ trạng thái", max_length=12, choices=[(s.value, t) for s, t in STATE_TEXT.items()]
    )
    to_state = models.CharField(
        "sang trạng thái", max_length=12, choices=[(s.value, t) for s, t in STATE_TEXT.items()]
    )
    own_unit = models.BooleanField(
        "báo cáo của chính đơn vị mình", default=False
    )  # R1: shown as such

    objects: ClassVar[Any] = HistoryQuerySet.as_manager()

    class Meta:
        verbose_name = "chuyển trạng thái"
        verbose_name_plural = "chuyển trạng thái"
        ordering = ("at", "id")
        indexes: ClassVar = [models.Index(fields=["report", "at"], name="transition_report_at")]

    def __str__(self) -> str:
        return f"{ACTION_TEXT[Action(self.action)]}: {self.report}"


class Version(HistoryRow):
    """One submission kept whole: text, figures, evidence (R13)."""

    report = models.ForeignKey(
        Report, models.PROTECT, related_name="versions", verbose_name="báo cáo"
    )
    number = models.PositiveIntegerField("lần gửi")
    content = models.JSONField("nội dung")

    objects: ClassVar[Any] = HistoryQuerySet.as_manager()

    class Meta:
        verbose_name = "bản đã gửi"
        verbose_name_plural = "bản đã gửi"
        ordering = ("report", "number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["report", "number"], name="version_once")
        ]

    def __str__(self) -> str:
        return f"{self.report}, lần gửi {self.number}"
