"""Scorecards: what people have entered for one agency's year (R27, R28)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import Agency, HistoryQuerySet, HistoryRow, User
from plans.fields import FigureField
from scoring.models.criteria import CriteriaSet, Criterion
from scoring.totals import Entry


class ScorecardQuerySet(models.QuerySet["Scorecard"]):
    def visible_to(self, user: User) -> ScorecardQuerySet:
        return self.filter(agency_id=user.agency_id)


class Scorecard(models.Model):
    """One agency's year under one set. Coordinators change it, leaders approve it.

    The points of rules are computed, not stored; what was approved and what was sent is kept whole in
    ``approved`` and ``sent`` (R27, ``scoring.frozen``).
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Đang lập"
        APPROVED = "approved", "Lãnh đạo Sở đã duyệt"
        SENT = "sent", "Đã gửi"
        APPRAISED_1 = "appraised_1", "Đã thẩm định lần 1"
        EXPLAINED = "explained", "Đã giải trình"
        APPRAISED_2 = "appraised_2", "Đã thẩm định lần 2"
        PUBLISHED = "published", "Đã công bố"

    agency = models.ForeignKey(
        Agency, models.PROTECT, related_name="scorecards", verbose_name="cơ quan"
    )
    year = models.PositiveSmallIntegerField("năm")
    # None: a year of which only the published result is known.
    criteria_set = models.ForeignKey(
        CriteriaSet,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="scorecards",
        verbose_name="bộ tiêu chí",
    )
    state = models.CharField(
        "trạng thái", max_length=12, choices=State.choices, default=State.DRAFT
    )
    approved = models.JSONField("nội dung đã duyệt", null=True, blank=True)
    sent_number = models.CharField("số văn bản gửi", max_length=60, blank=True)
    sent_on = models.DateField("ngày gửi", null=True, blank=True)
    sent = models.JSONField("nội dung đã gửi", null=True, blank=True)
    published_index = FigureField("chỉ số công bố", null=True, blank=True)
    published_rank = models.PositiveSmallIntegerField("xếp hạng công bố", null=True, blank=True)
    ranked_agencies = models.PositiveSmallIntegerField("số cơ quan xếp hạng", null=True, blank=True)
    decision_number = models.CharField("quyết định công bố số", max_length=60, blank=True)
    decision_issued_on = models.DateField("ngày công bố", null=True, blank=True)
    created_at = models.DateTimeField("lập lúc", auto_now_add=True)
    updated_at = models.DateTimeField("sửa lúc", auto_now=True)

    objects = ScorecardQuerySet.as_manager()

    class Meta:
        verbose_name = "phiếu điểm"
        verbose_name_plural = "phiếu điểm"
        ordering = ("-year",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "year"], name="scorecard_once_a_year"),
            models.CheckConstraint(
                condition=Q(year__range=(2000, 2100)), name="scorecard_year_2000_to_2100"
            ),
            models.CheckConstraint(
                condition=Q(published_rank__isnull=True)
                | Q(published_rank__gte=1, ranked_agencies__gte=F("published_rank")),
                name="rank_among_the_ranked",
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(published_index__isnull=False),
                name="published_has_its_index",
            ),
        ]

    def __str__(self) -> str:
        return f"Phiếu điểm năm {self.year}"

    @property
    def is_editable(self) -> bool:
        """Before it is sent our own points may change."""
        return self.state in {self.State.DRAFT, self.State.APPROVED}


class ScorecardEvent(HistoryRow):
    """One change of a scorecard's state, or of what was entered in it."""

    scorecard = models.ForeignKey(
        Scorecard, models.PROTECT, related_name="events", verbose_name="phiếu điểm"
    )
    action = models.CharField("hành động", max_length=30)
    from_state = models.CharField("từ trạng thái", max_length=12, choices=Scorecard.State.choices)
    to_state = models.CharField("sang trạng thái", max_length=12, choices=Scorecard.State.choices)
    changes = models.JSONField(
        "thay đổi", default=dict, blank=True
    )  # code.field -> [before, after]

    objects: ClassVar[Any] = HistoryQuerySet.as_manager()

    class Meta:
        verbose_name = "lịch sử phiếu điểm"
        verbose_name_plural = "lịch sử phiếu điểm"
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.action}: {self.scorecard}"


class LeafScore(models.Model):
    """What people have entered for one leaf: typed points, the province's points, survey points."""

    class Loss(models.TextChoices):
        """Why the province gave less than the maximum (R31)."""

        LATE = "late", "Nộp trễ, ban hành trễ"
        EVIDENCE = "evidence", "Thiếu hoặc sai tài liệu kiểm chứng"
        FIGURES = "figures", "Số liệu không khớp"
        RESULT = "result", "Kết quả chưa đạt mức yêu cầu"
        READING = "reading", "Cách hiểu tiêu chí khác nhau"
        OTHER = "other", "Nguyên nhân khác"

    scorecard = models.ForeignKey(
        Scorecard, models.CASCADE, related_name="scores", verbose_name="phiếu điểm"
    )
    criterion = models.ForeignKey(
        Criterion, models.PROTECT, related_name="scores", verbose_name="tiêu chí"
    )
    not_applicable = models.BooleanField("không áp dụng", default=False)
    reason = models.CharField("lý do không áp dụng", max_length=500, blank=True)
    override = FigureField("điểm Văn phòng chấm", null=True, blank=True)
    explanation = models.TextField("giải trình", blank=True)
    appraised_1 = FigureField("thẩm định lần 1", null=True, blank=True)
    appraised = FigureField("thẩm định", null=True, blank=True)
    survey = FigureField("điều tra xã hội học", null=True, blank=True)
    note = models.TextField("ý kiến thẩm định", blank=True)
    loss = models.CharField("nguyên nhân mất điểm", max_length=12, choices=Loss.choices, blank=True)
    asked = models.TextField("nội dung tỉnh yêu cầu giải trình", blank=True)
    explained = models.TextField("giải trình gửi tỉnh", blank=True)
    focus = models.BooleanField("trọng tâm năm sau", default=False)
    focus_note = models.CharField("việc cần làm năm sau", max_length=500, blank=True)

    class Meta:
        verbose_name = "điểm tiêu chí"
        verbose_name_plural = "điểm tiêu chí"
        ordering = ("criterion__order",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scorecard", "criterion"], name="leaf_score_once"),
            models.CheckConstraint(
                condition=Q(not_applicable=False) | ~Q(reason=""),
                name="not_applicable_has_its_reason",
            ),
            models.CheckConstraint(
                condition=Q(override__isnull=True) | ~Q(explanation=""),
                name="override_has_its_explanation",
            ),
            models.CheckConstraint(
                condition=Q(not_applicable=False) | Q(override__isnull=True, survey__isnull=True),
                name="not_applicable_has_no_points",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion.code}, {self.scorecard}"

    def entry(self) -> Entry:
        return Entry(
            not_applicable=self.not_applicable,
            reason=self.reason,
            override=self.override,
            explanation=self.explanation,
            appraised_1=self.appraised_1,
            appraised=self.appraised,
            survey=self.survey,
            note=self.note,
        )


class Adjustment(models.Model):
    """One bonus or penalty beside the criteria (R28)."""

    class Kind(models.TextChoices):
        BONUS = "bonus", "Điểm thưởng"
        PENALTY = "penalty", "Điểm trừ"

    scorecard = models.ForeignKey(
        Scorecard, models.CASCADE, related_name="adjustments", verbose_name="phiếu điểm"
    )
    order = models.PositiveSmallIntegerField("thứ tự", default=0)
    kind = models.CharField("loại", max_length=10, choices=Kind.choices)
    points = FigureField("điểm")
    reason = models.CharField("lý do", max_length=500)

    class Meta:
        verbose_name = "điểm thưởng, điểm trừ"
        verbose_name_plural = "điểm thưởng, điểm trừ"
        ordering = ("order", "id")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(points__gte=0), name="adjustment_not_negative"),
            models.CheckConstraint(condition=~Q(reason=""), name="adjustment_has_its_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.points}"


class PeerScore(models.Model):
    """What another agency of the province got in one year; typed in by a coordinator, to estimate a rank."""

    agency = models.ForeignKey(
        Agency, models.CASCADE, related_name="peer_scores", verbose_name="cơ quan theo dõi"
    )
    year = models.PositiveSmallIntegerField("năm")
    name = models.CharField("cơ quan được chấm", max_length=200)
    index = FigureField("chỉ số công bố")

    class Meta:
        verbose_name = "chỉ số của cơ quan khác"
        verbose_name_plural = "chỉ số của các cơ quan khác"
        ordering = ("year", "-index", "name")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "year", "name"], name="peer_once_a_year"),
            models.CheckConstraint(
                condition=Q(year__range=(2000, 2100)), name="peer_year_2000_to_2100"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.year}"
