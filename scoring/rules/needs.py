"""How much more, or less, of a figure brings more points: the smallest changes, exactly (R30). Pure.

What is counted comes in whole pieces: of a ratio pieces of its numerator, its denominator staying as it is.
An amount may change by any fraction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from plans.numbers import show_number
from plans.targets import Kind, Verdict, judge
from scoring.rules.figures import Figure

GOAL = {">=": "đạt {}", ">": "vượt {}", "=": "bằng {}", "<=": "đạt ≤ {}", "<": "đạt < {}"}


def asked(figure: Figure, op: str, at: Decimal) -> Verdict:
    """The figure against ``op at`` instead of its own target: met, or how much is needed."""
    assert figure.target is not None
    return judge(figure.value, replace(figure.target, op=op, at=at, previous_year=False))


def assuming(figure: Figure) -> str:
    """What a number of pieces rests on: «với mẫu số hiện nay là 120»; empty where it rests on nothing."""
    denominator = figure.value.denominator
    if figure.kind is not Kind.RATIO or not denominator:
        return ""
    return f"với mẫu số hiện nay là {show_number(denominator)}"


def assumed(figure: Figure, found: list[str]) -> list[str]:
    """``found`` with what its numbers rest on, said once."""
    if found and (words := assuming(figure)):
        found = [f"{found[0]}, {words}", *found[1:]]
    return found


@dataclass(frozen=True)
class Step:
    """A change of a figure by ``change``, or by a little ``beyond`` it; the ``measure`` it comes to."""

    change: Fraction
    measure: Fraction
    points: Fraction
    beyond: bool = False

    def words(self, figure: Figure) -> str:
        """«cần thêm 3 hồ sơ»."""
        assert figure.target is not None
        more = self.measure > figure.measure
        if not self.change:
            return f"phải {'lớn' if more else 'nhỏ'} hơn {show_number(figure.value.amount or 0)}"
        verb = "thêm" if more else "giảm"
        number = show_number(Decimal(abs(self.change).numerator) / abs(self.change).denominator)
        noun = "" if figure.kind is Kind.AMOUNT else f" {figure.target.counted}"
        return f"cần {verb} {'hơn ' if self.beyond else ''}{number}{noun}"


def steps(
    figure: Figure, bounds: Iterable[Decimal], points_of: Callable[[Fraction], Fraction]
) -> list[Step]:
    """The changes that bring more points than now, smallest first: first those upwards, then those downwards.

    ``bounds``: where ``points_of`` may change. Of a step, no smaller change that way gives as much.
    """
    found: list[Step] = []
    for way in (1, -1):
        most = points_of(figure.measure)
        for step in sorted(
            _candidates(figure, sorted({Fraction(at) for at in bounds}), points_of, way),
            key=lambda s: (abs(s.change), s.beyond),
        ):
            if step.points > most:
                most = step.points
                found.append(step)
    return found


def _candidates(
    figure: Figure, bounds: list[Fraction], points_of: Callable[[Fraction], Fraction], way: int
) -> Iterator[Step]:
    """Every change with which a stretch between the bounds begins, going up (1) or down (-1)."""
    if figure.kind is Kind.AMOUNT:
        yield from _of_amount(figure, bounds, points_of, way)
        return
    value, target = figure.value, figure.target
    assert target is not None
    if figure.kind is Kind.RATIO:
        assert value.numerator is not None and value.denominator is not None
        have, per_piece = Fraction(value.numerator), 100 / Fraction(value.denominator)
        top = None if target.may_exceed else Fraction(value.denominator)
    else:
        have, per_piece, top = Fraction(value.amount or 0), Fraction(1), None
    for bound in bounds:
        off = (bound / per_piece - have) * way
        for pieces in {math.ceil(off), math.floor(off) + 1}:  # onto the bound, and past it
            change = Fraction(pieces)
            if way < 0:
                change = min(change, have)  # of 2,5 nothing is left after three
            after = have + way * change
            if change > 0 and (top is None or after <= top or way < 0):
                measure = after * per_piece
                yield Step(way * change, measure, points_of(measure))


def _of_amount(
    figure: Figure, bounds: list[Fraction], points_of: Callable[[Fraction], Fraction], way: int
) -> Iterator[Step]:
    have = figure.measure
    for bound in bounds:
        off = (bound - have) * way
        if off > 0 and bound >= 0:
            yield Step(way * off, bound, points_of(bound))
        if off < 0 or (way < 0 and bound <= 0):
            continue
        # Past the bound, as little as one likes: up to the next one the points stay as they are.
        further = [at for at in [*bounds, Fraction(0)] if (at - bound) * way > 0]
        next_one = min(further, key=lambda at: abs(at - bound), default=bound + way)
        middle = (bound + next_one) / 2
        yield Step(way * off, middle, points_of(middle), beyond=True)
