"""The form of a rule, made from what its kind says it asks for (``scoring.rules.asking``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms

from plans.numbers import show_number
from plans.wording import ROMAN
from scoring.criteria_forms.fields import NumberField, Styled, is_blank, rearranged, typed_rows
from scoring.criteria_importing import plain
from scoring.rules import BY_TYPE
from scoring.rules.asking import Ask, Shape
from scoring.rules.base import say_years

if TYPE_CHECKING:
    from django.forms.boundfield import BoundField

    from scoring.criteria_indicators import Known

PREFIX = "rule"
TYPE = f"{PREFIX}-type"
ONE = "code"  # the column of a table of indicators
YEARS = range(-5, 6)  # as the format allows
NOT_CHOSEN = "Chưa chọn chỉ tiêu."
NOT_TYPED = "Chưa ghi."


class IndicatorField(forms.CharField):
    """A code, chosen from a list that is searched by typing; «1.2-a – Tỷ lệ …» is read as its code."""

    def __init__(self, known: Mapping[str, Known], ask: Ask, **kwargs: Any) -> None:
        super().__init__(max_length=300, error_messages={"required": NOT_CHOSEN}, **kwargs)
        self.known = known
        self.widget.attrs |= {
            "list": list_id(ask),
            "placeholder": "Gõ mã hoặc tên chỉ tiêu",
            "data-refreshes": "",
        }

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        code = text.split(" ", 1)[0]
        if code not in self.known:
            raise forms.ValidationError(f"Kế hoạch của cơ quan không có chỉ tiêu «{text[:60]}».")
        return code


def list_id(ask: Ask) -> str:
    """The list of the indicators that fit; fields that want the same kinds share it."""
    return "indicators-" + "-".join(sorted(ask.kinds))


@dataclass
class Part:
    """One thing the kind asks for, as the page shows it: fields beside each other, or a table of them."""

    ask: Ask
    fields: list[BoundField] = field(default_factory=list)
    rows: list[Styled] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def is_table(self) -> bool:
        return self.ask.shape in {Shape.ROWS, Shape.INDICATORS}

    @property
    def name(self) -> str:
        return f"{PREFIX}-{self.ask.name}"

    @property
    def columns(self) -> tuple[Ask, ...]:
        return _columns(self.ask)

    def faults(self) -> Iterator[tuple[str, str, str]]:
        """(id of the field, its name, what is wrong)."""
        for one in self.fields:
            for words in one.errors:
                yield one.id_for_label, self.ask.label, str(words)
        for words in self.errors:
            yield self.name, self.ask.label, words
        for number, row in enumerate(self.rows, start=1):
            for one in row:
                for words in one.errors:
                    where = f"{self.ask.label}, {self.ask.row} {number}"
                    yield one.id_for_label, where, str(words)


def _columns(ask: Ask) -> tuple[Ask, ...]:
    if ask.shape is Shape.INDICATORS:
        return (Ask(ONE, "Chỉ tiêu", Shape.INDICATOR, kinds=ask.kinds),)
    return ask.columns


class RuleForm:
    """A rule as it is stored (``rule``) or typed (``data``); ``checked``: faults are looked for and shown.

    ``action``: the button that was pressed, which may add a row to a table or take one away.
    """

    def __init__(
        self,
        known: Mapping[str, Known],
        *,
        rule: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        action: str = "",
        checked: bool = False,
    ) -> None:
        self.known = known
        self.checked = checked
        self.type = str(data.get(TYPE, "")) if data is not None else (rule or {}).get("type", "")
        self.kind = BY_TYPE.get(self.type)
        self.error = "" if self.kind or not checked else "Chưa chọn cách tính điểm."
        asks = self.kind.asks if self.kind else ()
        typed = _typed(asks, data) if data is not None else _shown(asks, rule or {})
        self.parts = [self._part(ask, typed, action) for ask in asks]

    @property
    def is_chosen(self) -> bool:
        return self.kind is not None

    @property
    def title(self) -> str:
        return self.kind.title if self.kind else ""

    @property
    def about(self) -> str:
        return self.kind.about if self.kind else ""

    @property
    def kinds(self) -> list[tuple[str, str, str]]:
        """(type, title, what it does) of every kind, to choose from."""
        return [(name, kind.title, kind.about) for name, kind in BY_TYPE.items()]

    @property
    def lists(self) -> list[tuple[str, list[Known]]]:
        """The lists of indicators that the fields refer to."""
        asks = [
            column
            for part in self.parts
            for column in (part.columns if part.is_table else (part.ask,))
            if column.shape is Shape.INDICATOR
        ]
        return [
            (name, [one for one in self.known.values() if one.target.kind in kinds])
            for name, kinds in {list_id(ask): ask.kinds for ask in asks}.items()
        ]

    @property
    def codes(self) -> list[str]:
        """The indicators named so far, each once, whatever else is wrong."""
        found = []
        for part in self.parts:
            forms_of = part.rows if part.is_table else [part.fields[0].form] if part.fields else []
            for form in forms_of:
                for name, one in form.fields.items():
                    if isinstance(one, IndicatorField):
                        found.append(str(form[name].value() or "").strip().split(" ", 1)[0])
        return [code for code in dict.fromkeys(found) if code in self.known]

    def _part(self, ask: Ask, typed: Mapping[str, Any], action: str) -> Part:
        if ask.shape not in {Shape.ROWS, Shape.INDICATORS}:
            form = self._form([ask], {name: typed.get(name, "") for name in _names(ask)}, PREFIX)
            return Part(ask, fields=list(form))
        columns = _columns(ask)
        rows = rearranged(typed[ask.name], action, ask.name)
        if self.checked:
            chosen = [column.name for column in columns if column.shape is Shape.CHOICE]
            rows = [row for row in rows if not is_blank(row, chosen)]
        part = Part(
            ask,
            rows=[
                self._form(columns, row, f"{PREFIX}-{ask.name}-{number}", f"{ask.row} {number + 1}")
                for number, row in enumerate(rows or [{}])
            ],
        )
        if action == f"add-{ask.name}":
            next(iter(part.rows[-1].fields.values())).widget.attrs["autofocus"] = True
        if self.checked and not rows:
            part.rows[0] = self._form(columns, None, f"{PREFIX}-{ask.name}-0", f"{ask.row} 1")
            part.errors.append(f"Cần ít nhất một {ask.row}.")
        return part

    def _form(
        self,
        asks: Sequence[Ask],
        typed: Mapping[str, str] | None,
        prefix: str,
        row: str = "",
    ) -> Styled:
        fields: dict[str, forms.Field] = {}
        for ask in asks:
            fields |= self._fields(ask)
        for ask in asks if row else ():
            # In a table the heading of the column is the label to the eye only.
            fields[ask.name].widget.attrs["aria-label"] = f"{ask.label}, {row}"
        # A copy, because Django takes the fields out of what it is given.
        form_class: type[Styled] = type("RuleFields", (Styled,), dict(fields))
        if typed is None:
            return form_class(prefix=prefix)
        if self.checked:
            return form_class(
                {f"{prefix}-{name}": typed.get(name, "") for name in fields}, prefix=prefix
            )
        return form_class(prefix=prefix, initial=dict(typed))

    def _fields(self, ask: Ask) -> dict[str, forms.Field]:
        more: dict[str, Any] = {"label": ask.label, "required": not ask.optional}
        chosen: dict[str, Any] = {"error_messages": {"required": "Chưa chọn."}}
        match ask.shape:
            case Shape.INDICATOR:
                return {ask.name: IndicatorField(self.known, ask, **more)}
            case Shape.CHOICE:
                return {ask.name: forms.ChoiceField(choices=ask.choices, **chosen, **more)}
            case Shape.DUE:
                quarters = [("", "– theo kế hoạch –")]
                quarters += [(str(n), f"quý {ROMAN[n]}") for n in range(1, 5)]
                years = [(str(n), say_years(n) or "năm chấm") for n in YEARS]
                return {
                    f"{ask.name}_quarter": forms.ChoiceField(choices=quarters, **chosen, **more),
                    f"{ask.name}_year": forms.ChoiceField(
                        choices=years, label="Của năm", required=False, initial="0"
                    ),
                }
        return {
            ask.name: NumberField(
                help_text=ask.help, error_messages={"required": NOT_TYPED}, **more
            )
        }

    def is_valid(self) -> bool:
        """Every field can be read; what they mean together is not asked here."""
        return not self.error and not [fault for part in self.parts for fault in part.faults()]

    def read(self) -> dict[str, Any]:
        """The rule as it is stored; only after :meth:`is_valid`."""
        found: dict[str, Any] = {"type": self.type}
        for part in self.parts:
            value = _read(part)
            if value is not None:
                found[part.ask.name] = value
        return found

    def add_fault(self, path: Sequence[str | int], words: str) -> bool:
        """A fault at ``path`` inside the rule, put to its field; False where there is no such field."""
        steps = list(path)
        if len(steps) > 1 and steps[0] == self.type and isinstance(steps[1], str):
            steps = steps[1:]  # the schema names the kind first
        part = next((one for one in self.parts if steps and one.ask.name == steps[0]), None)
        if part is None:
            return False
        numbers = [step for step in steps if isinstance(step, int)]
        row = part.rows[numbers[0]] if numbers and numbers[0] < len(part.rows) else None
        if row is not None:
            name = str(steps[-1]) if steps[-1] in row.fields else next(iter(row.fields))
            row.add_error(name, words)
        elif part.is_table:
            part.errors.append(words)
        else:
            form = part.fields[0].form
            assert isinstance(form, forms.Form)
            form.add_error(part.fields[0].name, words)
        return True

    def faults(self) -> list[tuple[str, str, str]]:
        found = [("rule-type", "Cách tính điểm", self.error)] if self.error else []
        return [*found, *(fault for part in self.parts for fault in part.faults())]


def _names(ask: Ask) -> list[str]:
    if ask.shape is Shape.DUE:
        return [f"{ask.name}_quarter", f"{ask.name}_year"]
    return [ask.name]


def _typed(asks: Sequence[Ask], data: Mapping[str, Any]) -> dict[str, Any]:
    """What a post says of ``asks``, by name."""
    found: dict[str, Any] = {}
    for ask in asks:
        if ask.shape in {Shape.ROWS, Shape.INDICATORS}:
            found[ask.name] = typed_rows(data, f"{PREFIX}-{ask.name}")
        else:
            for name in _names(ask):
                if f"{PREFIX}-{name}" in data:
                    found[name] = data[f"{PREFIX}-{name}"]
                elif ask.shape is Shape.DUE and name.endswith("_year"):
                    found[name] = "0"
    return found


def _shown(asks: Sequence[Ask], rule: Mapping[str, Any]) -> dict[str, Any]:
    """A stored rule as the texts of its fields."""
    found: dict[str, Any] = {}
    for ask in asks:
        value = rule.get(ask.name)
        if ask.shape is Shape.INDICATORS:
            found[ask.name] = [{ONE: code} for code in value or []]
        elif ask.shape is Shape.ROWS:
            found[ask.name] = [_shown(ask.columns, row) for row in value or []]
        elif ask.shape is Shape.DUE:
            due = value or {}
            found[f"{ask.name}_quarter"] = str(due.get("quarter", ""))
            found[f"{ask.name}_year"] = str(due.get("year_offset", 0))
        elif value is not None:
            is_number = ask.shape is Shape.NUMBER
            found[ask.name] = show_number(Decimal(str(value))) if is_number else value
    return found


def _read(part: Part) -> Any:
    ask = part.ask
    if ask.shape is Shape.INDICATORS:
        return [row.cleaned_data[ONE] for row in part.rows]
    if ask.shape is Shape.ROWS:
        return [
            {column.name: _stored(row.cleaned_data[column.name]) for column in ask.columns}
            for row in part.rows
        ]
    form = part.fields[0].form
    assert isinstance(form, forms.Form)
    if ask.shape is Shape.DUE:
        quarter = form.cleaned_data[f"{ask.name}_quarter"]
        if not quarter:
            return None
        year = form.cleaned_data[f"{ask.name}_year"] or "0"
        return {"quarter": int(quarter), "year_offset": int(year)}
    return _stored(form.cleaned_data[ask.name])


def _stored(value: Any) -> Any:
    return plain(value) if isinstance(value, Decimal) else value
