"""Who holds a point that can still be won. A filter, because there are hundreds of such lines on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.urls import reverse
from django.utils.html import format_html

from tasks.templatetags.reports import state_badge

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from tasks.models import Report

register = template.Library()


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
