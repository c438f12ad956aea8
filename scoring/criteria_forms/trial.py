"""Trying a rule that is not saved: figures typed beside it, the points they bring, and where the points change (R26).

Nothing is written. Everything is exact: what is typed becomes fractions, and only words are rounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django import forms

from plans.numbers import NotANumber, show_number
from plans.targets import Kind, Value
from scoring.criteria_forms.fields import LARGEST, NumberField, Styled
from scoring.criteria_forms.sets import faults_of_forms
from scoring.criteria_words import excess_words
from scoring.rules import Figure, RuleBase, score, show_measure, show_points
from scoring.rules.asking import percent
from scoring.rules.figures import DAYS
from scoring.totals import Policy, decide
from tasks.answer_forms import read_figure
from tasks.obstacle_forms import DayField

if TYPE_CHECKING:
    from scoring.criteria_indicators import Known
    from scoring.rules import Leaf, Outcome

GIVEN, MISSING, NOT_ARISING, NOT_REPORTED = "given", "missing", "not_arising", "not_reported"


class ShareField(forms.CharField):
    """«92%», «92» or «23/25», as a value."""

    def __init__(self, *, may_exceed: bool, **kwargs: Any) -> None:
        super().__init__(max_length=60, **kwargs)
        self.may_exceed = may_exceed

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        above, slash, below = text.removesuffix("%").partition("/")
        try:
            top = read_figure(above)
            whole = read_figure(below) if slash else Decimal(100)
        except NotANumber:
            raise forms.ValidationError(
                f"«{text}» không phải là tỷ lệ. Viết như 92% hoặc 23/25."
            ) from None
        if top < 0 or whole < 0:
            raise forms.ValidationError("Tỷ lệ không thể là số âm.")
        if slash and not whole and top:
            raise forms.ValidationError("Mẫu số là 0 mà tử số lớn hơn 0.")
        if top > whole and not self.may_exceed:
            raise forms.ValidationError("Tỷ lệ này không thể vượt 100%.")
        if slash:
            return Value(reported=True, numerator=top, denominator=whole)
        return percent(top)


class AmountField(NumberField):
    def __init__(self, *, whole: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.whole = whole

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        if number is None:
            return None
        if number < 0:
            raise forms.ValidationError(f"{show_number(number)} là số âm.")
        if self.whole and number != number.to_integral_value():
            raise forms.ValidationError(f"{show_number(number)} không phải là số nguyên.")
        return Value(reported=True, amount=min(number, LARGEST))


class HoldsField(forms.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        choices = [("", "– chọn –"), ("yes", "Có"), ("no", "Không")]
        super().__init__(choices=choices, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return Value(reported=True, holds=text == "yes") if text else None


class DateField(DayField):
    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        return Value(reported=True, day=day) if day else None


def _figure_field(known: Known, label: str) -> forms.Field:
    target = known.target
    match target.kind:
        case Kind.RATIO:
            return ShareField(may_exceed=target.may_exceed, label=label, required=False)
        case Kind.BOOLEAN:
            return HoldsField(label=label, required=False)
        case Kind.DOCUMENT | Kind.DATE:
            return DateField(label=label, required=False)
    return AmountField(whole=target.kind is Kind.COUNT, label=label, required=False)


LABELS = {
    Kind.RATIO: "Tỷ lệ: 92% hoặc 23/25",
    Kind.COUNT: "Số lượng",
    Kind.AMOUNT: "Giá trị",
    Kind.BOOLEAN: "Trả lời",
    Kind.DOCUMENT: "Ngày ban hành",
    Kind.DATE: "Ngày thực hiện",
}


class FigureForm(Styled):
    """The figure of one indicator to try: its state, its value, last year's where the target is that."""

    def __init__(self, known: Known, *args: Any, **kwargs: Any) -> None:
        self.known = known
        super().__init__(*args, **kwargs)
        kind = known.target.kind
        states = [(GIVEN, "Có số liệu")]
        if kind in DAYS:
            states.append((MISSING, "Chưa ban hành" if kind is Kind.DOCUMENT else "Chưa thực hiện"))
        states += [(NOT_ARISING, "Không phát sinh"), (NOT_REPORTED, "Chưa báo cáo")]
        self.fields["figure"] = _figure_field(known, LABELS[kind])
        if known.target.previous_year:
            self.fields["before"] = _figure_field(known, "Năm trước")
        self.fields["state"] = forms.ChoiceField(label="Tình trạng", choices=states, required=False)
        for field in self.fields.values():
            css = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            field.widget.attrs |= {"class": css, "autocomplete": "off"}

    def figure(self) -> Figure | None:
        """None where nothing is typed yet."""
        data = self.cleaned_data
        state = data.get("state") or GIVEN
        value = {
            MISSING: Value(reported=True, missing=True),
            NOT_ARISING: Value(reported=True, not_arising=True),
            NOT_REPORTED: Value(),
        }.get(state) or data.get("figure")
        if value is None:
            return None
        known = self.known
        return Figure(known.code, value, known.target, data.get("before"))

    def shown(self, figure: Figure) -> str:
        """«92%», «12», «30/06/2019», «có»."""
        value = figure.value
        if not value.reported or value.not_arising or value.missing:
            states = self.fields["state"]
            assert isinstance(states, forms.ChoiceField)
            state = self.cleaned_data.get("state") or GIVEN
            return str(dict(states.choices)[state]).lower()  # type: ignore[arg-type]
        if value.denominator == 0:
            return "0/0"
        if value.day:
            return f"{value.day:%d/%m/%Y}"
        if value.holds is not None:
            return "có" if value.holds else "không"
        return show_measure(figure)


@dataclass(frozen=True)
class Shown:
    """Points with the figure they come from and how."""

    words: str
    points: Fraction
    how: str
    counts: bool = True

    @property
    def text(self) -> str:
        """«1,38 điểm»; what is not applicable may count nowhere."""
        return f"{show_points(self.points)} điểm" if self.counts else "không tính vào tổng"


class Trial:
    """``rule`` None: it cannot be read yet, ``lacking`` says why. ``data`` has the figures typed, if any."""

    def __init__(
        self,
        rule: RuleBase | None,
        codes: Sequence[str],
        leaf: Leaf | None,
        policy: Policy,
        known: Mapping[str, Known],
        data: Mapping[str, Any] | None = None,
        lacking: str = "",
    ) -> None:
        self.rule, self.leaf, self.policy, self.known = rule, leaf, policy, known
        self.lacking = lacking
        self.result: Shown | None = None
        self.samples: list[Shown] = []
        self.forms = [
            FigureForm(known[code], data, prefix=f"try-{n}") for n, code in enumerate(codes)
        ]
        faulty = [form for form in self.forms if data is not None and not form.is_valid()]
        self.has_faults = bool(faulty)  # every figure shows its own
        if rule is None or leaf is None:
            return
        if data is not None and not self.has_faults:
            self._try(rule, leaf)
        if len(rule.codes) == 1 and all(code in known for code in rule.codes):
            self._sample(rule, leaf, known[rule.codes[0]])

    def _try(self, rule: RuleBase, leaf: Leaf) -> None:
        typed = {form.known.code: (form, form.figure()) for form in self.forms}
        given = {code: figure for code, (_, figure) in typed.items() if figure is not None}
        if not given:
            return
        # Of several, those left empty count as not reported.
        figures = {
            code: figure or Figure(code, target=form.known.target)
            for code, (form, figure) in typed.items()
        }
        several = len(typed) > 1
        parts = [
            f"{code} {form.shown(figure)}" if several else form.shown(figure)
            for code, (form, figure) in typed.items()
            if figure is not None
        ]
        self.result = self._shown("; ".join(parts), score(rule, leaf, figures), leaf)

    def _sample(self, rule: RuleBase, leaf: Leaf, known: Known) -> None:
        for sample in rule.samples(leaf, {known.code: known.target}):
            figure = Figure(known.code, sample.value, known.target)
            outcome = score(rule, leaf, {known.code: figure})
            self.samples.append(self._shown(sample.words, outcome, leaf))

    def _shown(self, words: str, outcome: Outcome, leaf: Leaf) -> Shown:
        points = decide(leaf, outcome, policy=self.policy)
        return Shown(words, points.points, points.how, points.counts)

    @property
    def sentence(self) -> str:
        """«Với 92%: 1,38 điểm»."""
        if self.result is None:
            return ""
        return f"Với {self.result.words}: {self.result.text}"

    @property
    def warning(self) -> str:
        """What is allowed and seldom meant: points above the maximum, or a maximum that no figure reaches."""
        if self.leaf is None or self.rule is None:
            return ""
        if excess := excess_words(self.rule, self.leaf.maximum):
            return excess
        if not self.samples:
            return ""
        if max(one.points for one in self.samples) >= Fraction(self.leaf.maximum):
            return ""
        most = show_points(self.leaf.maximum)
        return f"Không số liệu nào đạt được điểm tối đa {most} điểm; hãy xem lại các mức."

    def faults(self) -> list[tuple[str, str, str]]:
        return list(faults_of_forms(self.forms, "Số liệu thử {}"))
