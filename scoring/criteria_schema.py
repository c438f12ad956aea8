"""``cchc-criteria/1``: what a criteria set's file may say, and the faults between its parts. Reads no database."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError

from accounts.reading import Code, Day, Entry, Number, Paragraphs, Text, Year
from plans.numbers import show_number
from plans.targets import OP_TEXT, Target, holds
from scoring.rules import Leaf, Rule, RuleBase, parse_rule
from scoring.spans import Span, samples, tier_faults

if TYPE_CHECKING:
    from accounts.reading import Fault, Source

SCHEMA = "cchc-criteria/1"
# What the keys of the format are called on pages and in workbooks.
WORDS = {
    "code": "Mã",
    "name": "Tên",
    "max": "Điểm tối đa",
    "min": "Điểm tối thiểu",
    "kind": "Cách chấm",
    "rule": "Quy tắc",
    "evidence": "Tài liệu kiểm chứng",
    "scale": "Thang điểm của quyết định",
    "old_codes": "Mã ở bộ trước",
    "children": "Tiêu chí con",
    "criteria": "Tiêu chí",
    "fields": "Lĩnh vực",
    "valid_from": "Áp dụng từ năm",
    "previous": "Kế thừa từ bộ",
    "decision": "Quyết định",
    "number": "Số quyết định",
    "issued_on": "Ngày quyết định",
    "issuer": "Cơ quan ban hành",
    "sample": "Bộ minh họa",
    "not_applicable": "Tiêu chí không áp dụng",
    "adjustments": "Điểm thưởng, điểm trừ",
    "bonus_cap": "Điểm thưởng tối đa",
    "penalty_cap": "Điểm trừ tối đa",
    "bands": "Xếp loại",
    "type": "Loại quy tắc",
    "indicator": "Chỉ tiêu",
    "indicators": "Chỉ tiêu",
    "all_of": "Chỉ tiêu",
    "full": "Mức đủ điểm",
    "floor": "Mức sàn",
    "tiers": "Các mức",
    "otherwise": "Còn lại",
    "each": "Điểm mỗi đơn vị",
    "start": "Điểm ban đầu",
    "events": "Các khoản trừ",
    "due": "Hạn",
    "quarter": "Quý",
    "year_offset": "Năm so với năm chấm",
    "on_time": "Đúng hạn",
    "late": "Muộn",
    "missing": "Không có",
    "op": "So sánh",
    "at": "Mức",
    "points": "Điểm",
    "count": "Cách đếm",
}

DEEPEST = 6
Points = Annotated[Number, Field(gt=0, le=1000)]
Cap = Annotated[Number, Field(ge=0, le=1000)]
Short = Annotated[Text, Field(max_length=60)]


def in_words(message: str) -> str:
    """The keys that a message names («max») as pages and workbooks call them.

    A key beside its words, «đúng hạn (on_time)», is for who reads the file.
    """
    for key, words in WORDS.items():
        message = message.replace(f"«{key}»", f"«{words}»").replace(f" ({key})", "")
    return message.replace(" (shortfall)", "").replace(" (value)", "")


def plain(number: Decimal) -> str:
    """``1.50`` and ``1.5`` alike as ``1.5``, so that only what differs in value differs."""
    return f"{number.normalize():f}"


class DecisionEntry(Entry):
    """The decision that the set is taken from."""

    number: Short
    issued_on: Day
    issuer: Annotated[Text, Field(max_length=200)] | None = None


class AdjustmentsEntry(Entry):
    bonus_cap: Cap | None = None
    penalty_cap: Cap | None = None


class BandEntry(Entry):
    op: Literal[">=", ">", "=", "<=", "<"]
    at: Number
    name: Annotated[Text, Field(max_length=60)]


class CriterionEntry(Entry):
    """A criterion: either with ``children``, or a leaf with ``max`` and, unless surveyed, a ``rule``."""

    code: Code
    name: Annotated[Text, Field(max_length=500)]
    max: Points | None = None
    min: Number | None = None
    kind: Literal["self", "survey"] | None = None
    rule: Rule | None = None
    evidence: list[Annotated[Text, Field(max_length=300)]] = []
    scale: Paragraphs | None = None
    # The codes of the set before that this one goes on from; without the key what is known stays.
    old_codes: list[Code] | None = None
    children: list[CriterionEntry] | None = None


class FieldEntry(Entry):
    code: Code
    name: Annotated[Text, Field(max_length=500)]
    max: Points | None = None
    old_codes: list[Code] | None = None
    criteria: list[CriterionEntry]


class CriteriaFile(Entry):
    """The whole file."""

    schema_: Annotated[Literal["cchc-criteria/1"], Field(alias="schema")]
    code: Code
    name: Annotated[Text, Field(max_length=300)]
    sample: bool = False
    valid_from: Year
    previous: Code | None = None  # the set that this one goes on from
    decision: DecisionEntry | None = None
    not_applicable: Literal["exclude", "full", "zero"] = "exclude"
    adjustments: AdjustmentsEntry = AdjustmentsEntry()
    bands: list[BandEntry] = []
    fields: list[FieldEntry]  # none: said by :func:`find_faults`, as of fields without criteria


@dataclass
class _Node:
    """One criterion of the file as it was read: nothing about ``data`` is certain but that it is a mapping."""

    path: tuple[str | int, ...]
    data: Mapping[str, Any]
    children_key: str  # «criteria» of a field, «children» of a criterion

    @property
    def code(self) -> str:
        return str(self.data.get("code", ""))

    @property
    def children(self) -> list[_Node]:
        return _nodes(self.data.get(self.children_key), (*self.path, self.children_key), "children")

    @property
    def is_leaf(self) -> bool:
        return self.children_key == "children" and self.children_key not in self.data

    def points(self, key: str) -> Decimal | None:
        try:
            return Decimal(str(self.data[key]))
        except (KeyError, InvalidOperation):
            return None

    def walk(self) -> Iterator[_Node]:
        yield self
        for child in self.children:
            yield from child.walk()


def _nodes(data: Any, path: tuple[str | int, ...], children_key: str) -> list[_Node]:
    if not isinstance(data, list):
        return []
    return [
        _Node((*path, n), entry, children_key)
        for n, entry in enumerate(data)
        if isinstance(entry, dict)
    ]


def find_faults(source: Source, targets: Mapping[str, Target]) -> list[Fault]:
    """Faults between parts; ``targets`` has the indicators of the agency's plans."""
    if not isinstance(source.data, dict):
        return []
    fields = _nodes(source.data.get("fields"), ("fields",), "criteria")
    nodes = [node for field in fields for node in field.walk()]
    found = [*_code_faults(source, nodes), *_empty_faults(source, nodes), *_band_faults(source)]
    for node in nodes:
        if len(node.path) > 2 * DEEPEST:
            found.append(source.fault(f"tiêu chí lồng nhau quá {DEEPEST} cấp", *node.path))
        found += _leaf_faults(source, node) if node.is_leaf else _group_faults(source, node)
        found += _rule_faults(source, node, targets)
    return found


def _code_faults(source: Source, nodes: Iterable[_Node]) -> Iterator[Fault]:
    seen: dict[str, _Node] = {}
    for node in nodes:
        if node.code and node.code in seen:
            line = source.line(*seen[node.code].path)
            where = f"ở dòng {line}" if line else "ở tiêu chí khác"
            yield source.fault(
                f"mã «{node.code}» đã có {where}; mỗi tiêu chí một mã", *node.path, "code"
            )
        seen.setdefault(node.code, node)


def _empty_faults(source: Source, nodes: Iterable[_Node]) -> Iterator[Fault]:
    if source.data.get("fields") == []:
        yield source.fault("bộ tiêu chí chưa có lĩnh vực nào", "fields")
    seen: set[str] = set()
    for node in nodes:
        # What stands below a code that is there twice may have gone to the first of them.
        if node.data.get(node.children_key) == [] and node.code not in seen:
            what = "lĩnh vực" if node.children_key == "criteria" else "tiêu chí"
            below = "tiêu chí nào" if node.children_key == "criteria" else "tiêu chí con nào"
            yield source.fault(
                f"{what} {node.code} chưa có {below}".replace("  ", " "),
                *node.path,
                node.children_key,
            )
        seen.update([node.code] if node.code else [])


def _band_faults(source: Source) -> Iterator[Fault]:
    bands = source.data.get("bands")
    try:
        read = [BandEntry.model_validate(band) for band in bands or []]
    except (ValidationError, TypeError):
        return  # the schema says so
    names = [f"{band.name} {OP_TEXT[band.op]} {show_number(band.at)}" for band in read]

    def tester(band: BandEntry) -> Any:
        return lambda index: holds(index, band.op, Fraction(band.at))

    tests = [tester(band) for band in read]
    # Bonus and penalty come after the band, so an index is at most 100.
    measures = samples([band.at for band in read], Span(top=Fraction(100)))
    for words in tier_faults(names, tests, measures):
        yield source.fault(words, "bands")


def _leaf_faults(source: Source, node: _Node) -> Iterator[Fault]:
    if "max" not in node.data:
        yield source.missing("max", *node.path)
    is_survey = node.data.get("kind") == "survey"
    if is_survey and "rule" in node.data:
        yield source.fault(
            "điểm điều tra xã hội học được nhập, không tính theo quy tắc", *node.path, "rule"
        )
    if not is_survey and node.data.get("rule") is None:
        yield source.missing("rule", *node.path)
    highest, lowest = node.points("max"), node.points("min")
    if highest is not None and lowest is not None and lowest > highest:
        yield source.fault(
            f"điểm tối thiểu {show_number(lowest)} lớn hơn điểm tối đa {show_number(highest)}",
            *node.path,
            "min",
        )


def _group_faults(source: Source, node: _Node) -> Iterator[Fault]:
    for key in ("min", "kind", "rule", "evidence", "scale"):
        if key in node.data and node.children_key == "children":
            yield source.fault(
                f"tiêu chí có tiêu chí con thì không có «{key}»; điểm nằm ở tiêu chí con",
                *node.path,
                key,
            )
    stated, total = node.points("max"), _points_below(node)
    if stated is not None and total is not None and stated != total:
        yield source.fault(
            f"điểm ghi là {show_number(stated)} nhưng các tiêu chí con cộng lại là {show_number(total)}",
            *node.path,
            "max",
        )


def _points_below(node: _Node) -> Decimal | None:
    """What the leaves below add up to; None where one has no points that can be read."""
    total = Decimal(0)
    for child in node.children:
        points = child.points("max") if child.is_leaf else _points_below(child)
        if points is None:
            return None
        total += points
    return total


def _where(code: str, rule: Mapping[str, Any]) -> tuple[str, ...]:
    """The field of ``rule`` that names the indicator."""
    for key, value in rule.items():
        several = value if isinstance(value, list) else [value]
        if any(one == code or (isinstance(one, dict) and code in one.values()) for one in several):
            return (key,)
    return ()


def _rule_faults(source: Source, node: _Node, targets: Mapping[str, Target]) -> Iterator[Fault]:
    try:
        rule: RuleBase = parse_rule(node.data["rule"])
    except (KeyError, ValidationError):
        return  # the schema says so
    for code in dict.fromkeys(rule.codes):
        if code not in targets:
            near = difflib.get_close_matches(code, targets, n=1)
            hint = f"; có phải «{near[0]}»?" if near else ""
            yield source.fault(
                f"kế hoạch của cơ quan không có chỉ tiêu «{code}»{hint}",
                *node.path,
                "rule",
                *_where(code, node.data["rule"]),
            )
    # Rules that read quarters are right or wrong alike in every year.
    leaf = Leaf(node.points("max") or Decimal(0), 2000, node.points("min") or Decimal(0))
    for field, words in rule.faults(leaf, targets):
        yield source.fault(words, *node.path, "rule", field)
