"""The admin site for administrators: their own agency's units, people and settings, nothing of reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import admin as auth_admin  # noqa: F401 - registers Group, taken off below
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.views.i18n import JavaScriptCatalog

from accounts.admin_base import (
    AgencyAdmin,
    OwnAgencyFilter,
    ReadOnlyAdmin,
    in_agency,
    person,
    sees_all,
)
from accounts.forms import send_password_link
from accounts.models import Agency, AuditEntry, Mail, Role, Unit, UnitGroup, User

if TYPE_CHECKING:
    from django.db import models
    from django.http import HttpRequest, HttpResponse


# -- Agencies, units, groups ---------------------------------------------------------------------


class DaysField(forms.CharField):
    """«30, 14, 7, 3, 1» as a list of numbers."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(str(day) for day in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        try:
            return [int(part) for part in str(value or "").strip("[] ").split(",") if part.strip()]
        except ValueError:
            raise forms.ValidationError(
                "Ghi các số ngày cách nhau bằng dấu phẩy, ví dụ: 30, 14, 7, 3, 1."
            ) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(initial) != self.to_python(data)
        except forms.ValidationError:
            return True


class AgencyForm(forms.ModelForm):
    reminder_days_before = DaysField(
        label="Nhắc trước hạn (số ngày)",
        help_text="Các số ngày cách nhau bằng dấu phẩy, ví dụ: 30, 14, 7, 3, 1.",
    )

    class Meta:
        model = Agency
        fields = "__all__"  # noqa: DJ007 - the admin class names them


@admin.register(Agency)
class AgencySettings(AgencyAdmin):
    form = AgencyForm
    list_display = ("name", "code", "province", "reminder_time")
    fieldsets = (
        (None, {"fields": ("code", "name", "province")}),
        (
            "Nhắc việc",
            {
                "fields": (
                    "reminder_time",
                    "reminder_days_before",
                    "reminder_overdue_days",
                    "reminder_overdue_every",
                )
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sees_all(person(request)) and self._allowed(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Plan files and workbooks name the agency by its code.
        return () if obj is None else ("code",)


class CodeForm(forms.ModelForm):
    """The code comes once in its agency, in whatever case."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        agency = data.get("agency") or getattr(self.instance, "agency", None)
        code = data.get("code")
        if agency and code:
            others = type(self.instance)._default_manager.filter(agency=agency, code__iexact=code)
            if others.exclude(pk=self.instance.pk).exists():
                self.add_error("code", f"Mã {code} đã có trong cơ quan.")
        members = data.get("members")
        if agency and members is not None and any(unit.agency_id != agency.pk for unit in members):
            self.add_error("members", "Chỉ chọn đơn vị của cùng cơ quan.")
        deputy = data.get("deputy_director")
        if agency and deputy and deputy.agency_id != agency.pk:
            self.add_error("deputy_director", "Chỉ chọn người của cùng cơ quan.")
        return data


@admin.register(Unit)
class UnitAdmin(AgencyAdmin):
    form = CodeForm
    list_display = ("name", "code", "kind", "order", "placeholder", "deputy_director")
    list_filter = ("kind", "placeholder")
    list_select_related = ("deputy_director",)
    search_fields = ("name", "code")
    ordering = ("order", "id")
    fields = ("agency", "code", "name", "kind", "order", "deputy_director", "placeholder")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "deputy_director":
            people = User.objects.with_role(Role.LEADER).select_related("unit")
            kwargs["queryset"] = in_agency(people, person(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(UnitGroup)
class UnitGroupAdmin(AgencyAdmin):
    form = CodeForm
    list_display = ("name", "code")
    search_fields = ("name", "code")
    filter_horizontal = ("members",)
    fields = ("agency", "code", "name", "members")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.base_fields[
            "members"
        ].help_text = (
            "Kỳ báo cáo đã mở không đổi theo nhóm cho đến khi Văn phòng Sở cập nhật kỳ đó."
        )
        return form


# -- People --------------------------------------------------------------------------------------


class PersonForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("email", "name", "unit", *(f"is_{role.value}" for role in Role), "is_active")

    acting: User  # who changes it; set by the admin class

    def clean_email(self) -> str:
        return self.cleaned_data["email"].strip().lower()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not data.get("unit") and not self.instance.is_superuser:
            self.add_error("unit", "Hãy chọn đơn vị của người này.")
        if (
            not any(data.get(f"is_{role.value}") for role in Role)
            and not self.instance.is_superuser
        ):
            self.add_error(None, "Hãy chọn ít nhất một vai trò.")
        if self.instance.pk == self.acting.pk and self.acting.is_administrator:
            for name in ("is_administrator", "is_active"):
                if not data.get(name):
                    self.add_error(
                        name,
                        "Không tự bỏ quyền quản trị của chính mình; hãy nhờ một quản trị khác.",
                    )
        return data


class RoleFilter(admin.SimpleListFilter):
    """One filter for the five columns of roles."""

    title = "vai trò"
    parameter_name = "vai-tro"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(role.value, role.label) for role in Role]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[User]
    ) -> models.QuerySet[User]:
        return (
            queryset.filter(**{f"is_{self.value()}": True})
            if self.value() in Role.values
            else queryset
        )


@admin.register(User)
class PersonAdmin(AgencyAdmin):
    """People. Passwords are never seen or set here: each person sets their own through a link."""

    form = PersonForm
    list_display = ("name", "email", "unit", "roles_shown", "is_active", "last_login")
    list_filter = (RoleFilter, "is_active", ("unit", OwnAgencyFilter))
    list_select_related = ("unit",)
    search_fields = ("name", "email")
    readonly_fields = ("last_login", "created_at")
    actions = ("send_link",)
    fieldsets = (
        (None, {"fields": ("name", "email", "unit")}),
        (
            "Vai trò",
            {
                "fields": tuple(f"is_{role.value}" for role in Role),
                "description": "Một người có thể giữ nhiều vai trò, ví dụ Chánh Văn phòng: trưởng đơn vị và Văn phòng Sở.",
            },
        ),
        (
            "Tài khoản",
            {
                "fields": ("is_active", "last_login", "created_at"),
                "description": "Người thôi làm việc: bỏ đánh dấu đang hoạt động. Tài khoản không bị xóa để giữ lịch sử.",
            },
        ),
    )

    @admin.display(description="Vai trò")
    def roles_shown(self, user: User) -> str:
        return user.roles_text or "–"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        people = super().get_queryset(request)
        # An operator's account is nobody's to change in an agency: its mail address opens every agency.
        return people if request.user.is_superuser else people.filter(is_superuser=False)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.acting = person(request)  # type: ignore[attr-defined]
        return form

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change and form.instance.is_active:
            send_password_link(form.instance, template="invitation")
            messages.info(request, f"Đã gửi liên kết đặt mật khẩu đến {form.instance.email}.")

    @admin.action(description="Gửi liên kết đặt mật khẩu", permissions=["change"])
    def send_link(self, request: HttpRequest, people: models.QuerySet[User]) -> None:
        sent = 0
        for one in people.filter(is_active=True).select_related("unit__agency"):
            send_password_link(one, template="invitation")
            self.write_down(request, one, "Gửi liên kết đặt mật khẩu")
            sent += 1
        left = people.filter(is_active=False).count()
        if sent:
            messages.success(request, f"Đã gửi liên kết đặt mật khẩu cho {sent} người.")
        if left:
            messages.warning(request, f"Không gửi cho {left} tài khoản đã ngừng hoạt động.")


# -- To look at ----------------------------------------------------------------------------------


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    """The outbox without what the messages say."""

    list_display = ("created_at", "to", "subject", "kind", "state", "attempts", "sent_at")
    list_filter = ("state", "kind")
    search_fields = ("to", "subject")
    date_hierarchy = "created_at"
    fields = (
        "created_at",
        "to",
        "subject",
        "kind",
        "state",
        "attempts",
        "next_try_at",
        "sent_at",
        "error",
    )


@admin.register(AuditEntry)
class AuditAdmin(ReadOnlyAdmin):
    """Who changed agencies, units, people and plans. What is said in reports is not shown (R3)."""

    list_display = ("at", "actor_name", "acted_as", "action", "object_label")
    search_fields = ("actor_name", "action", "object_label")
    date_hierarchy = "at"
    fields = (
        "at",
        "actor_name",
        "acted_as",
        "action",
        "object_label",
        "changes_shown",
        "reason",
        "address",
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .filter(Q(object_type__startswith="accounts.") | Q(object_type__startswith="plans."))
        )

    @admin.display(description="Thay đổi")
    def changes_shown(self, entry: AuditEntry) -> str:
        lines = [f"{name}: {before} → {after}" for name, (before, after) in entry.changes.items()]
        return "\n".join(lines) or "–"


# -- The site ------------------------------------------------------------------------------------


def sign_in_here(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """Sign-in has one page; who is signed in and may not enter is told so (R3)."""
    if request.user.is_authenticated:
        raise PermissionDenied("Trang này dành cho: Quản trị.")
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"), reverse("sign_in"))


def change_password_here(
    request: HttpRequest, extra_context: dict[str, Any] | None = None
) -> HttpResponse:
    return HttpResponseRedirect(reverse("password_change"))


admin.site.site_header = "Quản trị CCHC Tracker"
admin.site.site_title = "Quản trị CCHC Tracker"
admin.site.index_title = "Trang quản trị"
admin.site.empty_value_display = "–"
admin.site.enable_nav_sidebar = False  # a dozen lists fit on the first page
# A site class of our own would need a setting of its own; three pages are all that differs.
admin.site.login = sign_in_here  # type: ignore[method-assign]
admin.site.password_change = change_password_here  # type: ignore[assignment,method-assign]
# Ours last: it speaks for what Django's catalogue lacks (accounts/locale).
admin.site.i18n_javascript = JavaScriptCatalog.as_view(  # type: ignore[assignment,method-assign]
    packages=["django.contrib.admin", "accounts"]
)
admin.site.unregister(Group)  # rights come from roles
