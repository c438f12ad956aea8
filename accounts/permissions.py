"""What each role may do with agencies, units and accounts (R2). The only place that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import Role

if TYPE_CHECKING:
    from accounts.models import User

REPORTER, HEAD, COORDINATOR, LEADER, ADMINISTRATOR = (
    Role.REPORTER,
    Role.HEAD,
    Role.COORDINATOR,
    Role.LEADER,
    Role.ADMINISTRATOR,
)

TABLE: dict[str, frozenset[Role]] = {
    "admin_site": frozenset({ADMINISTRATOR}),
}


def can(user: User, action: str) -> bool:
    return bool(user.is_active and user.roles & TABLE[action])
