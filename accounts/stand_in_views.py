"""The page on which a head lets a deputy act for a time, and the office for any unit (R2a)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import signed_in
from accounts.history import Actor
from accounts.models import Role, StandIn, User
from accounts.permissions import TABLE, can, refuse_unless
from accounts.standing_in import Refused, appoint, end
from accounts.text import person_sort_key

if TYPE_CHECKING:
    from accounts.http import SignedIn

DAYS = ["%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d"]
SHOWN = 50


class StandInForm(forms.Form):
    person = forms.ModelChoiceField(
        User.objects.none(),
        label="Người ký thay",
        empty_label="– chọn người –",
        error_messages={
            "required": "Hãy chọn người ký thay.",
            "invalid_choice": "Không chọn được người này; hãy chọn lại.",
        },
    )
    starts_on = forms.DateField(label="Từ ngày", input_formats=DAYS)
    ends_on = forms.DateField(label="Đến hết ngày", input_formats=DAYS)
    basis = forms.CharField(label="Căn cứ", max_length=300, required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = (
            User.objects.visible_to(user)
            .filter(is_active=True, is_head=False, unit__isnull=False)
            .select_related("unit")
        )
        any_unit = can(user, "stand_in_any_unit")
        if not any_unit:
            people = people.filter(unit=user.unit)
        listed = sorted(
            people, key=lambda one: (one.unit.order if one.unit else 0, person_sort_key(one.name))
        )
        field = self.fields["person"]
        field.queryset = people  # type: ignore[attr-defined]
        field.choices = [  # type: ignore[attr-defined]
            ("", "– chọn người –"),
            *(
                (one.pk, f"{one.name} – {one.unit.name}" if any_unit and one.unit else one.name)
                for one in listed
            ),
        ]
        field.widget.attrs["class"] = "form-select"
        hints = {"basis": "Ví dụ: Giấy ủy quyền số 05/GUQ-TCCB ngày 12/11/2019"}
        for name in ("starts_on", "ends_on", "basis"):
            widget = self.fields[name].widget
            widget.attrs |= {"class": "form-control", "autocomplete": "off"}
            widget.attrs["placeholder"] = hints.get(name, "ngày/tháng/năm")
            if name != "basis":
                widget.attrs |= {"inputmode": "numeric", "maxlength": "10"}
                self.fields[name].error_messages |= {
                    "required": "Hãy ghi ngày.",
                    "invalid": "Không đọc được ngày; hãy ghi ngày/tháng/năm, ví dụ 15/11/2019.",
                }


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def stand_in_list(request: SignedIn) -> HttpResponse:
    """Who acts for whom, now and before; POST appoints somebody."""
    user = request.user
    _require(user)
    form = StandInForm(request.POST if request.method == "POST" else None, user=user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        person = data["person"]
        try:
            row = appoint(
                unit=person.unit,
                person=person,
                starts_on=data["starts_on"],
                ends_on=data["ends_on"],
                basis=data["basis"],
                by=Actor.from_request(request, role=_role(user)),
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                f"{row.person.name} ký thay trưởng {row.unit.name} từ {row.starts_on:%d/%m/%Y} "
                f"đến hết {row.ends_on:%d/%m/%Y}.",
            )
            return redirect("stand_in_list")
    rows = StandIn.objects.visible_to(user).select_related("unit", "person", "head", "made_by")
    if not can(user, "stand_in_any_unit"):
        rows = rows.filter(unit=user.unit)
    return render(
        request,
        "accounts/stand_in_list.html",
        {
            "form": form,
            "rows": rows[:SHOWN],
            "today": timezone.localdate(),
            "any_unit": can(user, "stand_in_any_unit"),
        },
        status=422 if form.errors else 200,
    )


@require_POST
@signed_in
def stand_in_end(request: SignedIn, pk: int) -> HttpResponse:
    """Take the rights back before their last day."""
    user = request.user
    row = get_object_or_404(
        StandIn.objects.visible_to(user).select_related("unit", "person"), pk=pk
    )
    _require(user)
    if row.unit_id != user.unit_id and not can(user, "stand_in_any_unit"):
        raise PermissionDenied("Chỉ kết thúc được việc ủy quyền của đơn vị mình.")
    if end(row=row, by=Actor.from_request(request, role=_role(user))):
        messages.success(request, f"Đã kết thúc việc ký thay của {row.person.name}.")
    else:
        messages.info(request, "Việc ủy quyền này đã kết thúc trước đó.")
    return redirect("stand_in_list")


def _require(user: User) -> None:
    refuse_unless(TABLE, user, "stand_in_manage")
    if not user.is_head and not can(user, "stand_in_any_unit"):
        raise PermissionDenied("Người ký thay không ủy quyền tiếp cho người khác được.")


def _role(user: User) -> Role:
    if user.is_head:
        return Role.HEAD
    return Role.COORDINATOR if user.is_coordinator else Role.ADMINISTRATOR
