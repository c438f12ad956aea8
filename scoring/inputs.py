"""What a year's points are computed from: read once, then everything is arithmetic.

``scoring.scorecards.card_of`` makes a card of :class:`Inputs` without a database, so that figures can be
changed and tried (R30) at the price of the arithmetic alone. The number of queries does not depend on
how much there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q

from plans.targets import Kind
from scoring.frozen import Frozen
from scoring.models import Adjustment, CriteriaSet, Criterion, Scorecard
from scoring.rules import Figure, RuleBase
from scoring.totals import Entry
from tasks.consolidation import Result, consolidate_both, indicators_of
from tasks.models import Answer, Evidence, StoredFile
from tasks.states import COUNTED

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet

    from plans.models import Indicator, Period


@dataclass(frozen=True)
class Inputs:
    """One year under one set, as people have entered and reported it."""

    period: Period
    criteria_set: CriteriaSet
    scorecard: Scorecard | None
    nodes: tuple[Criterion, ...]  # in the set's order, parents before children
    rules: Mapping[int, RuleBase | None]  # of the leaves, by key; None: surveyed
    entries: Mapping[int, Entry]  # by key of the leaf
    adjustments: tuple[Adjustment, ...]
    results: Mapping[str, Result]  # of accepted reports, by code of the indicator
    accepted: Mapping[str, Figure]
    expected: Mapping[str, Figure]  # with the submitted reports
    unproved: frozenset[int] = field(default_factory=frozenset)  # indicators that nothing proves
    frozen: Frozen | None = None  # what was sent


def read_inputs(period: Period, criteria_set: CriteriaSet) -> Inputs:
    """``period`` under ``criteria_set``, with what its year's scorecard holds, if there is one."""
    scorecard = Scorecard.objects.filter(
        agency_id=criteria_set.agency_id, year=period.year, criteria_set=criteria_set
    ).first()
    nodes = tuple(criteria_set.criteria.order_by("order"))
    entries = (
        {score.criterion_id: score.entry() for score in scorecard.scores.all()} if scorecard else {}
    )
    parsed = {node.pk: node.parsed_rule for node in nodes if node.is_leaf}
    codes = {code for rule in parsed.values() if rule for code in rule.codes}
    indicators = [i for i in indicators_of(period) if i.code in codes]
    accepted, sent = consolidate_both(period, indicators=indicators)
    return Inputs(
        period=period,
        criteria_set=criteria_set,
        scorecard=scorecard,
        nodes=nodes,
        rules=parsed,
        entries=entries,
        adjustments=tuple(scorecard.adjustments.all()) if scorecard else (),
        results={result.indicator.code: result for result in accepted.values()},
        accepted=_figures(accepted.values(), period),
        expected=_figures(sent.values(), period),
        unproved=frozenset(_unproved(period, indicators)),
        frozen=Frozen.read(scorecard.sent) if scorecard and scorecard.sent else None,
    )


def settled(result: Result, period: Period) -> bool:
    """Nothing that the figure waits for is outstanding: what was accepted is all there will be.

    Where nobody owes it, that holds once the period is open (nobody will answer), and of history.
    """
    if result.owed:
        return result.complete
    return period.opened_at is not None or period.is_history


def _figures(results: Iterable[Result], period: Period) -> dict[str, Figure]:
    return {
        result.indicator.code: Figure(
            code=result.indicator.code,
            value=result.value,
            target=result.indicator.target_for(period.year),
            previous=result.previous,
            settled=settled(result, period),
        )
        for result in results
    }


def _unproved(period: Period, indicators: Collection[Indicator]) -> set[int]:
    """Indicators with an accepted figure that no evidence stands behind."""
    answers = unproved_answers(period, [indicator.pk for indicator in indicators])
    return set(answers.order_by().values_list("indicator_id", flat=True).distinct())


def unproved_answers(period: Period, indicators: Collection[int]) -> QuerySet[Answer]:
    """Accepted figures of ``indicators`` that no evidence stands behind.

    A document with a number or a file proves; the document of a document indicator proves itself. What
    was not done, did not arise or is not ours needs no proof.
    """
    has_file = Exists(StoredFile.objects.filter(document_id=OuterRef("document_id")))
    sound = Evidence.objects.filter(~Q(document__number="") | has_file).filter(
        Q(indicator__isnull=True) | Q(indicator_id=OuterRef("indicator_id")),
        report_id=OuterRef("report_id"),
    )
    proves_itself = Q(document__isnull=False) & (
        ~Q(document__number="")
        | Exists(StoredFile.objects.filter(document_id=OuterRef("document_id")))
    )
    return (
        Answer.objects.filter(
            Q(holds__isnull=True) | Q(holds=True),
            report__period=period,
            report__state__in=list(COUNTED),
            report__released_at=None,
            report__retired_at=None,
            indicator__in=list(indicators),
            state=Answer.State.GIVEN,
        )
        .exclude(Q(indicator__kind=Kind.DOCUMENT) & proves_itself)
        .exclude(Exists(sound))
    )
