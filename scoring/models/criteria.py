"""The province's tables of criteria (R25)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from accounts.models import Agency, User
from plans.fields import FigureField
from scoring.rules import RuleBase, parse_rule
from scoring.totals import Band, Policy

if TYPE_CHECKING:
    from decimal import Decimal


class CriteriaSetQuerySet(models.QuerySet["CriteriaSet"]):
    def visible_to(self, user: User) -> CriteriaSetQuerySet:
        return self.filter(agency_id=user.agency_id)

    def valid_in(self, year: int) -> CriteriaSetQuerySet:
        """Those that may score ``year``, the newest first."""
        return self.usable().filter(valid_from__lte=year).order_by("-valid_from", "-id")

    def usable(self) -> CriteriaSetQuerySet:
        """Without those still being written, which may have faults."""
        return self.filter(is_draft=False)

    def with_use(self) -> CriteriaSetQuerySet:
        """Each with ``used``: whether a scorecard uses it."""
        from scoring.models.scorecards import Scorecard

        return self.annotate(used=Exists(Scorecard.objects.filter(criteria_set=OuterRef("pk"))))


class CriteriaSet(models.Model):
    """One table of criteria as one decision of the province has it, for one agency.

    ``import_criteria`` and coordinators change it; nobody does once a scorecard uses it (R25).
    """

    POLICIES = (
        (Policy.EXCLUDE.value, "Không tính vào tổng điểm"),
        (Policy.FULL.value, "Cho điểm tối đa"),
        (Policy.ZERO.value, "Cho 0 điểm"),
    )

    agency = models.ForeignKey(
        Agency, models.PROTECT, related_name="criteria_sets", verbose_name="cơ quan"
    )
    code = models.CharField("mã", max_length=30)
    name = models.CharField("tên bộ tiêu chí", max_length=300)
    is_sample = models.BooleanField("minh họa", default=False)
    valid_from = models.PositiveSmallIntegerField("áp dụng từ năm")
    decision_number = models.CharField("quyết định số", max_length=60, blank=True)
    decision_issued_on = models.DateField("ngày quyết định", null=True, blank=True)
    decision_issuer = models.CharField("cơ quan ban hành", max_length=200, blank=True)
    not_applicable = models.CharField(
        "tiêu chí không áp dụng", max_length=10, choices=POLICIES, default=Policy.EXCLUDE.value
    )
    bonus_cap = FigureField("điểm thưởng tối đa", null=True, blank=True)
    penalty_cap = FigureField("điểm trừ tối đa", null=True, blank=True)
    bands = models.JSONField("xếp loại", default=list, blank=True)
    # Written in the browser and not yet whole: scores nothing until it is checked and taken into use.
    is_draft = models.BooleanField("đang soạn", default=False)
    revision = models.PositiveIntegerField("lần sửa", default=1)
    previous = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="successors",
        verbose_name="kế thừa từ",
    )
    updated_at = models.DateTimeField("sửa lúc", auto_now=True)

    objects = CriteriaSetQuerySet.as_manager()

    class Meta:
        verbose_name = "bộ tiêu chí"
        verbose_name_plural = "bộ tiêu chí"
        ordering = ("-valid_from", "code")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "code"], name="criteria_set_once_per_agency"),
            models.CheckConstraint(
                condition=Q(valid_from__range=(2000, 2100)), name="criteria_set_from_2000_to_2100"
            ),
            models.CheckConstraint(
                condition=(Q(bonus_cap__isnull=True) | Q(bonus_cap__gte=0))
                & (Q(penalty_cap__isnull=True) | Q(penalty_cap__gte=0)),
                name="caps_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_used(self) -> bool:
        return self.scorecards.exists()

    @property
    def policy(self) -> Policy:
        return Policy(self.not_applicable)

    def band_list(self) -> list[Band]:
        from decimal import Decimal

        return [Band(band["op"], Decimal(band["at"]), band["name"]) for band in self.bands]


class Criterion(models.Model):
    """One line of a set: a field, a criterion, or a leaf with points and the rule that gives them."""

    SELF, SURVEY = "self", "survey"
    KINDS = ((SELF, "Tự chấm, thẩm định"), (SURVEY, "Điều tra xã hội học"))

    criteria_set = models.ForeignKey(
        CriteriaSet, models.CASCADE, related_name="criteria", verbose_name="bộ tiêu chí"
    )
    parent = models.ForeignKey(
        "self",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="children",
        verbose_name="thuộc",
    )
    depth = models.PositiveSmallIntegerField("cấp", default=0)  # 0: a field
    order = models.PositiveSmallIntegerField("thứ tự")  # in the whole set, parents before children
    code = models.CharField("mã", max_length=30)
    name = models.CharField("tên", max_length=500)
    kind = models.CharField("loại", max_length=10, choices=KINDS, blank=True)  # empty: no leaf
    # Of a leaf its own; of a parent what its decision states, which its leaves add up to.
    maximum = FigureField("điểm tối đa", null=True, blank=True)
    minimum = FigureField("điểm tối thiểu", default=0)
    rule = models.JSONField("quy tắc", null=True, blank=True)
    scale = models.TextField("nguyên văn thang điểm", blank=True)
    evidence = models.JSONField("tài liệu kiểm chứng", default=list, blank=True)
    # The codes in ``criteria_set.previous`` that this one goes on from; one may be split, several joined.
    old_codes = models.JSONField("mã ở bộ trước", default=list, blank=True)

    class Meta:
        verbose_name = "tiêu chí"
        verbose_name_plural = "tiêu chí"
        ordering = ("criteria_set", "order")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["criteria_set", "code"], name="criterion_once_per_set"),
            models.UniqueConstraint(fields=["criteria_set", "order"], name="criterion_order"),
            models.CheckConstraint(
                condition=Q(kind="") | Q(maximum__isnull=False, maximum__gt=0),
                name="leaf_has_points",
            ),
            models.CheckConstraint(
                condition=Q(maximum__isnull=True) | Q(minimum__lte=F("maximum")),
                name="minimum_below_maximum",
            ),
            models.CheckConstraint(
                condition=Q(kind="self", rule__isnull=False)
                | Q(kind__in=["", "survey"], rule__isnull=True),
                name="self_scored_leaf_has_a_rule",
            ),
            models.CheckConstraint(
                condition=Q(depth=0, parent__isnull=True) | Q(depth__gt=0, parent__isnull=False),
                name="only_fields_have_no_parent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def is_leaf(self) -> bool:
        return bool(self.kind)

    @property
    def is_survey(self) -> bool:
        return self.kind == self.SURVEY

    @property
    def parsed_rule(self) -> RuleBase | None:
        return parse_rule(self.rule) if self.rule is not None else None

    @property
    def indicator_codes(self) -> tuple[str, ...]:
        rule = self.parsed_rule
        return rule.codes if rule else ()

    def within(self, points: Decimal) -> bool:
        """Can ``points`` be this leaf's?"""
        assert self.maximum is not None
        return self.minimum <= points <= self.maximum
