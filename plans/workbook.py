"""The one writer of workbooks: plain values in, an .xlsx that offices can filter, print and trust (R33).

Text never becomes a formula, numbers stay numbers, dates stay dates. Exporters yield headings and
rows; nothing else in the project knows openpyxl when it writes.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties

from plans.numbers import round_half_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

FONT = "Times New Roman"
LINE, HIGHEST = 14.0, 409.0  # points: one line of text, the highest row there is
LONGEST = 32767  # what one cell holds, counted in UTF-16 units
CUT = "… (đã cắt bớt; xem đầy đủ trên hệ thống)"
# What a spreadsheet takes for the start of a formula when the cell is edited, also full width.
_FORMULA = re.compile(r"^[=+\-@\t\n＝＋－＠]")
# XML 1.0 has no place for these at all.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Excel reads «_x0041_» in a cell's text as the letter A unless its first underscore is itself written so.
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_DAY, _TIME = "dd/mm/yyyy", "hh:mm dd/mm/yyyy"
# The reader's own Excel shows its decimal comma and thousands dot. An integer gets a format without
# decimals, because «#,##0.####» would leave a lone comma behind it.
_WHOLE, _BROKEN = "#,##0", "#,##0.####"
_EDGE = Side(style="thin", color="A6A6A6")


@dataclass(frozen=True)
class Percent:
    """A share of one (Fraction or Decimal) to be shown as a percentage."""

    share: Fraction | Decimal


@dataclass(frozen=True)
class Band:
    """A row that names the part of the table below it."""

    text: str


Cell = str | int | Decimal | Fraction | Percent | bool | dt.date | dt.datetime | None


@dataclass(frozen=True)
class Column:
    """``width`` in characters; ``centred`` for codes, states and the like.

    For tables that people fill in: ``choices`` are offered as a list, ``as_text`` keeps what is typed as
    it is (else Excel makes a day of the code 1.10).
    """

    heading: str
    width: float = 12
    centred: bool = False
    choices: Sequence[str] = ()
    as_text: bool = False


@dataclass(frozen=True)
class Sheet:
    """One table: the lines above it (the first two stand out), its columns, and rows as they come.

    ``spare``: empty rows below to be filled in.
    """

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell] | Band]
    title: Sequence[str] = field(default_factory=tuple)
    frozen_columns: int = 0
    spare: int = 0


def write(sheets: Iterable[Sheet], stream: IO[bytes], *, title: str = "") -> dict[str, int]:
    """Write ``sheets`` as one workbook to the seekable ``stream``; how many rows each has, bands apart.

    Sheets and rows are taken one at a time, so a generator of either never has to be in memory whole.
    """
    book = Workbook(write_only=True)
    book.properties.title = clean_text(title)
    book.properties.creator = "CCHC Tracker"
    styles = _Styles()
    counts: dict[str, int] = {}
    for sheet in sheets:
        name = _sheet_name(sheet.name, counts)
        ws = book.create_sheet(name)
        try:
            counts[name] = _write_sheet(ws, sheet, styles)
        except BaseException:
            _discard(book)
            raise
    book.save(stream)
    return counts


def _discard(book: Workbook) -> None:
    """openpyxl streams each sheet into a file of its own; one that nobody will save must not stay."""
    for ws in book.worksheets:
        with suppress(Exception):
            if not ws.closed:
                ws.close()
            ws._writer.cleanup()


def clean_text(text: str) -> str:
    """``text`` as a cell can hold it: NFC, line ends as \\n, nothing illegal, not too long."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _ILLEGAL.sub("", text)
    if len(text) * 2 > LONGEST and len(text.encode("utf-16-le")) // 2 > LONGEST:
        room = (LONGEST - len(CUT)) * 2
        text = text.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + CUT
    return text


def put_text(cell: Any, text: str) -> bool:
    """Make ``text`` the text of an openpyxl cell, never a formula; whether it wants ``quotePrefix``.

    Whoever sets a style of their own sets ``quotePrefix`` after it.
    """
    text = clean_text(text)
    # Set past openpyxl, which would make a formula of «=…» and an error of «#N/A».
    cell._value, cell.data_type = _ESCAPED.sub("_x005F_", text), "s"
    return bool(_FORMULA.match(text))


def _sheet_name(name: str, taken: dict[str, int]) -> str:
    name = re.sub(r"[\[\]:*?/\\]", " ", clean_text(name)).strip().strip("'")[:31] or "Bảng"
    unique, number = name, 2
    while unique.casefold() in {other.casefold() for other in taken}:
        suffix = f" ({number})"
        unique, number = name[: 31 - len(suffix)] + suffix, number + 1
    return unique


def _write_sheet(ws: WriteOnlyWorksheet, sheet: Sheet, styles: _Styles) -> int:
    heading_row = len(sheet.title) + 1
    _set_up(ws, sheet, heading_row)
    for number, line in enumerate(sheet.title):
        ws.append(
            [
                _cell(
                    ws,
                    line,
                    styles,
                    "agency" if number == 0 else "title" if number == 1 else "note",
                )
            ]
        )
    widths = [column.width for column in sheet.columns]
    _set_height(ws, heading_row, [column.heading.upper() for column in sheet.columns], widths)
    ws.append([_cell(ws, column.heading, styles, "heading") for column in sheet.columns])
    count, last_row = 0, heading_row
    for row in sheet.rows:
        last_row += 1
        if isinstance(row, Band):
            # Not merged: merged cells break sorting and filtering. The text runs over the empty cells.
            texts: list[Cell] = [row.text, *[None] * (len(sheet.columns) - 1)]
            ws.append([_cell(ws, text, styles, "band") for text in texts])
            continue
        count += 1
        _set_height(ws, last_row, row, widths)
        ws.append(_row(ws, row, sheet, styles))
    for _ in range(sheet.spare):
        last_row += 1
        ws.append(_row(ws, [None] * len(sheet.columns), sheet, styles))
    _offer(ws, sheet, heading_row + 1, last_row)
    ws.auto_filter.ref = f"A{heading_row}:{get_column_letter(len(sheet.columns))}{last_row}"
    ws.close()
    return count


def _row(
    ws: WriteOnlyWorksheet, values: Sequence[Cell], sheet: Sheet, styles: _Styles
) -> list[WriteOnlyCell]:
    return [
        _cell(ws, value, styles, "centred" if column.centred else "text", column.as_text)
        for value, column in zip(values, sheet.columns, strict=True)
    ]


def _offer(ws: WriteOnlyWorksheet, sheet: Sheet, first: int, last: int) -> None:
    """Lists to choose from; something else may still be typed, and is then refused where it is read."""
    for number, column in enumerate(sheet.columns, 1):
        if not column.choices or last < first:
            continue
        listed = '"' + ",".join(choice.replace(",", " ") for choice in column.choices) + '"'
        offered = DataValidation(type="list", formula1=listed, allow_blank=True)
        offered.showErrorMessage = False
        letter = get_column_letter(number)
        offered.add(f"{letter}{first}:{letter}{last}")
        ws.data_validations.append(offered)


def _set_height(
    ws: WriteOnlyWorksheet, row: int, values: Sequence[Cell], widths: Sequence[float]
) -> None:
    """Room for the longest text. Excel would find it by itself; LibreOffice and viewers on phones do not."""
    ws.row_dimensions[row].height = row_height(values, widths)


def row_height(values: Sequence[Any], widths: Sequence[float]) -> float:
    """Points for a row whose texts wrap in columns ``widths`` characters wide."""
    lines = max(
        _lines(v, w) if isinstance(v, str) else 1 for v, w in zip(values, widths, strict=True)
    )
    return min(lines * LINE + 3, HIGHEST)


@lru_cache(maxsize=4096)
def _lines(text: str, width: float) -> int:
    """How many lines ``text`` takes in a column ``width`` digits wide, a little on the safe side."""
    room, lines = width * 0.95, 0
    for paragraph in text.split("\n")[:100]:
        used, lines = 0.0, lines + 1
        for word in paragraph.split(" "):
            size = sum(_letter(c) for c in word)
            if used and used + size > room:
                lines, used = lines + 1, 0.0
            while size > room:
                lines, size = lines + 1, size - room
            used += size + 0.5  # and a space
        if lines * LINE > HIGHEST:
            break
    return lines


def _letter(char: str) -> float:
    """The width of a letter of the font in digits."""
    if char in "ijlt.,;:'|!()[]/-fr":
        return 0.55
    return 1.3 if char in "mwMW@%" or char.isupper() else 0.88


def _set_up(ws: WriteOnlyWorksheet, sheet: Sheet, heading_row: int) -> None:
    """Screen and print. A streamed sheet wants widths and panes before its first row."""
    for number, column in enumerate(sheet.columns, 1):
        ws.column_dimensions[get_column_letter(number)].width = column.width
    ws.freeze_panes = f"{get_column_letter(sheet.frozen_columns + 1)}{heading_row + 1}"
    ws.print_title_rows = f"{heading_row}:{heading_row}"
    ws.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    ws.page_setup.orientation = "landscape"
    ws.page_setup.paperSize = 9  # A4
    ws.page_setup.fitToWidth, ws.page_setup.fitToHeight = 1, 0
    ws.page_margins.left = ws.page_margins.right = 0.4
    ws.page_margins.top, ws.page_margins.bottom = 0.5, 0.6
    ws.page_margins.header = ws.page_margins.footer = 0.3
    ws.print_options.horizontalCentered = True
    ws.oddFooter.left.text = ws.title.replace("&", "&&")
    ws.oddFooter.right.text = "Trang &P/&N"


def _cell(
    ws: WriteOnlyWorksheet, value: Cell, styles: _Styles, role: str, as_text: bool = False
) -> WriteOnlyCell:
    cell = WriteOnlyCell(ws)
    number_format, quoted = "General", False
    if isinstance(value, bool):
        value = "Có" if value else "Không"
    if isinstance(value, dt.date):
        value, number_format = _moment(value)
    if isinstance(value, str):
        quoted = put_text(cell, value)
    elif value is not None:
        if number_format == "General":
            value, number_format = _number(value)
        cell.value = value
    if as_text and number_format == "General" and not isinstance(value, (int, Decimal)):
        number_format = "@"
    cell._style = styles.of(ws, role, number_format, quoted)
    return cell


def _moment(value: dt.date) -> tuple[Any, str]:
    """A day or a local time as Excel counts them; it has none before 1900."""
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None, second=0, microsecond=0), _TIME
    if value.year < 1900:
        return f"{value.day:02}/{value.month:02}/{value.year}", "General"
    return value, _DAY


def _number(value: Any) -> tuple[int | Decimal, str]:
    """A number with the format that shows it. Floats are refused: figures are exact until here (R11)."""
    if isinstance(value, Percent):
        share = round_half_up(Fraction(value.share), 15)
        # 99,999% is not 100%: a share that rounds up to the whole shows more places.
        close = share != 1 and round_half_up(share, 4) == 1
        return share, "0.0000%" if close else "0.00%"
    if isinstance(value, Fraction):
        value = round_half_up(value, 10)
    if not isinstance(value, (int, Decimal)):
        raise TypeError(f"{type(value).__name__} is not a cell's value")
    return value, _WHOLE if value == int(value) else _BROKEN


class _Styles:
    """Each combination of role and format is made once a workbook; cells then share it."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str, bool], Any] = {}

    def of(self, ws: WriteOnlyWorksheet, role: str, number_format: str, quoted: bool) -> Any:
        key = (role, number_format, quoted)
        if key not in self._made:
            self._made[key] = self._make(ws, *key)
        return self._made[key]

    @staticmethod
    def _make(ws: WriteOnlyWorksheet, role: str, number_format: str, quoted: bool) -> Any:
        cell = WriteOnlyCell(ws)
        size = {"title": 14, "agency": 11}.get(role, 11)
        bold = role in {"agency", "title", "heading", "band"}
        cell.font = Font(name=FONT, size=size, bold=bold)
        if role in {"agency", "title", "note"}:
            cell.alignment = Alignment(vertical="center")
        else:
            cell.border = Border(left=_EDGE, right=_EDGE, top=_EDGE, bottom=_EDGE)
            fill = {"heading": "D9E2F3", "band": "EDF2F9"}.get(role)
            if fill:
                cell.fill = PatternFill("solid", start_color=fill)
            middle = role in {"heading", "centred"} or number_format in {_DAY, _TIME}
            is_text = number_format in {"General", "@"}
            horizontal = "center" if middle else "left" if is_text else "right"
            cell.alignment = Alignment(
                horizontal=horizontal,
                vertical="center" if role in {"heading", "band"} else "top",
                wrap_text=role != "band" and is_text,
                shrink_to_fit=not is_text,  # a large sum stays readable instead of ####
            )
        cell.number_format = number_format
        cell.quotePrefix = quoted
        return cell._style
