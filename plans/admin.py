"""What administrators change of a plan: who receives results, dates, how an indicator is answered; days off.

Areas, tasks, targets and assignments come from the plan's file (``import_plan``), so they are not
typed here a second time.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin

from accounts.admin_base import AGENCY_OF, AgencyAdmin, OwnAgencyFilter
from plans.models import CalendarDay, Indicator, Period, Plan
from plans.wording import target_text

if TYPE_CHECKING:
    from django.db import models
    from django.http import HttpRequest

AGENCY_OF |= {
    "plans.plan": "agency",
    "plans.period": "plan__agency",
    "plans.indicator": "task__area__plan__agency",
    "plans.calendarday": "agency",
}


class PlanForm(forms.ModelForm):
    class Meta:
        model = Plan
        fields = ("receiving_unit", "due_day", "due_month")
        help_texts = {
            "due_month": "Áp dụng cho kỳ lập sau này; ngày của kỳ đã có được sửa ở mục Kỳ báo cáo.",
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        day, month = data.get("due_day"), data.get("due_month")
        if day is not None and month is not None:
            try:
                dt.date(2019, month, day)  # a year without 29/02: the date must exist in every year
            except ValueError:
                self.add_error("due_day", f"Không có ngày {day}/{month} trong mọi năm.")
        unit = data.get("receiving_unit")
        if unit and unit.agency_id != self.instance.agency_id:
            self.add_error("receiving_unit", "Chỉ chọn đơn vị của cùng cơ quan.")
        return data


@admin.register(Plan)
class PlanAdmin(AgencyAdmin):
    form = PlanForm
    may_add = False
    list_display = ("title", "code", "number", "issued_on", "receiving_unit", "due")
    list_select_related = ("receiving_unit",)
    search_fields = ("title", "code")
    readonly_fields = ("code", "title", "number", "issued_on", "signed_by")
    fields = (*readonly_fields, "receiving_unit", "due_day", "due_month")

    @admin.display(description="gửi trước ngày")
    def due(self, plan: Plan) -> str:
        return f"{plan.due_day}/{plan.due_month}"


class PeriodForm(forms.ModelForm):
    DAYS = ("starts_on", "draft_by", "head_check_by", "office_check_by")

    class Meta:
        model = Period
        fields = (
            "starts_on",
            "due_before",
            "closes_on",
            "draft_by",
            "head_check_by",
            "office_check_by",
        )
        help_texts = {
            "due_before": "Trước ngày này là đúng hạn; từ 00:00 ngày này là trễ hạn.",
            "closes_on": "Hết ngày này kỳ báo cáo bị khóa.",
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        due, closes = data.get("due_before"), data.get("closes_on")
        if due and closes and closes < due:
            self.add_error("closes_on", "Ngày khóa không được trước ngày phải gửi.")
        for name in self.DAYS:
            if due and data.get(name) and data[name] >= due:
                self.add_error(name, f"Phải trước ngày {due:%d/%m/%Y}.")
        return data


@admin.register(Period)
class PeriodAdmin(AgencyAdmin):
    """Dates only: coordinators open, close and reopen a period on its own page."""

    form = PeriodForm
    may_add = False
    list_display = (
        "__str__",
        "plan",
        "starts_on",
        "due_before",
        "closes_on",
        "opened_at",
        "closed_at",
    )
    list_filter = (("plan", OwnAgencyFilter), "year", "kind")
    list_select_related = ("plan",)
    ordering = ("-year", "due_before")
    readonly_fields = ("plan", "year", "kind", "opened_at", "closed_at", "is_history")
    fields = (
        "plan",
        "year",
        "kind",
        *PeriodForm.Meta.fields,
        "opened_at",
        "closed_at",
        "is_history",
    )


class PlanFilter(OwnAgencyFilter):
    """Indicators by plan, as «kế hoạch» and not as the path to it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "kế hoạch"


class IndicatorForm(forms.ModelForm):
    class Meta:
        model = Indicator
        fields = ("source", "interim", "may_exceed", "counted")
        help_texts = {
            "source": "Số liệu chung của cả cơ quan: chỉ đơn vị này trả lời, các đơn vị khác xem. "
            "Để trống: mọi đơn vị phải báo cáo đều trả lời.",
            "interim": "Kỳ quý, 6 tháng cũng hỏi chỉ tiêu này; nếu không, chỉ kỳ cả năm hỏi.",
            "may_exceed": "Cho phép tử số lớn hơn mẫu số.",
            "counted": "Danh từ trong câu “cần thêm 3 …”, ví dụ: hồ sơ, TTHC, văn bản.",
        }

    def clean_source(self) -> Any:
        unit = self.cleaned_data["source"]
        if unit and unit.agency_id != self.instance.task.area.plan.agency_id:
            raise forms.ValidationError("Chỉ chọn đơn vị của cùng cơ quan.")
        return unit

    def clean_may_exceed(self) -> bool:
        if self.cleaned_data["may_exceed"] and self.instance.kind != "ratio":
            raise forms.ValidationError("Chỉ dùng cho chỉ tiêu tỷ lệ.")
        return self.cleaned_data["may_exceed"]


@admin.register(Indicator)
class IndicatorAdmin(AgencyAdmin):
    form = IndicatorForm
    may_add = False
    list_display = (
        "code",
        "name",
        "kind",
        "wanted",
        "source",
        "interim",
        "may_exceed",
        "counted",
        "retired",
    )
    list_display_links = ("code", "name")
    list_filter = (("task__area__plan", PlanFilter), "kind", "interim", "may_exceed")
    list_select_related = ("source", "task__area__plan")
    search_fields = ("code", "name")
    readonly_fields = ("code", "name", "task", "kind", "wanted", "wording", "retired_at")
    fields = (
        "code",
        "name",
        "task",
        "kind",
        "wanted",
        "wording",
        *IndicatorForm.Meta.fields,
        "retired_at",
    )

    @admin.display(description="mức đặt ra")
    def wanted(self, indicator: Indicator) -> str:
        years = indicator.task.area.plan.years
        return target_text(indicator, max(years)) if years else "–"

    @admin.display(description="thôi áp dụng", boolean=True)
    def retired(self, indicator: Indicator) -> bool:
        return indicator.is_retired


@admin.register(CalendarDay)
class CalendarDayAdmin(AgencyAdmin):
    """Exceptions to the calendar. Nothing refers to one, so these may be deleted, and that is written down too."""

    list_display = ("day", "is_working", "note")
    list_filter = ("is_working",)
    date_hierarchy = "day"
    fields = ("agency", "day", "is_working", "note")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allowed(request)

    def delete_model(self, request: HttpRequest, obj: CalendarDay) -> None:
        self.write_down(request, obj, "Xóa")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[CalendarDay]) -> None:
        for day in queryset:
            self.write_down(request, day, "Xóa")
        super().delete_queryset(request, queryset)
