"""A workbook as the data of a set; what cannot be read is a fault of its cell.

Nothing is checked here but what a cell says: the schema and the checks between parts are those of every file.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from accounts.reading import Fault, Faulty, Source, read_sheets
from accounts.text import clean, fold
from scoring.criteria_schema import DEEPEST, SCHEMA
from scoring.criteria_sheets import little
from scoring.criteria_sheets.cells import CellSource, KeyPath, Place, one_of
from scoring.criteria_sheets.layout import (
    ABOUT,
    BY_KEY,
    CRITERIA,
    HEADINGS,
    INDICATOR_SHAPES,
    KINDS,
    LEAF_ONLY,
    NEEDED,
    RULES,
    TOP,
    YEAR,
    keys_of,
    used_by,
)
from scoring.criteria_sheets.little import Unreadable
from scoring.criteria_sheets.reading_about import read_about
from scoring.models import Criterion
from scoring.rules import BY_TYPE
from scoring.rules.asking import Ask, Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from accounts.reading import SheetRows

SEARCHED = 20  # rows that may hold the headings
MAX_LINES = 2_000


@dataclass
class Line:
    """One filled row of «Tiêu chí»."""

    row: int
    texts: dict[str, str]
    columns: dict[str, int]
    children: list[Line] = field(default_factory=list)

    @property
    def code(self) -> str:
        return self.texts["code"]

    def at(self, key: str) -> Place:
        heading = BY_KEY[key].heading
        return Place(CRITERIA, self.row, self.columns.get(key), heading, self.code)


def read_workbook(path: str | Path) -> Source:
    """The set in the workbook at ``path``. :class:`Faulty` where its sheets or columns are not there."""
    sheets = {fold(sheet.name): sheet for sheet in read_sheets(path)}
    source = CellSource.of({"schema": SCHEMA})
    assert isinstance(source, CellSource)
    faults = [
        Fault(f"Sổ tính không có trang «{name}»; hãy tải mẫu và điền vào đó.")
        for name in (ABOUT, CRITERIA)
        if fold(name) not in sheets
    ]
    if faults:
        raise Faulty(faults)
    read_about(sheets[fold(ABOUT)], source)
    _read_tree(_lines(sheets[fold(CRITERIA)]), source)
    return source


def _lines(sheet: SheetRows) -> list[Line]:
    by_fold = {fold(heading.heading): heading.key for heading in HEADINGS}
    best = max(
        sheet.rows[:SEARCHED],
        key=lambda row: len({fold(clean(cell)) for cell in row[1]} & set(by_fold)),
        default=None,
    )
    columns: dict[str, int] = {}
    faults: list[Fault] = []
    if best is not None:
        row, titles = best
        for index, title in enumerate(map(clean, titles)):
            key = by_fold.get(fold(title))
            if not title:
                continue
            place = str(Place(CRITERIA, row, index))
            if key is None:
                near = difflib.get_close_matches(fold(title), by_fold, n=1, cutoff=0.6)
                hint = f"; có phải «{BY_KEY[by_fold[near[0]]].heading}»?" if near else ""
                faults.append(Fault(f"cột «{title[:60]}» không có trong mẫu{hint}", row, place))
            elif key in columns:
                faults.append(Fault(f"cột «{title}» có hai lần", row, place))
            else:
                columns[key] = index
    faults += [
        Fault(f"Trang «{CRITERIA}» thiếu cột «{BY_KEY[key].heading}».")
        for key in NEEDED
        if key not in columns
    ]
    if faults or best is None:
        raise Faulty(faults)
    found: list[Line] = []
    for row, cells in sheet.rows:
        texts = {key: cells[n].strip() if n < len(cells) else "" for key, n in columns.items()}
        texts = {key: texts.get(key, "") for key in BY_KEY}
        texts["code"] = clean(texts["code"])
        if len(found) >= MAX_LINES:
            raise Faulty([Fault(f"Trang «{CRITERIA}» có quá {MAX_LINES} dòng.", row)])
        if row > best[0] and any(text for key, text in texts.items() if key != "note"):
            found.append(Line(row, texts, columns))
    return found


def _read_tree(lines: list[Line], source: CellSource) -> None:
    by_code: dict[str, Line] = {}
    for line in lines:
        if line.code:
            by_code.setdefault(line.code, line)
    parents = {line.row: _parent(line, by_code, source) for line in lines}
    tops: list[Line] = []
    for line in lines:
        above = _above(line, parents)
        if loop := _loop(above):
            words = " → ".join(one.code for one in (*loop, loop[0]))
            source.refuse(
                (CRITERIA, loop[0].row), loop[0].at("parent"), f"nằm trong chính nó: {words}"
            )
            continue
        if len(above) > DEEPEST:
            words = f"tiêu chí lồng nhau quá {DEEPEST} cấp"
            source.refuse((CRITERIA, line.row), line.at("parent"), words)
            continue
        parent = parents[line.row]
        (tops if parent is None else parent.children).append(line)
    source.data["fields"] = []
    source.places["fields",] = Place(CRITERIA, lines[0].row if lines else 1)
    for n, line in enumerate(tops):
        source.data["fields"].append(_entry(line, ("fields", n), source, 0))


def _parent(line: Line, by_code: dict[str, Line], source: CellSource) -> Line | None:
    """The line above; by its code where none is named. None: a field."""
    named = clean(line.texts["parent"])
    if named and fold(named) != fold(TOP):
        if named not in by_code:
            near = difflib.get_close_matches(named, by_code, n=1)
            hint = f"; có phải «{near[0]}»?" if near else ""
            words = f"không có dòng nào mã «{named[:30]}»{hint}"
            source.refuse((CRITERIA, line.row), line.at("parent"), words)
        return by_code.get(named)
    if named or "." not in line.code.strip("."):
        return None
    prefix = line.code
    while "." in prefix:
        prefix = prefix.rpartition(".")[0]
        if prefix in by_code and by_code[prefix] is not line:
            return by_code[prefix]
    words = f"không có dòng cấp trên của «{line.code[:30]}»; hãy ghi mã cấp trên hoặc «{TOP}»"
    source.refuse((CRITERIA, line.row), line.at("parent"), words)
    return None


def _above(line: Line, parents: dict[int, Line | None]) -> list[Line]:
    """``line`` and the lines above it, as far as they may be nested, or until they come round again."""
    above, rows = [line], {line.row}
    step = parents[line.row]
    while step is not None and step.row not in rows and len(above) <= DEEPEST:
        above.append(step)
        rows.add(step.row)
        step = parents[step.row]
    return above if step is None else [*above, step]


def _loop(above: list[Line]) -> list[Line]:
    """The lines that lead back to themselves, from the first in the sheet; empty without any."""
    rows = [line.row for line in above]
    if rows[-1] not in rows[:-1]:
        return []
    loop = above[rows.index(rows[-1]) : -1]
    first = min(range(len(loop)), key=lambda n: loop[n].row)
    return loop[first:] + loop[:first]


def _entry(line: Line, path: KeyPath, source: CellSource, depth: int) -> dict[str, Any]:
    source.places[path] = Place(CRITERIA, line.row, None, "", line.code)
    entry: dict[str, Any] = {}
    for key in ("code", "name"):
        source.places[*path, key] = line.at(key)
        if line.texts[key]:
            entry[key] = clean(line.texts[key])
    _put(entry, "max", line, path, source, little.number)
    if line.texts["old_codes"]:
        _put(entry, "old_codes", line, path, source, little.codes)
    if depth == 0 or line.children:
        key = "children" if depth else "criteria"
        for leaf_key in LEAF_ONLY:
            if line.texts[leaf_key]:
                words = "dòng này có các dòng con nên không chấm điểm; điểm nằm ở dòng con"
                words = (
                    words
                    if line.children
                    else "lĩnh vực không chấm điểm; hãy thêm tiêu chí thuộc nó"
                )
                source.refuse((CRITERIA, line.row, leaf_key), line.at(leaf_key), words)
        entry[key] = []
        source.places[*path, key] = line.at("code")
        for n, child in enumerate(line.children):
            entry[key].append(_entry(child, (*path, key, n), source, depth + 1))
        return entry
    _put(entry, "min", line, path, source, little.number)
    _put(
        entry,
        "evidence",
        line,
        path,
        source,
        lambda text: [clean(t) for t in text.split("\n") if clean(t)],
    )
    _put(entry, "scale", line, path, source, str)
    _put_rule(entry, line, path, source)
    return entry


def _put(
    entry: dict[str, Any],
    key: str,
    line: Line,
    path: KeyPath,
    source: CellSource,
    read: Callable[[str], Any],
) -> None:
    """What the cell of ``key`` says, where it says something; as it stands where it cannot be read."""
    at = (*path, key)
    source.places[at] = line.at(key)
    if not (text := line.texts[key]):
        return
    try:
        entry[key] = read(text)
    except Unreadable as error:
        entry[key] = text
        source.refuse(at, line.at(key), str(error))


def _put_rule(entry: dict[str, Any], line: Line, path: KeyPath, source: CellSource) -> None:
    at = (*path, "rule")
    source.places[at] = line.at("kind")
    text = line.texts["kind"]
    if not text:
        return  # the checks say that the rule is missing
    try:
        kind = one_of(text, KINDS)
    except Unreadable as error:
        entry["rule"] = {}
        source.refuse(at, line.at("kind"), str(error))
        return
    for heading in RULES:
        if line.texts[heading.key] and heading.key not in used_by(kind):
            words = f"«{KINDS[kind]}» không dùng cột này; hãy xóa, hoặc chọn cách tính khác"
            source.refuse((CRITERIA, line.row, heading.key), line.at(heading.key), words)
    if kind == Criterion.SURVEY:
        entry["kind"] = kind
        return
    rule: dict[str, Any] = {"type": kind}
    for ask in BY_TYPE[kind].asks:
        _put_field(rule, ask, line, at, source, kind)
    entry["rule"] = rule


def _put_field(
    rule: dict[str, Any], ask: Ask, line: Line, at: KeyPath, source: CellSource, kind: str
) -> None:
    """One field of a rule. The schema's own path has the kind in it, the checks between parts have not."""
    keys = keys_of(ask)
    paths: Sequence[KeyPath] = ((*at, ask.name), (*at, kind, ask.name))
    for path in paths:
        source.places[path] = line.at(keys[0])

    def refuse(key: str, words: str) -> None:
        for path in paths:
            source.refuse(path, line.at(key), words)

    texts = [line.texts[key] for key in keys]
    if not any(texts):
        if not ask.optional:
            refuse(keys[0], f"«{KINDS[kind]}» cần «{BY_KEY[keys[0]].heading}»")
        return
    try:
        rule[ask.name] = _value(ask, texts)
    except Unreadable as error:
        wrong = YEAR if ask.shape is Shape.DUE and _is_quarter(texts[0]) else keys[0]
        refuse(wrong, str(error))
        rule[ask.name] = texts[0]


def _is_quarter(text: str) -> bool:
    try:
        little.quarter(text)
    except Unreadable:
        return False
    return True


def _value(ask: Ask, texts: list[str]) -> Any:
    text = texts[0]
    if ask.shape in INDICATOR_SHAPES:
        several = little.codes(text)
        if not several:
            raise Unreadable(f"«{text[:60]}» không phải là mã chỉ tiêu")
        if ask.shape is Shape.INDICATORS:
            return several
        if len(several) > 1:
            raise Unreadable("cách tính này chỉ đọc một chỉ tiêu")
        return several[0]
    if ask.shape is Shape.DUE:
        return {
            "quarter": little.quarter(text),
            "year_offset": little.year_offset(texts[1]) if texts[1] else 0,
        }
    if ask.shape is Shape.ROWS:
        return little.read_rows(text, ask.columns)
    if ask.shape is Shape.CHOICE:
        return one_of(text, dict(ask.choices))
    return little.number(text, percent=ask.unit == "%")
