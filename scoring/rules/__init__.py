"""How a leaf of a criteria set gets its points (R26, FORMATS ``cchc-criteria/1``). Pure.

Consolidated figures go in; points, a state and the Vietnamese words for how they came about come out.
Everything is exact: fractions inside, rounding only in words. Points are held to [min, max] at the end.

To add a kind of rule: write one class in ``kinds_of_one`` or ``kinds_of_many`` and name it in ``Rule``
below. A rule says which indicators it reads (``codes``), what it is worth (``score``), what it is worth
at its best while some figures are still open (``best``), what would bring more (``wanting``), how people
say it (``words``) and what is wrong with it when it is loaded (``faults``). Nothing else knows the kinds.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field, TypeAdapter

from accounts.reading import refuse
from plans.targets import Target
from scoring.rules.base import RuleBase
from scoring.rules.figures import (
    Figure,
    Figures,
    Leaf,
    Outcome,
    State,
    absent,
    hold,
    show_measure,
    show_points,
)
from scoring.rules.kinds_of_many import BooleanRule, CountRule, DeductionRule
from scoring.rules.kinds_of_one import DateRule, ManualRule, RatioRule, TargetRule, TiersRule

__all__ = [
    "BY_TYPE",
    "Figure",
    "Figures",
    "Leaf",
    "Outcome",
    "Rule",
    "RuleBase",
    "State",
    "absent",
    "best",
    "describe",
    "parse_rule",
    "score",
    "show_measure",
    "show_points",
    "wanting",
]


def _known_type(value: Any) -> Any:
    if isinstance(value, dict) and value.get("type") not in BY_TYPE:
        given = value.get("type")
        near = difflib.get_close_matches(str(given), BY_TYPE, n=1)
        hint = f"; có phải «{near[0]}»?" if near else f" (các loại: {', '.join(BY_TYPE)})"
        refuse(f"không có loại quy tắc «{given}»{hint}" if given else f"thiếu «type»{hint}")
    return value


Rule = Annotated[
    BooleanRule
    | DateRule
    | RatioRule
    | TiersRule
    | CountRule
    | DeductionRule
    | TargetRule
    | ManualRule,
    Field(discriminator="type"),
    BeforeValidator(_known_type),
]
BY_TYPE: dict[str, type[RuleBase]] = {
    get_args(kind.model_fields["type"].annotation)[0]: kind for kind in get_args(get_args(Rule)[0])
}
_ADAPTER: TypeAdapter[RuleBase] = TypeAdapter(Rule)


def parse_rule(data: Any) -> RuleBase:
    """The rule in ``data`` (as stored). pydantic.ValidationError where it is none."""
    return _ADAPTER.validate_python(data)


def _complete(rule: RuleBase, figures: Figures) -> dict[str, Figure]:
    return {code: figures.get(code) or Figure(code) for code in rule.codes}


def score(rule: RuleBase, leaf: Leaf, figures: Figures) -> Outcome:
    """The points of ``rule``; an indicator that ``figures`` lacks has left the plan and counts as not reported."""
    return rule.score(leaf, _complete(rule, figures))


def best(rule: RuleBase, leaf: Leaf, figures: Figures) -> Outcome:
    """The most that can still be reached: figures not settled meet their targets, the rule is at its best."""
    known = _complete(rule, figures)
    if rule.codes and all(figure.settled for figure in known.values()):
        return rule.score(leaf, known)
    points = hold(rule.best(leaf, known), leaf)
    return Outcome(points, State.SCORED, f"còn có thể đạt {show_points(points)} điểm")


def wanting(rule: RuleBase, leaf: Leaf, figures: Figures) -> list[str]:
    """What would bring more points, in plain words (R30); empty where nothing can be said."""
    return rule.wanting(leaf, _complete(rule, figures))


def describe(rule: RuleBase, leaf: Leaf, targets: Mapping[str, Target]) -> str:
    """The rule in plain words; ``targets`` has the indicators that the plan knows."""
    return rule.words(leaf, targets)
