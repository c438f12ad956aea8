"""Tables: .csv and the first sheet of an .xlsx, told apart by content; every row with its number."""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import io
import zipfile
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook

from accounts.reading.faults import Fault, Faulty, decode, read_bytes
from accounts.text import clean, clean_paragraphs, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

MAX_ROWS = 10_000
MAX_COLUMNS = 60
MAX_SHEETS = 20
MAX_UNPACKED = 60 * 1024 * 1024  # of an .xlsx, which is a .zip

_XLS = b"\xd0\xcf\x11\xe0"

_Cells = tuple[int, list[str]]


@dataclass(frozen=True)
class Row:
    """One row that is not empty. ``line`` is its number in the file, counted as Excel does."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, heading: str) -> str:
        return self.cells[heading]


def read_table(path: str | Path, headings: Sequence[str]) -> list[Row]:
    """The rows below the headings, cells cleaned. Headings in any order and case; all, and no others."""
    content = read_bytes(path)
    if content.startswith(b"PK\x03\x04"):
        rows = _sheet(content)
    elif content.startswith(_XLS):
        raise Faulty(
            [
                Fault(
                    "Tệp là Excel kiểu cũ (.xls) hoặc có mật khẩu; hãy lưu lại dạng .xlsx hoặc .csv."
                )
            ]
        )
    else:
        rows = _csv(decode(content))
    return _named(rows, headings)


def _named(rows: Iterable[_Cells], headings: Sequence[str]) -> list[Row]:
    filled = ((line, cells) for line, cells in rows if any(cells))
    first = next(filled, None)
    if first is None:
        raise Faulty([Fault("Bảng rỗng.")])
    line, titles = first
    columns = _columns(line, titles, headings)
    found: list[Row] = []
    faults: list[Fault] = []
    for line, cells in filled:
        if len(found) >= MAX_ROWS:
            raise Faulty([Fault(f"Bảng có quá {MAX_ROWS} dòng.", line)])
        extra = [cell for n, cell in enumerate(cells) if cell and n not in columns.values()]
        if extra:
            faults.append(Fault(f"có ô nằm ngoài các cột: «{extra[0][:60]}»", line))
        found.append(
            Row(line, {name: cells[n] if n < len(cells) else "" for name, n in columns.items()})
        )
    if faults:
        raise Faulty(faults)
    return found


def _columns(line: int, titles: list[str], headings: Sequence[str]) -> dict[str, int]:
    """Heading → its column."""
    wanted = {fold(heading): heading for heading in headings}
    columns: dict[str, int] = {}
    faults: list[Fault] = []
    unknown: list[str] = []
    for number, title in enumerate(titles):
        heading = wanted.get(fold(title))
        if heading is None:
            if title:
                unknown.append(title)
        elif heading in columns:
            faults.append(Fault(f"cột «{heading}» có hai lần", line))
        else:
            columns[heading] = number
    missing = [heading for heading in headings if heading not in columns]
    for title in unknown:
        near = difflib.get_close_matches(fold(title), wanted, n=1, cutoff=0.5)
        hint = f"; có phải «{wanted[near[0]]}»?" if near and wanted[near[0]] in missing else ""
        faults.append(Fault(f"cột «{title[:60]}» không có trong mẫu{hint}", line))
    faults += [Fault(f"thiếu cột «{heading}»", line) for heading in missing]
    if faults:
        raise Faulty(faults)
    return columns


def _csv(text: str) -> Iterator[_Cells]:
    first, _, rest = text.partition("\n")
    lines = 0
    if first.strip().lower().startswith("sep="):  # what Excel writes for itself
        text, lines = rest, 1
        first = rest.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = lines + 1
    try:
        for cells in reader:
            yield begins, [clean(cell) for cell in cells]
            begins = lines + reader.line_num + 1
    except csv.Error as error:
        words = "dấu ngoặc kép không đóng hoặc nằm giữa chữ"
        if "field larger" in str(error):
            words = "có ô quá dài"
        raise Faulty([Fault(f"CSV viết sai: {words}.", begins)]) from None


def _sheet(content: bytes) -> Iterator[_Cells]:
    for _, rows in _sheets(content, 1):
        for line, cells in rows:
            yield line, [_cell(cell.value) for cell in cells]


@dataclass(frozen=True)
class SheetRows:
    """One sheet of a workbook: its rows that are not empty, each cell as the words that stand in it."""

    name: str
    rows: list[tuple[int, list[str]]]


def is_workbook(path: str | Path) -> bool:
    """Is the file an .xlsx (or an .xls, which will be refused), by its content?"""
    return read_bytes(path).startswith((b"PK\x03\x04", _XLS))


def read_sheets(path: str | Path) -> list[SheetRows]:
    """Every sheet of an .xlsx. Line breaks inside cells stay; a cell shown as a percentage keeps its «%»."""
    content = read_bytes(path)
    if content.startswith(_XLS):
        raise Faulty(
            [Fault("Tệp là Excel kiểu cũ (.xls) hoặc có mật khẩu; hãy lưu lại dạng .xlsx.")]
        )
    found = []
    for name, rows in _sheets(content, MAX_SHEETS):
        texts = ((line, [_shown(cell) for cell in cells]) for line, cells in rows)
        found.append(SheetRows(clean(name), [(line, row) for line, row in texts if any(row)]))
    return found


def _shown(cell: Any) -> str:
    value = cell.value
    if isinstance(value, float):
        # Fifteen digits are what a spreadsheet shows and keeps: 0.1 + 0.2 is 0,3.
        value = Decimal(format(value, ".15g"))
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        if "%" in (cell.number_format or ""):
            return f"{(value * Decimal(100)).normalize():f}%"
        return f"{Decimal(value).normalize():f}"
    # How Excel writes a carriage return.
    return (
        clean_paragraphs(value.replace("_x000D_", "")) if isinstance(value, str) else _cell(value)
    )


def _sheets(content: bytes, most: int) -> Iterator[tuple[str, Iterator[tuple[int, Any]]]]:
    """Name and rows of the first ``most`` sheets; whatever openpyxl raises becomes :class:`Faulty`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            names = {part.filename for part in parts}
        if sum(part.file_size for part in parts) > MAX_UNPACKED or len(parts) > 1000:
            raise Faulty([Fault("Sổ tính quá lớn khi giải nén.")])
        if "[Content_Types].xml" not in names or not any(n.startswith("xl/") for n in names):
            raise Faulty([Fault("Tệp nén này không phải là sổ tính .xlsx.")])
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        formulas = load_workbook(io.BytesIO(content), read_only=True)
        if not book.worksheets:
            raise Faulty([Fault("Sổ tính không có trang nào.")])
        for sheet, written in zip(book.worksheets[:most], formulas.worksheets, strict=False):
            for one in (sheet, written):
                one.reset_dimensions()  # what a file says of its size may be wrong
            yield sheet.title, _lines(sheet, written)
    except Faulty:
        raise
    except Exception as error:  # openpyxl raises whatever its parsers do
        raise _unreadable(error) from None


def _lines(sheet: Any, written: Any) -> Iterator[tuple[int, Any]]:
    """Rows of results; ``written`` is the sheet with its formulas. One without a result is no empty cell.

    Spreadsheets keep the result of a formula beside it; programs that write files often do not.
    """
    bare: list[Fault] = []
    try:
        both = zip(
            sheet.iter_rows(max_col=MAX_COLUMNS),
            written.iter_rows(max_col=MAX_COLUMNS),
            strict=False,
        )
        for number, (cells, as_written) in enumerate(both, start=1):
            if number > MAX_ROWS * 2:
                raise Faulty([Fault(f"Bảng có quá {MAX_ROWS} dòng.", number)])
            for cell, source in zip(cells, as_written, strict=False):
                if cell.value is None and source.data_type == "f":
                    words = (
                        f"ô {source.coordinate} trang «{sheet.title}» có công thức chưa có kết quả; hãy mở tệp "
                        "bằng Excel, lưu lại rồi nạp, hoặc ghi thẳng giá trị"
                    )
                    bare.append(Fault(words, number))
            yield number, cells
        if bare:
            raise Faulty(bare)
    except Faulty:
        raise
    except Exception as error:
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> Faulty:
    return Faulty([Fault(f"Không mở được sổ tính .xlsx ({type(error).__name__}).")])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, dt.datetime) and value.time() == dt.time.min:
        value = value.date()
    return clean(str(value))
