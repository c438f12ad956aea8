"""What each role may do with plans and periods (R2). The only place that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import Role
from accounts.permissions import allows, refuse_unless

if TYPE_CHECKING:
    from accounts.models import User

EVERYONE = frozenset(Role)

TABLE = {
    "plan_read": EVERYONE,
    "plan_warnings": frozenset({Role.COORDINATOR, Role.LEADER, Role.ADMINISTRATOR}),
    "unit_share_any": frozenset({Role.COORDINATOR, Role.LEADER, Role.ADMINISTRATOR}),
}


def can(user: User, action: str) -> bool:
    return allows(TABLE, user, action)


def require(user: User, action: str) -> None:
    refuse_unless(TABLE, user, action)
