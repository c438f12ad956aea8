"""Who: agencies, their units and groups, people, and the trail of what they did."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable


class Role(models.TextChoices):
    """What a person may do; the values are those of ``cchc-people/1``."""

    REPORTER = "reporter", "Chuyên viên"
    HEAD = "head", "Trưởng đơn vị"
    COORDINATOR = "coordinator", "Văn phòng Sở"
    LEADER = "leader", "Lãnh đạo Sở"
    ADMINISTRATOR = "administrator", "Quản trị"


STANDING_IN = "KT. Trưởng đơn vị"  # how a deputy signs, and how every record shows it


def default_steps_before() -> list[int]:
    return [30, 14, 7, 3, 1]


class AgencyQuerySet(models.QuerySet["Agency"]):
    def visible_to(self, user: User) -> AgencyQuerySet:
        return self.filter(pk=user.agency_id)


class Agency(models.Model):
    """One Sở. Everything else belongs to exactly one. Administrators change it."""

    code = models.CharField("mã", max_length=30, unique=True)
    name = models.CharField("tên cơ quan", max_length=200)
    province = models.CharField("tỉnh", max_length=100, blank=True)
    is_demo = models.BooleanField("dữ liệu minh họa", default=False, editable=False)
    # R20: the steps are settings of the agency.
    reminder_time = models.TimeField("giờ nhắc hằng ngày", default=dt.time(7, 30))
    reminder_days_before = models.JSONField(
        "nhắc trước hạn (số ngày)",
        default=default_steps_before,
        help_text="Ví dụ: [30, 14, 7, 3, 1]",
    )
    reminder_overdue_days = models.PositiveSmallIntegerField(
        "nhắc quá hạn (số ngày làm việc đầu)", default=5
    )
    reminder_overdue_every = models.PositiveSmallIntegerField("sau đó nhắc mỗi (ngày)", default=7)

    objects = AgencyQuerySet.as_manager()

    class Meta:
        verbose_name = "cơ quan"
        verbose_name_plural = "cơ quan"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        days = self.reminder_days_before
        if not isinstance(days, list) or not all(
            isinstance(day, int) and not isinstance(day, bool) and 0 < day <= 365 for day in days
        ):
            raise ValidationError(
                {
                    "reminder_days_before": "Ghi danh sách số ngày từ 1 đến 365, ví dụ [30, 14, 7, 3, 1]."
                }
            )
        if self.reminder_overdue_every < 1:
            raise ValidationError({"reminder_overdue_every": "Ít nhất 1 ngày."})


class UnitQuerySet(models.QuerySet["Unit"]):
    def visible_to(self, user: User) -> UnitQuerySet:
        return self.filter(agency_id=user.agency_id)


class Unit(models.Model):
    """One unit of an agency: its office, a division, a subordinate. Administrators change it."""

    class Kind(models.TextChoices):
        OFFICE = "office", "Văn phòng"
        DIVISION = "division", "Phòng"
        SUBORDINATE = "subordinate", "Đơn vị trực thuộc"
        LEADERSHIP = "leadership", "Lãnh đạo cơ quan"

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="units", verbose_name="cơ quan")
    code = models.CharField("mã", max_length=30)
    name = models.CharField("tên đơn vị", max_length=200)
    kind = models.CharField("loại", max_length=20, choices=Kind.choices, default=Kind.DIVISION)
    order = models.PositiveSmallIntegerField("thứ tự", default=0)
    placeholder = models.BooleanField(
        "tạm đặt",
        default=False,
        help_text="Kế hoạch không nêu tên đơn vị này; cần cơ quan rà soát.",
    )
    # R1: from the third overdue day on, reminders about this unit go up to this person (R22).
    deputy_director = models.ForeignKey(
        "User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="units_in_charge",
        verbose_name="Phó Giám đốc phụ trách",
    )

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = "đơn vị"
        verbose_name_plural = "đơn vị"
        ordering = ("order", "id")
        constraints: ClassVar = [
            models.UniqueConstraint("agency", Lower("code"), name="unit_code_once_per_agency"),
        ]

    def __str__(self) -> str:
        return self.name


class UnitGroupQuerySet(models.QuerySet["UnitGroup"]):
    def visible_to(self, user: User) -> UnitGroupQuerySet:
        return self.filter(agency_id=user.agency_id)


class UnitGroup(models.Model):
    """A named set of units («các phòng thuộc Sở»), resolved when a period opens (R5)."""

    agency = models.ForeignKey(
        Agency, models.PROTECT, related_name="groups", verbose_name="cơ quan"
    )
    code = models.CharField("mã", max_length=30)
    name = models.CharField("tên nhóm", max_length=200)
    members = models.ManyToManyField(
        Unit, related_name="groups", blank=True, verbose_name="thành viên"
    )

    objects = UnitGroupQuerySet.as_manager()

    class Meta:
        verbose_name = "nhóm đơn vị"
        verbose_name_plural = "nhóm đơn vị"
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint("agency", Lower("code"), name="group_code_once_per_agency"),
        ]

    def __str__(self) -> str:
        return self.name


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: User) -> UserQuerySet:
        return self.filter(unit__agency_id=user.agency_id)

    def with_role(self, *roles: str) -> UserQuerySet:
        """Active people who hold at least one of ``roles``."""
        wanted = models.Q()
        for role in roles:
            wanted |= models.Q(**{f"is_{Role(role).value}": True})
        return self.filter(wanted, is_active=True)


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def visible_to(self, user: User) -> UserQuerySet:
        return self.get_queryset().visible_to(user)

    def with_role(self, *roles: str) -> UserQuerySet:
        return self.get_queryset().with_role(*roles)

    def create_user(
        self,
        email: str,
        password: str | None = None,
        *,
        name: str,
        unit: Unit | None,
        roles: Iterable[str] = (),
        **extra: Any,
    ) -> User:
        user = self.model(email=email.strip().lower(), name=clean(name), unit=unit, **extra)
        user.roles = frozenset(Role(role) for role in roles)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        """An operator's account for the admin site; it sees no agency's reports."""
        extra.setdefault("name", email)
        return self.create_user(email, password, unit=None, is_superuser=True, **extra)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """One person: an official e-mail address, one unit, one or more roles (R1)."""

    email = models.EmailField("thư điện tử công vụ", max_length=254, unique=True)
    name = models.CharField("họ và tên", max_length=150)
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="people", verbose_name="đơn vị"
    )
    is_reporter = models.BooleanField(Role.REPORTER.label, default=False)
    is_head = models.BooleanField(Role.HEAD.label, default=False)
    is_coordinator = models.BooleanField(Role.COORDINATOR.label, default=False)
    is_leader = models.BooleanField(Role.LEADER.label, default=False)
    is_administrator = models.BooleanField(Role.ADMINISTRATOR.label, default=False)
    is_active = models.BooleanField("đang hoạt động", default=True)
    created_at = models.DateTimeField("ngày tạo", auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "tài khoản"
        verbose_name_plural = "tài khoản"
        ordering = ("name", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="email_once"),
            models.CheckConstraint(
                condition=models.Q(unit__isnull=False) | models.Q(is_superuser=True),
                name="person_has_a_unit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"

    def clean(self) -> None:
        super().clean()
        self.email = self.email.strip().lower()
        self.name = clean(self.name)

    @property
    def agency_id(self) -> int | None:
        return self.unit.agency_id if self.unit else None

    @property
    def agency(self) -> Agency | None:
        return self.unit.agency if self.unit else None

    # Set by ``accounts.backends`` for the person of a request: standing in for a head today (R2a).
    stands_in = False

    @property
    def roles(self) -> frozenset[Role]:
        """The roles held, and the head's while standing in for one."""
        held = {role for role in Role if getattr(self, f"is_{role.value}")}
        return frozenset(held | {Role.HEAD} if self.stands_in else held)

    @roles.setter
    def roles(self, roles: Iterable[str]) -> None:
        held = {Role(role) for role in roles}
        for role in Role:
            setattr(self, f"is_{role.value}", role in held)

    @property
    def roles_text(self) -> str:
        words = [role.label for role in Role if getattr(self, f"is_{role.value}")]
        if self.stands_in and not self.is_head:
            words.append(STANDING_IN)
        return ", ".join(words)

    @property
    def is_staff(self) -> bool:
        """May enter the admin site."""
        return self.is_active and (self.is_superuser or self.is_administrator)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split()[-1] if self.name else self.email


class StandInQuerySet(models.QuerySet["StandIn"]):
    def visible_to(self, user: User) -> StandInQuerySet:
        return self.filter(unit__agency_id=user.agency_id)

    def on(self, day: dt.date) -> StandInQuerySet:
        """In force on ``day``."""
        return self.filter(starts_on__lte=day, ends_on__gte=day, ended_at__isnull=True)


class StandIn(models.Model):
    """A deputy acting for the head of a unit between two days (KT. Trưởng phòng, R2a). The head or the office sets it."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="stand_ins", verbose_name="đơn vị")
    person = models.ForeignKey(
        User, models.PROTECT, related_name="stand_ins", verbose_name="người ký thay"
    )
    head = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="thay cho trưởng đơn vị",
    )
    starts_on = models.DateField("từ ngày")
    ends_on = models.DateField("đến hết ngày")
    basis = models.CharField("căn cứ", max_length=300, blank=True)
    made_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="người giao"
    )
    made_at = models.DateTimeField("giao lúc", auto_now_add=True)
    ended_at = models.DateTimeField("thôi sớm lúc", null=True, blank=True)

    objects = StandInQuerySet.as_manager()

    class Meta:
        verbose_name = "ủy quyền ký thay"
        verbose_name_plural = "ủy quyền ký thay"
        ordering = ("-starts_on", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="stand_in_ends_after"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person.name} thay trưởng {self.unit.name} {self.starts_on:%d/%m/%Y}–{self.ends_on:%d/%m/%Y}"


class AppendOnlyError(RuntimeError):
    """History was to be changed or deleted; neither is possible (R12)."""


class HistoryQuerySet(models.QuerySet[Any]):
    def update(self, **kwargs: Any) -> int:
        raise AppendOnlyError("Lịch sử chỉ được ghi thêm.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnlyError("Lịch sử chỉ được ghi thêm.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise AppendOnlyError("Lịch sử chỉ được ghi thêm.")


class HistoryRow(models.Model):
    """Who did something, for whom and on what basis (R2b). Rows are added, never changed."""

    at = models.DateTimeField("lúc", default=timezone.now)
    recorded_at = models.DateTimeField("ghi nhận lúc", auto_now_add=True)
    actor = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="người thực hiện",
    )
    actor_name = models.CharField("họ tên người thực hiện", max_length=150)
    acted_as = models.CharField("với vai trò", max_length=60, blank=True)
    for_unit = models.ForeignKey(
        Unit,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="thay cho đơn vị",
    )
    for_person = models.CharField("thay cho", max_length=150, blank=True)
    basis = models.CharField("căn cứ", max_length=300, blank=True)
    basis_date = models.DateField("ngày của căn cứ", null=True, blank=True)
    reason = models.TextField("lý do", blank=True)
    address = models.GenericIPAddressField("địa chỉ mạng", null=True, blank=True)

    objects: ClassVar[Any] = HistoryQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise AppendOnlyError("Lịch sử chỉ được ghi thêm.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnlyError("Lịch sử chỉ được ghi thêm.")


class AuditQuerySet(HistoryQuerySet):
    def visible_to(self, user: User) -> AuditQuerySet:
        return self.filter(agency_id=user.agency_id)


class AuditEntry(HistoryRow):
    """One change of one thing: what it was before and after. Nobody changes it."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+", verbose_name="cơ quan")
    action = models.CharField("hành động", max_length=60)
    object_type = models.CharField("loại", max_length=40)
    object_id = models.BigIntegerField("số hiệu", null=True)
    object_label = models.CharField("đối tượng", max_length=300, blank=True)
    changes = models.JSONField("thay đổi", default=dict)  # field -> [before, after]

    objects: ClassVar[Any] = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = "lịch sử"
        verbose_name_plural = "lịch sử"
        ordering = ("-at", "-id")
        indexes: ClassVar = [models.Index(fields=["object_type", "object_id"], name="audit_object")]

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.action} {self.object_label}"


class MailQuerySet(models.QuerySet["Mail"]):
    def visible_to(self, user: User) -> MailQuerySet:
        return self.filter(agency_id=user.agency_id)

    def due(self, now: dt.datetime) -> MailQuerySet:
        return self.filter(state=Mail.State.WAITING, next_try_at__lte=now)


class Mail(models.Model):
    """One message of the outbox: written down first, claimed, then sent. ``accounts.mail`` changes it."""

    class State(models.TextChoices):
        WAITING = "waiting", "Chờ gửi"
        CLAIMED = "claimed", "Đang gửi"
        HANDED = "handed", "Đang giao cho máy chủ thư"
        SENT = "sent", "Đã gửi"
        FAILED = "failed", "Không gửi được"
        UNCLEAR = "unclear", "Chưa rõ đã gửi"

    agency = models.ForeignKey(
        Agency, models.PROTECT, null=True, related_name="mails", verbose_name="cơ quan"
    )
    user = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="mails", verbose_name="người nhận"
    )
    key = models.CharField("khóa", max_length=120, unique=True)  # says the same thing only once
    kind = models.CharField("loại", max_length=30)
    to = models.EmailField("địa chỉ nhận")
    subject = models.CharField("tiêu đề", max_length=300)
    text = models.TextField("nội dung")
    html = models.TextField("nội dung HTML", blank=True)
    state = models.CharField(
        "trạng thái", max_length=10, choices=State.choices, default=State.WAITING
    )
    attempts = models.PositiveSmallIntegerField("số lần thử", default=0)
    next_try_at = models.DateTimeField("gửi từ lúc", default=timezone.now)
    claimed_at = models.DateTimeField("bắt đầu gửi lúc", null=True, blank=True)
    claimed_by = models.CharField("do", max_length=100, blank=True)
    sent_at = models.DateTimeField("gửi lúc", null=True, blank=True)
    error = models.TextField("lỗi", blank=True)
    created_at = models.DateTimeField("tạo lúc", auto_now_add=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        verbose_name = "thư"
        verbose_name_plural = "thư"
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["state", "next_try_at"], name="mail_due")]

    def __str__(self) -> str:
        return f"{self.to}: {self.subject}"
