"""Open difficulties where they must stay in sight (R18): on the overview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.utils import timezone

from tasks.models import Obstacle
from tasks.obstacle_views import counts_of
from tasks.permissions import can

if TYPE_CHECKING:
    from django.http import HttpRequest

register = template.Library()
SHOWN = 5


@register.inclusion_tag("tasks/_open_obstacles.html")
def open_obstacles(request: HttpRequest) -> dict[str, Any]:
    """Counts, and those that have waited longest; three queries however many there are."""
    user: Any = request.user
    if not can(user, "obstacle_read"):
        return {"shown": False}
    rows = (
        Obstacle.objects.visible_to(user)
        .open()
        .select_related("unit", "task")
        .order_by("raised_at", "pk")
    )
    waits_here = Obstacle.State.RAISED if user.is_coordinator else Obstacle.State.PASSED_ON
    counts = counts_of(user)
    return {
        "shown": any(counts.values()),
        "counts": counts,
        "rows": rows.filter(state=waits_here)[:SHOWN],
        "office": user.is_coordinator,
        "today": timezone.localdate(),
    }
