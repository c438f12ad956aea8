"""What the province asks to have explained after its appraisal, and what units answer (giải trình, R20a, R27)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Role, Unit, User
from plans.models import Period
from tasks.models.evidence import Document

if TYPE_CHECKING:
    import datetime as dt


class ExplanationQuerySet(models.QuerySet["Explanation"]):
    def visible_to(self, user: User) -> ExplanationQuerySet:
        """One's own unit's; all of the agency's for the office and the leaders."""
        found = self.filter(agency_id=user.agency_id)
        if user.roles & {Role.COORDINATOR, Role.LEADER}:
            return found
        if user.roles & {Role.REPORTER, Role.HEAD}:
            return found.filter(unit_id=user.unit_id)
        return self.none()

    def owed(self) -> ExplanationQuerySet:
        """Those the unit still has to answer."""
        return self.filter(state__in=Explanation.OWED)

    def open(self) -> ExplanationQuerySet:
        """Those the unit or the office still has to do something about."""
        return self.filter(state__in=Explanation.OPEN)

    def overdue(self, on: dt.date) -> ExplanationQuerySet:
        return self.owed().filter(due_before__lte=on)


class Explanation(models.Model):
    """What one unit is to explain of one criterion by a day: asked → answered → taken, or returned.

    The office asks, returns, takes and withdraws; the unit writes, its head sends. Code and title of the
    criterion are words here: which set they come from, only ``scoring`` knows.
    """

    class State(models.TextChoices):
        ASKED = "asked", "Chờ đơn vị giải trình"
        ANSWERED = "answered", "Chờ Văn phòng Sở xem"
        RETURNED = "returned", "Trả lại, cần bổ sung"
        TAKEN = "taken", "Đã đưa vào giải trình"
        WITHDRAWN = "withdrawn", "Đã rút yêu cầu"

    class Move(models.TextChoices):
        """What the trail calls a change of state; ``tasks.owing`` reads past days from it."""

        ASK = "Yêu cầu giải trình"
        ANSWER = "Gửi giải trình"
        RETURN = "Trả lại giải trình"
        TAKE = "Nhận giải trình"
        WITHDRAW = "Rút yêu cầu giải trình"

    OWED = (State.ASKED, State.RETURNED)
    OPEN = (State.ASKED, State.RETURNED, State.ANSWERED)
    SENT = (State.ANSWERED, State.TAKEN)  # the unit's words are the office's to read

    agency = models.ForeignKey(
        "accounts.Agency", models.PROTECT, related_name="explanations", verbose_name="cơ quan"
    )
    unit = models.ForeignKey(
        Unit, models.PROTECT, related_name="explanations", verbose_name="đơn vị giải trình"
    )
    period = models.ForeignKey(
        Period, models.PROTECT, related_name="explanations", verbose_name="kỳ báo cáo"
    )
    code = models.CharField("mã tiêu chí", max_length=30)
    title = models.CharField("tiêu chí", max_length=500)
    question = models.TextField("nội dung yêu cầu giải trình")
    due_before = models.DateField("trả lời trước ngày")  # exclusive, R4
    state = models.CharField(
        "trạng thái", max_length=10, choices=State.choices, default=State.ASKED
    )
    asked_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="người yêu cầu"
    )
    asked_at = models.DateTimeField("yêu cầu lúc", default=timezone.now)
    answer = models.TextField("nội dung giải trình", blank=True)
    # Two people in one answer: the later save is told what changed (R14).
    version = models.PositiveIntegerField("lần lưu", default=0)
    answered_at = models.DateTimeField("trả lời lúc", null=True, blank=True)
    returned_reason = models.TextField("lý do trả lại", blank=True)
    closed_at = models.DateTimeField("kết thúc lúc", null=True, blank=True)
    withdrawn_reason = models.TextField("lý do rút", blank=True)

    objects = ExplanationQuerySet.as_manager()

    class Meta:
        verbose_name = "yêu cầu giải trình"
        verbose_name_plural = "yêu cầu giải trình"
        ordering = ("due_before", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["period", "unit", "code"],
                condition=Q(state__in=["asked", "returned", "answered"]),
                name="explanation_open_once",
            ),
            models.CheckConstraint(condition=~Q(question=""), name="explanation_has_its_question"),
            models.CheckConstraint(
                condition=~Q(state__in=["answered", "taken"])
                | Q(answered_at__isnull=False) & ~Q(answer=""),
                name="answered_explanation_has_its_answer",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["taken", "withdrawn"], closed_at__isnull=False)
                | Q(state__in=["asked", "returned", "answered"], closed_at__isnull=True),
                name="closed_explanation_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"Giải trình tiêu chí {self.code}"

    @property
    def is_owed(self) -> bool:
        return self.state in self.OWED

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_sent(self) -> bool:
        return self.state in self.SENT

    @property
    def locked_text(self) -> str:
        """Why the unit no longer writes the answer; empty while it does (R3: a locked page says why)."""
        return {
            self.State.ANSWERED: "Giải trình đã gửi Văn phòng Sở. Cần sửa, hãy đề nghị Văn phòng Sở trả lại.",
            self.State.TAKEN: "Văn phòng Sở đã đưa giải trình này vào văn bản gửi tỉnh; chỉ còn để tra cứu.",
            self.State.WITHDRAWN: "Văn phòng Sở đã rút yêu cầu này; đơn vị không phải giải trình nữa.",
        }.get(self.state, "")  # type: ignore[call-overload]  # a state is its word


class ExplanationDocumentQuerySet(models.QuerySet["ExplanationDocument"]):
    def visible_to(self, user: User) -> ExplanationDocumentQuerySet:
        """One's own unit's; for the others what was sent: what is added after a return is a draft again (R3)."""
        seen = Q(explanation__in=Explanation.objects.visible_to(user).values("pk"))
        sent = Q(explanation__state__in=Explanation.SENT)
        sent |= Q(explanation__state="returned", added_at__lte=F("explanation__answered_at"))
        if user.roles & {Role.REPORTER, Role.HEAD}:
            sent |= Q(explanation__unit_id=user.unit_id)
        return self.filter(seen & sent)


class ExplanationDocument(models.Model):
    """A document of the register that an answer rests on (R17). The unit changes it."""

    explanation = models.ForeignKey(
        Explanation, models.CASCADE, related_name="proofs", verbose_name="giải trình"
    )
    document = models.ForeignKey(
        Document, models.PROTECT, related_name="explained", verbose_name="tài liệu"
    )
    section = models.CharField("mục, trang", max_length=200, blank=True)
    added_at = models.DateTimeField("thêm lúc", default=timezone.now)

    objects = ExplanationDocumentQuerySet.as_manager()

    class Meta:
        verbose_name = "tài liệu giải trình"
        verbose_name_plural = "tài liệu giải trình"
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["explanation", "document"], name="explanation_document_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.document)
