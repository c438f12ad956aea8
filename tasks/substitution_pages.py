"""What pages of a report say about the office entering it for its unit (R2b), and who acts there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone

from accounts.history import Actor
from accounts.models import Role
from accounts.text import clean
from tasks.models import Substitution
from tasks.obstacle_forms import DayField
from tasks.permissions import can, enters
from tasks.states import State
from tasks.substitutions import acting

if TYPE_CHECKING:
    import datetime as dt

    from accounts.http import SignedIn
    from accounts.models import User
    from tasks.models import Report


def writer(request: SignedIn, report: Report, role: Role | None = None) -> Actor:
    """Who changes ``report``: one of its own unit in ``role`` (head or writer), else the office on its basis."""
    if enters(request.user, report):
        return acting(Actor.from_request(request, role=Role.COORDINATOR), report)
    if role is None:
        role = Role.HEAD if Role.HEAD in request.user.roles else Role.REPORTER
    return Actor.from_request(request, role=role)


def substitution_context(user: User, report: Report) -> dict[str, Any]:
    """What ``tasks/_substitution.html`` needs; no query but for the names of who objected and answered."""
    entry = report.substitution
    waits = report.state == State.SUBMITTED
    return {
        "entry": entry,
        "entering": entry if enters(user, report) else None,
        "may_take_over": report.being_entered and can(user, "report_take_over", report),
        "may_object": (
            entry is not None
            and entry.is_sent
            and entry.objected_at is None
            and waits
            and can(user, "report_object", report)
        ),
        "may_answer": (
            entry is not None and entry.is_objected and waits and can(user, "report_return", report)
        ),
        # What the unit and the office say to each other is not for the other units of the task.
        "sees_objection": report.unit_id == user.unit_id or can(user, "overview"),
        "own_entry": (
            entry is not None and entry.is_sent and user.pk in {entry.by_id, entry.ended_by_id}
        ),
    }


class BasisForm(forms.Form):
    """On what the office enters a report for its unit, and of which day that is."""

    kind = forms.ChoiceField(
        label="Loại căn cứ",
        choices=[("", "– chọn –"), *Substitution.Kind.choices],
        error_messages={
            "required": "Chưa chọn loại căn cứ.",
            "invalid_choice": "Không có loại căn cứ này.",
        },
    )
    basis = forms.CharField(
        label="Căn cứ",
        max_length=Substitution.BASIS_LIMIT,
        help_text="Số, ký hiệu văn bản, hoặc ai đã báo và báo gì. Ví dụ: số 12/CV-TCCB; "
        "ông Nguyễn Văn An báo số liệu quý IV.",
        error_messages={
            "required": "Chưa ghi căn cứ.",
            "max_length": f"Căn cứ dài quá {Substitution.BASIS_LIMIT} ký tự; hãy rút gọn.",
        },
    )
    basis_date = DayField(
        label="Ngày của căn cứ", error_messages={"required": "Chưa ghi ngày của căn cứ."}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            css = "form-select" if name == "kind" else "form-control"
            field.widget.attrs |= {"class": css, "autocomplete": "off"}

    def clean_basis(self) -> str:
        return clean(self.cleaned_data["basis"])

    def clean_basis_date(self) -> dt.date:
        day: dt.date = self.cleaned_data["basis_date"]
        if day > timezone.localdate():
            raise forms.ValidationError(f"Ngày {day:%d/%m/%Y} ở sau ngày hôm nay.")
        return day
