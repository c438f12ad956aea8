"""A workbook that comes back, read whatever it holds: its mark, its lines, and every fault with its cell.

Only the names of sheets and headings matter, not their order; what is added is ignored and said so.
"""

from __future__ import annotations

import datetime as dt
import difflib
import io
import re
import zipfile
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter, range_boundaries

from accounts.text import clean, clean_paragraphs, fold
from plans.numbers import show_number
from tasks import files
from tasks.answer_forms import NUMBERS
from tasks.contents import TEXTS
from tasks.sheets.layout import COLUMNS, FIGURES, HELP, KEYS, MARK, MARK_SHEET, TEXTS_SHEET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.files import File

MAX_MB = 5
MAX_UNPACKED = 60 * 1024 * 1024
MAX_SHEETS = 50
MAX_COLUMNS = 60
MAX_LINES = 2_000  # filled in
MAX_ROWS = 20_000  # also empty ones
MAX_MARKS = 20_000
MAX_FAULTS = 200
SEARCHED = 20  # rows that may hold the headings
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_XLS = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class SheetFault:
    """One thing wrong: where (as far as it has a place) and what to do about it."""

    message: str
    sheet: str = ""
    row: int | None = None
    column: str = ""  # its heading
    cell: str = ""  # G7

    def __str__(self) -> str:
        where = [f"trang «{self.sheet}»"] if self.sheet else []
        where += [f"dòng {self.row}"] if self.row else []
        where += [f"cột «{self.column}»"] if self.column else []
        return f"{', '.join(where)}: {self.message}" if where else self.message


class BadBook(Exception):
    """The file cannot be read at all, or is not of this unit and period."""

    def __init__(self, faults: list[SheetFault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True)
class Line:
    """One filled row: column key -> text, and where each stands."""

    sheet: str
    row: int
    texts: dict[str, str]
    cells: dict[str, str]


@dataclass
class Mark:
    """What the hidden sheet says: whose file it is, and per (report, key) the digest of what was there."""

    agency: str = ""
    unit: str = ""
    period: str = ""
    period_name: str = ""
    versions: dict[int, int] = field(default_factory=dict)
    fields: dict[tuple[int, str], str] = field(default_factory=dict)


@dataclass
class Book:
    name: str
    mark: Mark
    lines: list[Line] = field(default_factory=list)
    faults: list[SheetFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(upload: File) -> Book:
    """Read an uploaded workbook. BadBook where nothing of it can be read; other faults are in the Book."""
    name, content = taken(upload)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    except Exception as error:  # openpyxl raises whatever its parsers do
        raise _unreadable(name, error) from None
    try:
        return _read_book(book, name)
    except BadBook:
        raise
    except Exception as error:
        raise _unreadable(name, error) from None
    finally:
        book.close()


def _unreadable(name: str, error: Exception) -> BadBook:
    words = f"Không mở được sổ tính “{name}” ({type(error).__name__}). Hãy lưu lại bằng Excel rồi tải lên."
    return BadBook([SheetFault(words)])


def taken(upload: File) -> tuple[str, bytes]:
    """The name and bytes of a file that is an .xlsx without macros, not too large and not swelling."""
    name = files.clean_name(upload.name or "")
    head = upload.read(8)
    upload.seek(0)
    if head and not head.startswith((b"PK\x03\x04", _XLS)):
        raise BadBook([SheetFault(f"Tệp “{name}” không phải là sổ tính Excel (.xlsx).")])
    try:
        checked = files.check(upload, max_mb=MAX_MB)
    except files.BadFile as error:
        raise BadBook([SheetFault(f"{error} Ở đây chỉ nhận sổ tính Excel (.xlsx).")]) from None
    if checked.type is not files.TYPES["xlsx"]:
        words = f"Tệp “{name}” là {checked.type.label}; hãy lưu lại dạng Excel (.xlsx) rồi tải lên."
        raise BadBook([SheetFault(words)])
    upload.seek(0)
    content = upload.read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
            raise BadBook(
                [SheetFault(f"Tệp “{name}” quá lớn khi mở ra; hãy xóa các trang và dòng thừa.")]
            )
    return name, content


def _read_book(workbook: Any, name: str) -> Book:
    sheets = {fold(clean(ws.title)): ws for ws in workbook.worksheets[:MAX_SHEETS]}
    book = Book(name, _read_mark(sheets.get(fold(MARK_SHEET))))
    for wanted in (FIGURES, TEXTS_SHEET):
        ws = sheets.get(fold(wanted))
        if ws is None:
            others = ", ".join(f"«{w.title}»" for w in workbook.worksheets[:5])
            words = (
                f"Tệp không có trang này (các trang đang có: {others}). Hãy đặt lại đúng tên trang."
            )
            book.faults.append(SheetFault(words, wanted))
            continue
        _read_sheet(ws, wanted, book)
    known = {fold(n) for n in (FIGURES, TEXTS_SHEET, HELP, MARK_SHEET)}
    extra = [ws.title for ws in workbook.worksheets if fold(clean(ws.title)) not in known]
    if extra:
        book.notes.append(_ignored("trang", extra))
    return book


def _ignored(what: str, names: list[str], where: str = "") -> str:
    shown = ", ".join(f"«{clean(n)[:40]}»" for n in names[:5])
    more = f" và {len(names) - 5} {what} khác" if len(names) > 5 else ""
    return f"Bỏ qua {what} {shown}{more}{where}: không có trong mẫu."


# -- The mark -------------------------------------------------------------------------------------


def _read_mark(ws: Any) -> Mark:
    missing = BadBook(
        [
            SheetFault(
                "Tệp này không phải là tệp tải về từ trang «Làm bằng Excel», hoặc đã mất phần nhận dạng. "
                "Hãy tải tệp mới về rồi chép số liệu sang."
            )
        ]
    )
    if ws is None:
        raise missing
    mark = Mark()
    for number, values in enumerate(ws.iter_rows(max_col=6, max_row=MAX_MARKS, values_only=True)):
        row = ["" if v is None else str(v) for v in values] + [""] * 6
        if number == 0:
            if row[0] != MARK:
                raise missing
            mark.agency, mark.unit, mark.period, mark.period_name = row[1:5]
        elif row[0] == "report" and row[1].isdecimal() and row[2].isdecimal():
            mark.versions[int(row[1])] = int(row[2])
        elif row[0] == "field" and row[1].isdecimal():
            mark.fields[int(row[1]), row[2]] = row[3]
    if not mark.agency:
        raise missing
    return mark


# -- One sheet ------------------------------------------------------------------------------------


def _rows(ws: Any) -> Iterator[tuple[int, tuple[Any, ...]]]:
    ws.reset_dimensions()  # what a file says of its size may be wrong
    yield from enumerate(ws.iter_rows(max_col=MAX_COLUMNS), start=1)


def _read_sheet(ws: Any, name: str, book: Book) -> None:
    rows = _rows(ws)
    head = _headings(rows, name, book)
    if head is None:
        return
    heading_row, places = head
    before = len(book.lines)
    for number, cells in rows:
        if number > MAX_ROWS or len(book.lines) - before > MAX_LINES:
            words = (
                f"Trang có quá nhiều dòng (tối đa {show_number(MAX_LINES)} dòng có nội dung, "
                f"{show_number(MAX_ROWS)} dòng kể cả dòng trống). Hãy xóa các dòng thừa ở cuối trang."
            )
            book.faults.append(SheetFault(words, name, number))
            del book.lines[before:]
            return
        line = _line(cells, name, number, places, book)
        if line is not None:
            book.lines.append(line)
        if len(book.faults) > MAX_FAULTS:
            return
    _find_merged(ws, name, heading_row, places, book)


def _headings(
    rows: Iterator[tuple[int, tuple[Any, ...]]], name: str, book: Book
) -> tuple[int, dict[str, int]] | None:
    """The row of headings and column key -> index; None, with faults, where one is missing."""
    columns = COLUMNS[name]
    by_fold = {fold(column.heading): column for column in columns}
    best: tuple[int, list[str]] = (0, [])
    most = 0
    for number, cells in rows:
        titles = [clean(str(cell.value)) if cell.value is not None else "" for cell in cells]
        found = len({fold(title) for title in titles} & set(by_fold))
        if found > most:
            best, most = (number, titles), found
            if most >= len(columns) // 2:
                break
        if number >= SEARCHED:
            break
    row, titles = best
    if not most:
        wanted = ", ".join(f"«{c.heading}»" for c in columns if c.needed)
        book.faults.append(SheetFault(f"Không thấy dòng tiêu đề với các cột {wanted}.", name))
        return None
    places: dict[str, int] = {}
    extra: list[tuple[int, str]] = []
    faults = []
    for index, title in enumerate(titles):
        column = by_fold.get(fold(title))
        if column is None:
            if title:
                extra.append((index, title))
        elif column.heading in places:
            faults.append(
                SheetFault("Cột này có hai lần; hãy xóa bớt một cột.", name, row, column.heading)
            )
        else:
            places[column.heading] = index
    for column in columns:
        if column.needed and column.heading not in places:
            near = difflib.get_close_matches(
                fold(column.heading), [fold(t) for _, t in extra], n=1, cutoff=0.5
            )
            words = "Thiếu cột này."
            for index, title in extra:
                if near and fold(title) == near[0]:
                    words = (
                        f"Thiếu cột này; có phải cột «{title[:60]}» (ô {get_column_letter(index + 1)}{row})? "
                        "Hãy đặt lại đúng tên."
                    )
                    break
            faults.append(SheetFault(words, name, row, column.heading))
    if faults:
        book.faults += faults
        return None
    if extra:
        book.notes.append(_ignored("cột", [title for _, title in extra], f" ở trang «{name}»"))
    keys = {c.heading: c.field or c.heading for c in columns}
    return row, {keys[heading]: index for heading, index in places.items()}


def _line(
    cells: tuple[Any, ...], sheet: str, row: int, places: dict[str, int], book: Book
) -> Line | None:
    texts: dict[str, str] = {}
    where: dict[str, str] = {}
    faults = []
    headings = {c.field or c.heading: c for c in COLUMNS[sheet]}
    for key, index in places.items():
        ref = f"{get_column_letter(index + 1)}{row}"
        where[key] = ref
        cell = cells[index] if index < len(cells) else None
        if cell is None or cell.value is None:
            continue
        column = headings[key]
        try:
            texts[key] = read_cell(cell, key, ref)
        except ValueError as error:
            if column.needed:
                faults.append(SheetFault(str(error), sheet, row, column.heading, ref))
    book.faults += faults
    if not any(texts.values()):
        return None
    if not texts.get(KEYS[sheet]):
        filled = [key for key, text in texts.items() if text and headings[key].field]
        if filled:
            words = f"Dòng có nội dung ở ô {where[filled[0]]} nhưng không có «{KEYS[sheet]}»."
            ref = where[KEYS[sheet]]
            book.faults.append(SheetFault(words, sheet, row, KEYS[sheet], ref))
        return None
    return Line(sheet, row, texts, where)


def read_cell(cell: Any, key: str, ref: str) -> str:
    """The words of a cell, as a person would type them into the form; ValueError says why it cannot be."""
    value = cell.value
    if cell.data_type == "f":
        raise ValueError(f"Ô {ref} là công thức; hãy dán giá trị (Dán đặc biệt → Giá trị).")
    if cell.data_type == "e":
        raise ValueError(f"Ô {ref} báo lỗi {clean(str(value))[:20]}; hãy điền lại.")
    if isinstance(value, bool):
        return "Có" if value else "Không"
    if isinstance(value, (int, float)):
        return _read_number(value, key, ref, cell.number_format)
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, dt.date):
        if key in NUMBERS:
            raise ValueError(
                f"Ô {ref} là ngày tháng ({value:%d/%m/%Y}), không phải số; hãy điền lại."
            )
        return f"{value:%d/%m/%Y}"
    if isinstance(value, (dt.time, dt.timedelta)):
        raise ValueError(f"Ô {ref} là giờ, không phải nội dung cần điền.")
    text = str(value).replace("_x000D_", "")  # how Excel writes a carriage return
    return clean_paragraphs(text) if key in TEXTS else clean(text)


def _read_number(value: float, key: str, ref: str, number_format: str | None) -> str:
    if key in NUMBERS and "%" in (number_format or ""):
        raise ValueError(f"Ô {ref} ở dạng phần trăm; hãy đổi về dạng số và nhập số đếm được.")
    # Fifteen digits are what a spreadsheet shows and keeps: 9.8 is 9,8 and 0.1 + 0.2 is 0,3.
    exact = Decimal(value) if isinstance(value, int) else Decimal(format(value, ".15g"))
    if not exact.is_finite() or abs(exact) > Decimal(10) ** 30:
        raise ValueError(f"Ô {ref} có số lớn quá mức ghi nhận được.")
    if key in NUMBERS:
        return show_number(exact)
    text = f"{exact:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _find_merged(ws: Any, name: str, heading_row: int, places: dict[str, int], book: Book) -> None:
    """Merged cells below the headings: all but the first are empty, which nobody meant to say."""
    columns = {index + 1 for index in places.values()}
    inputs = {places[c.field]: c.heading for c in COLUMNS[name] if c.field}
    before = b""
    found: set[str] = set()
    with ws.parent._archive.open(ws._worksheet_path) as part:
        while chunk := part.read(1024 * 1024):
            found |= {ref.decode() for ref in _MERGED.findall(before + chunk)}
            before = chunk[-64:]
            if len(found) > MAX_FAULTS:
                break
    for ref in sorted(found, key=lambda r: (range_boundaries(r)[1], r)):
        left, top, right, bottom = range_boundaries(ref)
        if bottom <= heading_row or not columns & set(range(left, right + 1)):
            continue
        touched = [h for index, h in inputs.items() if left <= index + 1 <= right]
        key = places[KEYS[name]] + 1
        if not touched and not left <= key <= right:
            continue
        heading = touched[0] if touched else KEYS[name]
        words = f"Các ô {ref} bị gộp; hãy bỏ gộp ô rồi điền từng ô."
        book.faults.append(SheetFault(words, name, top, heading, ref.partition(":")[0]))
