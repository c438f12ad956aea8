"""Which measures a figure can have, and whether tiers divide them cleanly. Pure, exact."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from plans.targets import holds


@dataclass(frozen=True)
class Span:
    """Measures from 0 to ``top`` (None: without end) that meet ``op at``; without ``op`` all of them.

    ``whole``: only whole numbers, as things counted are.
    """

    top: Fraction | None
    whole: bool = False
    op: str = ""
    at: Fraction | None = None

    def meets(self, measure: Fraction) -> bool:
        return not self.op or self.at is None or holds(measure, self.op, self.at)

    def highest(self) -> Fraction | None:
        """The upper end, None without one. Of an open end (``<``) the bound itself: it can be approached."""
        if self.op in {"<=", "<", "="} and self.at is not None:
            at = self.at
            if self.whole:
                at = Fraction(math.ceil(at) - 1 if self.op == "<" else math.floor(at))
            return max(Fraction(0), at if self.top is None else min(at, self.top))
        return self.top

    def lowest(self) -> Fraction:
        """The lower end, the bound itself where it is open (``>``)."""
        if self.op in {">=", ">", "="} and self.at is not None:
            at = self.at
            if self.whole:
                at = Fraction(math.floor(at) + 1 if self.op == ">" else math.ceil(at))
            return max(Fraction(0), at)
        return Fraction(0)


def samples(bounds: Iterable[Decimal], span: Span) -> list[Fraction]:
    """One measure of every stretch that ``bounds`` and the span's own end points cut, in order.

    Whatever is constant between the bounds is known everywhere from its value here.
    """
    cuts = {Fraction(bound) for bound in bounds} | {Fraction(0)}
    cuts |= {end for end in (span.at, span.top) if end is not None}
    if span.whole:
        around = {Fraction(math.floor(cut) + step) for cut in cuts for step in (-1, 0, 1, 2)}
    else:
        ordered = sorted(cuts)
        middles = {(a + b) / 2 for a, b in pairwise(ordered)}
        around = cuts | middles | {ordered[-1] + 1}
    return sorted(m for m in around if m >= 0 and (span.top is None or m <= span.top))


def tier_faults(
    names: Sequence[str], tests: Sequence[Callable[[Fraction], bool]], measures: Sequence[Fraction]
) -> list[str]:
    """Tiers that never come first, that overlap without one holding the other, or leave a hole between them.

    A later tier may hold what an earlier one took («≥ 100», then «≥ 90»): the first that holds gives the points.
    """
    held = [{n for n, test in enumerate(tests) if test(measure)} for measure in measures]
    found = []
    lost = set()
    for n, name in enumerate(names):
        if not any(at and min(at) == n for at in held):
            lost.add(n)
            found.append(
                f"mức «{name}» không bao giờ được dùng: các mức trước đã gồm hết hoặc nó nằm ngoài phạm vi"
            )
    for second in range(len(names)):
        for first in range(second):
            if {first, second} & lost:
                continue
            both = any({first, second} <= at for at in held)
            alone = [
                any(a in at and b not in at for at in held)
                for a, b in ((first, second), (second, first))
            ]
            if both and all(alone):
                found.append(f"mức «{names[first]}» và mức «{names[second]}» chồng lên nhau")
    covered = [n for n, at in enumerate(held) if at]
    holes = [n for n in range(covered[0], covered[-1]) if not held[n]] if covered else []
    if holes:
        below = max(n for n in covered if n < holes[0])
        above = min(n for n in covered if n > holes[0])
        left, right = (names[min(held[n])] for n in (below, above))
        found.append(f"giữa mức «{left}» và mức «{right}» có khoảng trống không mức nào gồm")
    return found
