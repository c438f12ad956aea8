"""Who acts: the one value that services take and history rows are written from."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.utils import timezone

from accounts import guard
from accounts.models import STANDING_IN, AuditEntry, Role, StandIn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

    from accounts.http import SignedIn
    from accounts.models import Agency, Unit, User

SYSTEM = "Hệ thống"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A person (or the system) acting, for whom and on what basis (R2a, R2b)."""

    user: User | None
    name: str
    role: str = ""
    address: str | None = None
    for_unit: Unit | None = None
    for_person: str = ""
    basis: str = ""
    basis_date: dt.date | None = None

    @classmethod
    def of(cls, user: User, *, role: Role | None = None, address: str | None = None) -> Actor:
        """``user`` acting in ``role``; a deputy acting as head is shown as such, for whom and on what basis."""
        if role is Role.HEAD and user.stands_in and not user.is_head:
            standing = StandIn.objects.on(timezone.localdate()).filter(person=user, unit=user.unit)
            row = standing.select_related("head").first()
            return cls(
                user=user,
                name=user.name,
                role=STANDING_IN,
                address=address,
                for_person=row.head.name if row and row.head else "",
                basis=row.basis if row else "",
            )
        return cls(
            user=user,
            name=user.name,
            role=(role.label if role else user.roles_text)[:60],
            address=address,
        )

    @classmethod
    def from_request(cls, request: SignedIn | HttpRequest, *, role: Role | None = None) -> Actor:
        user = cast("User", request.user)  # views are behind signed_in or the admin site
        return cls.of(user, role=role, address=request.META.get("REMOTE_ADDR") or None)

    @classmethod
    def in_first(cls, request: SignedIn, *roles: Role) -> Actor:
        """The person of ``request`` in the first of ``roles`` that they have."""
        role = next((role for role in roles if role in request.user.roles), None)
        return cls.from_request(request, role=role)

    @classmethod
    def system(cls, basis: str = "") -> Actor:
        return cls(user=None, name=SYSTEM, basis=basis)

    def columns(self) -> dict[str, Any]:
        """The columns of :class:`accounts.models.HistoryRow` that say who."""
        return {
            "actor": self.user,
            "actor_name": self.name,
            "acted_as": self.role,
            "address": self.address,
            "for_unit": self.for_unit,
            "for_person": self.for_person,
            "basis": self.basis,
            "basis_date": self.basis_date,
        }


def record(
    *,
    by: Actor,
    agency: Agency | int,
    action: str,
    of: Any,
    changes: dict[str, list[Any]] | None = None,
    label: str = "",
    reason: str = "",
) -> AuditEntry:
    """Write down one change of ``of`` (any model row)."""
    return AuditEntry.objects.create(
        **by.columns(),
        agency_id=agency if isinstance(agency, int) else agency.pk,
        action=action,
        object_type=of._meta.label_lower,
        object_id=of.pk,
        object_label=(label or str(of))[:300],
        changes=changes or {},
        reason=reason,
    )


@contextmanager
def unguarded(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Change or delete history on purpose, in one transaction: taking a demo office away, a migration.

    Models still refuse; go round them by their plain manager, history before what it tells of:
    ``Transition._base_manager.filter(report__in=reports).delete()``.
    """
    connection = connections[using]
    with transaction.atomic(using=using):
        guard.lift(connection)
        yield
        guard.lower(connection)
