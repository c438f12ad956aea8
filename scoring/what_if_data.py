"""A trial as plain data, for ``Scenario.inputs`` and for what a page knows of today (R30). Pure.

    {"schema": "cchc-what-if/1", "with_submitted": false,
     "figures": {"1.2-a": {"numerator": "92", "denominator": "100"}, "1.1-a": {"missing": true}, "1.3-a": {}},
     "full": ["1.2.1"], "points": {"9.1.1": "7.5", "9.1.2": null}, "bonus": "1", "penalty": null,
     "base": {"index": "9/2", "tried": "19/4"}}

A figure without anything in it is one that nobody reported. ``base`` is the index when it was saved.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from plans.targets import Kind, Value
from scoring.what_if import Trial
from tasks.answers import GIVEN, MISSING, NOT_ARISING, NOT_OURS, Draft, problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.inputs import Inputs
    from scoring.models import Criterion
    from scoring.scorecards import Card

SCHEMA = "cchc-what-if/1"
_NUMBERS = ("numerator", "denominator", "amount")
# What a figure of each kind consists of.
PARTS: Mapping[str, frozenset[str]] = {
    Kind.RATIO: frozenset({"numerator", "denominator"}),
    Kind.COUNT: frozenset({"amount"}),
    Kind.AMOUNT: frozenset({"amount"}),
    Kind.BOOLEAN: frozenset({"holds"}),
    Kind.DOCUMENT: frozenset({"day"}),
    Kind.DATE: frozenset({"day"}),
}


class Unreadable(ValueError):
    """This is no trial, or one of a form that is not known; the message is for people."""


@dataclass(frozen=True)
class Read:
    """A trial read back, with what of it no longer fits and is left out, in words."""

    trial: Trial
    dropped: tuple[str, ...] = ()
    base: Fraction | None = None  # the index when it was saved, without the trial
    tried: Fraction | None = None


# -- Figures -----------------------------------------------------------------------------------------


def pack_value(value: Value) -> dict[str, Any]:
    if not value.reported:
        return {}
    if value.not_arising:
        return {"not_arising": True}
    if value.missing:
        return {"missing": True}
    found: dict[str, Any] = {
        name: f"{number:f}" for name in _NUMBERS if (number := getattr(value, name)) is not None
    }
    if value.holds is not None:
        found["holds"] = value.holds
    if value.day is not None:
        found["day"] = value.day.isoformat()
    return found


def read_value(data: Any, *, kind: str, may_exceed: bool = False) -> Value:
    """The figure in ``data``. ValueError where it is none of this kind."""
    if not isinstance(data, dict):
        raise ValueError("no figure")
    if data in ({}, {"not_arising": True}):
        return Value(reported=bool(data), not_arising=bool(data))
    if data == {"missing": True}:
        return Value(reported=True, missing=True)
    if data.keys() != PARTS[kind]:
        raise ValueError("parts of another kind")
    numbers = {name: read_decimal(data[name]) for name in _NUMBERS if name in data}
    holds, day = data.get("holds"), data.get("day")
    if "holds" in data and not isinstance(holds, bool):
        raise ValueError("neither yes nor no")
    if "day" in data:
        day = dt.date.fromisoformat(day) if isinstance(day, str) else _no("day")
    draft = replace(Draft(holds=holds, day=day), **numbers)  # type: ignore[arg-type]
    if wrong := problems(draft, kind=kind, may_exceed=may_exceed, today=dt.date.max):
        raise ValueError("; ".join(wrong.values()))
    return value_of(draft, kind)


def read_decimal(text: Any) -> Decimal:
    """ValueError for anything but plain digits in a text."""
    if not isinstance(text, str) or len(text) > 40 or not text.isascii():
        raise ValueError("no number")
    whole, _, rest = text.removeprefix("-").partition(".")
    if not whole.isdigit() or (rest and not rest.isdigit()):
        raise ValueError("no number")
    return Decimal(text)


def _no(what: str) -> Any:
    raise ValueError(f"no {what}")


def value_of(draft: Draft, kind: str) -> Value:
    """An answer for the whole agency as consolidation would give it."""
    if draft.state == NOT_ARISING:
        return Value(reported=True, not_arising=True)
    if draft.state == MISSING:
        return Value(reported=True, missing=True)
    day = draft.issued_on or draft.day
    given = (draft.numerator, draft.denominator, draft.amount, draft.holds, day)
    if draft.state == NOT_OURS or all(part is None for part in given):
        return Value()
    assert draft.state == GIVEN
    if kind == Kind.RATIO and draft.denominator == 0:
        return Value(reported=True, not_arising=True)
    return Value(
        reported=True,
        numerator=draft.numerator,
        denominator=draft.denominator,
        amount=draft.amount,
        holds=draft.holds,
        day=day,
    )


# -- Trials ------------------------------------------------------------------------------------------


def pack(trial: Trial, *, before: Card | None = None, after: Card | None = None) -> dict[str, Any]:
    """``trial`` as plain data, with the index of the cards without and with it."""
    return {
        "schema": SCHEMA,
        "with_submitted": trial.with_submitted,
        "figures": {code: pack_value(value) for code, value in trial.figures.items()},
        "full": sorted(trial.full),
        "points": {
            code: None if points is None else f"{Decimal(points):f}"  # type: ignore[arg-type]  # typed ones are decimals
            for code, points in trial.points.items()
        },
        "bonus": None if trial.bonus is None else f"{trial.bonus:f}",
        "penalty": None if trial.penalty is None else f"{trial.penalty:f}",
        "base": {
            "index": _text(before.index if before else None),
            "tried": _text(after.index if after else None),
        },
    }


def read(data: Any, inputs: Inputs) -> Read:
    """The trial in ``data`` as far as it fits the plan and the set of today."""
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise Unreadable(
            "Phương án này được lưu theo mẫu khác với mẫu đang dùng nên không đọc được."
        )
    dropped: list[str] = []
    figures: dict[str, Value] = {}
    for code, packed in _mapping(data, "figures").items():
        result = inputs.results.get(code)
        if result is None:
            dropped.append(f"chỉ tiêu {code} không còn trong kế hoạch hoặc trong bộ tiêu chí")
            continue
        try:
            figures[code] = read_value(
                packed, kind=result.indicator.kind, may_exceed=result.indicator.may_exceed
            )
        except ValueError:
            dropped.append(f"số liệu của chỉ tiêu {code} không còn đúng với cách tính của chỉ tiêu")
    leaves = {node.code: node for node in inputs.nodes if node.is_leaf}
    full = set()
    for code in _texts(data, "full"):
        if code in leaves:
            full.add(code)
        else:
            dropped.append(f"tiêu chí {code} không có trong bộ tiêu chí")
    points: dict[str, Decimal | Fraction | None] = {}
    for code, text in _mapping(data, "points").items():
        if code not in leaves:
            dropped.append(f"tiêu chí {code} không có trong bộ tiêu chí")
            continue
        try:
            points[code] = None if text is None else _within(read_decimal(text), leaves[code])
        except ValueError:
            dropped.append(f"điểm thử của tiêu chí {code} không nằm trong khung điểm")
    adjusted: dict[str, Decimal | None] = {}
    for name, words in (("bonus", "điểm thưởng"), ("penalty", "điểm trừ")):
        try:
            text = data.get(name)
            adjusted[name] = None if text is None else _not_negative(read_decimal(text))
        except ValueError:
            dropped.append(f"{words} thử không đọc được")
    base = _mapping(data, "base")
    return Read(
        Trial(
            figures=figures,
            full=frozenset(full),
            points=points,
            with_submitted=data.get("with_submitted") is True,
            **adjusted,
        ),
        tuple(dict.fromkeys(dropped)),
        _fraction(base.get("index")),
        _fraction(base.get("tried")),
    )


def kept_index(data: Any) -> tuple[Fraction | None, Fraction | None]:
    """The index without and with the trial as they were when it was saved, for lists."""
    base = _mapping(data if isinstance(data, dict) else {}, "base")
    return _fraction(base.get("index")), _fraction(base.get("tried"))


def _mapping(data: dict[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _texts(data: dict[str, Any], name: str) -> list[str]:
    found = data.get(name)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _not_negative(number: Decimal) -> Decimal:
    if number < 0:
        raise ValueError("below zero")
    return number


def _within(points: Decimal, leaf: Criterion) -> Decimal:
    if not leaf.within(points):
        raise ValueError("outside the leaf's points")
    return points


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


def _fraction(text: Any) -> Fraction | None:
    try:
        return Fraction(text) if isinstance(text, str) else None
    except (ValueError, ZeroDivisionError):
        return None
