"""Workbooks of criteria sets: a stored one to take away, an empty one to fill in."""

from __future__ import annotations

from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

from accounts.reading import number as exact
from plans.workbook import Band, Column, Sheet, write
from scoring.criteria_sheets.layout import (
    ABOUT,
    CODES,
    CRITERIA,
    EXAMPLES,
    HEADINGS,
    HELP,
    INDICATOR_SHAPES,
    ITEMS,
    KINDS,
    NO,
    POLICIES,
    QUARTER,
    TOP,
    YEAR,
    YEARS,
    YES,
    keys_of,
    used_by,
)
from scoring.criteria_sheets.little import say_bands, say_rows
from scoring.models import Criterion
from scoring.rules import BY_TYPE
from scoring.rules.asking import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from plans.workbook import Cell
    from scoring.criteria_sheets.layout import Item

AS_TEXT = frozenset({"code", "parent", CODES, "tiers", "events", "old_codes"})
CHOICES = {
    "kind": tuple(KINDS.values()),
    QUARTER: ("1", "2", "3", "4"),
    YEAR: tuple(YEARS.values()),
}
SPARE = 200

# A made-up field with a criterion of each kind; nothing of it is read.
EXAMPLE: dict[str, Any] = {
    "code": "1",
    "name": "Công tác chỉ đạo, điều hành",
    "criteria": [
        {
            "code": "1.1",
            "name": "Kế hoạch và báo cáo",
            "children": [
                {
                    "code": "1.1.1",
                    "name": "Ban hành kế hoạch năm",
                    "max": "1",
                    "rule": {
                        "type": "date",
                        "indicator": "1.1-a",
                        "due": {"quarter": 1, "year_offset": 0},
                        "on_time": "1",
                        "late": "0.5",
                        "missing": "0",
                    },
                    "scale": "Ban hành trong quý I: 1; sau quý I: 0,5; không ban hành: 0",
                    "evidence": ["Kế hoạch năm"],
                },
                {
                    "code": "1.1.2",
                    "name": "Ban hành các kế hoạch chuyên đề",
                    "max": "1",
                    "rule": {"type": "boolean", "all_of": ["1.1-b", "1.1-c"]},
                    "evidence": ["Kế hoạch tuyên truyền", "Kế hoạch kiểm tra"],
                },
                {
                    "code": "1.1.3",
                    "name": "Báo cáo định kỳ",
                    "max": "2",
                    "rule": {
                        "type": "deduction",
                        "start": "2",
                        "events": [{"indicator": "1.1-d", "count": "shortfall", "points": "0.5"}],
                    },
                    "scale": "Mỗi báo cáo thiếu hoặc trễ trừ 0,5",
                },
            ],
        },
        {
            "code": "1.2",
            "name": "Thực hiện",
            "children": [
                {
                    "code": "1.2.1",
                    "name": "Thực hiện kế hoạch tuyên truyền",
                    "max": "1.5",
                    "rule": {"type": "ratio", "indicator": "1.2-a", "floor": "80", "full": "100"},
                },
                {
                    "code": "1.2.2",
                    "name": "Hình thức tuyên truyền",
                    "max": "1.5",
                    "rule": {"type": "count", "indicators": ["1.2-b"], "each": "0.5"},
                },
                {
                    "code": "1.2.3",
                    "name": "Hoàn thành nhiệm vụ được giao",
                    "max": "2",
                    "rule": {
                        "type": "tiers",
                        "indicator": "1.4-a",
                        "tiers": [
                            {"op": ">=", "at": "100", "points": "2"},
                            {"op": ">=", "at": "90", "points": "1"},
                        ],
                        "otherwise": "0",
                    },
                },
                {
                    "code": "1.2.4",
                    "name": "Tăng tỷ lệ hồ sơ trực tuyến",
                    "max": "1",
                    "rule": {"type": "target", "indicator": "7.3-b"},
                },
                {
                    "code": "1.2.5",
                    "name": "Sáng kiến cải cách",
                    "max": "1",
                    "min": "-1",
                    "rule": {"type": "manual"},
                },
                {
                    "code": "1.2.6",
                    "name": "Đánh giá của người dân",
                    "max": "10",
                    "kind": Criterion.SURVEY,
                },
            ],
        },
    ],
}


def write_set(data: Mapping[str, Any], stream: IO[bytes]) -> None:
    """The set in ``data`` (``scoring.criteria_data.data_of``) as a workbook that can be given back."""
    write(_sheets(data, spare=20), stream, title=f"Bộ tiêu chí {data['code']}")


def write_template(stream: IO[bytes]) -> None:
    """An empty workbook to fill in, with an example of each kind of rule."""
    write(_sheets({"fields": []}, spare=SPARE), stream, title="Mẫu bộ tiêu chí")


def _sheets(data: Mapping[str, Any], spare: int) -> Iterator[Sheet]:
    yield _about(data)
    yield Sheet(CRITERIA, _columns(), _rows(data["fields"]), frozen_columns=3, spare=spare)
    yield _help()
    yield Sheet(
        EXAMPLES,
        _columns(),
        _rows([EXAMPLE]),
        title=("Ví dụ cách điền trang «Tiêu chí»", "Hệ thống không đọc trang này"),
        frozen_columns=3,
    )


def _columns() -> list[Column]:
    return [
        Column(
            heading.heading,
            heading.width,
            centred=heading.key in {"code", "parent", CODES, QUARTER, YEAR},
            choices=CHOICES.get(heading.key, ()),
            as_text=heading.key in AS_TEXT,
        )
        for heading in HEADINGS
    ]


def _about(data: Mapping[str, Any]) -> Sheet:
    columns = [Column("Mục", 26), Column("Nội dung", 50, as_text=True), Column("Cách điền", 60)]
    return Sheet(ABOUT, columns, ([i.label, _item(i, data), i.help] for i in ITEMS))


def _item(item: Item, data: Mapping[str, Any]) -> Cell:
    value: Any = data
    for key in item.path:
        value = (value or {}).get(key)
    if value is None:
        return None
    match item.path[-1]:
        case "sample":
            return YES if value else NO
        case "not_applicable":
            return POLICIES[value]
        case "bands":
            return say_bands(value)
        case "bonus_cap" | "penalty_cap":
            return exact(value)
        case "valid_from":
            return str(value)  # a year has no thousands
    found: Cell = value  # text or a day
    return found


def _rows(fields: Sequence[Mapping[str, Any]]) -> Iterator[list[Cell]]:
    for field in fields:
        yield from _below(field, TOP)


def _below(entry: Mapping[str, Any], parent: str) -> Iterator[list[Cell]]:
    yield _row(entry, parent)
    for child in entry.get("criteria", entry.get("children", [])):
        yield from _below(child, entry["code"])


def _row(entry: Mapping[str, Any], parent: str) -> list[Cell]:
    cells: dict[str, Cell] = {
        "code": entry["code"],
        "parent": parent,
        "name": entry["name"],
        "scale": entry.get("scale"),
        "evidence": "\n".join(entry.get("evidence", [])) or None,
        "old_codes": ", ".join(entry.get("old_codes", [])) or None,
    }
    for key in ("max", "min"):
        if key in entry:
            cells[key] = Decimal(entry[key])
    rule = entry.get("rule")
    kind = rule["type"] if rule else entry.get("kind")
    if kind:
        cells["kind"] = KINDS[kind]
    if rule:
        cells |= _rule_cells(rule)
    return [cells.get(heading.key) for heading in HEADINGS]


def _rule_cells(rule: Mapping[str, Any]) -> dict[str, Cell]:
    cells: dict[str, Cell] = {}
    for ask in BY_TYPE[rule["type"]].asks:
        value = rule.get(ask.name)
        if value is None:
            continue
        if ask.shape in INDICATOR_SHAPES:
            cells[CODES] = ", ".join(value) if isinstance(value, list) else value
        elif ask.shape is Shape.DUE:
            offset = value.get("year_offset", 0)
            cells[QUARTER] = str(value["quarter"])
            cells[YEAR] = YEARS.get(offset, str(offset))
        elif ask.shape is Shape.ROWS:
            cells[ask.name] = say_rows(value, ask.columns)
        else:
            cells[ask.name] = Decimal(value)
    return cells


def _help() -> Sheet:
    def rows() -> Iterator[Sequence[Cell] | Band]:
        yield Band("Các cột của trang «Tiêu chí»")
        for heading in HEADINGS:
            yield [heading.heading, heading.help]
        yield Band("Các cách tính điểm, và các cột mà mỗi cách cần")
        for name, words in KINDS.items():
            rule = BY_TYPE.get(name)
            if rule is None:
                yield [words, "Điểm do tỉnh điều tra, nhập sau; không điền cột nào khác."]
                continue
            optional = {key for ask in rule.asks if ask.optional for key in keys_of(ask)}
            needed = [
                heading.heading + (" (không bắt buộc)" if heading.key in optional else "")
                for heading in HEADINGS
                if heading.key in used_by(name)
            ]
            columns = "; ".join(needed)
            yield [words, rule.about + (f"\nCần các cột: {columns}." if columns else "")]

    return Sheet(HELP, [Column("Cột, cách tính", 26), Column("Ý nghĩa", 100)], rows())
