"""A stored set as ``cchc-criteria/1`` data, and everything that is wrong with it (R25).

A set is checked by one validation, whether it comes from a file or is being written in the browser:
what is stored becomes the data of a file and goes through the same schema and the same checks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import yaml

from accounts.reading import Faulty, Source, validate
from scoring.criteria_importing import targets_of
from scoring.criteria_schema import SCHEMA, WORDS, CriteriaFile, find_faults, in_words, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from accounts.reading import Fault
    from plans.targets import Target
    from scoring.models import CriteriaSet, Criterion


NUMERIC = re.compile(r"[-+.0-9]")


@dataclass(frozen=True)
class SetFault:
    """One thing wrong with a stored set: the criterion's code (empty: the set itself), the field, a part of it.

    ``field`` and ``part`` are keys of the format: «rule» and «floor».
    """

    code: str
    field: str
    part: str
    message: str

    @property
    def place(self) -> str:
        """Code and field as people read them."""
        named = [WORDS.get(key, key) for key in (self.part or self.field,) if key]
        return ", ".join([part for part in (self.code, *named) if part])

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


def data_of(criteria_set: CriteriaSet) -> dict[str, Any]:
    """``criteria_set`` as the data of a file; read again it changes nothing. Two queries at most.

    Of a set still being written it is what there is, with whatever is lacking.
    """
    decision = {
        key: value
        for key, value in (
            ("number", criteria_set.decision_number),
            ("issued_on", criteria_set.decision_issued_on),
            ("issuer", criteria_set.decision_issuer),
        )
        if value
    }
    caps = {
        key: plain(value)
        for key, value in (
            ("bonus_cap", criteria_set.bonus_cap),
            ("penalty_cap", criteria_set.penalty_cap),
        )
        if value is not None
    }
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "code": criteria_set.code,
        "name": criteria_set.name,
        "sample": criteria_set.is_sample,
        "valid_from": criteria_set.valid_from,
    }
    if criteria_set.previous is not None:
        data["previous"] = criteria_set.previous.code
    return data | {
        "decision": decision or None,
        "not_applicable": criteria_set.not_applicable,
        "adjustments": caps,
        "bands": [dict(band) for band in criteria_set.bands],
        "fields": _tree(criteria_set.criteria.order_by("order")),
    }


def _tree(criteria: Iterable[Criterion]) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = []
    below: dict[int, list[dict[str, Any]]] = {}  # key of a criterion → the entries under it
    for node in criteria:
        entry = _entry(node)
        if not node.is_leaf:
            below[node.pk] = entry["criteria" if node.parent_id is None else "children"] = []
        (fields if node.parent_id is None else below[node.parent_id]).append(entry)
    return fields


def _entry(node: Criterion) -> dict[str, Any]:
    entry: dict[str, Any] = {"code": node.code, "name": node.name}
    if node.maximum is not None:
        entry["max"] = plain(node.maximum)
    if not node.is_leaf:
        return entry | ({"old_codes": list(node.old_codes)} if node.old_codes else {})
    if node.minimum:
        entry["min"] = plain(node.minimum)
    if node.is_survey:
        entry["kind"] = node.kind
    for key in ("rule", "evidence", "scale", "old_codes"):
        if value := getattr(node, key):
            entry[key] = value
    return entry


def faults_of(
    criteria_set: CriteriaSet, targets: Mapping[str, Target] | None = None
) -> list[SetFault]:
    """All that is wrong with the set as it is stored, in its own order; empty where it can score.

    ``targets`` has the agency's indicators by code, where the caller has read them already.
    """
    known = targets_of(criteria_set.agency, criteria_set.valid_from) if targets is None else targets
    return faults_in(data_of(criteria_set), known)


def faults_in(data: dict[str, Any], targets: Mapping[str, Target]) -> list[SetFault]:
    """All that is wrong with ``data``, by code and field."""
    source = Source.of(data)
    try:
        validate(CriteriaFile, source, also=lambda read: find_faults(read, targets))
    except Faulty as faulty:
        found = sorted(faulty.faults, key=lambda fault: _order(fault.path))
        return list(dict.fromkeys(_placed(fault, data) for fault in found))
    return []


def _order(path: tuple[str | int, ...]) -> tuple[Any, ...]:
    """Of the set itself first, then as the criteria stand."""
    if path[:1] != ("fields",):
        return (0, ())
    return (1, tuple(step for step in path if isinstance(step, int)))


def _placed(fault: Fault, data: Any) -> SetFault:
    """The criterion that the fault's path leads through last, and the keys below it."""
    code = ""
    keys: list[str] = []
    for step in fault.path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            data = None
        if isinstance(step, int):
            if isinstance(data, dict) and "code" in data:
                code, keys = str(data["code"]), []
        else:
            keys.append(step)
    field = keys[0] if keys else ""
    return SetFault(code, field, keys[-1] if len(keys) > 1 else "", in_words(fault.message))


def points_of(nodes: Iterable[Criterion]) -> Decimal:
    """What the leaves among ``nodes`` add up to."""
    return sum((node.maximum or Decimal(0) for node in nodes if node.is_leaf), Decimal(0))


class _Dumper(yaml.SafeDumper):
    """Quotes whatever YAML 1.2 could take for a number or a day: the code 08 is a text."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = '"' if NUMERIC.match(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def yaml_of(criteria_set: CriteriaSet) -> str:
    """The set as the file that ``import_criteria`` reads."""
    return yaml.dump(
        data_of(criteria_set), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110
    )
