"""States and verdicts as badges. Filters, because an include in a list of a hundred rows is slow."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from plans.targets import STATUS_TEXT, Status, Verdict
from plans.templatetags.vi import days_left_text
from tasks.states import STATE_TEXT, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.models import Report
    from tasks.verdicts import Shown

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
# Days left at most -> class and icon of .days-left.
NEARNESS = (
    (-1, "over", "clock-exclamation"),
    (0, "today", "bell-ringing"),
    (7, "near", "alarm"),
    (10**6, "far", "clock"),
)


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
def entered_mark(report: Report) -> SafeString | str:
    """That the office enters or entered it for its unit, and that the unit objects (R2b); lists join ``substitution``."""
    entry = report.substitution
    if entry is None or not (entry.is_running or entry.is_sent):
        return ""
    text = "VP đang nhập thay" if entry.is_running else "VP nhập thay"
    shown = format_html(' <span class="draft-mark">{}</span>', text)
    if entry.is_objected:
        shown += format_html(' <span class="broken-mark">{}</span>', "Đơn vị có ý kiến")
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
def answer_badge(shown: Shown | None) -> SafeString | str:
    """What a unit's own answer means: «không thuộc đơn vị này» is an answer, not a missing figure (R7a)."""
    if shown is None:
        return ""
    if shown.not_ours:
        return badge("target-badge is-not-arising", "circle-minus", "Không thuộc đơn vị này")
    return target_badge(shown.verdict)


@register.filter
def days_to(report: Report, today: object) -> int:
    """Days a report can still come on time: 0 on its last day, negative when late."""
    return (report.due_before - today).days - 1  # type: ignore[operator]


@register.filter
def days_mark(report: Report, today: dt.date | None = None) -> SafeString:
    """The same in words, as ``components/days_left.html`` writes it."""
    days = (report.due_before - (today or timezone.localdate())).days - 1
    css, icon = next((css, icon) for limit, css, icon in NEARNESS if days <= limit)
    return badge(f"days-left is-{css}", icon, days_left_text(days))


@register.filter
def lower_first(value: object) -> str:
    """«Năm 2019» inside a sentence: «năm 2019»."""
    text = str(value)
    return text[:1].lower() + text[1:]


@register.filter
def get(found: Mapping[object, object], name: object) -> object:
    return found.get(name, "")


@register.filter
def has(found: object, name: str) -> bool:
    return name in found  # type: ignore[operator]
