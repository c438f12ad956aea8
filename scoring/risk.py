"""Points at risk (R30): every leaf below its maximum, what it lacks, who holds it, whether it can still be had.

A unit's own reports are put in the order in which its to-do list and its reminders have them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from scoring import rules
from scoring.scorecards import Card, ScoredLeaf
from scoring.totals import Source
from tasks.models import Report
from tasks.states import OWED, State

if TYPE_CHECKING:
    from accounts.models import Unit
    from plans.models import Area


class _NoArea:
    """Where points belong that no task of the plan stands behind, as those that people type."""

    code, name = "", "Không thuộc nhiệm vụ nào của kế hoạch"


NO_AREA = _NoArea()
LOST = "không còn đạt được trong năm nay"
NAMED = 3  # figures that nobody reported are named so far; further ones stay with their codes


@dataclass(frozen=True)
class Risk:
    """One leaf below its maximum."""

    leaf: ScoredLeaf
    to_win: Fraction  # up to the maximum
    winnable: Fraction  # of it, what can still be had; 0 where nothing can
    missing: tuple[str, ...]
    holders: tuple[Report, ...]  # reports not yet accepted, nearest date first
    due_before: dt.date | None
    areas: tuple[Area, ...] = ()  # of the plan, whose tasks the leaf's figures come from

    @property
    def reachable(self) -> bool:
        return self.winnable > 0

    @property
    def units(self) -> list[Unit]:
        return list(dict.fromkeys(report.unit for report in self.holders))

    def days_left(self, on: dt.date) -> int | None:
        """Days to the last one on time; negative once it has passed."""
        return None if self.due_before is None else (self.due_before - on).days - 1

    @property
    def waits_for_office(self) -> bool:
        """Nobody reports it: Văn phòng Sở types the points."""
        return self.leaf.now.state == rules.State.WAITING_MANUAL


@dataclass(frozen=True)
class Fall:
    """One leaf that will have fewer points once the submitted reports are accepted.

    Nothing that can be won: it is in no sum of points to win.
    """

    leaf: ScoredLeaf
    holders: tuple[Report, ...]  # the submitted reports behind it

    @property
    def points(self) -> Fraction:
        return self.leaf.now.points - self.leaf.expected.points


@dataclass
class Own:
    """One report that a unit still holds, with the leaves whose points wait for it."""

    report: Report
    rows: list[Risk] = field(default_factory=list)

    @property
    def stake(self) -> Fraction:
        """What ``Report.stake`` is written from: every leaf counts whole for each report it waits for."""
        return sum((row.winnable for row in self.rows), Fraction(0))

    @property
    def is_owed(self) -> bool:
        return self.report.state in OWED


@dataclass
class Tally:
    """What one unit, one area of the plan or one field of the set has to win."""

    name: str
    code: str = ""
    leaves: int = 0
    to_win: Fraction = Fraction(0)
    winnable: Fraction = Fraction(0)

    def add(self, risk: Risk) -> None:
        self.leaves += 1
        self.to_win += risk.to_win
        self.winnable += risk.winnable


@dataclass
class Risks:
    """The list in its order, and its totals."""

    rows: list[Risk] = field(default_factory=list)
    falls: list[Fall] = field(default_factory=list)
    by_unit: list[Tally] = field(default_factory=list)
    by_area: list[Tally] = field(default_factory=list)
    by_field: list[Tally] = field(default_factory=list)

    @property
    def to_win(self) -> Fraction:
        return sum((row.to_win for row in self.rows), Fraction(0))

    @property
    def winnable(self) -> Fraction:
        return sum((row.winnable for row in self.rows), Fraction(0))

    def held_by(self, unit: Unit) -> list[Own]:
        """The reports that ``unit`` still holds, in the order of ``tasks.owing``: date, points, plan."""
        found: dict[int, Own] = {}
        for row in self.rows:
            for report in row.holders:
                if report.unit_id == unit.pk:
                    found.setdefault(report.pk, Own(report)).rows.append(row)
        return sorted(
            found.values(),
            key=lambda own: (
                own.report.due_before,
                own.report.extended_to is not None,
                -own.stake,
                own.report.task.area.order,
                own.report.task.order,
                own.report.task.code,
            ),
        )


def risks_of(
    card: Card, *, on: dt.date, unit: Unit | None = None, area: Area | None = None
) -> Risks:
    """Still reachable first, then points, date, code. ``unit``: only the leaves whose figures it owes;
    ``area``: only those whose figures come from its tasks.

    One query beside the card's own.
    """
    reports = reports_of(card)
    closed = card.period.is_closed(on)
    rows = [
        row
        for leaf in card.leaves
        if (row := _risk(card, leaf, reports, closed=closed)) is not None
        and (unit is None or _owes(leaf, unit, reports))
        and (area is None or area in row.areas)
    ]
    rows.sort(
        key=lambda row: (
            not row.reachable,
            -(row.winnable or row.to_win),
            row.due_before or dt.date.max,
            row.leaf.criterion.order,
        )
    )
    found = Risks(rows, [] if closed or card.is_sent else falls_of(card, reports, unit, area))
    found.by_field = _tallied((row, [row.leaf.field]) for row in rows)
    found.by_area = _tallied((row, row.areas or [NO_AREA]) for row in rows)
    found.by_unit = _tallied((row, row.units) for row in rows)
    return found


def falls_of(
    card: Card, reports: dict[int, list[Report]], unit: Unit | None, area: Area | None
) -> list[Fall]:
    """What the submitted reports will take away, most points first; narrowed as the list is."""
    found = [
        Fall(leaf, tuple(r for r in reports_behind(leaf, reports) if r.state == State.SUBMITTED))
        for leaf in card.leaves
        if leaf.now.counts
        and leaf.expected.counts
        and leaf.expected.points < leaf.now.points
        and (unit is None or _owes(leaf, unit, reports))
        and (area is None or any(result.indicator.task.area == area for result in leaf.results))
    ]
    return sorted(found, key=lambda fall: (-fall.points, fall.leaf.criterion.order))


def reports_of(card: Card) -> dict[int, list[Report]]:
    """The reports behind the card by task; those who owe a figure are among them."""
    tasks = {r.indicator.task_id: r.indicator.task for r in card.results.values()}
    found: dict[int, list[Report]] = {}
    for report in (
        Report.objects.active()
        .filter(period=card.period, task__in=list(tasks))
        .select_related("unit")
        .defer("text", "difficulties", "unread")  # long, and nobody reads them here
        .order_by("unit__order", "unit_id")
    ):
        report.period, report.task = card.period, tasks[report.task_id]
        found.setdefault(report.task_id, []).append(report)
    return found


def reports_behind(leaf: ScoredLeaf, reports: dict[int, list[Report]]) -> list[Report]:
    """The reports that the leaf's figures come from, each once."""
    found = [
        report
        for result in leaf.results
        for report in reports.get(result.indicator.task_id, [])
        # R6a: a figure with a source is asked of that unit alone.
        if result.indicator.source_id in {None, report.unit_id}
    ]
    return list(dict.fromkeys(found))


def _owes(leaf: ScoredLeaf, unit: Unit, reports: dict[int, list[Report]]) -> bool:
    return any(report.unit_id == unit.pk for report in reports_behind(leaf, reports))


def _risk(
    card: Card, leaf: ScoredLeaf, reports: dict[int, list[Report]], *, closed: bool
) -> Risk | None:
    if not leaf.now.to_win:
        return None
    open_reports = [r for r in reports_behind(leaf, reports) if r.state != State.ACCEPTED]
    open_reports.sort(key=lambda r: (r.due_before, r.unit.order, r.pk))
    can_change = leaf.now.state not in set(Source) and not closed and not card.is_sent
    winnable = max(leaf.reachable.points - leaf.now.points, Fraction(0))
    if leaf.now.state == rules.State.WAITING_MANUAL:
        winnable = leaf.now.to_win
    return Risk(
        leaf=leaf,
        to_win=leaf.now.to_win,
        winnable=winnable if can_change else Fraction(0),
        missing=_missing(card, leaf),
        holders=tuple(open_reports),
        due_before=open_reports[0].due_before if open_reports else None,
        areas=tuple(dict.fromkeys(result.indicator.task.area for result in leaf.results)),
    )


def _missing(card: Card, leaf: ScoredLeaf) -> tuple[str, ...]:
    if leaf.now.state == Source.APPRAISED:
        return (leaf.entry.note or "tỉnh thẩm định thấp hơn điểm tối đa",)
    if leaf.now.state == Source.OVERRIDE:
        return (leaf.entry.explanation,)
    if leaf.rule is None:
        return ("kết quả điều tra xã hội học",)
    if leaf.now.state == rules.State.NOT_ARISING:  # of a set whose policy counts it as none
        return (leaf.now.how,)
    return tuple(_with_names(card, leaf))


def _with_names(card: Card, leaf: ScoredLeaf) -> Iterator[str]:
    """What is wanting, with the names of the figures that nobody has reported beside their codes."""
    assert leaf.rule is not None
    figures = [card.figures[code] for code in leaf.rule.codes if code in card.figures]
    lacking = [one for one in figures if one.target and not one.reported and not one.not_arising]
    plain = rules.absent(lacking)
    named = [f"{card.results[one.code].indicator.name} ({one.code})" for one in lacking[:NAMED]]
    named += [one.code for one in lacking[NAMED:]]
    for words in rules.wanting(leaf.rule, leaf.leaf, card.figures):
        if words in plain:
            yield f"chưa có số liệu: {'; '.join(named)}"
        else:
            yield words


def _tallied(rows: Iterable[tuple[Risk, Collection[object]]]) -> list[Tally]:
    """Each row counted once for everything it belongs to; most still to win first."""
    found: dict[object, Tally] = {}
    for row, owners in rows:
        for owner in owners:
            tally = found.setdefault(
                owner, Tally(name=getattr(owner, "name", ""), code=getattr(owner, "code", ""))
            )
            tally.add(row)
    return sorted(found.values(), key=lambda t: (-t.winnable, -t.to_win, t.code))
