"""Forms of what the province published: of our own year, of a year before, and the table of other agencies."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from accounts.text import clean
from plans.numbers import round_half_up, show_number
from scoring.models import Scorecard
from scoring.publication import FIRST_YEAR
from scoring.ranking import read_index
from scoring.scorecard_services import NUMBER_LIMIT, PUBLISHED
from tasks.obstacle_forms import DayField

TABLE_LIMIT = 100_000


class IndexField(forms.CharField):
    """An index with its decimal comma."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=20, **kwargs)
        self.widget.attrs |= {"inputmode": "decimal"}

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_index(text)
        except ValueError as error:
            words = str(error)
            raise forms.ValidationError(f"{words[:1].upper()}{words[1:]}.") from None


class CountField(forms.CharField):
    """A whole number of at most five digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=20, **kwargs)
        self.widget.attrs |= {"inputmode": "numeric"}

    def clean(self, value: Any) -> int | None:
        text = clean(super().clean(value))
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 5):
            raise forms.ValidationError(f"«{text[:20]}» không phải là số nguyên.")
        return int(text)


class PublicationForm(forms.Form):
    published_index = IndexField(
        label="Chỉ số được công bố", error_messages={"required": "Hãy ghi chỉ số được công bố."}
    )
    published_rank = CountField(label="Xếp hạng", required=False)
    ranked_agencies = CountField(label="Số cơ quan được xếp hạng", required=False)
    decision_number = forms.CharField(
        label="Quyết định công bố số",
        required=False,
        max_length=NUMBER_LIMIT,
        error_messages={"max_length": f"Số văn bản dài quá {NUMBER_LIMIT} ký tự."},
    )
    decision_issued_on = DayField(label="Ngày quyết định", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs |= {"class": "form-control", "autocomplete": "off"}

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in PUBLISHED}

    def take(self, faults: dict[str, str]) -> None:
        """Show the faults of a service at their fields."""
        for name, words in faults.items():
            self.add_error(name if name in self.fields else None, words)


class YearForm(PublicationForm):
    """A year before, with its number."""

    year = CountField(label="Năm", error_messages={"required": "Hãy ghi năm."})
    field_order = ("year", *PUBLISHED)


def initial_of(card: Scorecard) -> dict[str, Any]:
    """What is stored, as it is typed."""
    day, index = card.decision_issued_on, card.published_index
    two = index is not None and index == round_half_up(index, 2)
    return {
        "published_index": "" if index is None else show_number(index, 2 if two else None),
        "published_rank": card.published_rank or "",
        "ranked_agencies": card.ranked_agencies or "",
        "decision_number": card.decision_number,
        "decision_issued_on": f"{day:%d/%m/%Y}" if day else "",
    }


class PeersForm(forms.Form):
    """The table of a year, pasted or as a file."""

    year = CountField(label="Năm", error_messages={"required": "Hãy ghi năm."})
    table = forms.CharField(
        label="Dán bảng",
        required=False,
        strip=False,
        max_length=TABLE_LIMIT,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Mỗi dòng một cơ quan: tên, rồi chỉ số. Dán thẳng từ Excel, hoặc ngăn bằng dấu chấm phẩy: "
        "Sở Nội vụ; 85,20",
        error_messages={"max_length": "Bảng dài quá mức nhận được."},
    )
    tep = forms.FileField(label="Hoặc chọn tệp (.xlsx, .csv)", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs |= {"class": "form-control", "autocomplete": "off"}
        self.fields["tep"].widget.attrs |= {"accept": ".xlsx,.csv"}

    def clean_year(self) -> int:
        year: int = self.cleaned_data["year"]
        last = timezone.localdate().year
        if not FIRST_YEAR <= year <= last:
            raise forms.ValidationError(f"Năm phải từ {FIRST_YEAR} đến {last}.")
        return year
