"""Two criteria sets beside each other: what came, what went, what is changed in each pair (R25). Pure.

Criteria are matched by the old codes that the newer set holds, where it goes on from the older one, else by
their code.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from plans.numbers import show_number
from scoring.criteria_pages import points_below, rule_words
from scoring.models import Criterion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plans.targets import Target

KIND_TEXT = dict(Criterion.KINDS) | {"": "Có tiêu chí con"}


@dataclass(frozen=True)
class Difference:
    """One field of a pair that is not the same."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Pair:
    """A criterion of the newer set and those of the older that it goes on from."""

    new: Criterion
    olds: tuple[Criterion, ...]
    differences: tuple[Difference, ...] = ()
    shared: bool = False  # another criterion goes on from the same one: it was split

    @property
    def note(self) -> str:
        codes = ", ".join(old.code for old in self.olds)
        if len(self.olds) > 1:
            return f"gộp từ {codes}"
        return f"tách từ {codes}" if self.shared else ""


@dataclass(frozen=True)
class FieldSums:
    """A field in both sets; None where one of them lacks it."""

    new: Criterion | None
    old: Criterion | None
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True)
class Compared:
    added: tuple[Criterion, ...]
    gone: tuple[Criterion, ...]
    changed: tuple[Pair, ...]
    same: tuple[Pair, ...]
    fields: tuple[FieldSums, ...]
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before


def match(
    old: Sequence[Criterion], new: Sequence[Criterion], *, linked: bool
) -> dict[int, list[Criterion]]:
    """By key of each criterion of ``new``: those of ``old`` that it goes on from.

    ``linked``: ``new`` goes on from ``old``, so its old codes are codes of ``old``.
    """
    by_code = {node.code: node for node in old}
    found = {}
    for node in new:
        codes = node.old_codes if linked and node.old_codes else [node.code]
        found[node.pk] = [by_code[code] for code in codes if code in by_code]
    return found


def compare(
    old: Sequence[Criterion],
    new: Sequence[Criterion],
    *,
    linked: bool,
    targets: Mapping[str, Target],
    year: int,
) -> Compared:
    """What ``new`` changes of ``old``; both in their own order, parents before children."""
    matched = match(old, new, linked=linked)
    uses: dict[int, int] = {}
    for olds in matched.values():
        for node in olds:
            uses[node.pk] = uses.get(node.pk, 0) + 1
    old_points, new_points = points_below(old), points_below(new)
    old_codes = {node.pk: node.code for node in old}
    changed: list[Pair] = []
    same: list[Pair] = []
    for node in new:
        olds = matched[node.pk]
        if not olds:
            continue
        differences = _differences(node, olds, old_points, new_points, targets, year)
        if node.parent_id is not None and len(olds) == 1 and olds[0].parent_id is not None:
            above = {one.pk for one in matched[node.parent_id]}
            if above and olds[0].parent_id not in above:
                parents = {one.pk: one.code for one in new}
                moved = Difference("Thuộc", old_codes[olds[0].parent_id], parents[node.parent_id])
                differences.append(moved)
        shared = any(uses[one.pk] > 1 for one in olds)
        pair = Pair(node, tuple(olds), tuple(differences), shared)
        (changed if differences or pair.note else same).append(pair)
    return Compared(
        added=tuple(node for node in new if not matched[node.pk]),
        gone=tuple(node for node in old if node.pk not in uses),
        changed=tuple(changed),
        same=tuple(same),
        fields=_fields(old, new, matched, old_points, new_points),
        before=_total(old, old_points),
        after=_total(new, new_points),
    )


def _total(nodes: Sequence[Criterion], points: Mapping[int, Decimal]) -> Decimal:
    return sum((points[node.pk] for node in nodes if node.depth == 0), Decimal(0))


def _differences(
    node: Criterion,
    olds: Sequence[Criterion],
    old_points: Mapping[int, Decimal],
    new_points: Mapping[int, Decimal],
    targets: Mapping[str, Target],
    year: int,
) -> list[Difference]:
    found = []

    def differ(name: str, before: str, after: str) -> None:
        if before != after:
            found.append(Difference(name, before, after))

    # Joined from several, only the points can be set beside each other.
    before = sum((old_points[old.pk] for old in olds), Decimal(0))
    if len(olds) == 1:
        old = olds[0]
        differ("Mã", old.code, node.code)
        differ("Tên", old.name, node.name)
        differ("Cách chấm", KIND_TEXT[old.kind], KIND_TEXT[node.kind])
    differ("Điểm tối đa", show_number(before), show_number(new_points[node.pk]))
    if len(olds) == 1:
        differ("Điểm tối thiểu", show_number(old.minimum), show_number(node.minimum))
        if old.rule != node.rule:
            words = [_rule(one, targets, year) for one in (old, node)]
            differ("Quy tắc", *words)
        differ("Thang điểm của quyết định", old.scale, node.scale)
        differ("Tài liệu kiểm chứng", "; ".join(old.evidence), "; ".join(node.evidence))
    return found


def _rule(node: Criterion, targets: Mapping[str, Target], year: int) -> str:
    """Codes and words together: two rules may say the same of different indicators."""
    return ": ".join(
        part for part in (", ".join(node.indicator_codes), rule_words(node, targets, year)) if part
    )


def _fields(
    old: Sequence[Criterion],
    new: Sequence[Criterion],
    matched: Mapping[int, Sequence[Criterion]],
    old_points: Mapping[int, Decimal],
    new_points: Mapping[int, Decimal],
) -> tuple[FieldSums, ...]:
    rows, seen = [], set()
    for node in new:
        if node.depth:
            continue
        before = next(
            (one for one in matched[node.pk] if one.depth == 0 and one.pk not in seen), None
        )
        if before:
            seen.add(before.pk)
        rows.append(
            FieldSums(
                node, before, old_points[before.pk] if before else Decimal(0), new_points[node.pk]
            )
        )
    for one in old:
        if one.depth == 0 and one.pk not in seen:
            rows.append(FieldSums(None, one, old_points[one.pk], Decimal(0)))
    return tuple(rows)
