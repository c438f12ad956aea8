"""What was typed on the page of what-if, read into a trial (R30). Never fails: faults are named by field.

A field counts as changed only where it differs from what the page was opened with (``WAS``), so that a
report accepted meanwhile does not become a figure that somebody tried. The rules are those of a report.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from accounts.text import clean
from plans.fields import LARGEST, PLACES
from plans.numbers import NotANumber, show_number
from plans.targets import Kind, Value
from scoring.rules import show_points
from scoring.what_if import Trial
from scoring.what_if_data import value_of
from scoring.what_if_forms import (
    ADJUSTED,
    ASKED,
    BONUS,
    PENALTY,
    SUBMITTED,
    TICKS,
    WAS,
    points_name,
)
from tasks.answer_forms import LONGEST_FIGURE, field_name, read_figure, read_form
from tasks.answers import GIVEN, NOT_ARISING, label, missing

if TYPE_CHECKING:
    import datetime as dt

    from django.http import QueryDict

    from plans.models import Indicator
    from scoring.inputs import Inputs
    from scoring.models import Criterion


@dataclass(frozen=True)
class Typed:
    """A posted form: the trial in it, and by field why something was not understood."""

    trial: Trial
    errors: dict[str, str] = field(default_factory=dict)
    post: Mapping[str, str] = field(default_factory=dict)


def read_trial(post: QueryDict, inputs: Inputs, *, today: dt.date) -> Typed:
    """Never fails: a field that is not understood stays as it is today and is named in ``errors``."""
    errors: dict[str, str] = {}
    was = _was(post)
    leaves = [node for node in inputs.nodes if node.is_leaf]
    figures = _read_figures(post, was, inputs, today, errors)
    points: dict[str, Decimal | Fraction | None] = {}
    for leaf in leaves:
        text = _changed(post, was, points_name(leaf))
        if text == "":
            points[leaf.code] = None
        elif text is not None:
            number = _read_points(text, points_name(leaf), errors, leaf)
            if number is not None:
                points[leaf.code] = number
    adjusted: dict[str, Decimal | None] = {}
    for name in ADJUSTED:
        text = _changed(post, was, name)
        adjusted[name] = Decimal(0) if text == "" else None
        if text:
            adjusted[name] = _read_points(text, name, errors)
    codes = {leaf.code for leaf in leaves}
    trial = Trial(
        figures=figures,
        full=frozenset(code for code in post.getlist(TICKS) if code in codes),
        points=points,
        bonus=adjusted[BONUS],
        penalty=adjusted[PENALTY],
        with_submitted=bool(post.get(SUBMITTED)),
    )
    return Typed(trial, errors, post)


def _was(post: QueryDict) -> dict[str, str]:
    try:
        data: Any = json.loads(post.get(WAS, ""))
    except ValueError:
        return {}
    if not isinstance(data, dict):
        return {}
    return {name: text for name, text in data.items() if isinstance(text, str)}


def _changed(post: QueryDict, was: Mapping[str, str], name: str) -> str | None:
    """What stands in a field now, None where nobody changed it."""
    if name not in post:
        return None
    text = clean(post.get(name, ""))
    return None if text == was.get(name, "") else text


def _read_figures(
    post: QueryDict,
    was: Mapping[str, str],
    inputs: Inputs,
    today: dt.date,
    errors: dict[str, str],
) -> dict[str, Value]:
    changed: list[Indicator] = []
    fields: dict[str, str] = {}
    for result in inputs.results.values():
        indicator = result.indicator
        names = [field_name(indicator, name) for name in ("state", *ASKED[indicator.kind])]
        own = {name: clean(post.get(name, "")) for name in names if name in post}
        before = {name: was.get(name, _plain(name)) for name in own}
        if own == before:
            continue
        changed.append(indicator)
        fields |= _as_answer(indicator, own, before)
    typed = read_form(fields, changed, today=today)
    errors |= typed.errors
    found: dict[str, Value] = {}
    for indicator in changed:
        if any(name.startswith(f"a{indicator.pk}-") for name in typed.errors):
            continue
        draft = typed.content.answers.get(indicator.pk)
        if draft is None:
            found[indicator.code] = Value()
            continue
        lacking = dict(missing(draft, kind=indicator.kind))
        lacking = {name: words for name, words in lacking.items() if name in ASKED[indicator.kind]}
        if indicator.kind == Kind.RATIO and getattr(draft, "denominator", None) is not None:
            lacking.pop("denominator", None)  # 0 of 0 is «không phát sinh» without a reason here
        if draft.state == GIVEN and lacking:
            for name, words in lacking.items():
                called = label(name, indicator.kind)
                errors[field_name(indicator, name)] = f"{called}: {words}"
            continue
        found[indicator.code] = value_of(draft, indicator.kind)
    return found


def _plain(name: str) -> str:
    return GIVEN if name.endswith("-state") else ""


def _as_answer(
    indicator: Indicator, own: Mapping[str, str], before: Mapping[str, str]
) -> dict[str, str]:
    """The typed fields in the form of a report, whose rules then read them."""
    fields = dict(own)
    state = field_name(indicator, "state")
    if fields.get(field_name(indicator, "holds")) == NOT_ARISING:
        fields[state] = NOT_ARISING
    elif fields.get(state, GIVEN) != GIVEN and fields.get(state) == before.get(state):
        # A figure typed beside «không phát sinh» that nobody chose now is meant.
        names = [field_name(indicator, name) for name in ASKED[indicator.kind]]
        if any(fields.get(name) and fields[name] != before.get(name) for name in names):
            fields[state] = GIVEN
    if indicator.kind == Kind.DOCUMENT:
        fields[field_name(indicator, "number")] = "–"  # a day is enough here
    return fields


def _read_points(
    text: str, name: str, errors: dict[str, str], leaf: Criterion | None = None
) -> Decimal | None:
    called = ADJUSTED[name][1] if name in ADJUSTED else "Điểm"
    if len(text) > LONGEST_FIGURE:
        errors[name] = f"{called} dài quá {LONGEST_FIGURE} ký tự."
        return None
    try:
        number = read_figure(text)
    except NotANumber:
        errors[name] = f"{called} «{text}» không phải là số. Viết như 1,5."
        return None
    if number != round(number, PLACES):
        errors[name] = f"{called} {show_number(number)} có quá {PLACES} chữ số sau dấu phẩy."
    elif leaf is not None and not leaf.within(number):
        assert leaf.maximum is not None
        low, high = show_points(leaf.minimum), show_points(leaf.maximum)
        errors[name] = f"Điểm {show_number(number)} không nằm trong khung từ {low} đến {high}."
    elif leaf is None and not 0 <= number <= LARGEST:
        errors[name] = f"{called} {show_number(number)} là số âm; chỉ nhận số từ 0 trở lên."
    else:
        return number
    return None
