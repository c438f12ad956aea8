"""What each role may do with agencies, units and accounts (R2). The only place that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

from accounts.models import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.models import User

REPORTER, HEAD = Role.REPORTER, Role.HEAD
COORDINATOR, LEADER, ADMINISTRATOR = Role.COORDINATOR, Role.LEADER, Role.ADMINISTRATOR

TABLE: Mapping[str, frozenset[Role]] = {
    "admin_site": frozenset({ADMINISTRATOR}),
    # Of one's own unit for a head; of any unit of the agency for the office and administrators.
    "stand_in_manage": frozenset({HEAD, COORDINATOR, ADMINISTRATOR}),
    "stand_in_any_unit": frozenset({COORDINATOR, ADMINISTRATOR}),
}


def allows(table: Mapping[str, frozenset[Role]], user: User, action: str) -> bool:
    """Does one of the person's roles stand behind ``action`` in an app's table? KeyError if unknown."""
    return bool(user.is_active and user.roles & table[action])


def roles_text(table: Mapping[str, frozenset[Role]], action: str) -> str:
    return ", ".join(role.label for role in Role if role in table[action])


def can(user: User, action: str) -> bool:
    return allows(TABLE, user, action)


def refuse_unless(table: Mapping[str, frozenset[Role]], user: User, action: str) -> None:
    """403 with the reason a person can act on (R3)."""
    if not allows(table, user, action):
        raise PermissionDenied(f"Trang này dành cho: {roles_text(table, action)}.")
