"""The form of one line of a set: a field, a group of criteria, or a criterion with points and its rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms

from accounts.reading import Faulty, Source, validate
from accounts.text import clean, clean_paragraphs
from plans.numbers import show_number
from scoring.criteria_data import in_words
from scoring.criteria_editing import below
from scoring.criteria_forms.fields import NumberField, Styled
from scoring.criteria_forms.rules import TYPE, RuleForm
from scoring.criteria_importing import plain
from scoring.criteria_schema import CriterionEntry, find_faults
from scoring.models import Criterion

if TYPE_CHECKING:
    from scoring.criteria_indicators import Known
    from scoring.models import CriteriaSet

GROUP = "group"
KINDS = (
    (Criterion.SELF, "Tự chấm: điểm tính theo quy tắc từ số liệu, rồi tỉnh thẩm định"),
    (Criterion.SURVEY, "Điều tra xã hội học: nhập điểm khi tỉnh công bố"),
    (GROUP, "Nhóm: điểm nằm ở các tiêu chí con"),
)
# Where the schema's keys are called otherwise here.
FIELD_OF = {"max": "maximum", "min": "minimum"}


class LineForm(Styled):
    """Everything of a line but its rule."""

    code = forms.CharField(
        label="Mã", max_length=30, error_messages={"required": "Chưa ghi mã tiêu chí."}
    )
    name = forms.CharField(
        label="Tên",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": "Chưa ghi tên tiêu chí.",
            "max_length": "Tên dài quá 500 ký tự; hãy rút gọn.",
        },
    )
    parent = forms.TypedChoiceField(
        label="Thuộc",
        coerce=int,
        error_messages={"invalid_choice": "Không có nhóm này trong bộ tiêu chí."},
    )
    kind = forms.ChoiceField(
        label="Loại",
        choices=KINDS,
        widget=forms.RadioSelect,
        error_messages={"required": "Chưa chọn loại tiêu chí."},
    )
    maximum = NumberField(label="Điểm tối đa", error_messages={"required": "Chưa ghi điểm tối đa."})
    minimum = NumberField(
        label="Điểm tối thiểu",
        required=False,
        help_text="Để trống là 0; số âm khi tiêu chí có thể bị trừ điểm.",
    )
    scale = forms.CharField(
        label="Nguyên văn thang điểm của quyết định",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    evidence = forms.CharField(
        label="Tài liệu kiểm chứng",
        required=False,
        help_text="Mỗi dòng một tài liệu.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_code(self) -> str:
        return clean(self.cleaned_data["code"])

    def clean_name(self) -> str:
        return clean(self.cleaned_data["name"])


class LineForms:
    """A line and its rule as one: shown as stored, as typed, or checked.

    ``line`` None: a new one under ``parent`` (None: a new field).
    """

    def __init__(
        self,
        criteria_set: CriteriaSet,
        lines: Sequence[Criterion],
        known: Mapping[str, Known],
        *,
        line: Criterion | None = None,
        parent: Criterion | None = None,
        data: Mapping[str, Any] | None = None,
        action: str = "",
        checked: bool = False,
    ) -> None:
        self.set = criteria_set
        self.lines = lines
        self.known = known
        self.line = line
        self.is_field = parent is None if line is None else line.depth == 0
        self.parents = [] if self.is_field else _parents(lines, line)
        stored = _stored(line, parent)
        # What the page did not ask, because of another kind of line, is as it is stored.
        typed = stored if data is None else {name: data.get(name, stored[name]) for name in stored}
        self.kind = GROUP if self.is_field else typed["kind"] or ""
        self.form = LineForm(typed) if checked else LineForm(initial=typed)
        self._fit()
        self.rule = (
            RuleForm(
                known,
                rule=line.rule if line else None,
                data=data if data is not None and TYPE in data else None,
                action=action,
                checked=checked,
            )
            if self.kind == Criterion.SELF
            else None
        )

    def _fit(self) -> None:
        """Leave out what this kind of line does not have."""
        fields = self.form.fields
        out = []
        if self.is_field:
            out += ["parent", "kind"]
        else:
            parent = fields["parent"]
            assert isinstance(parent, forms.TypedChoiceField)
            parent.choices = [
                (str(one.pk), f"{'— ' * one.depth}{one.code} {one.name}"[:150])
                for one in self.parents
            ]
        if self.kind == GROUP:
            out += ["minimum", "scale", "evidence"]
            fields["maximum"].required = False
            fields["maximum"].label = "Tổng điểm ghi trong quyết định"
            fields[
                "maximum"
            ].help_text = (
                "Để trống nếu quyết định không ghi; nếu ghi phải bằng tổng các tiêu chí bên trong."
            )
        elif not self.kind:
            out += ["scale", "evidence"]
        for name in out:
            del fields[name]

    # -- Reading ------------------------------------------------------------------------------------

    @property
    def maximum(self) -> Decimal | None:
        return self._number("maximum")

    @property
    def minimum(self) -> Decimal:
        return self._number("minimum") or Decimal(0)

    def _number(self, name: str) -> Decimal | None:
        if name not in self.form.fields:
            return None
        try:
            return self.form.fields[name].clean(self.form[name].value())
        except forms.ValidationError:
            return None

    def is_valid(self) -> bool:
        """Also what the parts mean together, of those that can be read; afterwards :attr:`values` can be written."""
        self.form.is_valid()
        rule = self.rule.read() if self.rule and self.rule.is_valid() else None
        data = self.form.cleaned_data
        is_leaf = self.kind != GROUP
        self.values: dict[str, Any] = {
            "code": data.get("code", ""),
            "name": data.get("name", ""),
            "parent": next((one for one in self.parents if one.pk == data.get("parent")), None),
            "kind": self.kind if is_leaf else "",
            "maximum": data.get("maximum"),
            "minimum": data.get("minimum") or Decimal(0),
            "rule": rule,
            "scale": clean_paragraphs(data.get("scale", "")),
            "evidence": [
                line for line in clean_paragraphs(data.get("evidence", "")).split("\n") if line
            ],
        }
        self._check({name for name in self.form.fields if name not in data})
        return not self.faults()

    def _check(self, unread: set[str]) -> None:
        """The same checks as of a file, of this one line; each fault goes to its field.

        The fields in ``unread``, and a rule that cannot be read, have said so already.
        """
        values = self.values
        entry: dict[str, Any] = {"code": values["code"], "name": values["name"]}
        if values["maximum"] is not None:
            entry["max"] = plain(values["maximum"])
        if values["kind"]:
            if values["minimum"]:
                entry["min"] = plain(values["minimum"])
            for key in ("kind", "rule", "scale", "evidence"):
                if values[key]:
                    entry[key] = values[key]
        own = self.line.pk if self.line else None
        if any(one.code == values["code"] and one.pk != own for one in self.lines):
            self.form.add_error("code", f"Mã «{values['code']}» đã có trong bộ tiêu chí này.")
        if self.rule and values["rule"] is None:
            unread.add("rule")
        for path, words in _faults(entry, self.known, is_leaf=bool(values["kind"])):
            key = str(path[0]) if path else ""
            if FIELD_OF.get(key, key) not in unread:
                self._place(path, words)
        if values["kind"] and self.line and len(below(self.lines, self.line.pk)) > 1:
            self.form.add_error(
                "kind", "Tiêu chí còn tiêu chí con nên phải là nhóm; hãy chuyển chúng đi trước."
            )

    def _place(self, path: Sequence[str | int], words: str) -> None:
        key = str(path[0]) if path else ""
        words = words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")
        if key == "rule" and self.rule and self.rule.add_fault(path[1:], words):
            return
        name = FIELD_OF.get(key, key)
        self.form.add_error(name if name in self.form.fields else None, words)

    def rule_faults(self) -> list[tuple[str, str, str]]:
        """What is wrong with the rule alone, whatever the rest of the line lacks; empty where it can be tried."""
        rule = self.rule
        assert rule is not None
        if not rule.is_valid():
            return rule.faults()
        entry: dict[str, Any] = {"code": "0", "name": "0", "rule": rule.read()}
        entry |= {"max": plain(self.maximum or Decimal(1)), "min": plain(self.minimum)}
        return [
            ("", "Quy tắc", f"{words}.")
            for path, words in _faults(entry, self.known, is_leaf=True)
            if path[:1] == ("rule",)
        ]

    def say(self, name: str, words: str) -> None:
        """A remark at the field ``name``, at the top where there is none."""
        if name == "rule" and self.rule:
            self.rule.error = words
        else:
            self.form.add_error(name if name in self.form.fields else None, words)

    def faults(self) -> list[tuple[str, str, str]]:
        """(id of the field, its name, what is wrong), in the order of the page."""
        found = [("", "", str(words)) for words in self.form.non_field_errors()]
        for one in self.form:
            anchor = "id_kind_0" if one.name == "kind" else one.id_for_label
            found += [(anchor, str(one.label), str(words)) for words in one.errors]
        return found + (self.rule.faults() if self.rule else [])


def _faults(
    entry: dict[str, Any], known: Mapping[str, Known], *, is_leaf: bool
) -> list[tuple[tuple[str | int, ...], str]]:
    """(path inside the entry, words): of the schema, and between the parts of a leaf; each once."""
    found = []
    try:
        validate(CriterionEntry, Source.of(entry))
    except Faulty as faulty:
        found += [(fault.path, fault.message) for fault in faulty.faults]
    if is_leaf:
        whole = Source.of({"fields": [{"code": "", "criteria": [entry]}]})
        targets = {code: one.target for code, one in known.items()}
        inside = ("fields", 0, "criteria", 0)
        found += [
            (fault.path[4:], fault.message)
            for fault in find_faults(whole, targets)
            if fault.path[:4] == inside
        ]
    return [(path, in_words(message)) for path, message in dict.fromkeys(found)]


def _parents(lines: Sequence[Criterion], line: Criterion | None) -> list[Criterion]:
    """Where a line may hang: groups and fields that are not below it."""
    own = {one.pk for one in below(lines, line.pk)} if line else set()
    return [one for one in lines if not one.is_leaf and one.pk not in own]


def _stored(line: Criterion | None, parent: Criterion | None) -> dict[str, str]:
    """A line as what its fields hold."""
    if line is None:
        return {
            "code": "",
            "name": "",
            "parent": str(parent.pk) if parent else "",
            "kind": "",
            "maximum": "",
            "minimum": "",
            "scale": "",
            "evidence": "",
        }
    return {
        "code": line.code,
        "name": line.name,
        "parent": str(line.parent_id or ""),
        "kind": line.kind or GROUP,
        "maximum": "" if line.maximum is None else show_number(line.maximum),
        "minimum": show_number(line.minimum) if line.minimum else "",
        "scale": line.scale,
        "evidence": "\n".join(line.evidence),
    }
