"""What the workbook looks like: its sheets, columns and words. Writer and reader both go by this."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plans.targets import Kind
from tasks.answer_forms import FIELDS, states_of
from tasks.answers import GIVEN, LABELS, NEEDS_REASON

if TYPE_CHECKING:
    from collections.abc import Mapping

FIGURES, TEXTS_SHEET, HELP, MARK_SHEET = "Báo cáo", "Nội dung", "Hướng dẫn", "_cchc"
MARK = "cchc-bao-cao/1"  # the kind of file and its edition, first cell of the hidden sheet
YES, NO = "Có", "Không"
STATE, TASK, INDICATOR = "Cách trả lời", "Mã nhiệm vụ", "Mã chỉ tiêu"


@dataclass(frozen=True)
class Column:
    """One column. ``field`` is the key of what is typed there, empty for what is only shown."""

    heading: str
    width: float
    field: str = ""
    needed: bool = False
    hint: str = ""


# «Giá trị» takes a number of things as well as money, «Ngày» both kinds of day.
FIGURE_COLUMNS = (
    Column(TASK, 8),
    Column("Nhiệm vụ", 28),
    Column(INDICATOR, 9, needed=True),
    Column("Chỉ tiêu", 34),
    Column("Mức đặt ra", 15),
    Column(STATE, 19, "state", True, "Chọn trong danh sách. Để trống cũng là có số liệu."),
    Column("Tử số", 11, "numerator", True, "Số từ 0 trở lên, không lớn hơn mẫu số."),
    Column("Mẫu số", 11, "denominator", True, "Số từ 0 trở lên."),
    Column("Giá trị", 15, "amount", True, "Số lượng hoặc số tiền, từ 0 trở lên."),
    Column("Có / Không", 10, "holds", True, "Chọn Có hoặc Không."),
    Column("Số, ký hiệu", 18, "number", True, "Ví dụ: 12/KH-SGDĐT."),
    Column("Ngày", 12, "day", True, "Ngày ban hành hoặc ngày thực hiện, ví dụ: 19/11/2019."),
    Column("Cơ quan ban hành", 20, "issuer", True, "Ví dụ: Sở Giáo dục và Đào tạo."),
    Column(
        "Lý do",
        30,
        "reason",
        True,
        "Chỉ điền khi chọn «Không phát sinh» hoặc «Không thuộc đơn vị này».",
    ),
)
TEXT_COLUMNS = (
    Column(TASK, 10, needed=True),
    Column("Nhiệm vụ", 40),
    Column("Trạng thái", 14),
    Column("Kết quả thực hiện", 70, "text", True, "Nêu việc đã làm, kết quả, văn bản đã ban hành."),
    Column("Khó khăn, vướng mắc", 45, "difficulties", True, "Để trống nếu không có."),
)
COLUMNS = {FIGURES: FIGURE_COLUMNS, TEXTS_SHEET: TEXT_COLUMNS}
KEYS = {FIGURES: INDICATOR, TEXTS_SHEET: TASK}


def column_of(name: str) -> str:
    """The key of the column that holds field ``name`` of an answer."""
    return "day" if name == "issued_on" else name


def fields_of(kind: str) -> dict[str, str]:
    """Column key -> the answer's field, for the columns a kind of indicator uses."""
    return {column_of(name): name for name in FIELDS[kind]}


def used_columns(kind: str) -> set[str]:
    return {"state", "reason", *fields_of(kind)}


def used_in(kind: str, state: str) -> set[str]:
    """The columns that may hold something once ``state`` is chosen."""
    if state == GIVEN:
        return set(fields_of(kind))
    return {"reason"} if state in NEEDS_REASON else set()


def state_words(kind: str) -> dict[str, str]:
    """State -> the words of the drop-down."""
    return dict(states_of(kind))


def heading_of(sheet: str, field: str) -> str:
    return next(c.heading for c in COLUMNS[sheet] if c.field == field)


def digest(values: Mapping[str, str]) -> str:
    """A mark of one field's words, to see whether it was touched. Empty words count as none."""
    kept = sorted((name, text) for name, text in values.items() if text)
    return hashlib.sha256(json.dumps(kept, ensure_ascii=False).encode()).hexdigest()[:16]


KIND_WORDS = {
    Kind.RATIO: "Tỷ lệ: điền «Tử số» và «Mẫu số», hệ thống tự tính phần trăm.",
    Kind.COUNT: "Số lượng: điền «Giá trị», là số nguyên.",
    Kind.AMOUNT: "Giá trị hoặc số tiền: điền «Giá trị».",
    Kind.BOOLEAN: "Có / không: chọn ở cột «Có / Không».",
    Kind.DOCUMENT: f"Văn bản: điền «{LABELS['number']}», «Ngày» ban hành và «Cơ quan ban hành»; "
    "chưa có thì chọn «Chưa ban hành».",
    Kind.DATE: "Ngày thực hiện: điền «Ngày»; chưa có thì chọn «Chưa thực hiện».",
}
