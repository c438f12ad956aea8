"""Which fields a workbook touched: each line tied to its report, compared with what the file held at first."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from accounts.text import fold
from plans.workbook import CUT
from tasks.answer_forms import field_name
from tasks.answers import GIVEN
from tasks.contents import TEXTS
from tasks.sheets.desk import same_writing
from tasks.sheets.layout import (
    FIGURES,
    INDICATOR,
    NO,
    STATE,
    TASK,
    TEXTS_SHEET,
    YES,
    digest,
    fields_of,
    heading_of,
    state_words,
    used_in,
)
from tasks.sheets.reading import BadBook, SheetFault

if TYPE_CHECKING:
    from accounts.models import Unit
    from plans.models import Indicator, Period
    from tasks.sheets.desk import Paper
    from tasks.sheets.reading import Book, Line


@dataclass(frozen=True)
class Entry:
    """One touched field of one report: a text, or an indicator with all parts of its answer."""

    report: int
    key: str  # an indicator's number, or the name of a text
    typed: dict[str, str]  # field -> words, as the form would post them
    base: str  # digest of what the file held when it was taken away
    sheet: str
    row: int
    cells: dict[str, str]  # field -> G7

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Entry:
        return cls(**data)

    def posted(self, indicator: Indicator | None) -> dict[str, str]:
        if indicator is None:
            return self.typed
        return {field_name(indicator, name): text for name, text in self.typed.items()}

    def fault(self, name: str, message: str) -> SheetFault:
        cell = self.cells.get(name) or next(iter(self.cells.values()), "")
        column = "day" if name == "issued_on" else name
        return SheetFault(message, self.sheet, self.row, heading_of(self.sheet, column), cell)


@dataclass
class Understood:
    entries: list[Entry]
    faults: list[SheetFault]
    notes: list[str]
    untouched: int  # fields that read as they did when the file was taken away


def check_owner(book: Book, unit: Unit, period: Period) -> None:
    """BadBook where the file was taken away for another agency, unit or period."""
    mark = book.mark
    if mark.agency != unit.agency.code:
        raise BadBook([SheetFault("Tệp này của cơ quan khác, không tải lên đây được.")])
    if mark.unit != unit.code:
        words = f"Tệp này của đơn vị khác (mã {mark.unit[:20]}), không phải của {unit.name}."
        raise BadBook([SheetFault(words)])
    if mark.period != str(period.pk):
        words = (
            f"Tệp này của kỳ báo cáo khác ({mark.period_name[:40].lower()}), "
            f"không phải {str(period).lower()}. Hãy chọn đúng kỳ rồi tải lên."
        )
        raise BadBook([SheetFault(words)])


def understand(book: Book, papers: list[Paper]) -> Understood:
    """The touched fields of ``book``; lines of other reports are faults, lines left out stay as they are."""
    by_code = {fold(i.code): (paper, i) for paper in papers for i in paper.indicators}
    by_task = {fold(paper.report.task.code): paper for paper in papers}
    done = Understood([], list(book.faults), list(book.notes), 0)
    seen: dict[tuple[str, str], int] = {}
    for line in book.lines:
        column = INDICATOR if line.sheet == FIGURES else TASK
        code = line.texts[column]
        known = (line.sheet, fold(code))
        fault = None
        if known in seen:
            fault = f"«{code[:40]}» đã có ở dòng {seen[known]}; mỗi mã chỉ được một dòng."
        elif fold(code) not in (by_code if line.sheet == FIGURES else by_task):
            what = "Chỉ tiêu" if line.sheet == FIGURES else "Nhiệm vụ"
            fault = f"{what} «{code[:40]}» không có trong các báo cáo của đơn vị trong kỳ này."
        if fault:
            done.faults.append(SheetFault(fault, line.sheet, line.row, column, line.cells[column]))
            continue
        seen[known] = line.row
        if line.sheet == FIGURES:
            _figures(line, *by_code[fold(code)], book, done)
        else:
            _texts(line, by_task[fold(code)], book, done)
    _say_what_is_left_out(book, papers, seen, done)
    return done


def _texts(line: Line, paper: Paper, book: Book, done: Understood) -> None:
    for name in TEXTS:
        text = line.texts.get(name, "")
        entry = _entry(line, paper, name, {name: text}, {name: line.cells[name]}, book, done)
        if entry and CUT in text:
            words = "Nội dung ô này đã bị cắt bớt vì quá dài; hãy sửa trên trang của báo cáo."
            done.faults.append(entry.fault(name, words))


def _figures(line: Line, paper: Paper, indicator: Indicator, book: Book, done: Understood) -> None:
    kind = indicator.kind
    where = f"chỉ tiêu {indicator.code}"

    def fault(key: str, message: str) -> None:
        heading = heading_of(FIGURES, key) if key != TASK else TASK
        done.faults.append(SheetFault(message, FIGURES, line.row, heading, line.cells[key]))

    task = line.texts.get(TASK)
    if task and fold(task) != fold(paper.report.task.code):
        # As when one column alone was sorted: the figures would land at another indicator.
        fault(
            TASK, f"Mã nhiệm vụ «{task[:20]}» không khớp {where}; có thể các dòng đã bị xáo trộn."
        )
        return
    state = _state(line, kind)
    if state is None:
        choices = "; ".join(state_words(kind).values())
        fault("state", f"«{line.texts['state'][:40]}» không có trong danh sách: {choices}.")
        return
    values = {"state": state}
    cells = {"state": line.cells["state"]}
    wrong = False
    used = used_in(kind, state)
    names = fields_of(kind)
    for key in ("numerator", "denominator", "amount", "holds", "number", "day", "issuer", "reason"):
        text = line.texts.get(key, "")
        name = names.get(key, key)
        cells[name] = line.cells[key]
        if not text:
            continue
        if key not in used:
            fault(key, _unused(key, kind, state, line.cells[key], where))
            wrong = True
        elif key == "holds":
            answer = {fold(YES): "yes", fold(NO): "no"}.get(fold(text))
            if answer is None:
                fault(key, f"«{text[:40]}» không hợp lệ; chỉ chọn Có hoặc Không.")
                wrong = True
            else:
                values[name] = answer
        else:
            values[name] = same_writing(name, text)
    if not wrong:
        _entry(line, paper, str(indicator.pk), values, cells, book, done)


def _unused(key: str, kind: str, state: str, cell: str, where: str) -> str:
    chosen = state_words(kind)[state]
    if key == "reason":
        return (
            f"Ô {cell} có lý do nhưng {where} đang trả lời «{chosen}»; "
            f"hãy xóa lý do hoặc chọn lại «{STATE}»."
        )
    if key not in fields_of(kind):
        return f"Ô {cell} phải để trống: {where} không dùng cột này."
    return f"Ô {cell} phải để trống vì đã chọn «{chosen}»; hãy xóa ô hoặc chọn lại «{STATE}»."


def _state(line: Line, kind: str) -> str | None:
    text = line.texts.get("state", "")
    if not text:
        return GIVEN
    return next((s for s, words in state_words(kind).items() if fold(words) == fold(text)), None)


def _entry(
    line: Line,
    paper: Paper,
    key: str,
    typed: dict[str, str],
    cells: dict[str, str],
    book: Book,
    done: Understood,
) -> Entry | None:
    """The field as an entry, where it was touched."""
    base = book.mark.fields.get((paper.report.pk, key), "")
    if digest(typed) == base:
        done.untouched += 1
        return None
    entry = Entry(paper.report.pk, key, typed, base, line.sheet, line.row, cells)
    done.entries.append(entry)
    return entry


def _say_what_is_left_out(
    book: Book, papers: list[Paper], seen: dict[tuple[str, str], int], done: Understood
) -> None:
    """Lines taken out of the file change nothing; say so."""
    left: list[str] = []
    for paper in papers:
        if paper.report.pk not in book.mark.versions:
            continue
        left += [i.code for i in paper.indicators if (FIGURES, fold(i.code)) not in seen]
        if (TEXTS_SHEET, fold(paper.report.task.code)) not in seen:
            left.append(f"nội dung {paper.report.task.code}")
    if left and not done.faults:
        shown = ", ".join(left[:8]) + (f" và {len(left) - 8} mục khác" if len(left) > 8 else "")
        done.notes.append(f"Không có dòng trong tệp nên giữ nguyên: {shown}.")
