"""Rules that read one indicator: its date, its percentage, its tier, its target; and none at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from accounts.reading import Code, Entry, Number
from plans.numbers import show_number
from plans.targets import OP_TEXT, Kind, Status, Value, holds
from scoring.rules.asking import (
    ASK_OP,
    Ask,
    Sample,
    Shape,
    around,
    ask_indicator,
    ask_points,
)
from scoring.rules.base import (
    Due,
    Fault,
    RuleBase,
    Share,
    Targets,
    kind_faults,
    not_arising,
    not_reported,
    say_points,
    scored,
    target_faults,
)
from scoring.rules.figures import (
    DAYS,
    MEASURED,
    NOTHING,
    Figure,
    Figures,
    Leaf,
    Outcome,
    State,
    equals,
    held_by,
    hold,
    meets,
    show_measure,
    show_points,
)
from scoring.rules.needs import GOAL, asked, assumed, steps
from scoring.spans import samples, tier_faults


class DateRule(RuleBase):
    """Points by the day a document was issued, the latest where several units give one."""

    title: ClassVar[str] = "Theo ngày ban hành"
    about: ClassVar[str] = "Điểm khác nhau khi văn bản, việc làm đúng hạn, muộn hạn hoặc không có."
    asks: ClassVar[tuple[Ask, ...]] = (
        ask_indicator(DAYS),
        Ask("due", "Hạn: hết", Shape.DUE, optional=True),
        ask_points("on_time", "Đúng hạn được"),
        ask_points("late", "Muộn hạn được"),
        ask_points("missing", "Không có được"),
    )

    type: Literal["date"]
    indicator: Code
    on_time: Number
    late: Number
    missing: Number
    due: Due | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        return (self.indicator,)

    def score(self, leaf: Leaf, figures: Figures) -> Outcome:
        figure = figures[self.indicator]
        if figure.not_arising:
            return not_arising(self.codes)
        if not figure.reported:
            return not_reported(leaf, [figure], Fraction(self.missing))
        day = figure.value.day
        if figure.value.missing or day is None:
            points, words = self.missing, held_by(figure)[1]
        else:
            due = self._due(leaf, figure)
            if due is None:
                points, words = self.on_time, f"ngày {day:%d/%m/%Y}, không đặt hạn"
            elif day <= due:
                points, words = self.on_time, f"{day:%d/%m/%Y} ≤ {due:%d/%m/%Y}"
            else:
                points, words = self.late, f"{day:%d/%m/%Y} sau hạn {due:%d/%m/%Y}"
        return scored(Fraction(points), leaf, f"{words} → {show_points(points)} điểm")

    def best(self, leaf: Leaf, figures: Figures) -> Fraction:
        return Fraction(max(self.on_time, self.late))

    def wanting(self, leaf: Leaf, figures: Figures) -> list[str]:
        figure = figures[self.indicator]
        if not figure.reported:
            return super().wanting(leaf, figures)
        if figure.value.missing or figure.value.day is None:
            return [f"{self.indicator}: {held_by(figure)[1]}"]
        due = self._due(leaf, figure)
        if due is None or figure.value.day <= due:
            return []
        return [f"{self.indicator}: ngày {figure.value.day:%d/%m/%Y} là sau hạn {due:%d/%m/%Y}"]

    def _due(self, leaf: Leaf, figure: Figure) -> dt.date | None:
        assert figure.target is not None  # a figure that is reported has its indicator
        return self.due.on(leaf.year) if self.due else figure.target.due

    def words(self, leaf: Leaf, targets: Targets) -> str:
        due = self.due.words() if self.due else "đúng hạn của chỉ tiêu"
        return (
            f"Ban hành {due}: {say_points(self.on_time)}; "
            f"sau hạn: {say_points(self.late)}; không có: {say_points(self.missing)}"
        )

    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        found = kind_faults(
            "indicator", self.codes, targets, DAYS, "quy tắc theo ngày cần văn bản hoặc ngày"
        )
        target = targets.get(self.indicator)
        if not found and target and self.due is None and target.due is None:
            found.append(("due", f"cả quy tắc lẫn chỉ tiêu {self.indicator} đều không có hạn"))
        if not self.on_time >= self.late >= self.missing:
            found.append(
                ("late", "điểm phải giảm dần: đúng hạn (on_time), muộn (late), không có (missing)")
            )
        return found

    def samples(self, leaf: Leaf, targets: Targets) -> Sequence[Sample]:
        target = targets[self.indicator]
        due = self.due.on(leaf.year) if self.due else target.due
        days = [due, due + dt.timedelta(days=1)] if due else []
        words = "chưa ban hành" if target.kind is Kind.DOCUMENT else "chưa thực hiện"
        found = [Sample(f"{day:%d/%m/%Y}", Value(reported=True, day=day)) for day in days]
        return [*found, Sample(words, Value(reported=True, missing=True))]


class RatioRule(RuleBase):
    """Points in proportion to a percentage, full from ``full`` on, none below ``floor``."""

    title: ClassVar[str] = "Theo tỷ lệ"
    about: ClassVar[str] = (
        "Điểm tối đa nhân với tỷ lệ đạt được; đủ điểm từ một mức, dưới mức sàn thì 0 điểm."
    )
    asks: ClassVar[tuple[Ask, ...]] = (
        ask_indicator(frozenset({Kind.RATIO})),
        Ask("full", "Đủ điểm từ", unit="%"),
        Ask("floor", "Mức sàn", unit="%", optional=True, help="Dưới mức này được 0 điểm."),
    )

    type: Literal["ratio"]
    indicator: Code
    full: Annotated[Number, Field(gt=0)]
    floor: Share | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        return (self.indicator,)

    def _points(self, leaf: Leaf, percent: Fraction) -> Fraction:
        if self.floor is not None and percent < self.floor:
            return NOTHING
        return Fraction(leaf.maximum) * min(percent / Fraction(self.full), Fraction(1))

    def score(self, leaf: Leaf, figures: Figures) -> Outcome:
        figure = figures[self.indicator]
        if figure.not_arising:
            return not_arising(self.codes)
        if not figure.reported:
            return not_reported(leaf, [figure])
        percent, shown = figure.measure, show_measure(figure)
        points = self._points(leaf, percent)
        if self.floor is not None and percent < self.floor:
            how = f"{shown} < {show_number(self.floor)}% → 0 điểm"
        elif percent >= self.full:
            how = f"{shown} ≥ {show_number(self.full)}% → {show_points(points)} điểm"
        else:
            start = f"{shown} ≥ {show_number(self.floor)}%" if self.floor is not None else shown
            scale = "" if self.full == 100 else f" / {show_number(self.full)}%"
            how = f"{start} → {show_number(leaf.maximum)} × {shown}{scale} {equals(points)}"
        return scored(points, leaf, how)

    def best(self, leaf: Leaf, figures: Figures) -> Fraction:
        # Points never fall as the percentage rises, so its upper end is the best of the span.
        highest = figures[self.indicator].span().highest()
        return Fraction(leaf.maximum) if highest is None else self._points(leaf, highest)

    def wanting(self, leaf: Leaf, figures: Figures) -> list[str]:
        figure = figures[self.indicator]
        if not figure.reported:
            return super().wanting(leaf, figures)
        value = figure.value
        assert value.numerator is not None and value.denominator
        levels = {at for at in (self.floor, self.full) if at is not None and figure.measure < at}
        if self.full > 100:
            levels.add(Decimal(100))  # as far as it goes, where a part is never above its whole
        found: dict[Decimal | None, str] = {}
        for at in sorted(levels):
            verdict = asked(figure, ">=", at)
            words = verdict.missing
            if verdict.needed is not None:
                percent = Fraction(value.numerator + verdict.needed) / Fraction(value.denominator)
                points = hold(self._points(leaf, percent * 100), leaf)
                words += f" ({show_points(points)} điểm)"
            if words:
                found[verdict.needed] = words  # the same number for two levels reaches the higher
        return assumed(figure, list(found.values()))

    def words(self, leaf: Leaf, targets: Targets) -> str:
        full, most = show_number(self.full), say_points(leaf.maximum)
        if self.floor is None:
            return f"Tính theo tỷ lệ; từ {full}%: {most}"
        floor = show_number(self.floor)
        below = f"dưới {floor}%: 0 điểm"
        if self.floor == self.full:
            return f"Từ {full}%: {most}; {below}"
        # At 100 % there is no more to have, so «từ 100%» would only repeat the end of the stretch.
        top = f"; từ {full}%: {most}" if self.full != 100 else f", đủ {full}% được {most}"
        return f"Từ {floor}% đến {full}%: tính theo tỷ lệ{top}; {below}"

    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        found = kind_faults(
            "indicator", self.codes, targets, frozenset({Kind.RATIO}), "quy tắc này cần một tỷ lệ"
        )
        if self.floor is not None and self.floor > self.full:
            found.append(
                (
                    "floor",
                    f"mức sàn {show_number(self.floor)}% lớn hơn mức đủ điểm {show_number(self.full)}%",
                )
            )
        return found

    def samples(self, leaf: Leaf, targets: Targets) -> Sequence[Sample]:
        bounds = [at for at in (self.floor, self.full) if at is not None]
        return around(bounds, targets[self.indicator])


class Tier(Entry):
    op: Literal[">=", ">", "=", "<=", "<"]
    at: Number
    points: Number

    def holds(self, measure: Fraction) -> bool:
        return holds(measure, self.op, Fraction(self.at))


SAID = {
    ">=": "từ {} trở lên",
    ">": "trên {}",
    "=": "đúng {}",
    "<=": "từ {} trở xuống",
    "<": "dưới {}",
}


class TiersRule(RuleBase):
    """The points of the first tier that holds, on the percent of a ratio, else on the value."""

    title: ClassVar[str] = "Theo mức"
    about: ClassVar[str] = (
        "Mỗi mức của tỷ lệ hoặc số lượng có số điểm riêng; lấy mức đầu tiên phù hợp, từ trên xuống."
    )
    asks: ClassVar[tuple[Ask, ...]] = (
        ask_indicator(MEASURED),
        Ask(
            "tiers",
            "Các mức",
            Shape.ROWS,
            columns=(ASK_OP, Ask("at", "Ngưỡng"), Ask("points", "Điểm")),
            row="mức",
        ),
        ask_points("otherwise", "Ngoài các mức trên được"),
    )

    type: Literal["tiers"]
    indicator: Code
    tiers: Annotated[list[Tier], Field(min_length=1)]
    otherwise: Number

    @property
    def codes(self) -> tuple[str, ...]:
        return (self.indicator,)

    def _first(self, measure: Fraction) -> Tier | None:
        return next((tier for tier in self.tiers if tier.holds(measure)), None)

    def score(self, leaf: Leaf, figures: Figures) -> Outcome:
        figure = figures[self.indicator]
        if figure.not_arising:
            return not_arising(self.codes)
        if not figure.reported:
            return not_reported(leaf, [figure])
        unit = "%" if figure.kind is Kind.RATIO else ""
        tier = self._first(figure.measure)
        if tier:
            words = f"{show_measure(figure)} {OP_TEXT[tier.op]} {show_number(tier.at)}{unit}"
            points = tier.points
        else:
            levels = "; ".join(f"{OP_TEXT[t.op]} {show_number(t.at)}{unit}" for t in self.tiers)
            words = f"{show_measure(figure)} không thuộc mức nào ({levels})"
            points = self.otherwise
        return scored(Fraction(points), leaf, f"{words} → {show_points(points)} điểm")

    def best(self, leaf: Leaf, figures: Figures) -> Fraction:
        span = figures[self.indicator].span()
        measures = [m for m in samples([t.at for t in self.tiers], span) if span.meets(m)]
        reached = [tier.points if (tier := self._first(m)) else self.otherwise for m in measures]
        return Fraction(max(reached, default=self.otherwise))

    def wanting(self, leaf: Leaf, figures: Figures) -> list[str]:
        figure = figures[self.indicator]
        if not figure.reported:
            return super().wanting(leaf, figures)

        def points_of(measure: Fraction) -> Fraction:
            tier = self._first(measure)
            return hold(Fraction(tier.points if tier else self.otherwise), leaf)

        found = []
        unit = "%" if figure.kind is Kind.RATIO else ""
        for step in steps(figure, [tier.at for tier in self.tiers], points_of):
            words, tier = step.words(figure), self._first(step.measure)
            if tier and step.change:
                words += " để " + GOAL[tier.op].format(show_number(tier.at) + unit)
            found.append(f"{words} ({show_points(step.points)} điểm)")
        if not found and points_of(figure.measure) < leaf.maximum:
            return ["đã ở mức cao nhất có thể của thang điểm"]
        return assumed(figure, found)

    def words(self, leaf: Leaf, targets: Targets) -> str:
        target = targets.get(self.indicator)
        unit = "%" if target and target.kind == Kind.RATIO else ""
        steps = [
            f"{SAID[tier.op].format(show_number(tier.at) + unit)}: {say_points(tier.points)}"
            for tier in self.tiers
        ]
        words = "; ".join([*steps, f"còn lại: {say_points(self.otherwise)}"])
        return words[:1].upper() + words[1:]

    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        found = kind_faults(
            "indicator", self.codes, targets, MEASURED, "quy tắc theo mức cần tỷ lệ hoặc số"
        )
        target = targets.get(self.indicator)
        if target and not found:
            span = Figure(self.indicator, target=replace(target, op="", at=None)).span()
            names = [f"{OP_TEXT[t.op]} {show_number(t.at)}" for t in self.tiers]
            tests = [tier.holds for tier in self.tiers]
            found += [
                ("tiers", words)
                for words in tier_faults(names, tests, samples([t.at for t in self.tiers], span))
            ]
        return found

    def samples(self, leaf: Leaf, targets: Targets) -> Sequence[Sample]:
        return around([tier.at for tier in self.tiers], targets[self.indicator])


class TargetRule(RuleBase):
    """Full points if the indicator meets its target, else none."""

    title: ClassVar[str] = "Đạt chỉ tiêu kế hoạch"
    about: ClassVar[str] = (
        "Đủ điểm khi số liệu đạt mức mà kế hoạch đặt cho chỉ tiêu, chưa đạt thì 0 điểm."
    )
    asks: ClassVar[tuple[Ask, ...]] = (ask_indicator(frozenset(Kind)),)

    type: Literal["target"]
    indicator: Code

    @property
    def codes(self) -> tuple[str, ...]:
        return (self.indicator,)

    def score(self, leaf: Leaf, figures: Figures) -> Outcome:
        figure = figures[self.indicator]
        if figure.not_arising:
            return not_arising(self.codes)
        if not figure.reported:
            return not_reported(leaf, [figure])
        met, words = meets(figure)
        points = Fraction(leaf.maximum) if met else NOTHING
        outcome = scored(points, leaf, f"{words} → {show_points(points)} điểm")
        if figure.verdict.status is Status.NO_PREVIOUS:
            outcome = replace(outcome, state=State.NO_PREVIOUS)
        return outcome

    def best(self, leaf: Leaf, figures: Figures) -> Fraction:
        return Fraction(leaf.maximum)

    def wanting(self, leaf: Leaf, figures: Figures) -> list[str]:
        figure = figures[self.indicator]
        if not figure.reported:
            return super().wanting(leaf, figures)
        met, words = meets(figure)
        return [] if met else [f"{self.indicator}: {figure.verdict.lacks or words}"]

    def words(self, leaf: Leaf, targets: Targets) -> str:
        return f"Đạt mức đặt ra trong kế hoạch: {say_points(leaf.maximum)}; không đạt: 0 điểm"

    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        return target_faults("indicator", self.codes, targets)

    def samples(self, leaf: Leaf, targets: Targets) -> Sequence[Sample]:
        target = targets[self.indicator]
        return [] if target.at is None else around([target.at], target)


class ManualRule(RuleBase):
    """Typed by the coordinator, with an explanation: until then no points."""

    title: ClassVar[str] = "Văn phòng chấm"
    about: ClassVar[str] = "Không tính từ số liệu; Văn phòng Sở chấm và ghi giải trình."

    type: Literal["manual"]

    @property
    def codes(self) -> tuple[str, ...]:
        return ()

    def score(self, leaf: Leaf, figures: Figures) -> Outcome:
        return Outcome(hold(NOTHING, leaf), State.WAITING_MANUAL, "chờ Văn phòng Sở chấm")

    def best(self, leaf: Leaf, figures: Figures) -> Fraction:
        return Fraction(leaf.maximum)

    def wanting(self, leaf: Leaf, figures: Figures) -> list[str]:
        return ["chờ Văn phòng Sở chấm, kèm giải trình"]

    def words(self, leaf: Leaf, targets: Targets) -> str:
        return "Văn phòng Sở chấm, kèm giải trình"

    def faults(self, leaf: Leaf, targets: Targets) -> list[Fault]:
        return []
