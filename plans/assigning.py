"""Who has which role in which task: the plan's assignments with groups resolved as they are now (R5, R6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Prefetch, Q

from accounts.models import Unit, UnitGroup
from plans.models import Assignment, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from plans.models import Plan

# Task → role → units, in the order of the plan.
Roles = dict[int, dict[str, list[int]]]


def resolve(plan: Plan) -> Roles:
    """Task → role → units, for every task of ``plan``; as named in the plan, in three queries.

    A task's own assignments override its area's role by role. Lead and implement are one matter, who
    reports (R6): a task that names either takes over both, so that naming one leader for a task of an
    area implemented by all divisions does not leave the divisions owing it too.
    """
    of_area: dict[int, list[Assignment]] = {}
    of_task: dict[int, list[Assignment]] = {}
    members = Prefetch("members", Unit.objects.order_by("order", "pk"))
    for assignment in (
        Assignment.objects.filter(Q(area__plan=plan) | Q(task__area__plan=plan))
        .order_by("order", "pk")
        .prefetch_related(Prefetch("group", UnitGroup.objects.prefetch_related(members)))
    ):
        if assignment.area_id:
            of_area.setdefault(assignment.area_id, []).append(assignment)
        elif assignment.task_id:
            of_task.setdefault(assignment.task_id, []).append(assignment)
    named = {area: _by_role(assignments) for area, assignments in of_area.items()}
    found: Roles = {}
    for task_id, area_id in (
        Task.objects.filter(area__plan=plan)
        .order_by("area__order", "order")
        .values_list("pk", "area_id")
    ):
        own = _by_role(of_task.get(task_id, ()))
        taken = set(own)
        if taken & set(Assignment.REPORTING):
            taken |= set(Assignment.REPORTING)
        inherited = {
            role: units for role, units in named.get(area_id, {}).items() if role not in taken
        }
        found[task_id] = {**inherited, **own}
    return found


def _by_role(assignments: Iterable[Assignment]) -> dict[str, list[int]]:
    """Role → units, each once, a group standing for its members."""
    found: dict[str, list[int]] = {}
    for assignment in assignments:
        units = (
            [unit.pk for unit in assignment.group.members.all()]
            if assignment.group
            else [assignment.unit_id]
        )
        held = found.setdefault(assignment.role, [])
        held.extend(unit for unit in units if unit is not None and unit not in held)
    return found


def consolidators(roles: Mapping[str, list[int]], receiving_unit: int | None) -> list[int]:
    """The units that merge one task's reports (R6): those named, else the one lead, else who receives the results."""
    named = roles.get(Assignment.Role.CONSOLIDATE, [])
    if named:
        return list(named)
    leads = roles.get(Assignment.Role.LEAD, [])
    if len(leads) == 1:
        return list(leads)
    return [receiving_unit] if receiving_unit else []
