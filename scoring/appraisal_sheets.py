"""The workbook of an appraisal: made, read back whatever its columns' order, compared line by line (R32, R35).

An empty cell of a file changes nothing: a workbook of the province's has no other points to say. What is
taken away again is taken away on the page.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from accounts.reading.faults import Faulty, decode
from accounts.text import clean, clean_paragraphs, fold
from plans.numbers import NotANumber, show_number
from plans.workbook import Band, Cell, Column, Sheet, write
from scoring.appraisal import LABELS, NUMBERS, fields_of, read_value, words_of
from scoring.comparing import own_points
from scoring.models import Criterion, LeafScore
from scoring.ranking import split_lines
from tasks.answer_forms import read_figure
from tasks.sheets.reading import BadBook, SheetFault, read_cell, taken

if TYPE_CHECKING:
    from django.core.files import File

    from scoring.models import Scorecard
    from scoring.scorecards import Card

CODE, MAXIMUM = "code", "maximum"
# Column -> its heading, and what else an office may call it.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "place": ("STT", "TT"),
    CODE: ("Mã", "Mã tiêu chí", "Mã số"),
    "name": ("Tiêu chí", "Lĩnh vực / tiêu chí", "Tên tiêu chí", "Nội dung"),
    MAXIMUM: ("Điểm tối đa", "Tối đa"),
    "ours": ("Điểm tự chấm", "Tự chấm"),
    "appraised_1": ("Điểm thẩm định lần 1", "Thẩm định lần 1", "Lần 1"),
    "appraised": ("Điểm thẩm định lần 2", "Thẩm định lần 2", "Lần 2", "Điểm thẩm định"),
    "survey": ("Điểm điều tra", "Điểm điều tra xã hội học", "Điều tra xã hội học"),
    "loss": ("Nguyên nhân mất điểm", "Lý do mất điểm", "Nguyên nhân"),
    "note": ("Ý kiến của tỉnh", "Ý kiến thẩm định", "Ghi chú của tỉnh"),
    "asked": ("Yêu cầu giải trình",),
}
WIDTHS = {"place": 6, CODE: 10, "name": 46, MAXIMUM: 9, "ours": 10, "loss": 26, "note": 40}
WRITTEN = ("appraised_1", "appraised", "survey", "loss", "note", "asked")
LOSSES = {fold(label): value for value, label in LeafScore.Loss.choices}
SEARCHED = 20  # rows that may hold the headings
MAX_ROWS = 3_000
MAX_COLUMNS = 60
MAX_FAULTS = 200


def make(card: Card, scorecard: Scorecard, stream: IO[bytes]) -> None:
    """The workbook of one year, with what is stored; the province's points are filled in there."""
    scores = {score.criterion_id: score for score in scorecard.scores.all()}
    columns = [
        Column(of[0], WIDTHS.get(key, 14 if key in NUMBERS else 30), centred=key in {"place", CODE})
        for key, of in HEADINGS.items()
    ]
    title = [
        scorecard.agency.name,
        f"Điểm thẩm định chỉ số cải cách hành chính năm {scorecard.year}",
        "Điền các cột điểm thẩm định, điểm điều tra, nguyên nhân, ý kiến; ô trống giữ nguyên giá trị đang lưu. "
        f"Nguyên nhân mất điểm: {'; '.join(label for _, label in LeafScore.Loss.choices)}.",
    ]
    sheet = Sheet("Thẩm định", columns, _rows(card, scores), title, frozen_columns=3)
    write([sheet], stream, title=title[1])


def _rows(card: Card, scores: Mapping[int, LeafScore]) -> Iterator[list[Cell] | Band]:
    leaves = {leaf.criterion.pk: leaf for leaf in card.leaves}
    place = 0
    for node in card.nodes:
        leaf = leaves.get(node.pk)
        if leaf is None:
            yield Band(f"{node.code}. {node.name}")
            continue
        place += 1
        score = scores.get(node.pk)
        yield [
            place,
            node.code,
            node.name,
            leaf.now.maximum,
            own_points(leaf),
            *(getattr(score, name) if score else None for name in NUMBERS),
            score.get_loss_display() if score and score.loss else None,
            (score.note if score else "") or None,
            (score.asked if score else "") or None,
        ]


# -- Reading a file into rows -------------------------------------------------------------------------


def rows_of_book(upload: File) -> tuple[str, list[list[Any]]]:
    """The name and the cells of the first sheet that has any. :class:`BadBook` where it cannot be read."""
    name, content = taken(upload)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        try:
            for ws in book.worksheets:
                ws.reset_dimensions()  # what a file says of its size may be wrong
                rows = []
                for number, cells in enumerate(ws.iter_rows(max_col=MAX_COLUMNS), 1):
                    if number > MAX_ROWS:
                        words = f"Trang «{ws.title}» có quá {show_number(MAX_ROWS)} dòng; hãy xóa các dòng thừa."
                        raise BadBook([SheetFault(words)])
                    rows.append(list(cells))
                if any(cell.value is not None for row in rows for cell in row):
                    return name, rows
        finally:
            book.close()
    except BadBook:
        raise
    except Exception as error:  # openpyxl raises whatever its parsers do
        words = f"Không mở được sổ tính “{name}” ({type(error).__name__}). Hãy lưu lại bằng Excel rồi tải lên."
        raise BadBook([SheetFault(words)]) from None
    raise BadBook([SheetFault(f"Sổ tính “{name}” không có nội dung.")])


def rows_of_table(upload: File) -> list[list[str]]:
    """A small table (.xlsx, .csv) as words. ValueError says why it cannot be read."""
    head = upload.read(4)
    upload.seek(0)
    try:
        if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            _, rows = rows_of_book(upload)
            return [
                [_table_cell(cell, row, column) for column, cell in enumerate(cells)]
                for row, cells in enumerate(rows, 1)
            ]
        if upload.size > 1024 * 1024:
            raise ValueError("Tệp quá lớn, tối đa 1 MB.")
        text = decode(upload.read())
    except (BadBook, Faulty) as error:
        raise ValueError(str(error)) from None
    if "\t" in text or ";" in text:
        return split_lines(text)
    return [[clean(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""))]


def _table_cell(cell: Any, row: int, column: int) -> str:
    if cell.value is None:
        return ""
    key = "amount" if isinstance(cell.value, (int, float)) else "text"
    return read_cell(cell, key, f"{get_column_letter(column + 1)}{row}")


# -- What the workbook would change -------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """One field that the file gives another value; all of them are kept between preview and confirmation."""

    code: str
    field: str
    words: str  # as they are typed on the page
    row: int

    @property
    def label(self) -> str:
        return LABELS[self.field]


@dataclass
class Preview:
    """A file compared with what is stored."""

    name: str
    changes: list[Change] = field(default_factory=list)
    faults: list[SheetFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    same: int = 0  # filled cells that read as they are stored


def preview(
    upload: File, nodes: Mapping[str, Criterion], scores: Mapping[int, LeafScore]
) -> Preview:
    """What the file would change of ``scores`` (by criterion), and what of it is refused and why."""
    name, rows = rows_of_book(upload)
    found = Preview(name)
    head = _headings(rows, found)
    if head is None:
        return found
    heading_row, places = head
    seen: dict[str, int] = {}
    parents = 0
    for number, cells in enumerate(rows[heading_row:], heading_row + 1):
        line = _Line(number, cells, places)
        code = clean(line.text(CODE, found))
        node = nodes.get(code)
        if not line.has_any(WRITTEN):
            if node is not None and node.is_leaf:
                seen.setdefault(code, number)
        elif not code:
            if line.is_number("place"):
                found.faults.append(line.fault(CODE, "Dòng có điểm nhưng không có mã tiêu chí."))
        elif node is None:
            words = f"Bộ tiêu chí không có tiêu chí «{code[:30]}»."
            found.faults.append(line.fault(CODE, words))
        elif not node.is_leaf:
            parents += 1
        elif code in seen:
            words = f"Tiêu chí {code} đã có ở dòng {seen[code]}."
            found.faults.append(line.fault(CODE, words))
        else:
            seen[code] = number
            _read_line(line, node, scores.get(node.pk), found)
        if len(found.faults) >= MAX_FAULTS:
            break
    if parents:
        found.notes.append(f"Bỏ qua điểm ở {parents} dòng của lĩnh vực, tiêu chí có tiêu chí con.")
    if not seen and not found.faults:
        found.faults.append(SheetFault("Không dòng nào có mã tiêu chí của bộ tiêu chí."))
    return found


@dataclass
class _Line:
    number: int
    cells: list[Any]
    places: Mapping[str, int]
    _texts: dict[str, str] = field(default_factory=dict)

    def text(self, key: str, found: Preview) -> str:
        """The words of one column; what cannot be read is a fault, once."""
        if key not in self._texts:
            self._texts[key] = ""
            index = self.places.get(key)
            cell = self.cells[index] if index is not None and index < len(self.cells) else None
            if cell is not None and cell.value is not None:
                kind = "amount" if key in {*NUMBERS, MAXIMUM} else "text"
                try:
                    text = read_cell(cell, kind, self.ref(key))
                    self._texts[key] = text if kind == "amount" else clean_paragraphs(text)
                except ValueError as error:
                    if key in WRITTEN or key == CODE:
                        found.faults.append(self.fault(key, str(error)))
        return self._texts[key]

    def value(self, key: str) -> Any:
        """What a cell holds, unread."""
        index = self.places.get(key)
        return self.cells[index].value if index is not None and index < len(self.cells) else None

    def has_any(self, keys: Sequence[str]) -> bool:
        return any(self.value(key) not in {None, ""} for key in keys)

    def is_number(self, key: str) -> bool:
        return isinstance(self.value(key), (int, float))

    def ref(self, key: str) -> str:
        index = self.places.get(key)
        return "" if index is None else f"{get_column_letter(index + 1)}{self.number}"

    def fault(self, key: str, message: str) -> SheetFault:
        return SheetFault(message, row=self.number, column=HEADINGS[key][0], cell=self.ref(key))


def _read_line(line: _Line, leaf: Criterion, score: LeafScore | None, found: Preview) -> None:
    stated = line.text(MAXIMUM, found)
    if stated and not _is(stated, leaf):
        words = (
            f"Điểm tối đa trong tệp là {stated[:20]}, trong bộ tiêu chí là "
            f"{show_number(leaf.maximum)}; có thể các dòng đã bị xáo trộn."  # type: ignore[arg-type]
        )
        found.faults.append(line.fault(MAXIMUM, words))
        return
    for name in WRITTEN:
        text = line.text(name, found)
        if not text:
            continue
        if name == "loss":
            if fold(clean(text)) not in LOSSES:
                choices = "; ".join(label for _, label in LeafScore.Loss.choices)
                words = f"«{text[:40]}» không có trong danh sách: {choices}."
                found.faults.append(line.fault(name, words))
                continue
            text = LOSSES[fold(clean(text))]
        if name not in fields_of(leaf) and name not in NUMBERS:
            words = "Tiêu chí điều tra xã hội học không ghi cột này."
            found.faults.append(line.fault(name, words))
            continue
        try:
            value = read_value(name, text, leaf, score)
        except ValueError as error:
            found.faults.append(line.fault(name, str(error)))
            continue
        words = show_number(value) if name in NUMBERS else value
        if words == words_of(score, name):
            found.same += 1
        else:
            found.changes.append(Change(leaf.code, name, words, line.number))


def _is(text: str, leaf: Criterion) -> bool:
    try:
        return read_figure(text) == leaf.maximum
    except NotANumber:
        return False


def _headings(rows: list[list[Any]], found: Preview) -> tuple[int, dict[str, int]] | None:
    """The number of the row of headings, and key -> column; None, with faults, where one is missing."""
    known = {fold(name): key for key, names in HEADINGS.items() for name in names}
    best, most = 0, 0
    for number, cells in enumerate(rows[:SEARCHED], 1):
        titles = {known.get(fold(clean(str(cell.value or "")))) for cell in cells}
        if len(titles - {None}) > most:
            best, most = number, len(titles - {None})
    if not best:
        wanted = ", ".join(f"«{HEADINGS[key][0]}»" for key in (CODE, *WRITTEN[:3]))
        found.faults.append(SheetFault(f"Không thấy dòng tiêu đề có các cột {wanted}."))
        return None
    places: dict[str, int] = {}
    extra: list[str] = []
    for index, cell in enumerate(rows[best - 1]):
        title = clean(str(cell.value or ""))
        key = known.get(fold(title))
        if key is None:
            extra += [title] if title else []
        elif key in places:
            words = "Cột này có hai lần; hãy xóa bớt một cột."
            ref = f"{get_column_letter(index + 1)}{best}"
            found.faults.append(SheetFault(words, row=best, column=title, cell=ref))
        else:
            places[key] = index
    if CODE not in places:
        words = "Thiếu cột này nên không biết điểm của tiêu chí nào."
        found.faults.append(SheetFault(words, row=best, column=HEADINGS[CODE][0]))
    elif not set(places) & set(WRITTEN):
        found.faults.append(
            SheetFault("Tệp không có cột điểm, lý do hay ý kiến nào để ghi.", row=best)
        )
    if found.faults:
        return None
    if extra:
        shown = ", ".join(f"«{title[:40]}»" for title in extra[:5])
        found.notes.append(f"Bỏ qua cột {shown}: không có trong mẫu.")
    return best, places
