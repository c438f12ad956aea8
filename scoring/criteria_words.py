"""What is stored of a criteria set in words: for the history, for faults and for who changes it at the same time."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist

from plans.numbers import show_number
from plans.targets import OP_TEXT
from scoring.models import CriteriaSet, Criterion
from scoring.rules import Leaf, parse_rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plans.targets import Target
    from scoring.rules import RuleBase

GROUP_WORDS = "Nhóm tiêu chí"
# Fields of rules that are points one may have.
AWARDS = ("on_time", "late", "missing", "otherwise", "start")
# Parts of a set that are no columns of its own.
OTHERS = {"order": "thứ tự", "parent": "thuộc"}


def words(name: str, value: Any) -> str | None:
    """One column of a set or a line as people read it; None where there is nothing. Rules: :func:`rule_words`."""
    if value in (None, "", []):
        return GROUP_WORDS if name == "kind" else None
    if isinstance(value, bool):
        return "có" if value else "không"
    if isinstance(value, Decimal):
        return show_number(value)
    if isinstance(value, dt.date):
        return f"{value:%d/%m/%Y}"
    match name:
        case "kind":
            return dict(Criterion.KINDS)[value]
        case "not_applicable":
            return dict(CriteriaSet.POLICIES)[value]
        case "bands":
            return "; ".join(
                f"{band['name']} {OP_TEXT[band['op']]} {show_number(Decimal(band['at']))}"
                for band in value
            )
        case "previous":
            return str(value.code)
    return "; ".join(value) if isinstance(value, list) else str(value)


def rule_words(
    rule: Any,
    maximum: Decimal | None,
    targets: Mapping[str, Target],
    minimum: Decimal = Decimal(0),
) -> str | None:
    """A stored rule with the indicators it reads: «1.2-a: Từ 80% đến 100%: tính theo tỷ lệ; …»."""
    if rule is None:
        return None
    parsed = parse_rule(rule)
    said = parsed.words(Leaf(maximum or Decimal(0), 2000, minimum), targets)
    return f"{', '.join(parsed.codes)}: {said}" if parsed.codes else said


def excess_words(rule: RuleBase, maximum: Decimal) -> str:
    """What is allowed and seldom meant: points of a rule that its criterion cannot have. Empty where there are none."""
    named = [getattr(rule, name) for name in AWARDS if hasattr(rule, name)]
    named += [tier.points for tier in getattr(rule, "tiers", ())]
    most = max(named, default=maximum)
    if most <= maximum:
        return ""
    return (
        f"Quy tắc ghi {show_number(most)} điểm, hơn điểm tối đa {show_number(maximum)} điểm; "
        "phần hơn không được tính."
    )


def place_words(name: str) -> str:
    """«1.2.1.maximum» as «1.2.1, điểm tối đa»; what is already in words stays."""
    code, _, column = name.rpartition(".")
    for model in (Criterion,) if code else (CriteriaSet,):
        try:
            label = str(getattr(model._meta.get_field(column), "verbose_name", column))
        except FieldDoesNotExist:
            label = OTHERS.get(column, "")
        if label:
            return f"{code}, {label}" if code else label
    return name
