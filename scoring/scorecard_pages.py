"""What the page of a scorecard shows: the tree, what differs from what was kept, other years. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from plans.numbers import round_half_up, show_number
from plans.targets import Status
from scoring import rules
from scoring.differences import Difference, differences
from scoring.frozen import Frozen
from scoring.models import Criterion, Scorecard
from scoring.readiness import left_the_plan, needs_explanation
from scoring.totals import Band, Source

if TYPE_CHECKING:
    from accounts.models import User
    from plans.models import Period
    from scoring.models import CriteriaSet
    from scoring.scorecards import Card, ScoredLeaf

STATE_TEXT: dict[str, str] = {
    rules.State.SCORED: "Đã tính",
    rules.State.NOT_REPORTED: "Chưa có số liệu",
    rules.State.NO_PREVIOUS: "Chưa có số liệu năm trước",
    rules.State.NOT_ARISING: "Không áp dụng",
    rules.State.WAITING_MANUAL: "Chờ Văn phòng chấm",
    rules.State.WAITING_SURVEY: "Chờ điều tra",
    Source.APPRAISED: "Đã thẩm định",
    Source.OVERRIDE: "Văn phòng chấm",
    Source.SURVEY: "Đã điều tra",
}
# Which look of the target badge a leaf's state has; colour, icon and word always together.
LOOK: dict[str, Status] = {
    rules.State.NOT_REPORTED: Status.NOT_REPORTED,
    rules.State.NO_PREVIOUS: Status.NO_PREVIOUS,
    rules.State.NOT_ARISING: Status.NOT_ARISING,
    rules.State.WAITING_MANUAL: Status.NOT_REPORTED,
    rules.State.WAITING_SURVEY: Status.NOT_REPORTED,
}
ALL, BELOW, UNPROVED, CHANGED = "", "duoi-toi-da", "thieu-tai-lieu", "da-doi"
FILTERS = (
    (ALL, "Tất cả"),
    (BELOW, "Dưới điểm tối đa"),
    (UNPROVED, "Thiếu tài liệu kiểm chứng"),
    (CHANGED, "Đã thay đổi sau khi duyệt, gửi"),
)


@dataclass(frozen=True)
class Line:
    """One line of the tree: a field's criterion, or a leaf with its points."""

    node: Criterion
    leaf: ScoredLeaf | None = None
    documents: int = 0
    change: Difference | None = None  # from what was approved or sent
    lacking: str = ""  # whose figures nothing proves

    @property
    def badge(self) -> str:
        return badge_of(self._leaf)

    @property
    def badge_text(self) -> str:
        return badge_text_of(self._leaf)

    @property
    def is_given(self) -> bool:
        """The province's points stand; nothing of ours is to be made sure of."""
        return self._leaf.now.state in {Source.APPRAISED, Source.SURVEY}

    @property
    def gone(self) -> tuple[str, ...]:
        """Indicators that have left the plan."""
        return left_the_plan(self._leaf)

    @property
    def wants_explanation(self) -> bool:
        return needs_explanation(self._leaf)

    @property
    def _leaf(self) -> ScoredLeaf:
        assert self.leaf is not None
        return self.leaf


def is_below_ours(leaf: ScoredLeaf) -> bool:
    """The province gave less than we did."""
    return leaf.own.counts and leaf.now.points < leaf.own.points


def badge_of(leaf: ScoredLeaf) -> str:
    if leaf.now.state == Source.APPRAISED and leaf.now.points < leaf.now.maximum:
        # Points that the province left as we gave them are no fault of anybody's.
        return str(Status.NOT_MET if is_below_ours(leaf) else Status.NO_TARGET)
    full = Status.MET if leaf.now.points == leaf.now.maximum else Status.NOT_MET
    return str(LOOK.get(leaf.now.state, full))


def badge_text_of(leaf: ScoredLeaf) -> str:
    now = leaf.now
    if now.state == Source.APPRAISED and is_below_ours(leaf):
        return "Thẩm định giảm"
    if now.state == rules.State.SCORED:
        if now.points == now.maximum:
            return "Đủ điểm"
        return "Một phần" if now.points > 0 else "Chưa có điểm"
    return STATE_TEXT[now.state]


@dataclass(frozen=True)
class Columns:
    """Which points beside ours there are at all."""

    appraised_1: bool
    appraised: bool
    survey: bool

    @classmethod
    def of(cls, card: Card) -> Columns:
        return cls(
            any(leaf.entry.appraised_1 is not None for leaf in card.leaves),
            any(leaf.entry.appraised is not None for leaf in card.leaves),
            any(leaf.entry.survey is not None for leaf in card.leaves),
        )

    @property
    def own(self) -> bool:
        """Ours stands in a column of its own once another's may count."""
        return self.appraised_1 or self.appraised

    @property
    def count(self) -> int:
        return 6 + self.own + self.appraised_1 + self.appraised + self.survey

    def within(self, leaves: Iterable[ScoredLeaf]) -> Columns:
        """Those that say something of ``leaves``: a survey's have no other points, and others no survey's."""
        surveyed = {leaf.criterion.is_survey for leaf in leaves}
        return Columns(
            self.appraised_1 and False in surveyed,
            self.appraised and False in surveyed,
            self.survey and True in surveyed,
        )


@dataclass(frozen=True)
class Section:
    """One field with its sums and its lines."""

    field: Criterion
    points: Fraction
    counted: Fraction
    maximum: Fraction
    lines: list[Line]
    columns: Columns

    @property
    def share(self) -> Fraction | None:
        return self.points / self.counted if self.counted else None

    @property
    def share_text(self) -> str:
        """«78,60%»: with two decimals, so that they stand under each other; never 100 for less than all."""
        shown = round_half_up((self.share or Fraction(0)) * 100, 2)
        if shown == 100 and self.points < self.counted:
            shown -= Decimal("0.01")
        return f"{show_number(shown, 2)}%".replace("-", "−")

    @property
    def leaves(self) -> int:
        return sum(line.leaf is not None for line in self.lines)

    @property
    def below(self) -> int:
        """Leaves that count and are below their maximum."""
        points = [line.leaf.now for line in self.lines if line.leaf]
        return sum(one.counts and one.to_win > 0 for one in points)

    @property
    def is_open(self) -> bool:
        """On a phone, where sections are folded: something in it changed after it was approved or sent."""
        return any(line.change for line in self.lines)

    @property
    def bar(self) -> int:
        """The share as a whole percent for the bar: a negative sum shows nothing."""
        return max(0, int((self.share or Fraction(0)) * 100))


def sections(
    card: Card,
    *,
    documents: Mapping[str, Sequence[int]] | None = None,
    lacking: Mapping[str, str] | None = None,
    changes: Mapping[str, Difference] | None = None,
    narrowed: str = ALL,
) -> list[Section]:
    """Every field with its lines; ``narrowed`` to leaves of one of FILTERS, fields and sums stay whole."""
    documents, changes, lacking = documents or {}, changes or {}, lacking or {}
    leaves = {
        leaf.criterion.pk: Line(
            leaf.criterion,
            leaf,
            len(documents.get(leaf.criterion.code, ())),
            changes.get(leaf.criterion.code),
            lacking.get(leaf.criterion.code, ""),
        )
        for leaf in card.leaves
    }
    lines: dict[int, list[Line]] = {}
    top, columns = 0, Columns.of(card)
    for node in card.nodes:
        if node.depth == 0:
            top = node.pk
            lines[top] = []
        elif node.pk not in leaves:
            lines[top].append(Line(node))
        elif _is_wanted(leaves[node.pk], narrowed):
            lines[top].append(leaves[node.pk])
    return [
        Section(
            field=of.criterion,
            points=of.sums.points,
            counted=of.sums.maximum,
            maximum=of.maximum,
            lines=lines[of.criterion.pk]
            if narrowed == ALL
            else _with_leaves(lines[of.criterion.pk]),
            columns=columns.within(
                leaf for leaf in card.leaves if leaf.field.pk == of.criterion.pk
            ),
        )
        for of in card.fields
    ]


def _is_wanted(line: Line, narrowed: str) -> bool:
    leaf = line.leaf
    assert leaf is not None
    match narrowed:
        case "duoi-toi-da":
            return leaf.now.counts and leaf.now.points < leaf.now.maximum
        case "thieu-tai-lieu":
            return bool(leaf.unproved)
        case "da-doi":
            return line.change is not None
    return True


def _with_leaves(lines: list[Line]) -> list[Line]:
    """Without the headings under which nothing is left."""
    kept: list[Line] = []
    deepest = 0  # the depth of what follows and is kept
    for line in reversed(lines):
        if line.leaf is not None or line.node.depth < deepest:
            kept.append(line)
            deepest = line.node.depth
    return kept[::-1]


# -- What was kept, and today ------------------------------------------------------------------


def changes_of(card: Card) -> tuple[Difference, ...]:
    """What differs today from what was sent, or from what is approved and waits to be sent."""
    scorecard = card.scorecard
    kept = (scorecard.sent or scorecard.approved) if scorecard else None
    return differences(Frozen.read(kept), card) if kept else ()


# -- Against the years before and the bands ---------------------------------------------------


@dataclass(frozen=True)
class Earlier:
    """One year's published result."""

    year: int
    index: Fraction
    rank: int | None
    ranked: int | None
    gap: Fraction | None = None  # this year's, after bonus and penalty, less that one

    @property
    def short(self) -> Fraction:
        """The gap as people say it: without its sign."""
        return abs(self.gap or Fraction(0))


def earlier(user: User, period: Period, index: Fraction | None) -> list[Earlier]:
    """What was published of the years before, and the plan's own baseline where its year is not among them."""
    found = [
        Earlier(
            card.year,
            Fraction(card.published_index),
            card.published_rank,
            card.ranked_agencies,
        )
        for card in Scorecard.objects.visible_to(user)
        .filter(year__lt=period.year, published_index__isnull=False)
        .order_by("-year")[:5]
        if card.published_index is not None
    ]
    plan = period.plan
    baseline = plan.baseline_year or 0
    known = {one.year for one in found}
    if plan.baseline_index is not None and baseline < period.year and baseline not in known:
        found.append(
            Earlier(
                baseline,
                Fraction(plan.baseline_index),
                plan.baseline_rank,
                plan.baseline_ranked_agencies,
            )
        )
    with_gap = [replace(one, gap=None if index is None else index - one.index) for one in found]
    return sorted(with_gap, key=lambda one: -one.year)


@dataclass(frozen=True)
class NextBand:
    band: Band
    gap: Fraction


def next_band(index: Fraction | None, criteria_set: CriteriaSet) -> NextBand | None:
    """The nearest band above ``index`` and what lacks to it; None where there is none, or no index."""
    if index is None:
        return None
    above = [
        band
        for band in criteria_set.band_list()
        if (band.op == ">=" and Fraction(band.at) > index)
        or (band.op == ">" and Fraction(band.at) >= index)
    ]
    nearest = min(above, key=lambda band: band.at, default=None)
    return NextBand(nearest, Fraction(nearest.at) - index) if nearest else None


def is_capped(card: Card, kind: str, counted: Fraction) -> bool:
    """More was given than counts."""
    given = sum((Fraction(one.points) for one in card.adjustments if one.kind == kind), Fraction(0))
    return given > counted
