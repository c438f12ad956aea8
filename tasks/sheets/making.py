"""The workbook a unit takes away: its reports with what is filled in already, drop-downs and locked cells.

The same reports make the same bytes. Nothing but the cells to fill in can be written to in Excel; the
protection has no password, because it only guards against slips: the reader trusts none of it.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from accounts.text import read_day
from plans.numbers import NotANumber
from plans.targets import Kind
from plans.wording import target_text
from plans.workbook import FONT, clean_text, put_text, row_height
from tasks.answer_forms import DAYS, LONGEST, NUMBERS, read_figure
from tasks.answers import GIVEN, OLDEST
from tasks.contents import TEXTS
from tasks.sheets.desk import writable
from tasks.sheets.layout import (
    COLUMNS,
    FIGURES,
    HELP,
    KIND_WORDS,
    MARK,
    MARK_SHEET,
    NO,
    TEXTS_SHEET,
    YES,
    column_of,
    digest,
    state_words,
    used_columns,
)
from tasks.states import STATE_TEXT, State

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from accounts.models import Unit
    from plans.models import Indicator, Period
    from tasks.sheets.desk import Paper

HEADING_ROW = 4
DAY_FORMAT = "dd/mm/yyyy"
EXACT_DIGITS = 15  # a spreadsheet keeps no more of a number
_EDGE = Side(style="thin", color="A6A6A6")
_BORDER = Border(left=_EDGE, right=_EDGE, top=_EDGE, bottom=_EDGE)
_FILLS = {
    "heading": PatternFill("solid", start_color="D9E2F3"),
    "shown": PatternFill("solid", start_color="F2F2F2"),
    "unused": PatternFill("solid", start_color="D0D0D0"),
    "input": PatternFill("solid", start_color="FFFDE7"),
}
_STAMP = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # of every part of the archive, so that the same reports make the same bytes


def make(*, unit: Unit, period: Period, papers: list[Paper]) -> bytes:
    """The workbook of the reports among ``papers`` that can still be written."""
    book = Workbook()
    book.properties.title = clean_text(f"Báo cáo kết quả {period}")
    book.properties.creator = "CCHC Tracker"
    open_ones = writable(papers)
    figures = book.active
    figures.title = FIGURES
    _write_figures(figures, unit, period, open_ones)
    _write_texts(book.create_sheet(TEXTS_SHEET), unit, period, open_ones)
    _write_help(book.create_sheet(HELP), unit, period, papers)
    _write_mark(book.create_sheet(MARK_SHEET), unit, period, open_ones)
    stream = io.BytesIO()
    book.save(stream)
    opened = period.opened_at or dt.datetime(period.year, 1, 1, tzinfo=dt.UTC)
    return _repacked(stream, opened.astimezone(dt.UTC))


def _repacked(stream: io.BytesIO, moment: dt.datetime) -> bytes:
    """The same archive without the time it was made at."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(stream) as before,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for part in before.infolist():
            content = before.read(part)
            if part.filename == "docProps/core.xml":
                stamp = f"{moment:%Y-%m-%dT%H:%M:%SZ}".encode()
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp, content)
            fresh = zipfile.ZipInfo(part.filename, _STAMP)
            fresh.compress_type = zipfile.ZIP_DEFLATED
            after.writestr(fresh, content)
    return made.getvalue()


# -- «Báo cáo» ------------------------------------------------------------------------------------


def _write_figures(ws: Worksheet, unit: Unit, period: Period, papers: list[Paper]) -> None:
    _set_up(ws, unit, period, frozen=4)
    columns = COLUMNS[FIGURES]
    places = {c.field: n for n, c in enumerate(columns, 1) if c.field}
    checks = _Checks(ws)
    row = HEADING_ROW
    for paper in papers:
        for indicator in paper.indicators:
            row += 1
            shown = (
                paper.report.task.code,
                paper.report.task.title,
                indicator.code,
                indicator.name,
                target_text(indicator, period.year),
            )
            for number, text in enumerate(shown, 1):
                _text(ws.cell(row, number), text, "shown")
            _write_answer(ws, row, places, indicator, paper.values(str(indicator.pk)), checks)
            ws.row_dimensions[row].height = row_height(shown, [c.width for c in columns[:5]])
    checks.add()
    _finish(ws, len(columns), row)


def _write_answer(
    ws: Worksheet,
    row: int,
    places: dict[str, int],
    indicator: Indicator,
    values: dict[str, str],
    checks: _Checks,
) -> None:
    kind = indicator.kind
    by_column = {column_of(name): (name, text) for name, text in values.items()}
    if len(values) == 1 and values.get("state") == GIVEN:
        by_column = {}  # nothing answered yet
    words = state_words(kind)
    used = used_columns(kind)
    for key, place in places.items():
        cell = ws.cell(row, place)
        if key not in used:
            _style(cell, "unused")
            continue
        name, text = by_column.get(key, (key, ""))
        if key == "state":
            text = words.get(text, "")
        elif key == "holds":
            text = {"yes": YES, "no": NO}.get(text, text)
        _put(cell, name, text)
        checks.note(key, kind, cell.coordinate)


def _put(cell: Cell, name: str, text: str) -> None:
    """A cell to fill in, of the type of its field; what is no figure or day stays the text it is."""
    number_format = "@"
    value: Any = None
    if name in NUMBERS:
        number_format = "General"
        value = _exact(text)
    elif name in DAYS:
        number_format = DAY_FORMAT
        value = _day(text)
    if value is not None:
        cell.value = value
        if isinstance(value, (int, Decimal)):
            number_format = "#,##0" if value == int(value) else "#,##0.####"
        _style(cell, "input", number_format)
    else:
        _text(cell, text, "input", number_format)


def _exact(text: str) -> int | Decimal | None:
    """The figure as a spreadsheet can hold it without loss; None where it cannot."""
    try:
        figure = read_figure(text)
    except NotANumber:
        return None
    if len(figure.normalize().as_tuple().digits) > EXACT_DIGITS or abs(figure) >= 10**EXACT_DIGITS:
        return None
    return int(figure) if figure == int(figure) else figure


def _day(text: str) -> dt.date | None:
    try:
        day = read_day(text)
    except ValueError:
        return None
    return day if day.year >= 1901 else None


class _Checks:
    """The drop-downs, limits and hints of the cells, one rule for all cells of a sort."""

    def __init__(self, ws: Worksheet) -> None:
        self.ws = ws
        self.cells: dict[tuple[str, str], list[str]] = {}

    def note(self, key: str, kind: str, cell: str) -> None:
        by_kind = key == "state" or (key == "amount" and kind == Kind.COUNT)
        self.cells.setdefault((key, kind if by_kind else ""), []).append(cell)

    def add(self) -> None:
        headings = {c.field: c for c in COLUMNS[self.ws.title] if c.field}
        for (key, kind), cells in self.cells.items():
            rule = self._rule(key, kind)
            rule.promptTitle = headings[key].heading
            rule.prompt = headings[key].hint
            rule.showInputMessage = True
            rule.errorTitle = "Chưa đúng"
            rule.showErrorMessage = True
            for cell in cells:
                rule.add(cell)
            self.ws.add_data_validation(rule)

    @staticmethod
    def _rule(key: str, kind: str) -> DataValidation:
        if key in {"state", "holds"}:
            choices = [YES, NO] if key == "holds" else list(state_words(kind).values())
            rule = DataValidation("list", formula1=f'"{",".join(choices)}"', allow_blank=True)
            rule.error = "Hãy chọn một trong danh sách: " + "; ".join(choices) + "."
        elif key in NUMBERS:
            whole = kind == Kind.COUNT
            rule = DataValidation(
                "whole" if whole else "decimal",
                operator="greaterThanOrEqual",
                formula1="0",
                allow_blank=True,
            )
            rule.error = f"Chỉ nhập số{' nguyên' if whole else ''} từ 0 trở lên."
        elif key == "day":
            # Only a warning: a day typed as text is read as well.
            first = (OLDEST - dt.date(1899, 12, 30)).days
            rule = DataValidation(
                "date",
                operator="greaterThanOrEqual",
                formula1=str(first),
                allow_blank=True,
                errorStyle="warning",
            )
            rule.error = "Ngày viết như 19/11/2019."
        else:
            longest = LONGEST.get(key, 20_000)
            rule = DataValidation(
                "textLength",
                operator="lessThanOrEqual",
                formula1=str(longest),
                allow_blank=True,
            )
            rule.error = f"Tối đa {longest} ký tự."
        return rule


# -- «Nội dung», «Hướng dẫn» and the mark ---------------------------------------------------------


def _write_texts(ws: Worksheet, unit: Unit, period: Period, papers: list[Paper]) -> None:
    _set_up(ws, unit, period, frozen=2)
    columns = COLUMNS[TEXTS_SHEET]
    checks = _Checks(ws)
    row = HEADING_ROW
    for row, paper in enumerate(papers, HEADING_ROW + 1):
        report = paper.report
        texts = [paper.values(name)[name] for name in TEXTS]
        shown = (report.task.code, report.task.title, STATE_TEXT[State(report.state)])
        for number, text in enumerate(shown, 1):
            _text(ws.cell(row, number), text, "shown")
        for number, (name, text) in enumerate(zip(TEXTS, texts, strict=True), len(shown) + 1):
            cell = ws.cell(row, number)
            _text(cell, text, "input", "@")
            checks.note(name, "", cell.coordinate)
        height = row_height([*shown, *texts], [c.width for c in columns])
        ws.row_dimensions[row].height = max(height, 62)
    checks.add()
    _finish(ws, len(columns), row)


def _write_help(ws: Worksheet, unit: Unit, period: Period, papers: list[Paper]) -> None:
    lines = [
        ("title", f"Hướng dẫn điền báo cáo {str(period).lower()} – {unit.name}"),
        (
            "text",
            "1. Chỉ điền các ô nền vàng nhạt. Ô xám là thông tin của kế hoạch hoặc ô không dùng.",
        ),
        ("text", f"2. Trang «{FIGURES}»: mỗi dòng một chỉ tiêu. Điền theo loại chỉ tiêu:"),
        *(("item", f"– {words}") for words in KIND_WORDS.values()),
        (
            "text",
            "3. Không có việc nào để tính thì chọn «Không phát sinh»; việc của đơn vị khác thì chọn "
            "«Không thuộc đơn vị này». Cả hai đều cần ghi «Lý do» và để trống các ô số liệu.",
        ),
        (
            "text",
            "4. Điền số 0 khi có phát sinh nhưng chưa làm được; để trống nghĩa là chưa trả lời.",
        ),
        (
            "text",
            f"5. Trang «{TEXTS_SHEET}»: mỗi dòng một báo cáo; xuống dòng trong ô bằng Alt+Enter.",
        ),
        (
            "text",
            "6. Không dùng công thức và không gộp ô ở các ô phải điền; cần thì dán giá trị "
            "(Dán đặc biệt → Giá trị).",
        ),
        (
            "text",
            "7. Lưu dạng .xlsx rồi tải lên ở trang «Việc của đơn vị» → «Làm bằng Excel». Hệ thống cho xem "
            "trước từng thay đổi; chỉ khi bấm «Ghi vào báo cáo» thì số liệu mới được lưu.",
        ),
        (
            "text",
            "8. Tải lên chỉ lưu bản đang soạn. Tài liệu kiểm chứng thêm trên trang của báo cáo; "
            "trưởng đơn vị gửi báo cáo trên hệ thống.",
        ),
        ("text", f"Gửi Văn phòng Sở trước ngày {period.due_before:%d/%m/%Y}."),
    ]
    closed = [paper for paper in papers if paper.locked is not None]
    if closed:
        lines.append(("head", "Báo cáo không có trong tệp này"))
        lines += [
            ("item", f"– {paper.report.task.code}: {(paper.locked or '').rstrip('.')}.")
            for paper in closed
        ]
    ws.column_dimensions["A"].width = 110
    for row, (role, text) in enumerate(lines, 1):
        cell = ws.cell(row, 1)
        put_text(cell, text)
        cell.font = Font(
            name=FONT, size=14 if role == "title" else 12, bold=role in {"title", "head"}
        )
        cell.alignment = Alignment(
            wrap_text=True, vertical="top", indent=2 if role == "item" else 0
        )
        ws.row_dimensions[row].height = row_height([text], [96]) + 4
    ws.protection.sheet = True
    _page(ws)


def _write_mark(ws: Worksheet, unit: Unit, period: Period, papers: list[Paper]) -> None:
    """Whose file this is, and of each field what it held when it was taken away."""
    agency = unit.agency
    rows: list[tuple[str, ...]] = [(MARK, agency.code, unit.code, str(period.pk), str(period))]
    for paper in papers:
        report = paper.report
        rows.append(("report", str(report.pk), str(report.version)))
        rows += [
            ("field", str(report.pk), key, digest(paper.values(key))) for key in paper.fields()
        ]
    for row, texts in enumerate(rows, 1):
        for number, text in enumerate(texts, 1):
            put_text(ws.cell(row, number), text)
    ws.sheet_state = "veryHidden"
    ws.protection.sheet = True


# -- Looks ----------------------------------------------------------------------------------------


def _set_up(ws: Worksheet, unit: Unit, period: Period, *, frozen: int) -> None:
    note = (
        "Chỉ điền các ô nền vàng nhạt; cách điền ở trang «Hướng dẫn». "
        f"Gửi trước ngày {period.due_before:%d/%m/%Y}."
    )
    lines = (unit.name, f"{ws.title} – Kết quả cải cách hành chính {str(period).lower()}", note)
    for row, text in enumerate(lines, 1):
        cell = ws.cell(row, 1)
        put_text(cell, text)
        cell.font = Font(name=FONT, size=14 if row == 2 else 11, bold=row < 3)
    columns = COLUMNS[ws.title]
    for number, column in enumerate(columns, 1):
        ws.column_dimensions[get_column_letter(number)].width = column.width
        cell = ws.cell(HEADING_ROW, number)
        put_text(cell, column.heading)
        _style(cell, "heading")
    ws.row_dimensions[HEADING_ROW].height = 34
    ws.freeze_panes = f"{get_column_letter(frozen + 1)}{HEADING_ROW + 1}"


def _finish(ws: Worksheet, columns: int, last_row: int) -> None:
    ws.auto_filter.ref = f"A{HEADING_ROW}:{get_column_letter(columns)}{last_row}"
    ws.protection.sheet = True
    # Allowed in a protected sheet (the attribute says what is locked): widths, heights, filter.
    ws.protection.formatColumns = ws.protection.formatRows = ws.protection.autoFilter = False
    ws.print_title_rows = f"{HEADING_ROW}:{HEADING_ROW}"
    _page(ws)


def _page(ws: Worksheet) -> None:
    ws.sheet_properties.pageSetUpPr.fitToPage = True
    ws.page_setup.orientation = "landscape"
    ws.page_setup.paperSize = 9  # A4
    ws.page_setup.fitToWidth, ws.page_setup.fitToHeight = 1, 0
    ws.page_margins.left = ws.page_margins.right = 0.4


def _text(cell: Cell, text: str, role: str, number_format: str = "General") -> None:
    quoted = put_text(cell, text) if text else False
    _style(cell, role, number_format)
    cell.quotePrefix = quoted


def _style(cell: Cell, role: str, number_format: str = "General") -> None:
    cell.font = Font(name=FONT, size=11, bold=role == "heading")
    cell.fill = _FILLS[role]
    cell.border = _BORDER
    middle = role == "heading" or number_format == DAY_FORMAT
    cell.alignment = Alignment(
        horizontal="center" if middle else None,
        vertical="center" if role == "heading" else "top",
        wrap_text=True,
    )
    cell.protection = Protection(locked=role != "input")
    cell.number_format = number_format
