"""Forms of a scorecard's steps and of what the office enters in it. What may be is the services' to say."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms

from accounts.models import Role, User
from accounts.text import clean, clean_paragraphs
from plans.numbers import NotANumber, read_number
from scoring.entries import EXPLANATION_LIMIT, REASON_LIMIT
from scoring.models import Adjustment
from scoring.scorecard_services import BASIS_LIMIT, NUMBER_LIMIT, TEXT_LIMIT, Faults
from tasks.obstacle_forms import DayField

if TYPE_CHECKING:
    from accounts.models import Agency

DIGITS = 40  # typed for one number; nothing longer is one


class PointsField(forms.CharField):
    """Points as people write them: 1,38."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.widget.attrs |= {"inputmode": "decimal", "maxlength": DIGITS}

    def clean(self, value: Any) -> Any:
        text = super().clean(value).strip()
        if not text:
            return None
        try:
            if len(text) > DIGITS:
                raise NotANumber(text)
            return read_number(text)
        except NotANumber:
            raise forms.ValidationError(
                f"«{text[:DIGITS]}» không phải là số; hãy ghi như 1,38."
            ) from None


class LineField(forms.CharField):
    """One line of text; empty is for the service to judge."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def clean(self, value: Any) -> Any:
        return clean(super().clean(value))


class TextField(forms.CharField):
    """Paragraphs."""

    def __init__(self, *, rows: int = 4, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def clean(self, value: Any) -> Any:
        return clean_paragraphs(super().clean(value))


class Styled(forms.Form):
    """What the browser shows as of this design; the faults of a service stand at their fields."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in self.fields.values():
            if isinstance(one, forms.BooleanField):
                css = "form-check-input"
            else:
                css = "form-select" if isinstance(one, forms.ChoiceField) else "form-control"
            one.widget.attrs |= {"class": css, "autocomplete": "off"}

    def add_faults(self, error: Exception) -> None:
        """The words of a refusal, at the fields they are about."""
        faults = error.faults if isinstance(error, Faults) else {"": str(error)}
        for name, words in faults.items():
            self.add_error(name if name in self.fields else None, words)


# -- Steps -------------------------------------------------------------------------------------


class ApproveForm(Styled):
    """A leader's own approval: only whether figures that are missing are known of."""

    confirmed = forms.BooleanField(required=False)

    def __init__(self, *args: Any, waiting: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "confirmed"
        ].label = f"Duyệt khi còn {waiting} tiêu chí có số liệu tạm tính hoặc chưa có số liệu"
        if not waiting:
            del self.fields["confirmed"]


class LeaderField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class PaperApproveForm(ApproveForm):
    """What the office records: who approved on paper, when, and where that is written (R2b)."""

    leader = LeaderField(
        label="Lãnh đạo Sở đã duyệt",
        queryset=User.objects.none(),
        required=False,
        empty_label="– chọn lãnh đạo –",
        error_messages={"invalid_choice": "Không có người này."},
    )
    given_on = DayField(label="Ngày duyệt", required=False)
    basis = LineField(
        label="Căn cứ",
        max_length=BASIS_LIMIT,
        help_text="Ví dụ: bút phê trên tờ trình số 45/TTr-VP; thông báo kết luận giao ban.",
    )
    field_order = ("leader", "given_on", "basis", "confirmed")

    def __init__(self, *args: Any, agency: Agency, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        one = self.fields["leader"]
        assert isinstance(one, forms.ModelChoiceField)
        one.queryset = User.objects.with_role(Role.LEADER).filter(unit__agency=agency)


class SendForm(Styled):
    sent_number = LineField(
        label="Số văn bản gửi", max_length=NUMBER_LIMIT, help_text="Ví dụ: 2456/SGDĐT-VP."
    )
    sent_on = DayField(label="Ngày gửi", required=False)
    confirmed = forms.BooleanField(required=False)

    def __init__(self, *args: Any, changed: int, **kwargs: Any) -> None:
        """``changed``: criteria whose figures differ from what was approved although their points do not."""
        super().__init__(*args, **kwargs)
        self.fields[
            "confirmed"
        ].label = f"Gửi như đã duyệt; số liệu của {changed} tiêu chí đã thay đổi, điểm không đổi"
        if not changed:
            del self.fields["confirmed"]


class ReasonForm(Styled):
    reason = TextField(label="Lý do", rows=3, max_length=TEXT_LIMIT)


# -- What is entered for one leaf --------------------------------------------------------------


class OverrideForm(Styled):
    points = PointsField(label="Số điểm")
    explanation = TextField(label="Giải trình", max_length=EXPLANATION_LIMIT)


class NotApplicableForm(Styled):
    reason = TextField(label="Lý do không áp dụng", rows=2, max_length=REASON_LIMIT)


class ExplainForm(Styled):
    explanation = TextField(label="Giải trình", max_length=EXPLANATION_LIMIT)


class AdjustmentForm(Styled):
    kind = forms.ChoiceField(
        label="Loại",
        choices=Adjustment.Kind.choices,
        error_messages={
            "required": "Hãy chọn điểm thưởng hay điểm trừ.",
            "invalid_choice": "Hãy chọn điểm thưởng hay điểm trừ.",
        },
    )
    points = PointsField(label="Số điểm", help_text="Ghi số dương, cả với điểm trừ.")
    reason = LineField(label="Lý do", max_length=REASON_LIMIT)


def typed(points: Decimal | None) -> str:
    """Points as they stand in a field."""
    if points is None:
        return ""
    whole, _, tail = f"{points:f}".partition(".")
    return f"{whole},{tail.rstrip('0')}" if tail.rstrip("0") else whole
