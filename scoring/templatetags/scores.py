"""Badges and holders of leaves. Filters, because a page has a hundred of them and an include is slow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.urls import reverse
from django.utils.html import format_html

from plans.numbers import show_number
from plans.targets import Status
from tasks.templatetags.reports import badge, state_badge

if TYPE_CHECKING:
    from decimal import Decimal
    from fractions import Fraction

    from django.utils.safestring import SafeString

    from scoring.scorecard_pages import Line
    from tasks.models import Report

register = template.Library()

ICON = {  # as in components/target_badge.html
    Status.MET: "check",
    Status.NOT_MET: "x",
    Status.NOT_ARISING: "minus",
    Status.NOT_REPORTED: "circle-dashed",
    Status.NO_PREVIOUS: "history",
    Status.NO_TARGET: "point",
}


@register.filter
def score(value: Fraction | Decimal | int | None) -> str:
    """Points with two decimals and a true minus: «1,50», «−1,00»."""
    return "" if value is None else show_number(value, 2).replace("-", "−")


@register.filter
def exact(value: Decimal | None) -> str:
    """Points as they were typed or set, with two decimals at least: «1,50», «1,3333»."""
    if value is None:
        return ""
    shown = show_number(value)
    places = max(2, len(shown.partition(",")[2]))
    return show_number(value, places).replace("-", "−")


@register.filter
def leaf_badge(line: Line) -> SafeString:
    """Whose points a leaf has, or how many, as ``components/target_badge.html`` writes it."""
    status = Status(line.badge)
    css = f"target-badge is-{status.replace('_', '-')}"
    return badge(css, ICON[status], line.badge_text)


@register.filter
def holder(report: Report, office: bool = False) -> SafeString:
    """«Phòng Tổ chức cán bộ · 4.1 · Chưa bắt đầu», with the way to the report.

    ``office``: Văn phòng Sở opens what it reviews; others, what they may read: the report once it was sent,
    until then the result of its task.
    """
    if office:
        address = reverse("review_report", args=[report.pk])
    elif report.first_submitted_at is None:
        address = reverse("task_result", args=[report.period_id, report.task_id])
    else:
        address = reverse("report_detail", args=[report.pk])
    return format_html(
        '<span class="cell-line"><a href="{}">{} · {}</a> {}</span>',
        address,
        report.unit.name,
        report.task.code,
        state_badge(report),
    )
