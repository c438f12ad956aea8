"""Fields that several forms share: numbers as officials write them, rows that are added and taken away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms

from plans.fields import PLACES
from plans.numbers import NotANumber, show_number
from tasks.answer_forms import read_figure

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST = Decimal(10**12)


class NumberField(forms.CharField):
    """A decimal with a comma and at most four places; None where nothing is typed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=30, **kwargs)
        self.widget.attrs |= {"inputmode": "decimal"}

    def prepare_value(self, value: Any) -> Any:
        return show_number(value) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            number = read_figure(text)
        except NotANumber:
            raise forms.ValidationError(
                f"«{text}» không phải là số. Viết như 12 hoặc 1,5."
            ) from None
        if number != round(number, PLACES):
            raise forms.ValidationError(f"«{text}» có quá {PLACES} chữ số sau dấu phẩy.")
        if abs(number) > LARGEST:
            raise forms.ValidationError(f"«{text}» lớn quá mức ghi nhận được.")
        return number


class Styled(forms.Form):
    """Fields look as everywhere; what was clicked in (spaces around) is no content."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, (forms.RadioSelect, forms.CheckboxInput)):
                continue
            css = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            field.widget.attrs = {"class": css, "autocomplete": "off"} | field.widget.attrs


def typed_rows(data: Mapping[str, Any], prefix: str) -> list[dict[str, str]]:
    """``prefix-0-at``, ``prefix-0-op``, ``prefix-3-at`` … as rows in their order."""
    rows: dict[int, dict[str, str]] = {}
    for key in data:
        found = re.fullmatch(rf"{re.escape(prefix)}-(\d{{1,3}})-(\w+)", key)
        if found:
            rows.setdefault(int(found[1]), {})[found[2]] = str(data[key])
    return [rows[number] for number in sorted(rows)]


def rearranged(rows: list[dict[str, str]], action: str, name: str) -> list[dict[str, str]]:
    """``rows`` after a button of the table ``name``: ``add-tiers``, ``drop-tiers-2``, ``up-tiers-2``."""
    found = re.fullmatch(rf"(add|drop|up)-{re.escape(name)}(?:-(\d{{1,3}}))?", action)
    if not found:
        return rows
    rows, at = list(rows), int(found[2] or 0)
    if found[1] == "add":
        rows.append({})
    elif at < len(rows):
        row = rows.pop(at)
        if found[1] == "up":
            rows.insert(max(0, at - 1), row)
    return rows


def is_blank(row: Mapping[str, str], chosen: Iterable[str]) -> bool:
    """Nothing typed: fields that always have a choice do not count."""
    chosen = set(chosen)
    return not any(text.strip() for name, text in row.items() if name not in chosen)
