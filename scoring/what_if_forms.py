"""The form of what-if: today's figures in its fields, a trial's over them (R30). ``what_if_reading`` reads it back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from plans.numbers import show_number
from plans.targets import Kind, Value
from scoring.models import Adjustment
from scoring.totals import Source
from tasks.answer_forms import FIELDS, field_name
from tasks.answers import CAN_BE_MISSING, GIVEN, MISSING, NOT_ARISING, label

if TYPE_CHECKING:
    from plans.models import Indicator
    from scoring.models import Criterion
    from scoring.scorecards import Card, ScoredLeaf
    from scoring.what_if import Trial
    from scoring.what_if_reading import Typed

WAS = "goc"  # the texts that the fields had when the page was opened
TICKS = "dat"
SUBMITTED = "cho-duyet"
BONUS, PENALTY = "thuong", "tru"
ADJUSTED = {
    BONUS: (Adjustment.Kind.BONUS, "Điểm thưởng"),
    PENALTY: (Adjustment.Kind.PENALTY, "Điểm trừ"),
}
# Of a document only its day gives points.
ASKED: Mapping[str, tuple[str, ...]] = {**FIELDS, Kind.DOCUMENT: ("issued_on",)}
YES, NO = "yes", "no"


def points_name(leaf: Criterion) -> str:
    return f"d{leaf.pk}"


# -- What the fields show ----------------------------------------------------------------------------


def figure_texts(indicator: Indicator, value: Value) -> dict[str, str]:
    """The fields of one figure by their full names."""
    texts: dict[str, str] = {}
    if indicator.kind == Kind.BOOLEAN:
        texts["holds"] = "" if value.holds is None else YES if value.holds else NO
        if value.not_arising:
            texts["holds"] = NOT_ARISING
    else:
        day = f"{value.day:%d/%m/%Y}" if value.day else ""
        texts = {
            "numerator": _number(value.numerator),
            "denominator": _number(value.denominator),
            "amount": _number(value.amount),
            "issued_on": day,
            "day": day,
        }
        texts = {name: texts[name] for name in ASKED[indicator.kind]}
        texts["state"] = GIVEN
        if value.not_arising:
            texts["state"] = NOT_ARISING
        elif value.missing and indicator.kind in CAN_BE_MISSING:
            texts["state"] = MISSING
    return {field_name(indicator, name): text for name, text in texts.items()}


def _number(value: Decimal | Fraction | None) -> str:
    return "" if value is None else show_number(Decimal(value))  # type: ignore[arg-type]  # typed ones are decimals


def points_text(leaf: ScoredLeaf) -> str:
    """The points that somebody has given the leaf; empty where its rule does."""
    given = {
        Source.APPRAISED: leaf.entry.appraised,
        Source.OVERRIDE: leaf.entry.override,
        Source.SURVEY: leaf.entry.survey,
    }
    return _number(given.get(leaf.now.state))  # type: ignore[call-overload]  # states of both kinds are words


def adjusted_text(card: Card, kind: str) -> str:
    points = [one.points for one in card.adjustments if one.kind == kind]
    return _number(sum(points, Decimal(0))) if points else ""


def texts_of(card: Card) -> dict[str, str]:
    """Every field as the figures and points of ``card`` have it."""
    found: dict[str, str] = {}
    for result in card.results.values():
        found |= figure_texts(result.indicator, result.value)
    for leaf in card.leaves:
        found[points_name(leaf.criterion)] = points_text(leaf)
    for name, (kind, _) in ADJUSTED.items():
        found[name] = adjusted_text(card, kind)
    return found


def pack_texts(texts: Mapping[str, str]) -> str:
    """For the hidden field :data:`WAS`; what is empty or plain is left out."""
    kept = {name: text for name, text in texts.items() if text and text != GIVEN}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


# -- The page ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Input:
    """One field; ``options`` for a choice."""

    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...] = ()
    is_day: bool = False
    error: str = ""


@dataclass(frozen=True)
class Asked:
    """The fields of one figure, where it can be changed."""

    indicator: Indicator
    inputs: tuple[Input, ...]
    words: str  # today's figure
    shared: tuple[str, ...] = ()  # other leaves that read it

    @property
    def errors(self) -> list[Input]:
        return [one for one in self.inputs if one.error]


@dataclass(frozen=True)
class Elsewhere:
    """A figure that this leaf reads too, changed at another leaf."""

    code: str
    at: Criterion


@dataclass(frozen=True)
class LeafForm:
    """What can be changed at one leaf."""

    ticked: bool
    asked: tuple[Asked, ...]
    elsewhere: tuple[Elsewhere, ...]
    points: Input | None
    by_hand: bool  # somebody gave the points: its figures do not move them

    @property
    def is_wrong(self) -> bool:
        return any(one.errors for one in self.asked) or bool(self.points and self.points.error)


@dataclass(frozen=True)
class Form:
    """The whole form by leaf, and the hidden texts it was opened with."""

    leaves: Mapping[int, LeafForm]
    adjusted: tuple[Input, ...]
    was: str


def form_of(
    base: Card, trial: Trial, *, typed: Typed | None = None, offered: Iterable[int] = ()
) -> Form:
    """The fields of ``base`` with ``trial`` over them, and as they were typed where something was wrong.

    ``offered``: leaves that ask for points though their rule gives them.
    """
    texts = texts_of(base)
    shown = dict(texts)
    for code, value in trial.figures.items():
        if code in base.results:
            shown |= figure_texts(base.results[code].indicator, value)
    of_leaf = {leaf.criterion.code: leaf for leaf in base.leaves}
    for code, points in trial.points.items():
        if code in of_leaf:
            shown[points_name(of_leaf[code].criterion)] = _number(points)
    for name, tried in ((BONUS, trial.bonus), (PENALTY, trial.penalty)):
        if tried is not None:
            shown[name] = _number(tried)
    errors = typed.errors if typed else {}
    if typed:
        for name in errors:
            prefix = name.partition("-")[0]
            for other, text in typed.post.items():
                if other == name or (name[:1] == "a" and other.startswith(f"{prefix}-")):
                    shown[other] = text
    readers: dict[str, list[Criterion]] = {}
    for leaf in base.leaves:
        for result in leaf.results:
            readers.setdefault(result.indicator.code, []).append(leaf.criterion)
    wanted = set(offered)
    return Form(
        leaves={
            leaf.criterion.pk: _leaf_form(leaf, trial, shown, errors, readers, wanted)
            for leaf in base.leaves
        },
        adjusted=tuple(
            Input(name, words, shown.get(name, ""), error=errors.get(name, ""))
            for name, (_, words) in ADJUSTED.items()
        ),
        was=pack_texts(texts),
    )


def _leaf_form(
    leaf: ScoredLeaf,
    trial: Trial,
    shown: Mapping[str, str],
    errors: Mapping[str, str],
    readers: Mapping[str, list[Criterion]],
    offered: set[int],
) -> LeafForm:
    node = leaf.criterion
    asked, elsewhere = [], []
    for result in leaf.results:
        first, *others = readers[result.indicator.code]
        if first.pk != node.pk:
            elsewhere.append(Elsewhere(result.indicator.code, first))
            continue
        asked.append(
            Asked(
                result.indicator,
                tuple(_inputs(result.indicator, shown, errors)),
                result.words,
                tuple(other.code for other in others),
            )
        )
    points = None
    name = points_name(node)
    given = leaf.now.state in set(Source)
    without = leaf.rule is None or not leaf.rule.codes
    if given or without or node.pk in offered or node.code in trial.points or name in errors:
        points = Input(name, "Điểm thử", shown.get(name, ""), error=errors.get(name, ""))
    return LeafForm(
        node.code in trial.full, tuple(asked), tuple(elsewhere), points, given and not without
    )


def _inputs(
    indicator: Indicator, shown: Mapping[str, str], errors: Mapping[str, str]
) -> Iterable[Input]:
    kind = Kind(indicator.kind)
    none = (NOT_ARISING, "Không phát sinh")
    for name in ASKED[kind]:
        full = field_name(indicator, name)
        options: tuple[tuple[str, str], ...] = ()
        if name == "holds":
            options = (("", "Chưa có số liệu"), (YES, "Có"), (NO, "Không"), none)
        yield Input(
            full,
            label(name, indicator.kind),
            shown.get(full, ""),
            options,
            is_day=kind in CAN_BE_MISSING,
            error=errors.get(full, ""),
        )
    if kind is not Kind.BOOLEAN:
        full = field_name(indicator, "state")
        given = {Kind.DOCUMENT: "Đã ban hành", Kind.DATE: "Đã thực hiện"}.get(kind, "Có số liệu")
        options = ((GIVEN, given), none)
        if kind in CAN_BE_MISSING:
            not_yet = "Chưa ban hành" if kind is Kind.DOCUMENT else "Chưa thực hiện"
            options = ((GIVEN, given), (MISSING, not_yet), none)
        yield Input(full, "Tình trạng", shown.get(full, GIVEN), options)
