"""What a scorecard was when it was approved or sent: kept whole, never computed again (R27). Pure.

Points are kept as fractions («3/2»), so that a card read back is the card that was sent to the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from scoring.rules import Outcome, State
from scoring.totals import add_up, band_of

if TYPE_CHECKING:
    from scoring.scorecards import Card

SCHEMA = "cchc-sent/1"


@dataclass(frozen=True)
class FrozenLeaf:
    """One leaf as it stood: the points that counted, and its words."""

    points: Fraction
    maximum: Fraction
    counts: bool
    state: str
    how: str
    explanation: str = ""
    figures: Mapping[str, str] = field(default_factory=dict)  # indicator -> its figure in words


@dataclass(frozen=True)
class Frozen:
    """A whole card as it stood."""

    leaves: Mapping[str, FrozenLeaf]
    outcomes: Mapping[str, Outcome]  # what the rules gave, where a rule gave something
    index: Fraction | None
    total: Fraction | None
    band: str = ""

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Frozen:
        """What :func:`freeze` has kept."""
        return cls(
            leaves={
                code: FrozenLeaf(
                    points=Fraction(leaf["points"]),
                    maximum=Fraction(leaf["maximum"]),
                    counts=leaf["counts"],
                    state=leaf["state"],
                    how=leaf["how"],
                    explanation=leaf["explanation"],
                    figures=leaf["figures"],
                )
                for code, leaf in data["leaves"].items()
            },
            outcomes={
                code: Outcome(
                    Fraction(leaf["rule"]["points"]),
                    State(leaf["rule"]["state"]),
                    leaf["rule"]["how"],
                )
                for code, leaf in data["leaves"].items()
                if leaf["rule"]
            },
            index=_read(data["index"]),
            total=_read(data["total"]),
            band=data["band"],
        )


def freeze(card: Card) -> dict[str, Any]:
    """``card`` as plain data: our own points of each leaf, and what its rule gave on today's figures.

    The sums are those of our own points, whatever the province may have given already.
    """
    index = add_up(leaf.own for leaf in card.leaves).index
    band = band_of(index, card.criteria_set.band_list())
    return {
        "schema": SCHEMA,
        "set": card.criteria_set.code,
        "index": _text(index),
        "total": _text(None if index is None else index + card.bonus - card.penalty),
        "band": band.name if band else "",
        "leaves": {
            leaf.criterion.code: {
                "points": str(leaf.own.points),
                "maximum": str(leaf.own.maximum),
                "counts": leaf.own.counts,
                "state": str(leaf.own.state),
                "how": leaf.own.how,
                "explanation": leaf.entry.explanation,
                "figures": {result.indicator.code: result.words for result in leaf.results},
                "rule": None
                if leaf.outcome is None
                else {
                    "points": str(leaf.outcome.points),
                    "state": str(leaf.outcome.state),
                    "how": leaf.outcome.how,
                },
            }
            for leaf in card.leaves
        },
    }


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


def _read(value: str | None) -> Fraction | None:
    return None if value is None else Fraction(value)
