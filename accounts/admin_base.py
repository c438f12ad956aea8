"""What every admin class shares: own agency only, rights by role, no deletion, every change in the trail.

Rights come from roles, not from Django's permission rows. An operator (superuser without a unit)
sees all agencies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from accounts.history import Actor, record
from accounts.models import Agency, Role, User
from accounts.permissions import can

if TYPE_CHECKING:
    from django.db import models
    from django.http import HttpRequest

# Where each model keeps its agency; the admin classes of other apps add theirs.
AGENCY_OF: dict[str, str] = {
    "accounts.agency": "pk",
    "accounts.unit": "agency",
    "accounts.unitgroup": "agency",
    "accounts.user": "unit__agency",
    "accounts.mail": "agency",
    "accounts.auditentry": "agency",
}


def sees_all(user: User) -> bool:
    """An operator: not of any agency."""
    return user.is_superuser and user.unit is None


def in_agency(queryset: models.QuerySet[Any], user: User) -> models.QuerySet[Any]:
    """``queryset`` cut down to the person's agency (R3). KeyError for a model nobody placed."""
    if sees_all(user):
        return queryset
    return queryset.filter(**{AGENCY_OF[queryset.model._meta.label_lower]: user.agency_id})


def person(request: HttpRequest) -> User:
    """Who is signed in: the site lets nobody else come this far."""
    assert isinstance(request.user, User)
    return request.user


class OwnAgencyFilter(admin.RelatedFieldListFilter):
    """A filter by a related row that offers the own agency's rows only."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        rows = in_agency(field.remote_field.model._default_manager.all(), person(request))
        return [(row.pk, str(row)) for row in rows]


class AgencyAdmin(admin.ModelAdmin):
    """Scoped to the administrator's agency, open by role, without deletion, every change in the trail."""

    may_add = True
    may_change = True
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER

    # -- Who ------------------------------------------------------------------------------------

    def _allowed(self, request: HttpRequest) -> bool:
        user = request.user
        return (
            isinstance(user, User)
            and user.is_active
            and (user.is_superuser or can(user, "admin_site"))
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._allowed(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allowed(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_add and self._allowed(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_change and self._allowed(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # history refers to nearly everything; people are deactivated instead

    # -- Which rows -----------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return in_agency(super().get_queryset(request), person(request))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if "queryset" not in kwargs:
            kwargs["queryset"] = in_agency(
                db_field.remote_field.model._default_manager.all(), person(request)
            )
        if db_field.remote_field.model is Agency and not sees_all(person(request)):
            # One agency to choose: chosen already, and the field stays so that its constraints are checked.
            kwargs |= {"empty_label": None, "initial": person(request).agency_id}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if "queryset" not in kwargs:
            kwargs["queryset"] = in_agency(
                db_field.remote_field.model._default_manager.all(), person(request)
            )
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """No pop-up windows beside a choice: they lead away from what is being typed."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        widget = getattr(field, "widget", None)
        for name in (
            "can_add_related",
            "can_change_related",
            "can_delete_related",
            "can_view_related",
        ):
            if hasattr(widget, name):
                setattr(widget, name, False)
        return field

    # -- The trail ------------------------------------------------------------------------------

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        changes = changes_of(form, change)
        if changes or not change:
            self.write_down(request, form.instance, "Sửa" if change else "Thêm", changes)

    def write_down(
        self,
        request: HttpRequest,
        obj: Any,
        action: str,
        changes: dict[str, list[Any]] | None = None,
    ) -> None:
        """One line of history beside Django's own log (which names no agency)."""
        agency = agency_of(obj)
        if agency is not None:
            by = Actor.from_request(request, role=Role.ADMINISTRATOR)
            record(
                by=by,
                agency=agency,
                action=f"{action} trong trang quản trị",
                of=obj,
                changes=changes,
            )


def agency_of(obj: Any) -> int | None:
    value = obj
    for step in AGENCY_OF[obj._meta.label_lower].split("__"):
        value = getattr(value, step, None)
    return value.pk if isinstance(value, Agency) else value


def changes_of(form: Any, change: bool) -> dict[str, list[Any]]:
    """Field → before and after, in words."""
    found = {}
    for name in form.changed_data:
        before = (
            form.fields[name].to_python(form.get_initial_for_field(form.fields[name], name))
            if change
            else None
        )
        found[name] = [_words(before), _words(form.cleaned_data.get(name))]
    return found


def _words(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value[:500]
    if hasattr(value, "__iter__"):
        return [str(one) for one in value]
    return str(value)


class ReadOnlyAdmin(AgencyAdmin):
    """To look at; nothing is added or changed here."""

    may_add = False
    may_change = False
