"""The points of one year under one set, computed from the reports as they stand (R26–R29).

Three looks at the same leaves: ``index`` on accepted reports, ``expected`` with the submitted ones,
``reachable`` if every figure not yet accepted meets its target. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from django.db.models import F

from plans.models import Period
from scoring import rules
from scoring.inputs import Inputs, read_inputs, settled
from scoring.models import Adjustment, CriteriaSet, Criterion, LeafScore, Scorecard
from scoring.rules import Figure, Leaf, Outcome, RuleBase
from scoring.totals import (
    Band,
    Entry,
    Points,
    Source,
    Sums,
    add_up,
    band_of,
    capped,
    decide,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from accounts.models import Agency
    from tasks.consolidation import Result


@dataclass(frozen=True)
class ScoredLeaf:
    """One leaf with its points, seen three ways."""

    criterion: Criterion
    field: Criterion
    leaf: Leaf
    rule: RuleBase | None
    entry: Entry
    results: tuple[Result, ...]  # of accepted reports, in the rule's order
    now: Points
    live: Points  # on today's reports; ``now`` is the same until the card is sent
    expected: Points
    reachable: Points
    own: Points  # ours, as sent once it is sent: without what the province gave, also by survey
    outcome: Outcome | None  # the rule's own, on today's accepted figures; None: surveyed
    secured: bool
    unproved: tuple[str, ...] = ()  # indicators with accepted figures that nothing proves

    @property
    def moved(self) -> bool:
        """Reports have changed after the card was sent, so that the rule gives other points today."""
        return (self.live.counts, self.live.points) != (self.now.counts, self.now.points)

    @property
    def provisional(self) -> str:
        """«tạm tính 3/9 đơn vị» where units behind the figures are missing; of which figure, where they differ."""
        lacking = [r for r in self.results if r.value.reported and not r.complete]
        words = dict.fromkeys(r.provisional_text for r in lacking)
        if len(words) > 1:
            words = dict.fromkeys(f"{r.indicator.code} {r.provisional_text}" for r in lacking)
        return "; ".join(words)

    @property
    def how(self) -> str:
        by_rule = self.now.state not in set(Source)
        return (
            f"{self.now.how} ({self.provisional})" if by_rule and self.provisional else self.now.how
        )


@dataclass(frozen=True)
class FieldSums:
    """One field of the set: what its leaves come to."""

    criterion: Criterion
    sums: Sums
    maximum: Fraction  # of all its leaves, whether they count or not


@dataclass(frozen=True)
class Card:
    """A year's points under one set, computed at one moment."""

    criteria_set: CriteriaSet
    year: int
    period: Period
    scorecard: Scorecard | None
    leaves: tuple[ScoredLeaf, ...]
    nodes: tuple[Criterion, ...]
    adjustments: tuple[Adjustment, ...] = ()
    results: Mapping[str, Result] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)  # of accepted reports
    inputs: Inputs | None = None  # None only where a test makes a card by hand

    @cached_property
    def sums(self) -> Sums:
        return add_up(leaf.now for leaf in self.leaves)

    @property
    def index(self) -> Fraction | None:
        return self.sums.index

    @cached_property
    def secured_sums(self) -> Sums:
        return add_up(
            (leaf.now for leaf in self.leaves), only=[leaf.secured for leaf in self.leaves]
        )

    @cached_property
    def expected_sums(self) -> Sums:
        return add_up(leaf.expected for leaf in self.leaves)

    @cached_property
    def reachable_sums(self) -> Sums:
        return add_up(leaf.reachable for leaf in self.leaves)

    @property
    def secured(self) -> Fraction | None:
        return self.secured_sums.index

    @property
    def expected(self) -> Fraction | None:
        return self.expected_sums.index

    @property
    def reachable(self) -> Fraction | None:
        return self.reachable_sums.index

    @property
    def band(self) -> Band | None:
        return band_of(self.index, self.criteria_set.band_list())

    def _adjusted(self, kind: str, cap: str) -> Fraction:
        points = [one.points for one in self.adjustments if one.kind == kind]
        return capped(points, getattr(self.criteria_set, cap))

    @property
    def bonus(self) -> Fraction:
        return self._adjusted(Adjustment.Kind.BONUS, "bonus_cap")

    @property
    def penalty(self) -> Fraction:
        return self._adjusted(Adjustment.Kind.PENALTY, "penalty_cap")

    @property
    def total(self) -> Fraction | None:
        """The index with bonus and penalty; never held to 100 (R28)."""
        return None if self.index is None else self.index + self.bonus - self.penalty

    @property
    def published_like(self) -> Fraction | None:
        """What stands beside a published index: provinces publish after bonus and penalty."""
        return self.total

    @property
    def adjusted(self) -> bool:
        """Bonus or penalty counts: then it is said what stands beside a published index."""
        return bool(self.bonus or self.penalty)

    @property
    def is_sent(self) -> bool:
        """Nothing of our own changes any more: only the province's points do (R27)."""
        return self.inputs is not None and self.inputs.frozen is not None

    @property
    def moved(self) -> tuple[ScoredLeaf, ...]:
        """Leaves whose reports have changed since the card was sent."""
        return tuple(leaf for leaf in self.leaves if leaf.moved)

    @property
    def incomplete(self) -> bool:
        """Some figure behind the index is not there yet, or lacks units."""
        return any(
            not settled(r, self.period) or not r.value.reported for r in self.results.values()
        )

    @property
    def waits_for_survey(self) -> bool:
        return any(leaf.now.state == rules.State.WAITING_SURVEY for leaf in self.leaves)

    @cached_property
    def fields(self) -> tuple[FieldSums, ...]:
        by_field: dict[int, list[ScoredLeaf]] = {}
        for leaf in self.leaves:
            by_field.setdefault(leaf.field.pk, []).append(leaf)
        return tuple(
            FieldSums(
                criterion=node,
                sums=add_up(leaf.now for leaf in by_field.get(node.pk, [])),
                maximum=sum((leaf.now.maximum for leaf in by_field.get(node.pk, [])), Fraction(0)),
            )
            for node in self.nodes
            if node.depth == 0
        )


def set_for(agency: Agency, year: int) -> CriteriaSet | None:
    """The set of the year's scorecard, else the newest that is valid in ``year``."""
    card = Scorecard.objects.filter(agency=agency, year=year).select_related("criteria_set").first()
    if card and card.criteria_set:
        return card.criteria_set
    return agency.criteria_sets.valid_in(year).first()


def period_of(scorecard: Scorecard) -> Period | None:
    """The final period whose reports the card's points come from (R4); history only where nothing else is."""
    return (
        Period.objects.filter(
            plan__agency_id=scorecard.agency_id, year=scorecard.year, kind=Period.FINAL
        )
        .select_related("plan__agency")
        .order_by("is_history", F("opened_at").desc(nulls_last=True), "pk")
        .first()
    )


def compute(period: Period, criteria_set: CriteriaSet) -> Card:
    """The card of ``period`` under ``criteria_set``, with what its scorecard holds, if there is one."""
    return card_of(read_inputs(period, criteria_set))


def card_of(inputs: Inputs) -> Card:
    """The card of ``inputs``. Pure: reads no database."""
    return Card(
        criteria_set=inputs.criteria_set,
        year=inputs.period.year,
        period=inputs.period,
        scorecard=inputs.scorecard,
        leaves=tuple(
            _look(inputs, node, top) for node, top in _with_fields(inputs.nodes) if node.is_leaf
        ),
        nodes=inputs.nodes,
        adjustments=inputs.adjustments,
        results=inputs.results,
        figures=inputs.accepted,
        inputs=inputs,
    )


def _look(inputs: Inputs, node: Criterion, top: Criterion) -> ScoredLeaf:
    assert node.maximum is not None  # a constraint of the database
    leaf = Leaf(node.maximum, inputs.period.year, node.minimum)
    rule, entry = inputs.rules[node.pk], inputs.entries.get(node.pk, Entry())
    codes = rule.codes if rule else ()
    own = tuple(inputs.results[code] for code in codes if code in inputs.results)
    unproved = tuple(
        result.indicator.code
        for result in own
        if node.evidence and result.indicator.pk in inputs.unproved
    )

    def points(outcome: Outcome | None) -> Points:
        return decide(leaf, outcome, entry, inputs.criteria_set.policy)

    outcome = rules.score(rule, leaf, inputs.accepted) if rule else None
    now = live = expected = reachable = points(outcome)
    # Where the same figures are looked at again, the same comes out.
    if rule and any(inputs.expected.get(c) != inputs.accepted.get(c) for c in codes):
        expected = points(rules.score(rule, leaf, inputs.expected))
    if rule and not (
        codes and all(c not in inputs.accepted or inputs.accepted[c].settled for c in codes)
    ):
        reachable = points(rules.best(rule, leaf, inputs.accepted))
    sent = inputs.frozen.outcomes.get(node.code) if inputs.frozen else None
    if sent is not None:
        # What was sent stands: only the province's own points change it from here on (R27).
        now = expected = reachable = points(sent)
    ours = replace(entry, appraised=None, survey=None)
    return ScoredLeaf(
        criterion=node,
        field=top,
        leaf=leaf,
        rule=rule,
        entry=entry,
        results=own,
        now=now,
        live=live,
        expected=expected,
        reachable=reachable,
        own=decide(leaf, sent or outcome, ours, inputs.criteria_set.policy),
        outcome=outcome,
        secured=_is_secured(now, rule, own, inputs.period, unproved),
        unproved=unproved,
    )


def _with_fields(nodes: Iterable[Criterion]) -> Iterable[tuple[Criterion, Criterion]]:
    """Each criterion with the field it stands under; parents come before children."""
    top: Criterion | None = None
    for node in nodes:
        if node.depth == 0:
            top = node
        assert top is not None
        yield node, top


def _is_secured(
    now: Points,
    rule: RuleBase | None,
    results: tuple[Result, ...],
    period: Period,
    unproved: Collection[str],
) -> bool:
    """R29: every unit that owes a figure is accepted and the evidence is there.

    The province's own points are final; points that no report stands behind (a survey's, typed ones
    of a manual rule) wait for nobody.
    """
    if now.state in {Source.APPRAISED, Source.SURVEY}:
        return True
    if rule is None or not rule.codes:
        return now.state in set(Source) | {rules.State.NOT_ARISING}
    if len(results) < len(rule.codes):
        return False  # an indicator has left the plan
    return not unproved and all(settled(result, period) for result in results)


def survey_estimate(card: Card) -> Fraction | None:
    """What would be published if the survey comes out as the year before did (R29); None without one to go by.

    With bonus and penalty, as ``Card.published_like`` is.
    A leaf that goes on from leaves surveyed then comes out by their share of their maxima; one that
    nothing is known of by the share of all leaves surveyed then.
    """
    waiting = [leaf for leaf in card.leaves if leaf.now.state == rules.State.WAITING_SURVEY]
    before: dict[str, tuple[Fraction, Fraction]] = {}  # code → points, maximum
    sets = set()
    for score in LeafScore.objects.filter(
        scorecard__agency_id=card.criteria_set.agency_id,
        scorecard__year=card.year - 1,
        survey__isnull=False,
    ).select_related("criterion"):
        assert score.survey is not None and score.criterion.maximum is not None
        before[score.criterion.code] = Fraction(score.survey), Fraction(score.criterion.maximum)
        sets.add(score.criterion.criteria_set_id)
    if not waiting or not before:
        return None
    joint = _share(before.values())
    is_same = sets == {card.criteria_set.pk}
    is_linked = sets == {card.criteria_set.previous_id}
    points = Fraction(0)
    for leaf in waiting:
        node = leaf.criterion
        codes = [node.code] if is_same else node.old_codes if is_linked else []
        known = [before[code] for code in codes if code in before]
        points += leaf.now.maximum * (_share(known) if known else joint)
    maximum = sum((leaf.now.maximum for leaf in waiting), Fraction(0))
    index = Sums(card.sums.points + points, card.sums.maximum + maximum).index
    return None if index is None else index + card.bonus - card.penalty


def _share(scores: Iterable[tuple[Fraction, Fraction]]) -> Fraction:
    several = list(scores)
    return sum((points for points, _ in several), Fraction(0)) / sum(
        (maximum for _, maximum in several), Fraction(0)
    )
