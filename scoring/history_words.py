"""The history of a scorecard in words: what was before and after, as the page of the card writes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from django.core.exceptions import FieldDoesNotExist

from plans.numbers import show_number
from scoring.models import Adjustment, LeafScore, Scorecard, ScorecardEvent

FIGURES = frozenset(
    {"override", "appraised_1", "appraised", "survey", "published_index", "published_rank"}
)
DAYS = frozenset({"sent_on", "decision_issued_on"})
SNAPSHOTS = frozenset({"sent", "approved", "offered"})
OTHERS = {
    "criteria_set": "bộ tiêu chí",
    "offered": "nội dung đã trình",
    "adjustment": "điểm thưởng, điểm trừ",
    "adjustments": "điểm thưởng, điểm trừ",
}


@dataclass(frozen=True)
class Change:
    """One thing that changed; ``code`` of the leaf it is about, if it is."""

    code: str
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class HistoryLine:
    event: ScorecardEvent
    changes: tuple[Change, ...]

    @property
    def moved(self) -> bool:
        return self.event.from_state != self.event.to_state


def lines_of(events: Iterable[ScorecardEvent], code: str | None = None) -> list[HistoryLine]:
    """``events`` in words; with ``code`` only what they say of that leaf, where they say something."""
    lines = []
    for event in events:
        changes = tuple(
            change
            for key, (before, after) in event.changes.items()
            if (change := _change(key, before, after)) is not None
            and (code is None or change.code == code)
        )
        if changes or code is None:
            lines.append(HistoryLine(event, changes))
    return lines


def _change(key: str, before: Any, after: Any) -> Change | None:
    code, _, name = key.rpartition(".")
    label = OTHERS.get(name) or _label(LeafScore if code else Scorecard, name)
    return Change(code, label, _words(name, before), _words(name, after))


def _label(model: type[LeafScore | Scorecard], name: str) -> str:
    try:
        return str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]  # plain columns
    except FieldDoesNotExist:
        return name


def _words(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "có" if value else "không"
    if name in SNAPSHOTS:
        return _snapshot(value)
    if name == "adjustments":
        return "; ".join(
            f"{Adjustment.Kind(kind).label} {_figure(points)}: {reason}"
            for kind, points, reason in value
        )
    if name == "state":
        return str(Scorecard.State(value).label)
    if name == "loss":
        return str(LeafScore.Loss(value).label)
    if name in FIGURES:
        return _figure(value)
    if name in DAYS:
        return f"{dt.date.fromisoformat(str(value)):%d/%m/%Y}"
    return str(value)


def _figure(value: Any) -> str:
    try:
        return show_number(Decimal(str(value)))
    except InvalidOperation:
        return str(value)


def _snapshot(value: Any) -> str:
    """A whole card that was kept: its index says which one it was."""
    index = value.get("index") if isinstance(value, dict) else None
    if index is None:
        return "cả phiếu điểm"
    return f"cả phiếu điểm, chỉ số {show_number(Fraction(index), 2)}"
