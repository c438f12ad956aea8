"""Numbers as Vietnamese officials write them: 1.234,5 and 92,13%. Pure."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

_GROUPED = re.compile(r"^\d{1,3}(\.\d{3})+(,\d+)?$")
_SPACED = re.compile(r"^[0-9]{1,3}( [0-9]{3})+([.,][0-9]+)?$")
_PLAIN = re.compile(r"^\d+([.,]\d+)?$")


class NotANumber(ValueError):
    """What was typed cannot be read as one number, or only as two different ones."""


def read_number(text: str) -> Decimal:
    """The decimal in ``text``: decimal comma or point, dots or blanks between thousands; exact.

    ``1.234`` is read as một nghìn hai trăm ba mươi tư, as officials write it; ``1.2345`` and
    ``0.5`` can only be decimals. NotANumber otherwise (also for NaN, exponents, blanks elsewhere).
    """
    text = text.strip()
    negative = text[:1] in {"-", "−"}
    if negative:
        text = text[1:]
    text = text.replace("\u00a0", " ")
    if _SPACED.match(text):
        text = text.replace(" ", "")
    if not text.isascii():
        raise NotANumber(text)
    if _GROUPED.match(text) and not text.startswith("0."):
        text = text.replace(".", "").replace(",", ".")
    elif _PLAIN.match(text):
        text = text.replace(",", ".")
    else:
        raise NotANumber(text)
    value = Decimal(text)
    # Arithmetic, also a minus sign, would round to the context's 28 digits.
    return value.copy_negate() if negative else value


def round_half_up(value: Decimal | Fraction, places: int) -> Decimal:
    """``value`` rounded half away from zero, exactly, also from a fraction."""
    if isinstance(value, Decimal):
        return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    rounded = Decimal(whole).scaleb(-places)
    return -rounded if value < 0 else rounded


def show_number(value: Decimal | int | Fraction, places: int | None = None) -> str:
    """``1234567.5`` as ``1.234.567,5``; ``places`` rounds half-up for display only."""
    if isinstance(value, Fraction):
        value = round_half_up(value, 2 if places is None else places)
    value = Decimal(value)
    if places is not None:
        value = round_half_up(value, places)
    sign, whole, fraction = "-" if value < 0 else "", *(f"{abs(value):f}".partition(".")[::2])
    if places is None:
        fraction = fraction.rstrip("0")
    grouped = f"{int(whole):,}".replace(",", ".")
    return f"{sign}{grouped},{fraction}" if fraction else f"{sign}{grouped}"


def show_percent(value: Fraction, places: int = 2) -> str:
    """A share of one as a percentage: ``9,8%``. Never shows 100% for less than all."""
    percent = value * 100
    shown = round_half_up(percent, places)
    if shown == percent or Fraction(shown) != 100 or percent == 100:
        return show_number(shown).rstrip() + "%"
    nearest = Decimal(1).scaleb(-places)
    return show_number(Decimal(100) - nearest if percent < 100 else Decimal(100) + nearest) + "%"
