"""States and verdicts as badges. Filters, because an include in a list of a hundred rows is slow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from plans.targets import STATUS_TEXT, Status, Verdict
from tasks.states import STATE_TEXT, State

if TYPE_CHECKING:
    from tasks.models import Report

register = template.Library()

STATE_ICON = {
    State.ACCEPTED: "circle-check",
    State.SUBMITTED: "hourglass",
    State.DRAFT: "pencil",
    State.RETURNED: "arrow-back-up",
    State.NOT_STARTED: "circle-dashed",
}
STATUS_ICON = {
    Status.MET: "circle-check",
    Status.NOT_MET: "circle-x",
    Status.NOT_ARISING: "circle-minus",
    Status.NOT_REPORTED: "circle-dashed",
    Status.NO_PREVIOUS: "history",
    Status.NO_TARGET: "minus",
}


def badge(css: str, icon: str, text: str) -> SafeString:
    return format_html(
        '<span class="{}"><svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>{}</span>',
        css,
        static("vendor/icons.svg"),
        icon,
        text,
    )


LATE = "state-badge is-late"


@register.filter
def state_badge(report: Report) -> SafeString:
    """A report's state: icon and word, and «Trễ hạn» where it was or is late."""
    state = State(report.state)
    text = STATE_TEXT[state]
    if report.handed_up_at and state in {State.DRAFT, State.RETURNED}:
        text += " · chờ trưởng đơn vị"
    shown = badge(f"state-badge is-{state.replace('_', '-')}", STATE_ICON[state], text)
    if report.is_late or report.is_overdue():
        shown += mark_safe(" ") + badge(LATE, "clock-exclamation", "Trễ hạn")
    return shown


@register.filter
def target_badge(verdict: Verdict | None) -> SafeString | str:
    """Whether a target is met, in icon and word."""
    if verdict is None:
        return ""
    return badge(
        f"target-badge is-{verdict.status.replace('_', '-')}",
        STATUS_ICON[verdict.status],
        STATUS_TEXT[verdict.status],
    )


@register.filter
def days_to(report: Report, today: object) -> int:
    """Days a report can still come on time: 0 on its last day, negative when late."""
    return (report.due_before - today).days - 1  # type: ignore[operator]


@register.filter
def has(found: object, name: str) -> bool:
    return name in found  # type: ignore[operator]
