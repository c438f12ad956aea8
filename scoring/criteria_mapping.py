"""Which leaf of the set before a leaf of a new set goes on from: what is known, and what is likely. Pure."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.text import fold

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from scoring.models import Criterion

ALIKE = 0.6  # how alike names must be, 1 being the same


@dataclass(frozen=True)
class Suggestion:
    """A leaf of the set before that a new one may go on from; ``percent``: how alike the names are."""

    old: Criterion
    percent: int

    @property
    def why(self) -> str:
        return "tên như cũ" if self.percent == 100 else f"tên giống {self.percent}%"


def suggest(leaf: Criterion, olds: Sequence[Criterion]) -> Suggestion | None:
    """The leaf with the same name or the same code and a name that is alike, else the one with the most alike name."""
    name = fold(leaf.name)
    named = [(fold(old.name), old) for old in olds]
    for old_name, old in named:
        if old.code == leaf.code and _alike(name, old_name) >= ALIKE:
            return Suggestion(old, int(_alike(name, old_name) * 100))
    near = difflib.get_close_matches(name, [one for one, _ in named], n=1, cutoff=ALIKE)
    if not near:
        return None
    old = next(old for old_name, old in named if old_name == near[0])
    return Suggestion(old, int(_alike(name, near[0]) * 100))


def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def unmapped(olds: Sequence[Criterion], mapped: Mapping[str, Collection[str]]) -> list[Criterion]:
    """Those of ``olds`` that no leaf goes on from. ``mapped``: code of a leaf → old codes."""
    used = {code for codes in mapped.values() for code in codes}
    return [old for old in olds if old.code not in used]
