"""Official documents, their files, and what they prove."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts.models import Agency, Role, Unit, User
from accounts.text import fold
from plans.models import Indicator
from tasks.models.reports import Answer, Report
from tasks.states import State


def in_sight_of(user: User, *, tied_at: str) -> Q:
    """Which ties of a document to a report ``user`` may know of (R3): Evidence or Answer rows.

    One's own unit's, those of reports as they stand with the office, and of a returned report only
    what was there when it was sent: what its unit adds since is a draft again. ``tied_at`` is the
    column that tells when.
    """
    readable = Q(report__in=Report.objects.visible_to(user).values("pk"))
    seen = Q(report__state__in=[State.SUBMITTED, State.ACCEPTED])
    seen |= Q(report__state=State.RETURNED, **{f"{tied_at}__lte": F("report__submitted_at")})
    if user.roles & {Role.REPORTER, Role.HEAD}:
        seen |= Q(report__unit_id=user.unit_id)
    if Role.COORDINATOR in user.roles:  # entering it for the unit (R2b)
        seen |= Q(report__substitution__isnull=False, report__substitution__ended_at__isnull=True)
    return readable & seen


class DocumentQuerySet(models.QuerySet["Document"]):
    def visible_to(self, user: User) -> DocumentQuerySet:
        """Documents of one's own unit, for its heads and reporters, and those on reports and explanations one may read."""
        from tasks.models.explanations import ExplanationDocument

        if not user.agency_id or not user.roles:
            return self.none()
        seen = Q(Exists(Evidence.objects.visible_to(user).filter(document_id=OuterRef("pk"))))
        figures = Answer.objects.filter(in_sight_of(user, tied_at="document__created_at"))
        seen |= Q(Exists(figures.filter(document_id=OuterRef("pk"))))
        explained = ExplanationDocument.objects.visible_to(user)
        seen |= Q(Exists(explained.filter(document_id=OuterRef("pk"))))
        if user.roles & {Role.REPORTER, Role.HEAD}:
            seen |= Q(unit_id=user.unit_id)
        return self.filter(seen, agency_id=user.agency_id)


class Document(models.Model):
    """An official document, registered once in its agency (R17). Units register it with their reports."""

    agency = models.ForeignKey(
        Agency, models.PROTECT, related_name="documents", verbose_name="cơ quan"
    )
    unit = models.ForeignKey(
        Unit, models.PROTECT, related_name="documents", verbose_name="đơn vị đăng ký"
    )
    number = models.CharField("số, ký hiệu", max_length=60, blank=True)
    issued_on = models.DateField("ngày ban hành", null=True, blank=True)
    issuer = models.CharField("cơ quan ban hành", max_length=200, blank=True)
    subject = models.CharField("trích yếu", max_length=500, blank=True)
    is_draft = models.BooleanField("dự thảo, chưa ký", default=False)
    url = models.URLField("liên kết", max_length=500, blank=True)
    # R18a: figures that rest on a document no longer in force are named on the page of faults.
    in_force_until = models.DateField("hết hiệu lực sau ngày", null=True, blank=True)
    folded = models.TextField(editable=False, blank=True)  # what search compares (R35a)
    created_at = models.DateTimeField("đăng ký lúc", auto_now_add=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = "tài liệu"
        verbose_name_plural = "tài liệu"
        ordering = ("-issued_on", "number")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agency", "number", "issued_on", "issuer"],
                condition=~Q(number=""),
                name="document_once",
            ),
            # Two empty dates count as different in a constraint, so these have one of their own.
            models.UniqueConstraint(
                fields=["agency", "number", "issuer"],
                condition=~Q(number="") & Q(issued_on__isnull=True),
                name="document_without_date_once",
            ),
        ]

    def __str__(self) -> str:
        day = f" ngày {self.issued_on:%d/%m/%Y}" if self.issued_on else ""
        return f"{self.number}{day}".strip() or self.subject or "Tài liệu chưa có số"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.folded = fold(" ".join((self.number, self.issuer, self.subject)))
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "folded"}
        super().save(*args, **kwargs)


class StoredFile(models.Model):
    """One file of a document, under a name of ours; its own name is only shown (R17)."""

    class Problem(models.TextChoices):
        """What the last check of the disk found (``tasks.checking``); empty while all is well."""

        MISSING = "missing", "không còn trên máy chủ"
        ALTERED = "altered", "nội dung khác lúc tải lên"

    document = models.ForeignKey(
        Document, models.CASCADE, related_name="files", verbose_name="tài liệu"
    )
    name = models.CharField("tên tệp", max_length=255)
    path = models.CharField(max_length=120)  # below MEDIA_ROOT, from the hash
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField("dung lượng")
    content_type = models.CharField("loại nội dung", max_length=100)
    uploaded_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="người tải lên"
    )
    uploaded_at = models.DateTimeField("tải lên lúc", auto_now_add=True)
    checked_at = models.DateTimeField("kiểm tra lúc", null=True, blank=True)
    problem = models.CharField("hỏng", max_length=10, choices=Problem.choices, blank=True)

    class Meta:
        verbose_name = "tệp"
        verbose_name_plural = "tệp"
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["document", "sha256"], name="file_once_per_document")
        ]

    def __str__(self) -> str:
        return self.name


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def visible_to(self, user: User) -> EvidenceQuerySet:
        return self.filter(in_sight_of(user, tied_at="added_at"))


class Evidence(models.Model):
    """A document that proves a report and, where it proves one, an indicator (R17). The unit changes it."""

    report = models.ForeignKey(
        Report, models.CASCADE, related_name="evidence", verbose_name="báo cáo"
    )
    document = models.ForeignKey(
        Document, models.PROTECT, related_name="evidence", verbose_name="tài liệu"
    )
    indicator = models.ForeignKey(
        Indicator,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="evidence",
        verbose_name="chứng minh chỉ tiêu",
    )
    section = models.CharField("mục, trang", max_length=200, blank=True)
    added_at = models.DateTimeField("thêm lúc", default=timezone.now)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = "tài liệu kiểm chứng"
        verbose_name_plural = "tài liệu kiểm chứng"
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["report", "document", "indicator"], name="evidence_once"
            ),
            models.UniqueConstraint(
                fields=["report", "document"],
                condition=Q(indicator__isnull=True),
                name="evidence_of_whole_report_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.document)
