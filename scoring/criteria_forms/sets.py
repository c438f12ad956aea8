"""The form of a set's head: name, decision, policy, caps, and its bands as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms

from accounts.reading import Code, Entry, Faulty, Source, validate
from accounts.text import clean
from plans.numbers import show_number
from plans.targets import OP_TEXT, OPS
from scoring.criteria_forms.fields import NumberField, Styled, is_blank, rearranged, typed_rows
from scoring.criteria_importing import plain
from scoring.criteria_schema import find_faults
from scoring.models import CriteriaSet
from scoring.totals import Policy
from tasks.obstacle_forms import DayField

if TYPE_CHECKING:
    from collections.abc import Iterator

POLICIES = (
    (
        Policy.EXCLUDE.value,
        "Không tính: tiêu chí ra khỏi cả điểm đạt được và điểm tối đa",
    ),
    (Policy.FULL.value, "Cho điểm tối đa: coi như đã đạt"),
    (Policy.ZERO.value, "Cho 0 điểm: điểm tối đa vẫn tính vào tổng"),
)
HIGHEST_CAP = Decimal(1000)
YEAR_WRONG = "Năm phải là số từ 2000 đến 2100."
BANDS = "bands"


class _Coded(Entry):
    code: Code


class CapField(NumberField):
    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        if number is not None and not 0 <= number <= HIGHEST_CAP:
            raise forms.ValidationError("Mức tối đa phải từ 0 đến 1.000 điểm.")
        return number


class SetForm(Styled):
    """``code`` only of a new set: scorecards and the next version know the set by it."""

    code = forms.CharField(
        label="Mã",
        max_length=30,
        help_text="Chữ và số viết liền, ví dụ BRVT-2021; không đổi được về sau.",
        error_messages={"required": "Chưa ghi mã.", "max_length": "Mã dài quá 30 ký tự."},
    )
    name = forms.CharField(
        label="Tên bộ tiêu chí",
        max_length=300,
        error_messages={"required": "Chưa ghi tên.", "max_length": "Tên dài quá 300 ký tự."},
    )
    valid_from = forms.IntegerField(
        label="Áp dụng từ năm",
        min_value=2000,
        max_value=2100,
        error_messages={
            "required": "Chưa ghi năm.",
            "invalid": YEAR_WRONG,
            "min_value": YEAR_WRONG,
            "max_value": YEAR_WRONG,
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    decision_number = forms.CharField(label="Quyết định số", max_length=60, required=False)
    decision_issued_on = DayField(label="Ngày ban hành", required=False)
    decision_issuer = forms.CharField(label="Cơ quan ban hành", max_length=200, required=False)
    not_applicable = forms.ChoiceField(
        label="Tiêu chí không áp dụng hoặc không phát sinh",
        choices=POLICIES,
        widget=forms.RadioSelect,
        initial=Policy.EXCLUDE.value,
        error_messages={"required": "Chưa chọn cách xử lý."},
    )
    bonus_cap = CapField(
        label="Điểm thưởng tối đa", required=False, help_text="Để trống nếu không giới hạn."
    )
    penalty_cap = CapField(
        label="Điểm trừ tối đa", required=False, help_text="Để trống nếu không giới hạn."
    )

    def clean_code(self) -> str:
        code = clean(self.cleaned_data["code"])
        try:
            validate(_Coded, Source.of({"code": code}))
        except Faulty as faulty:
            message = faulty.faults[0].message
            raise forms.ValidationError(message[:1].upper() + message[1:] + ".") from None
        return code

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for name in ("name", "decision_number", "decision_issuer"):
            if name in found:
                found[name] = clean(found[name])
        return found

    @classmethod
    def of(cls, row: CriteriaSet, data: Mapping[str, Any] | None = None) -> SetForm:
        """The head of a set that exists."""
        initial = {name: getattr(row, name) for name in cls.base_fields if name != "code"}
        if row.decision_issued_on:
            initial["decision_issued_on"] = f"{row.decision_issued_on:%d/%m/%Y}"
        form = cls(data, initial=initial)
        del form.fields["code"]
        if row.is_sample:
            # To say that it is the province's now; nothing makes a set of the province a sample.
            form.fields["is_sample"] = forms.BooleanField(
                label="Chỉ là bộ minh họa", required=False, initial=True
            )
        return form


class BandForm(Styled):
    """One band: a row of the table."""

    name = forms.CharField(
        label="Xếp loại", max_length=60, error_messages={"required": "Chưa ghi tên loại."}
    )
    op = forms.ChoiceField(label="Chỉ số", choices=[(op, OP_TEXT[op]) for op in OPS])
    at = NumberField(label="Ngưỡng", error_messages={"required": "Chưa ghi ngưỡng."})

    def __init__(self, *args: Any, number: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = f"{field.label}, loại {number}"


class BandRows:
    """The bands of a set, the best first; a row left empty is none."""

    def __init__(
        self,
        row: CriteriaSet | None = None,
        data: Mapping[str, Any] | None = None,
        *,
        action: str = "",
        checked: bool = False,
    ) -> None:
        self.errors: list[str] = []
        self.checked = checked
        if data is not None:
            rows = rearranged(typed_rows(data, BANDS), action, BANDS)
        else:
            rows = [
                {"name": b["name"], "op": b["op"], "at": show_number(Decimal(b["at"]))}
                for b in (row.bands if row else [])
            ]
        if checked:
            rows = [one for one in rows if not is_blank(one, {"op"})]
        self.count = len(rows)
        self.forms = [self._form(n, one) for n, one in enumerate(rows or [{}])]
        if action == f"add-{BANDS}":
            self.forms[-1].fields["name"].widget.attrs["autofocus"] = True

    def _form(self, n: int, row: Mapping[str, str]) -> BandForm:
        prefix = f"{BANDS}-{n}"
        if self.checked and self.count:
            data = {f"{prefix}-{name}": text for name, text in row.items()}
            return BandForm(data, prefix=prefix, number=n + 1)
        return BandForm(prefix=prefix, initial=dict(row), number=n + 1)

    def is_valid(self) -> bool:
        """Each row, and that the bands divide all indices cleanly."""
        if not self.count:
            return True
        if [form for form in self.forms if not form.is_valid()]:  # every row shows its faults
            return False
        self.errors = [
            fault.message[:1].upper() + fault.message[1:] + "."
            for fault in find_faults(Source.of({BANDS: self.values}), {})
        ]
        return not self.errors

    @property
    def values(self) -> list[dict[str, str]]:
        """As they are stored; only after :meth:`is_valid`."""
        if not self.count:
            return []
        return [
            {
                "op": form.cleaned_data["op"],
                "at": plain(form.cleaned_data["at"]),
                "name": clean(form.cleaned_data["name"]),
            }
            for form in self.forms
        ]

    def faults(self) -> Iterator[tuple[str, str, str]]:
        for words in self.errors:
            yield "bands-table", "Xếp loại", words
        yield from faults_of_forms(self.forms, "Xếp loại, dòng {}")


def faults_of_forms(forms_of: Sequence[forms.Form], where: str) -> Iterator[tuple[str, str, str]]:
    for number, form in enumerate(forms_of, start=1):
        for one in form:
            for words in one.errors:
                yield one.id_for_label, where.format(number), str(words)
