"""Forms of explaining to the province: which units are asked about which leaves, and the document that goes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from scoring.explaining import Explaining, Row, Wish
from scoring.scorecard_forms import Styled
from tasks.explanations import TEXT_LIMIT
from tasks.obstacle_forms import DayField

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accounts.models import Unit


class DueForm(Styled):
    due_before = DayField(
        label="Đơn vị trả lời trước ngày",
        error_messages={"required": "Chưa ghi hạn trả lời."},
        help_text="Chung cho các tiêu chí được chọn; đơn vị được nhắc việc theo hạn này.",
    )


class FinishForm(Styled):
    """The document by which our explanation went to the province."""

    number = forms.CharField(
        label="Số văn bản giải trình", required=False, max_length=60, help_text="Ví dụ: 15/SGDĐT-VP"
    )
    issued_on = DayField(label="Ngày văn bản", required=False)
    confirmed = forms.BooleanField(
        label="Hoàn tất dù còn tiêu chí chưa có nội dung giải trình", required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **({"auto_id": "finish-%s"} | kwargs))


class Asking:
    """What is offered and typed of one leaf: chosen or not, its units, the question."""

    def __init__(self, row: Row, units: Sequence[Unit], data: Any = None) -> None:
        self.row = row
        key = row.criterion.pk
        self.chosen_name, self.units_name, self.question_name = f"c{key}", f"u{key}", f"q{key}"
        waiting = {one.unit_id for one in row.open}
        behind = {unit.pk for unit in row.units}
        if data is None:
            can_ask = any(unit.pk in behind for unit in units)
            self.chosen = bool(row.asked) and not row.explanations and can_ask
            picked = behind
            self.question = row.preset
        else:
            self.chosen = self.chosen_name in data
            picked = {
                int(pk) for pk in data.getlist(self.units_name) if pk.isascii() and pk.isdigit()
            }
            self.question = data.get(self.question_name, "")
        offered = [unit for unit in units if unit.pk not in waiting]
        # Those that hold the figures first; the others where somebody else must explain.
        self.holders = [(unit, unit.pk in picked) for unit in offered if unit.pk in behind]
        self.others = [(unit, unit.pk in picked) for unit in offered if unit.pk not in behind]
        # Also those asked already: the same form sent twice is no fault.
        self.picked = [unit for unit in units if unit.pk in picked]
        self.errors: list[str] = []

    @property
    def others_open(self) -> bool:
        return not self.holders or any(picked for _, picked in self.others)

    def check(self) -> None:
        if not self.chosen:
            return
        if not self.picked:
            self.errors.append("Chưa chọn đơn vị giải trình.")
        if not self.question.strip():
            self.errors.append("Chưa ghi nội dung yêu cầu giải trình.")
        elif len(self.question) > TEXT_LIMIT:
            self.errors.append(f"Nội dung dài quá {TEXT_LIMIT} ký tự; hãy rút gọn.")


class AskForm:
    """Every leaf's :class:`Asking` and the one date."""

    def __init__(
        self, found: Explaining, units: Sequence[Unit], data: Any = None, *, asked: bool = True
    ) -> None:
        """``asked``: ``data`` was posted to ask; else it is what stood there when another button was pressed."""
        self.due = (
            DueForm(data)
            if asked or data is None
            else DueForm(initial={"due_before": data.get("due_before", "")})
        )
        self.askings = [Asking(row, units, data) for row in found.rows]
        self.error = ""

    @property
    def by_leaf(self) -> Mapping[int, Asking]:
        return {asking.row.criterion.pk: asking for asking in self.askings}

    @property
    def chosen(self) -> list[Asking]:
        return [asking for asking in self.askings if asking.chosen]

    @property
    def wrong(self) -> list[Asking]:
        return [asking for asking in self.askings if asking.errors]

    def is_valid(self) -> bool:
        for asking in self.askings:
            asking.check()
        if not self.chosen:
            # The date is asked for with the rest.
            self.error = "Hãy chọn ít nhất một tiêu chí để hỏi đơn vị."
            self.due = DueForm(initial={"due_before": self.due.data.get("due_before", "")})
            return False
        return self.due.is_valid() and not self.wrong

    @property
    def wishes(self) -> list[Wish]:
        return [
            Wish(asking.row.criterion, asking.picked, asking.question) for asking in self.chosen
        ]
