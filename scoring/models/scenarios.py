"""What-if: sets of figures tried on a scorecard and kept by name (R30). They change nothing else."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Agency, User
from scoring.models.criteria import CriteriaSet


class ScenarioQuerySet(models.QuerySet["Scenario"]):
    def visible_to(self, user: User) -> ScenarioQuerySet:
        """One's own, and those shared inside the agency."""
        return self.filter(agency_id=user.agency_id).filter(Q(shared=True) | Q(made_by=user))


class Scenario(models.Model):
    """Figures and ticks that someone tried. Only who made it changes it; shared, the agency sees it."""

    agency = models.ForeignKey(
        Agency, models.CASCADE, related_name="scenarios", verbose_name="cơ quan"
    )
    year = models.PositiveSmallIntegerField("năm")
    criteria_set = models.ForeignKey(
        CriteriaSet, models.CASCADE, related_name="scenarios", verbose_name="bộ tiêu chí"
    )
    name = models.CharField("tên phương án", max_length=150)
    inputs = models.JSONField("số liệu thử", default=dict)  # as scoring.what_if reads it
    shared = models.BooleanField("chia sẻ trong cơ quan", default=False)
    made_by = models.ForeignKey(
        User, models.PROTECT, related_name="scenarios", verbose_name="người lập"
    )
    made_at = models.DateTimeField("lập lúc", auto_now_add=True)
    updated_at = models.DateTimeField("sửa lúc", auto_now=True)

    objects = ScenarioQuerySet.as_manager()

    class Meta:
        verbose_name = "phương án thử"
        verbose_name_plural = "phương án thử"
        ordering = ("-updated_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["made_by", "year", "criteria_set", "name"], name="scenario_name_once"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="scenario_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name
