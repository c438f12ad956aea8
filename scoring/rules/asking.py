"""What a kind of rule asks for in the browser, and figures that show what it does with them. Pure.

Each rule class says in ``asks`` which fields its form has; the form is built from that alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from plans.numbers import show_number
from plans.targets import OP_TEXT, OPS, Kind, Target, Value


class Shape(StrEnum):
    NUMBER = "number"
    CHOICE = "choice"
    INDICATOR = "indicator"
    INDICATORS = "indicators"  # several, one a row
    DUE = "due"  # a quarter and the year it is of
    ROWS = "rows"


@dataclass(frozen=True)
class Ask:
    """One field of a rule, named as in the rule. ``kinds``: the indicators that fit it."""

    name: str
    label: str
    shape: Shape = Shape.NUMBER
    help: str = ""
    unit: str = ""
    optional: bool = False
    kinds: frozenset[Kind] = frozenset(Kind)
    choices: tuple[tuple[str, str], ...] = ()
    columns: tuple[Ask, ...] = ()  # of rows
    row: str = ""  # what one of the rows is called


def ask_indicator(kinds: frozenset[Kind], help: str = "") -> Ask:
    return Ask("indicator", "Chỉ tiêu", Shape.INDICATOR, help=help, kinds=kinds)


def ask_points(name: str, label: str, help: str = "") -> Ask:
    return Ask(name, label, unit="điểm", help=help)


ASK_OP = Ask("op", "So sánh", Shape.CHOICE, choices=tuple((op, OP_TEXT[op]) for op in OPS))


@dataclass(frozen=True)
class Sample:
    """A figure worth looking at, with its words: «79,99%»."""

    words: str
    value: Value


def percent(at: Decimal) -> Value:
    return Value(reported=True, numerator=at, denominator=Decimal(100))


def amount(at: Decimal | int) -> Value:
    return Value(reported=True, amount=Decimal(at))


def around(bounds: Iterable[Decimal], target: Target) -> list[Sample]:
    """Each bound with what lies just below and just above it, from 0 to the most there can be."""
    is_ratio = target.kind is Kind.RATIO
    step = Decimal(1) if target.kind is Kind.COUNT else Decimal("0.01")
    top = Decimal(100) if is_ratio and not target.may_exceed else None
    near = {at + more for at in bounds for more in (-step, Decimal(0), step)} | {Decimal(0)}
    if is_ratio:
        near.add(Decimal(100))
    if target.kind is Kind.COUNT:
        near = {at for at in near if at == at.to_integral_value()}
    found = sorted(at for at in near if at >= 0 and (top is None or at <= top))
    if is_ratio:
        return [Sample(f"{show_number(at)}%", percent(at)) for at in found]
    return [Sample(show_number(at), amount(at)) for at in found]


def counts(*numbers: Decimal | int) -> list[Sample]:
    return [Sample(show_number(n), amount(n)) for n in sorted(set(numbers)) if n >= 0]
