"""Forms of obstacles and directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from accounts.models import Role, Unit, User
from accounts.text import read_day
from tasks.models import Report
from tasks.obstacles import TEXT_LIMIT, NewDirection

if TYPE_CHECKING:
    from accounts.models import Agency

ROWS = 3  # directions one answer has room for; the first is needed


class DayField(forms.CharField):
    """A day as people write it: 19/11/2019."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=20, **kwargs)
        self.widget.attrs |= {"inputmode": "numeric", "placeholder": "ngày/tháng/năm"}

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            day = read_day(text)
        except ValueError:
            day = None
        if day is None or not 2000 <= day.year < 2100:
            raise forms.ValidationError(
                "Không đọc được ngày; hãy ghi ngày/tháng/năm, ví dụ 19/11/2019."
            )
        return day


def words_field(label: str, *, rows: int = 4, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={
            "max_length": f"Nội dung dài quá {TEXT_LIMIT} ký tự; hãy rút gọn.",
            "required": "Chưa ghi nội dung.",
        },
    )


class _Styled(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            css = "form-select" if isinstance(field, forms.ModelChoiceField) else "form-control"
            field.widget.attrs |= {"class": css, "autocomplete": "off"}


class ReportChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.task.code} {obj.task.title[:90]} ({obj.period})"


class ObstacleForm(_Styled):
    """What a unit says; the report it comes from, if any, is one of its own."""

    report = ReportChoice(
        label="Báo cáo liên quan",
        queryset=Report.objects.none(),
        required=False,
        empty_label="– không gắn với báo cáo nào –",
        error_messages={"invalid_choice": "Báo cáo này không phải của đơn vị bạn."},
    )
    text = words_field("Khó khăn, vướng mắc", rows=6)
    proposal = words_field("Đề xuất, kiến nghị", rows=4, required=False)

    def __init__(self, *args: Any, unit: Unit, periods: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["report"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Report.objects.filter(
            unit=unit, period__in=periods, retired_at=None
        ).with_names()
        field.help_text = "Để Văn phòng Sở biết nhiệm vụ nào đang vướng."


class DirectionForm(_Styled):
    """One direction; a row left empty is none."""

    text = words_field("Nội dung chỉ đạo", rows=3)
    owner = forms.ModelChoiceField(
        label="Đơn vị thực hiện",
        queryset=Unit.objects.none(),
        empty_label="– chọn đơn vị –",
        error_messages={"required": "Chưa chọn đơn vị.", "invalid_choice": "Không có đơn vị này."},
    )
    due_on = DayField(
        label="Hoàn thành trước hết ngày", error_messages={"required": "Chưa ghi hạn hoàn thành."}
    )

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["owner"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = units

    @property
    def given(self) -> NewDirection:
        data = self.cleaned_data
        return NewDirection(text=data["text"], owner=data["owner"], due_on=data["due_on"])


class BasisForm(_Styled):
    """Who gave the directions on paper or at a briefing, when, and where that is written (R2b)."""

    leader = forms.ModelChoiceField(
        label="Lãnh đạo Sở đã chỉ đạo",
        queryset=User.objects.none(),
        empty_label="– chọn lãnh đạo –",
        error_messages={"required": "Chưa chọn lãnh đạo.", "invalid_choice": "Không có người này."},
    )
    given_on = DayField(label="Ngày chỉ đạo", error_messages={"required": "Chưa ghi ngày chỉ đạo."})
    basis = forms.CharField(
        label="Căn cứ",
        max_length=300,
        help_text="Ví dụ: Thông báo kết luận giao ban số 12/TB-SGDĐT; bút phê; tin nhắn Zalo.",
        error_messages={"required": "Chưa ghi căn cứ."},
    )

    def __init__(self, *args: Any, agency: Agency, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["leader"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.with_role(Role.LEADER).filter(unit__agency=agency)


class DirectionRows:
    """The rows of one answer: the first always, the others where something is typed."""

    def __init__(self, agency: Agency, data: Any = None, *, prefix: str, owner: Unit) -> None:
        units = agency.units.order_by("order", "pk")
        self.forms = []
        for number in range(ROWS):
            name = f"{prefix}-{number}"
            typed = data is not None and any(
                data.get(f"{name}-{field}", "").strip() for field in ("text", "due_on")
            )
            self.forms.append(
                DirectionForm(
                    data if data is not None and (typed or number == 0) else None,
                    prefix=name,
                    units=units,
                    initial={"owner": owner.pk} if number == 0 else None,
                )
            )
        self.used = [form for form in self.forms if form.is_bound]

    def is_valid(self) -> bool:
        faulty = [form for form in self.used if not form.is_valid()]  # every row shows its faults
        return not faulty

    @property
    def given(self) -> list[NewDirection]:
        return [form.given for form in self.used]

    @property
    def more_open(self) -> bool:
        return any(form.is_bound for form in self.forms[1:])
