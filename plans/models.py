"""What the plan says: areas, tasks, indicators, who is assigned, and the periods that ask for results."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Agency, Unit, UnitGroup
from plans import targets
from plans.fields import FigureField

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User


class PlanQuerySet(models.QuerySet["Plan"]):
    def visible_to(self, user: User) -> PlanQuerySet:
        return self.filter(agency_id=user.agency_id)


class Plan(models.Model):
    """One plan of one agency for one or more years. ``import_plan`` and administrators change it."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="plans", verbose_name="cơ quan")
    code = models.CharField("mã", max_length=60)
    title = models.CharField("tên kế hoạch", max_length=500)
    number = models.CharField("số", max_length=60, blank=True)
    issued_on = models.DateField("ngày ban hành", null=True, blank=True)
    issued_at = models.CharField("nơi ban hành", max_length=100, blank=True)
    signed_by = models.CharField("người ký", max_length=100, blank=True)
    years = models.JSONField("các năm", default=list)
    due_day = models.PositiveSmallIntegerField("trước ngày", default=20)
    due_month = models.PositiveSmallIntegerField("tháng", default=11)
    receiving_unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, related_name="+", verbose_name="đơn vị nhận kết quả"
    )
    recipients = models.JSONField("nơi nhận", default=list)
    objectives = models.JSONField("mục tiêu chung", default=list)
    baseline_year = models.PositiveSmallIntegerField("năm gốc", null=True, blank=True)
    baseline_index = models.DecimalField(
        "chỉ số năm gốc", max_digits=7, decimal_places=4, null=True, blank=True
    )
    baseline_rank = models.PositiveSmallIntegerField("xếp hạng năm gốc", null=True, blank=True)
    baseline_ranked_agencies = models.PositiveSmallIntegerField(
        "số cơ quan xếp hạng", null=True, blank=True
    )

    objects = PlanQuerySet.as_manager()

    class Meta:
        verbose_name = "kế hoạch"
        verbose_name_plural = "kế hoạch"
        ordering = ("-issued_on", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "code"], name="plan_code_once_per_agency")
        ]

    def __str__(self) -> str:
        return self.title

    def due_before(self, year: int) -> dt.date:
        """The exclusive date of one plan year: results are late from the start of this day (R4)."""
        return dt.date(year, self.due_month, self.due_day)


class LegalBasis(models.Model):
    """One document the plan stands on (căn cứ)."""

    plan = models.ForeignKey(
        Plan, models.CASCADE, related_name="legal_bases", verbose_name="kế hoạch"
    )
    order = models.PositiveSmallIntegerField("thứ tự")
    number = models.CharField("số, ký hiệu", max_length=60, blank=True)
    issued_on = models.DateField("ngày", null=True, blank=True)
    issuer = models.CharField("cơ quan ban hành", max_length=200, blank=True)
    subject = models.CharField("trích yếu", max_length=500)

    class Meta:
        verbose_name = "căn cứ"
        verbose_name_plural = "căn cứ"
        ordering = ("order",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "order"], name="legal_basis_order")
        ]

    def __str__(self) -> str:
        return self.subject


class Retirable(models.Model):
    """What left the plan stays with its figures, but is asked of nobody any more (R5)."""

    retired_at = models.DateTimeField("thôi áp dụng từ", null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_retired(self) -> bool:
        return self.retired_at is not None


class Area(Retirable):
    """One of the plan's fields of work (lĩnh vực)."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="areas", verbose_name="kế hoạch")
    code = models.CharField("mã", max_length=20)
    name = models.CharField("tên lĩnh vực", max_length=300)
    order = models.PositiveSmallIntegerField("thứ tự")
    maintain = models.BooleanField(
        "duy trì", default=False, help_text="Đã cải thiện, cần giữ vững."
    )

    class Meta:
        verbose_name = "lĩnh vực"
        verbose_name_plural = "lĩnh vực"
        ordering = ("order",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "code"], name="area_code_once_per_plan")
        ]

    def __str__(self) -> str:
        return f"{self.code}. {self.name}"


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, user: User) -> TaskQuerySet:
        return self.filter(area__plan__agency_id=user.agency_id)


class Task(Retirable):
    """One task of an area (nhiệm vụ): what units report on."""

    area = models.ForeignKey(Area, models.CASCADE, related_name="tasks", verbose_name="lĩnh vực")
    code = models.CharField("mã", max_length=20)
    title = models.CharField("nội dung", max_length=1000)
    order = models.PositiveSmallIntegerField("thứ tự")
    focus = models.BooleanField(
        "trọng tâm", default=False, help_text="Chỉ số thành phần chưa đạt điểm tối đa."
    )
    legal_basis = models.JSONField("căn cứ", default=list, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = "nhiệm vụ"
        verbose_name_plural = "nhiệm vụ"
        ordering = ("area__order", "order")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["area", "code"], name="task_code_once_per_area")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class TaskFocusQuerySet(models.QuerySet["TaskFocus"]):
    def by_task(self, year: int, tasks: Iterable[int]) -> dict[int, list[TaskFocus]]:
        """Task -> its points of focus in ``year``, for a page of ``tasks``. One query, none without tasks."""
        found: dict[int, list[TaskFocus]] = {}
        for row in self.filter(year=year, task__in=set(tasks)):
            found.setdefault(row.task_id, []).append(row)
        return found


class TaskFocus(models.Model):
    """Where points were lost the year before, so that this task matters most in ``year`` (R31).

    Only ``scoring.focus`` writes it; an app that knows nothing of criteria reads it.
    """

    task = models.ForeignKey(Task, models.CASCADE, related_name="focuses", verbose_name="nhiệm vụ")
    year = models.PositiveSmallIntegerField("năm")
    criterion = models.CharField("tiêu chí", max_length=30)  # its code, as it was then
    order = models.PositiveSmallIntegerField("thứ tự", default=0)
    text = models.TextField("nội dung")

    objects = TaskFocusQuerySet.as_manager()

    class Meta:
        verbose_name = "trọng tâm"
        verbose_name_plural = "trọng tâm"
        ordering = ("task", "year", "order", "criterion")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["task", "year", "criterion"], name="focus_once")
        ]

    def __str__(self) -> str:
        return self.text


class IndicatorQuerySet(models.QuerySet["Indicator"]):
    def visible_to(self, user: User) -> IndicatorQuerySet:
        return self.filter(task__area__plan__agency_id=user.agency_id)


class Indicator(Retirable):
    """One figure a task asks for, with its target (chỉ tiêu)."""

    KINDS = (
        ("ratio", "Tỷ lệ"),
        ("count", "Số lượng"),
        ("amount", "Số tiền, khối lượng"),
        ("boolean", "Có / không"),
        ("document", "Văn bản"),
        ("date", "Ngày"),
    )

    task = models.ForeignKey(
        Task, models.CASCADE, related_name="indicators", verbose_name="nhiệm vụ"
    )
    code = models.CharField("mã", max_length=30)
    name = models.CharField("chỉ tiêu", max_length=500)
    order = models.PositiveSmallIntegerField("thứ tự")
    kind = models.CharField("loại", max_length=10, choices=KINDS)
    op = models.CharField(
        "so sánh",
        max_length=2,
        blank=True,
        choices=[(op, targets.OP_TEXT[op]) for op in targets.OPS],
    )
    target = FigureField("mức chỉ tiêu", null=True, blank=True)
    target_previous_year = models.BooleanField("so với năm trước", default=False)
    due_quarter = models.PositiveSmallIntegerField("hạn: quý", null=True, blank=True)
    due_year_offset = models.SmallIntegerField("hạn: năm (so với năm kế hoạch)", default=0)
    wording = models.CharField("nguyên văn trong kế hoạch", max_length=1000, blank=True)
    assumed = models.BooleanField("chỉ tiêu suy ra", default=False)
    may_exceed = models.BooleanField("có thể vượt 100%", default=False)
    interim = models.BooleanField("báo cáo cả kỳ giữa năm", default=False)
    counted = models.CharField("đếm bằng", max_length=40, default="trường hợp")
    # R6a: the one unit that answers for the whole Sở.
    source = models.ForeignKey(
        Unit,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="đơn vị cung cấp số liệu",
    )

    objects = IndicatorQuerySet.as_manager()

    class Meta:
        verbose_name = "chỉ tiêu"
        verbose_name_plural = "chỉ tiêu"
        ordering = ("task__area__order", "task__order", "order")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["task", "code"], name="indicator_code_once_per_task"),
            models.CheckConstraint(
                condition=Q(target__isnull=True) | Q(target_previous_year=False), name="one_target"
            ),
            models.CheckConstraint(
                condition=Q(target__isnull=True, target_previous_year=False) | ~Q(op=""),
                name="target_has_a_comparison",
            ),
            models.CheckConstraint(
                condition=Q(due_quarter__isnull=True) | Q(due_quarter__range=(1, 4)),
                name="quarter_1_to_4",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def due_on(self, year: int) -> dt.date | None:
        """The last day on time of a time-bound document or date for plan year ``year`` (R10)."""
        if self.due_quarter is None:
            return None
        return targets.last_day_of_quarter(year + self.due_year_offset, self.due_quarter)

    def target_for(self, year: int) -> targets.Target:
        return targets.Target(
            kind=targets.Kind(self.kind),
            op=self.op,
            at=self.target,
            previous_year=self.target_previous_year,
            due=self.due_on(year),
            may_exceed=self.may_exceed,
            counted=self.counted,
        )


class Assignment(models.Model):
    """A unit or a group in one role in an area, or in one task, which then overrides its area (R5)."""

    class Role(models.TextChoices):
        LEAD = "lead", "Chủ trì"
        COORDINATE = "coordinate", "Phối hợp"
        CONSOLIDATE = "consolidate", "Tổng hợp"
        IMPLEMENT = "implement", "Thực hiện"

    REPORTING = ("lead", "implement")  # who owes a report (R6)

    area = models.ForeignKey(
        Area,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="assignments",
        verbose_name="lĩnh vực",
    )
    task = models.ForeignKey(
        Task,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="assignments",
        verbose_name="nhiệm vụ",
    )
    role = models.CharField("vai trò", max_length=12, choices=Role.choices)
    unit = models.ForeignKey(
        Unit,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assignments",
        verbose_name="đơn vị",
    )
    group = models.ForeignKey(
        UnitGroup,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assignments",
        verbose_name="nhóm",
    )
    order = models.PositiveSmallIntegerField("thứ tự", default=0)

    class Meta:
        verbose_name = "phân công"
        verbose_name_plural = "phân công"
        ordering = ("order", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(area__isnull=False, task__isnull=True)
                | Q(area__isnull=True, task__isnull=False),
                name="assignment_of_area_or_task",
            ),
            models.CheckConstraint(
                condition=Q(unit__isnull=False, group__isnull=True)
                | Q(unit__isnull=True, group__isnull=False),
                name="assignment_to_unit_or_group",
            ),
            # One each way, because SQLite counts two empty columns as different.
            *(
                models.UniqueConstraint(
                    fields=[of, "role", to],
                    condition=Q(**{f"{of}__isnull": False, f"{to}__isnull": False}),
                    name=f"assignment_once_{of}_{to}",
                )
                for of in ("area", "task")
                for to in ("unit", "group")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.unit or self.group}"


class PeriodQuerySet(models.QuerySet["Period"]):
    def visible_to(self, user: User) -> PeriodQuerySet:
        return self.filter(plan__agency_id=user.agency_id)

    def running(self, on: dt.date) -> PeriodQuerySet:
        """Opened, begun and not closed on day ``on``: what is owed is owed now."""
        day_end = timezone.make_aware(dt.datetime.combine(on, dt.time.max))
        return self.filter(
            Q(closed_at__isnull=True) | Q(closed_at__gt=day_end),
            opened_at__isnull=False,
            is_history=False,
            starts_on__lte=on,
            closes_on__gte=on,
        )


class Period(models.Model):
    """One date by which a plan year's results are asked (kỳ báo cáo). Coordinators open, close, reopen it."""

    FINAL = "final"
    KINDS = (("q1", "Quý I"), ("h1", "6 tháng"), ("q3", "Quý III"), (FINAL, "Cả năm"))

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="periods", verbose_name="kế hoạch")
    year = models.PositiveSmallIntegerField("năm")
    kind = models.CharField("kỳ", max_length=5, choices=KINDS, default=FINAL)
    starts_on = models.DateField("bắt đầu")
    due_before = models.DateField("gửi trước ngày")
    closes_on = models.DateField("khóa sau ngày")
    # Earlier dates inside the agency, set from due_before in working days when the period opens (R4).
    draft_by = models.DateField("đơn vị soạn xong", null=True, blank=True)
    head_check_by = models.DateField("trưởng đơn vị kiểm tra xong", null=True, blank=True)
    office_check_by = models.DateField("Văn phòng duyệt xong", null=True, blank=True)
    opened_at = models.DateTimeField("mở lúc", null=True, blank=True)
    closed_at = models.DateTimeField("khóa sớm lúc", null=True, blank=True)
    is_history = models.BooleanField("số liệu lịch sử", default=False)
    # Written by scoring: when the points that wait for reports were counted, when something behind them
    # last changed, since when a job is asked to count them again.
    stakes_at = models.DateTimeField("tính điểm lúc", null=True, blank=True)
    stakes_changed_at = models.DateTimeField("số liệu đổi lúc", null=True, blank=True)
    stakes_asked_at = models.DateTimeField("chờ tính điểm từ", null=True, blank=True)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = "kỳ báo cáo"
        verbose_name_plural = "kỳ báo cáo"
        ordering = ("year", "due_before")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "year", "kind"], name="period_once"),
            models.CheckConstraint(
                condition=Q(closes_on__gte=F("due_before")), name="closes_after_due"
            ),
            models.CheckConstraint(
                condition=Q(starts_on__lt=F("due_before")), name="starts_before_due"
            ),
            models.CheckConstraint(condition=Q(year__range=(2000, 2100)), name="year_2000_to_2100"),
        ]

    def __str__(self) -> str:
        return (
            f"Năm {self.year}"
            if self.kind == self.FINAL
            else f"{self.get_kind_display()} năm {self.year}"
        )

    @property
    def is_final(self) -> bool:
        return self.kind == self.FINAL

    @property
    def stakes_behind(self) -> bool:
        """Something has changed since the points that wait for reports were counted."""
        return (
            self.stakes_at is not None
            and self.stakes_changed_at is not None
            and self.stakes_at < self.stakes_changed_at
        )

    @property
    def due_at(self) -> dt.datetime:
        """The first moment that is late: 00:00:00 of ``due_before`` in Vietnam (R4)."""
        return timezone.make_aware(dt.datetime.combine(self.due_before, dt.time.min))

    def is_closed(self, on: dt.date | None = None) -> bool:
        """Closed early, past its last day, or history: nothing in it changes (R16)."""
        on = on or timezone.localdate()
        closed_early = self.closed_at is not None and timezone.localdate(self.closed_at) <= on
        return self.is_history or closed_early or on > self.closes_on


class Duty(models.Model):
    """A unit's role in a task for one period, groups resolved as they were when it opened (R5)."""

    period = models.ForeignKey(
        Period, models.CASCADE, related_name="duties", verbose_name="kỳ báo cáo"
    )
    task = models.ForeignKey(Task, models.CASCADE, related_name="duties", verbose_name="nhiệm vụ")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="duties", verbose_name="đơn vị")
    role = models.CharField("vai trò", max_length=12, choices=Assignment.Role.choices)

    class Meta:
        verbose_name = "phần việc"
        verbose_name_plural = "phần việc"
        ordering = ("task__area__order", "task__order", "unit__order")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["period", "task", "unit", "role"], name="duty_once")
        ]

    def __str__(self) -> str:
        return f"{self.unit}: {self.get_role_display()} {self.task}"


class CalendarDay(models.Model):
    """One exception to the ``holidays`` package: a swapped day off, or a Saturday worked (R20).

    Swap days are announced at short notice; administrators enter them here.
    """

    agency = models.ForeignKey(
        Agency, models.CASCADE, related_name="calendar_days", verbose_name="cơ quan"
    )
    day = models.DateField("ngày")
    is_working = models.BooleanField("là ngày làm việc", default=False)
    note = models.CharField("ghi chú", max_length=200, blank=True)

    class Meta:
        verbose_name = "ngày nghỉ, ngày làm bù"
        verbose_name_plural = "ngày nghỉ, ngày làm bù"
        ordering = ("-day",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "day"], name="calendar_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y} {'làm việc' if self.is_working else 'nghỉ'}"
