"""One leaf with all that stands behind it: each figure with the units it comes from, documents, history. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plans.wording import target_text
from scoring.history_words import HistoryLine, lines_of
from scoring.proofs import documents_behind
from scoring.totals import Policy
from tasks.contents import describe, draft_of
from tasks.models import Answer, Document, Report
from tasks.states import EXPECTED, OWED, State

if TYPE_CHECKING:
    from accounts.models import User
    from scoring.models import Scorecard
    from scoring.scorecards import Card, ScoredLeaf
    from tasks.consolidation import Result

POLICY_TEXT = {
    Policy.EXCLUDE: "Tiêu chí không áp dụng thì không tính: bớt khỏi cả điểm đạt và điểm tối đa.",
    Policy.FULL: "Tiêu chí không áp dụng thì được cho điểm tối đa.",
    Policy.ZERO: "Tiêu chí không áp dụng thì 0 điểm, điểm tối đa vẫn tính.",
}


@dataclass(frozen=True)
class UnitLine:
    """One unit that owes the figure: its report, and what it says."""

    report: Report
    words: str = ""
    reason: str = ""
    readable: bool = False

    @property
    def counts(self) -> bool:
        return self.report.state == State.ACCEPTED

    @property
    def owed(self) -> bool:
        return self.report.state in OWED


@dataclass(frozen=True)
class FigureBlock:
    """One indicator of the rule: the agency's figure, and the units behind it."""

    result: Result
    target: str
    units: list[UnitLine]


def leaf_called(card: Card, code: str) -> ScoredLeaf | None:
    return next((leaf for leaf in card.leaves if leaf.criterion.code == code), None)


def figures_of(card: Card, leaf: ScoredLeaf, user: User) -> list[FigureBlock]:
    """Three queries for any number of units. Drafts are their unit's own (R3): only that they are owed."""
    tasks = {result.indicator.task_id for result in leaf.results}
    reports = list(
        Report.objects.active()
        .filter(period=card.period, task__in=tasks)
        .with_names()
        .order_by("unit__order", "pk")
    )
    readable = set(
        Report.objects.visible_to(user)
        .filter(pk__in=[report.pk for report in reports])
        .values_list("pk", flat=True)
    )
    answers = {
        (answer.report_id, answer.indicator_id): answer
        for answer in Answer.objects.filter(
            report__in=[report.pk for report in reports if report.state in EXPECTED],
            indicator__in=[result.indicator.pk for result in leaf.results],
        ).select_related("document")
    }
    return [
        FigureBlock(
            result,
            target_text(result.indicator, card.year),
            [
                _unit_line(report, answers.get((report.pk, result.indicator.pk)), readable)
                for report in reports
                if report.task_id == result.indicator.task_id
                and result.indicator.source_id in {None, report.unit_id}
            ],
        )
        for result in leaf.results
    ]


def _unit_line(report: Report, answer: Answer | None, readable: set[int]) -> UnitLine:
    words = describe(draft_of(answer)) if answer else ""
    return UnitLine(
        report, words or "", answer.reason if answer else "", readable=report.pk in readable
    )


def documents_of(card: Card, leaf: ScoredLeaf) -> list[Document]:
    code = leaf.criterion.code
    keys = documents_behind(card, frozenset({code}))[code]
    return list(Document.objects.filter(pk__in=keys).prefetch_related("files"))


def rule_words(card: Card, leaf: ScoredLeaf) -> str:
    """The rule as an official would say it; nothing for a survey."""
    if leaf.rule is None:
        return ""
    targets = {
        result.indicator.code: result.indicator.target_for(card.year) for result in leaf.results
    }
    return leaf.rule.words(leaf.leaf, targets)


def history_of(scorecard: Scorecard, code: str) -> list[HistoryLine]:
    """What the card's history says of this leaf, the newest first. One query."""
    events = scorecard.events.exclude(changes={}).select_related("for_unit").order_by("-at", "-pk")
    return lines_of(events, code)
