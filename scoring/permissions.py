"""What each role may do with points and with results that go out (R2). The only place that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import Role
from accounts.permissions import allows, refuse_unless

if TYPE_CHECKING:
    from accounts.models import User

TABLE = {
    "exports_read": frozenset({Role.COORDINATOR, Role.LEADER}),
    "scorecard_read": frozenset({Role.COORDINATOR, Role.LEADER}),
    # A unit's people see what their own unit still owes points for.
    "unit_risks": frozenset({Role.HEAD, Role.REPORTER}),
    "export_make": frozenset({Role.COORDINATOR}),
    "criteria_read": frozenset({Role.COORDINATOR, Role.LEADER}),
    "criteria_write": frozenset({Role.COORDINATOR}),
    "scorecard_write": frozenset({Role.COORDINATOR}),
    # A coordinator only records an approval given on paper, with its basis (R2b).
    "scorecard_approve": frozenset({Role.LEADER, Role.COORDINATOR}),
    "appraisal_write": frozenset({Role.COORDINATOR}),
    "what_if": frozenset({Role.COORDINATOR, Role.LEADER}),
    # A shared scenario is for everybody who works with reports.
    "scenario_read": frozenset({Role.COORDINATOR, Role.LEADER, Role.HEAD, Role.REPORTER}),
}


def can(user: User, action: str) -> bool:
    return allows(TABLE, user, action)


def require(user: User, action: str) -> None:
    refuse_unless(TABLE, user, action)
