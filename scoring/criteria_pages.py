"""What the pages of criteria sets show: the tree with rules in words and the indicators behind, history in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import ValidationError

from accounts.models import AuditEntry
from plans.numbers import show_number
from scoring.criteria_data import faults_of, points_of
from scoring.criteria_indicators import known_indicators
from scoring.criteria_words import excess_words, place_words
from scoring.models import CriteriaSet, Criterion
from scoring.rules import Leaf, describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from plans.targets import Target
    from scoring.criteria_data import SetFault
    from scoring.criteria_indicators import Known

USUAL_TOTAL = Decimal(100)
HISTORY = 20  # changes at the foot of the page


@dataclass(frozen=True)
class IndicatorLine:
    """An indicator that a rule reads; ``known`` None: it is in no plan any more."""

    code: str
    known: Known | None


@dataclass(frozen=True)
class Line:
    """One criterion of the tree; of a group the points of the leaves below it."""

    node: Criterion
    points: Decimal
    words: str = ""
    indicators: tuple[IndicatorLine, ...] = ()

    @property
    def level(self) -> int:
        """How deep it stands, for its indent; what is deeper still is not indented further."""
        return min(self.node.depth, 4)


@dataclass
class Section:
    """One field with all that stands in it."""

    head: Criterion
    lines: list[Line] = field(default_factory=list)

    @property
    def leaves(self) -> int:
        return sum(line.node.is_leaf for line in self.lines)

    @cached_property
    def points(self) -> Decimal:
        return points_of(line.node for line in self.lines)


@dataclass(frozen=True)
class PlacedFault:
    """A fault of a set and the criterion it is mended at; None: the set itself."""

    fault: SetFault
    node: Criterion | None


@dataclass(frozen=True)
class SetPage:
    """One set as its page shows it."""

    sections: list[Section]
    faults: list[PlacedFault]
    notes: list[tuple[Criterion | None, str]]  # what is allowed and seldom meant

    @property
    def leaves(self) -> int:
        return sum(section.leaves for section in self.sections)

    @property
    def points(self) -> Decimal:
        return sum((section.points for section in self.sections), Decimal(0))


def page_of(criteria_set: CriteriaSet) -> SetPage:
    """The tree of ``criteria_set`` and its faults; as many queries for any number of criteria."""
    nodes = list(criteria_set.criteria.order_by("order"))
    known = known_indicators(criteria_set.agency, criteria_set.valid_from)
    targets = {code: one.target for code, one in known.items()}
    by_code = {node.code: node for node in nodes}
    return SetPage(
        notes=_notes(nodes),
        sections=_sections(nodes, known, targets, criteria_set.valid_from),
        faults=[
            PlacedFault(fault, by_code.get(fault.code))
            for fault in faults_of(criteria_set, targets)
        ],
    )


def _notes(nodes: list[Criterion]) -> list[tuple[Criterion | None, str]]:
    found: list[tuple[Criterion | None, str]] = []
    total = points_of(nodes)
    if total != USUAL_TOTAL:
        words = f"Tổng điểm của bộ là {show_number(total)}, không phải {show_number(USUAL_TOTAL)}."
        found.append((None, words))
    for node in nodes:
        try:
            rule = node.parsed_rule
        except ValidationError:
            continue  # a fault, said as such
        if rule and node.maximum and (words := excess_words(rule, node.maximum)):
            found.append((node, words))
    return found


def _sections(
    nodes: list[Criterion], known: Mapping[str, Known], targets: Mapping[str, Target], year: int
) -> list[Section]:
    below = points_below(nodes)
    found: list[Section] = []
    for node in nodes:
        if node.depth == 0:
            found.append(Section(node))
        elif found:
            found[-1].lines.append(_line(node, below[node.pk], known, targets, year))
    return found


def points_below(nodes: Iterable[Criterion]) -> dict[int, Decimal]:
    """By key: what a leaf has, or the leaves below add up to. Parents come before children in ``nodes``."""
    several = list(nodes)
    found = {node.pk: Decimal(0) for node in several}
    for node in reversed(several):
        if node.is_leaf:
            found[node.pk] = node.maximum or Decimal(0)
        if node.parent_id is not None:
            found[node.parent_id] += found[node.pk]
    return found


def _line(
    node: Criterion,
    points: Decimal,
    known: Mapping[str, Known],
    targets: Mapping[str, Target],
    year: int,
) -> Line:
    return Line(
        node=node,
        points=points,
        words=rule_words(node, targets, year),
        indicators=tuple(IndicatorLine(code, known.get(code)) for code in node.indicator_codes),
    )


def rule_words(node: Criterion, targets: Mapping[str, Target], year: int) -> str:
    """How the points of a leaf come about, in words; empty for what is no leaf."""
    if node.is_survey:
        return "Theo kết quả điều tra xã hội học"
    rule = node.parsed_rule
    if rule is None or node.maximum is None:
        return ""
    return describe(rule, Leaf(node.maximum, year, node.minimum), targets)


# -- History --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    place: str
    before: str
    after: str


@dataclass(frozen=True)
class HistoryLine:
    entry: AuditEntry
    changes: list[Change]


def history_of(criteria_set: CriteriaSet) -> list[HistoryLine]:
    """The latest changes of the set, newest first, in words."""
    entries = AuditEntry.objects.filter(
        agency_id=criteria_set.agency_id,
        object_type=CriteriaSet._meta.label_lower,
        object_id=criteria_set.pk,
    ).order_by("-at", "-pk")[:HISTORY]
    return [
        HistoryLine(
            entry,
            [
                Change(place_words(name), str(before or ""), str(after or ""))
                for name, (before, after) in entry.changes.items()
            ],
        )
        for entry in entries
    ]
