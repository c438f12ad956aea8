"""States of explanations as badges, in the looks of a report's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template

from tasks.models import Explanation
from tasks.templatetags.reports import badge

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

register = template.Library()

State = Explanation.State
LOOK = {
    State.ASKED: ("not-started", "circle-dashed"),
    State.RETURNED: ("returned", "arrow-back-up"),
    State.ANSWERED: ("submitted", "hourglass"),
    State.TAKEN: ("accepted", "circle-check"),
    State.WITHDRAWN: ("not-started", "circle-minus"),
}


@register.filter
def explanation_badge(explanation: Explanation) -> SafeString:
    state = State(explanation.state)
    css, icon = LOOK[state]
    return badge(f"state-badge is-{css}", icon, state.label)
