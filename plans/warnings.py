"""What an agency should look at again in its plan (R6, R7a, R9): sentences for the plan's page. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from plans.assigning import consolidators, resolve
from plans.models import Assignment, Indicator, Task

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plans.assigning import Roles
    from plans.models import Area, Plan


def plan_warnings(plan: Plan, roles: Roles | None = None) -> list[str]:
    """Sentences in Vietnamese, the gravest first; a fixed number of queries.

    ``roles``: what :func:`plans.assigning.resolve` says of the plan, where the caller has it already.
    """
    roles = resolve(plan) if roles is None else roles
    units = {unit.pk: unit for unit in plan.agency.units.all()}
    areas: dict[int, Area] = {}
    tasks: dict[int, list[Task]] = {}
    for task in (
        Task.objects.filter(area__plan=plan, retired_at=None, area__retired_at=None)
        .select_related("area")
        .order_by("area__order", "order")
    ):
        areas[task.area_id] = task.area
        tasks.setdefault(task.area_id, []).append(task)
    indicators = list(
        Indicator.objects.filter(task__area__plan=plan, retired_at=None, task__retired_at=None)
        .filter(task__area__retired_at=None)
        .order_by("task__area__order", "task__order", "order")
    )
    sourced = {indicator.task_id for indicator in indicators if indicator.source_id}

    nobody: list[str] = []
    several: list[str] = []
    unnamed: list[str] = []
    for area_id, of_area in tasks.items():
        area = areas[area_id]
        without = [
            task.code
            for task in of_area
            if not any(roles[task.pk].get(role) for role in Assignment.REPORTING)
            and task.pk not in sourced
        ]
        if len(without) == len(of_area):
            nobody.append(
                f"Lĩnh vực {area.code}: không đơn vị nào chủ trì hoặc thực hiện, nên không ai báo cáo."
            )
        elif without:
            nobody.append(
                f"Nhiệm vụ {_listed(without)}: không đơn vị nào chủ trì hoặc thực hiện, nên không ai báo cáo."
            )
        for merging in _distinct(
            tuple(consolidators(roles[task.pk], plan.receiving_unit_id)) for task in of_area
        ):
            if len(merging) > 1:
                names = _listed([units[unit].name for unit in merging])
                several.append(
                    f"Lĩnh vực {area.code}: có {len(merging)} đơn vị cùng tổng hợp ({names}); nên giao một đơn vị."
                )
            elif not merging:
                several.append(
                    f"Lĩnh vực {area.code}: không có đơn vị tổng hợp và kế hoạch chưa đặt đơn vị nhận kết quả."
                )
        if any(
            not roles[task.pk].get(Assignment.Role.CONSOLIDATE)
            and len(roles[task.pk].get(Assignment.Role.LEAD, [])) != 1
            for task in of_area
        ):
            unnamed.append(area.code)
    found = nobody + several
    if unnamed and plan.receiving_unit:
        found.append(
            f"Lĩnh vực {_listed(unnamed)}: kế hoạch không nêu một đơn vị tổng hợp; "
            f"{plan.receiving_unit.name} là đơn vị nhận kết quả nên tổng hợp."
        )
    found += _about_figures(plan, indicators)
    placeholders = [unit.name for unit in units.values() if unit.placeholder]
    if placeholders:
        found.append(
            f"{len(placeholders)} đơn vị là tên tạm đặt, văn bản không liệt kê: {_listed(placeholders)}."
        )
    if not plan.number:
        found.append("Văn bản chưa có số; hãy bổ sung khi kế hoạch được vào sổ.")
    return found


def _about_figures(plan: Plan, indicators: list[Indicator]) -> list[str]:
    found = []
    compared = [indicator.code for indicator in indicators if indicator.target_previous_year]
    if compared and plan.years:
        before = min(plan.years) - 1
        known = plan.agency.plans.filter(
            Q(periods__year=before, periods__is_history=True)
            | Q(periods__year=before, periods__opened_at__isnull=False)
        )
        if not known.exists():
            found.append(
                f"Chỉ tiêu {_listed(compared)} so với năm trước nhưng chưa có số liệu năm {before}; "
                "hãy nạp kết quả năm đó."
            )
    assumed = [indicator.code for indicator in indicators if indicator.assumed]
    if assumed:
        found.append(
            f"{len(assumed)} chỉ tiêu có mức suy ra, văn bản không ghi con số ({_listed(assumed, 6)}); "
            "cần cơ quan xác nhận."
        )
    return found


def _distinct(values: Iterable[tuple[int, ...]]) -> list[tuple[int, ...]]:
    return list(dict.fromkeys(values))


def _listed(words: list[str], most: int = 12) -> str:
    """«1.1, 1.2 và 3 mục khác»."""
    if len(words) <= most:
        return ", ".join(words)
    return f"{', '.join(words[:most])} và {len(words) - most} mục khác"
