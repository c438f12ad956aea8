"""The indicators that a set's rules can read, with what people want to see beside them (R26)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plans.assigning import resolve
from plans.models import Assignment, Indicator
from plans.wording import target_text

if TYPE_CHECKING:
    from accounts.models import Agency
    from plans.targets import Target


@dataclass(frozen=True)
class Known:
    """One indicator of the agency's plans, as of one year."""

    indicator: Indicator
    target: Target
    target_text: str

    @property
    def code(self) -> str:
        return self.indicator.code

    @property
    def short(self) -> str:
        """What a list says of it: «Tỷ lệ hồ sơ … – nhiệm vụ 1.2»."""
        name = self.indicator.name
        name = name if len(name) <= 90 else f"{name[:88].rstrip()}…"
        return f"{self.code} – {name} (nhiệm vụ {self.indicator.task.code})"


def known_indicators(agency: Agency, year: int) -> dict[str, Known]:
    """By code, of the plans that reach ``year`` where any does; later plans win. Two queries."""
    plans = list(agency.plans.order_by("issued_on", "id"))
    reaching = [plan for plan in plans if any(y >= year for y in plan.years)] or plans
    rows = (
        Indicator.objects.filter(
            task__area__plan__in=reaching,
            retired_at=None,
            task__retired_at=None,
            task__area__retired_at=None,
        )
        .select_related("task__area__plan", "source")
        .order_by(
            "task__area__plan__issued_on",
            "task__area__plan_id",
            "task__area__order",
            "task__order",
            "order",
        )
    )
    return {row.code: Known(row, row.target_for(year), target_text(row, year)) for row in rows}


def responsible(known: Mapping[str, Known], codes: Collection[str]) -> dict[str, str]:
    """The units that report each of ``codes``, by name; as many queries for any number of codes of one plan."""
    chosen = [known[code].indicator for code in codes if code in known]
    plans = {row.task.area.plan_id: row.task.area.plan for row in chosen if not row.source_id}
    roles = {task: held for plan in plans.values() for task, held in resolve(plan).items()}
    names: dict[int, str] = {}
    for plan in plans.values():
        names |= dict(plan.agency.units.values_list("pk", "name"))
    found = {}
    for row in chosen:
        if row.source:
            found[row.code] = row.source.name
            continue
        held = roles.get(row.task_id, {})
        units = dict.fromkeys(unit for role in Assignment.REPORTING for unit in held.get(role, []))
        found[row.code] = ", ".join(names[unit] for unit in units)
    return found
