"""Figures are exact (R11): stored as whole ten-thousandths, so that a sum in any database is exact too.

SQLite keeps a decimal column as a binary float; four places in a 64-bit integer hold amounts up to
922 nghìn tỷ without one.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models

PLACES = 4
SCALE = 10**PLACES
LARGEST = Decimal("99999999999999")


def to_scaled(value: Decimal) -> int:
    """``value`` in ten-thousandths. ValueError where that would lose a digit."""
    scaled = value * SCALE
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{value} has more than {PLACES} decimal places")
    return int(scaled)


def from_scaled(value: int | Decimal) -> Decimal:
    # PostgreSQL sums bigint as numeric, so a sum arrives as Decimal.
    figure = Decimal(value) / SCALE
    return (
        figure.quantize(Decimal(1)) if figure == figure.to_integral_value() else figure.normalize()
    )


class FigureField(models.BigIntegerField):
    """An exact decimal with at most four places."""

    description = "exact decimal figure"
    if TYPE_CHECKING:  # what django-stubs reads of a field: what may be put in, what comes out
        _pyi_private_set_type: Decimal | int | str  # type: ignore[assignment]
        _pyi_private_get_type: Decimal  # type: ignore[assignment]

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        return None if value is None else from_scaled(value)

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        if isinstance(value, float):
            raise TypeError("figures are never floats")
        try:
            return Decimal(str(value).strip().replace(",", "."))
        except InvalidOperation:
            raise ValidationError("Không phải là số.") from None

    def get_prep_value(self, value: Any) -> int | None:
        figure = self.to_python(value)
        return None if figure is None else to_scaled(figure)

    def value_to_string(self, obj: Any) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else str(value)

    def formfield(self, **kwargs: Any) -> Any:
        from django import forms

        defaults: dict[str, Any] = {
            "form_class": forms.DecimalField,
            "max_digits": 18,
            "decimal_places": PLACES,
            "localize": True,
        }
        # BigIntegerField would add integer bounds of its own.
        return models.Field.formfield(self, **(defaults | kwargs))

    @property
    def validators(self) -> list[Any]:
        return []
