"""What a reminder says: its steps, what it lists, what is late, and the subject in words (R21, R22)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from plans.models import Period
from tasks.models import Direction, Explanation
from tasks.owing import Owed, OwedDirection, OwedExplanation, OwedReport
from tasks.reminding import Step, urgency
from tasks.states import STATE_TEXT, State

if TYPE_CHECKING:
    from accounts.models import Unit, User

KIND = "reminder"
Source = Period | Direction | Explanation


@dataclass(frozen=True)
class Told:
    """A step of a period's date, of a report's own one, which its code then names, or of another thing's."""

    source: Source
    due_before: dt.date
    step: Step

    @property
    def period(self) -> Period | None:
        return self.source if isinstance(self.source, Period) else None

    @property
    def direction(self) -> Direction | None:
        return self.source if isinstance(self.source, Direction) else None

    @property
    def explanation(self) -> Explanation | None:
        return self.source if isinstance(self.source, Explanation) else None

    @property
    def keys(self) -> tuple[int | None, int | None, int | None]:
        """Of the period, of the direction, of the explanation: all but one are None."""
        return (
            self.period.pk if self.period else None,
            self.direction.pk if self.direction else None,
            self.explanation.pk if self.explanation else None,
        )

    @property
    def code(self) -> str:
        """A report and an explanation may get a new date, of which the same steps are told again."""
        if self.direction or (self.period and self.due_before == self.period.due_before):
            return self.step.code
        return f"{self.step.code}@{self.due_before:%y%m%d}"

    @property
    def text(self) -> str:
        what = "ý kiến chỉ đạo, " if self.direction else "giải trình, " if self.explanation else ""
        return f"{self.step.text} ({what}trước ngày {self.due_before:%d/%m/%Y})"


def _reports(items: list[Owed]) -> list[OwedReport]:
    return [item for item in items if isinstance(item, OwedReport)]


def _directions(items: list[Owed]) -> list[OwedDirection]:
    return [item for item in items if isinstance(item, OwedDirection)]


def _explanations(items: list[Owed]) -> list[OwedExplanation]:
    return [item for item in items if isinstance(item, OwedExplanation)]


def _count_text(items: list[Owed]) -> str:
    """«4 báo cáo CCHC, 1 ý kiến chỉ đạo, giải trình tiêu chí 1.2.1»: what there is of each kind."""
    counts = (
        (len(_reports(items)), "báo cáo CCHC"),
        (len(_directions(items)), "ý kiến chỉ đạo"),
    )
    words = [f"{count} {what}" for count, what in counts if count]
    explanations = _explanations(items)
    codes = {item.explanation.code for item in explanations}
    if len(explanations) == 1:
        words.append(f"giải trình tiêu chí {codes.pop()}")
    elif explanations:
        words.append(f"{len(explanations)} giải trình")
    return ", ".join(words)


def _undone(items: list[Owed]) -> str:
    """A report and an explanation are sent, a direction carried out."""
    return "chưa xong" if _directions(items) else "chưa gửi"


@dataclass
class UnitLate:
    """What one unit is late with, for those above it."""

    unit: Unit
    items: list[Owed] = field(default_factory=list)
    days: int = 0

    @property
    def reports(self) -> list[OwedReport]:
        return _reports(self.items)

    @property
    def directions(self) -> list[OwedDirection]:
        return _directions(self.items)

    @property
    def explanations(self) -> list[OwedExplanation]:
        return _explanations(self.items)

    @property
    def returned(self) -> int:
        return sum(item.state == State.RETURNED for item in self.reports)

    @property
    def not_started(self) -> int:
        return sum(item.state == State.NOT_STARTED for item in self.reports)


def _late_parts(late: list[UnitLate]) -> list[tuple[str, str]]:
    """«4 báo cáo» and «đã quá hạn mà chưa gửi»: what is late of each kind, in words."""
    found = (
        (sum(len(unit.reports) for unit in late), "báo cáo", "chưa gửi"),
        (sum(len(unit.directions) for unit in late), "ý kiến chỉ đạo", "chưa báo xong"),
        (sum(len(unit.explanations) for unit in late), "giải trình", "chưa gửi"),
    )
    return [
        (f"{count} {what}", f"đã quá hạn mà {undone}") for count, what, undone in found if count
    ]


@dataclass
class Planned:
    """The one message of a day to one person."""

    user: User
    day: dt.date
    told: list[Told] = field(default_factory=list)
    items: list[Owed] = field(default_factory=list)  # everything the own unit owes
    late: list[UnitLate] = field(default_factory=list)  # what others are late with (R22)

    @property
    def step(self) -> str:
        """The most urgent step it carries."""
        return min(self.told, key=lambda told: urgency(told.step)).code

    @property
    def owed(self) -> int:
        """How many things it tells of."""
        things = {item.thing for item in self.items}
        for unit in self.late:
            things |= {item.thing for item in unit.items}
        return len(things)

    @property
    def key(self) -> str:
        return f"{KIND}:{self.user.pk}:{self.day}"

    @property
    def subject(self) -> str:
        if not self.items:
            late = [item for unit in self.late for item in unit.items]
            days = max(unit.days for unit in self.late)
            return (
                f"Quá hạn {days} ngày: {_count_text(late)} của {len(self.late)} đơn vị "
                f"{_undone(late)}"
            )
        nearest = self.items[0].due_before
        first = [item for item in self.items if item.due_before == nearest]
        later = self.items[len(first) :]
        what = "báo cáo" if len(_reports(later)) == len(later) else "việc"
        rest = f" và {len(later)} {what} khác" if later else ""
        return (
            f"{left_text(nearest, self.day)}: {_count_text(first)} {_undone(first)} "
            f"(trước {nearest:%d/%m/%Y}){rest}"
        )

    def context(self) -> dict[str, Any]:
        return {
            "subject": self.subject,
            "day": self.day,
            "is_past": self.day < timezone.localdate(),
            "rows": [
                {
                    "report": item.report,
                    "state": STATE_TEXT[item.state],
                    "why": item.why,
                    "due_before": item.due_before,
                    "left": left_text(item.due_before, self.day),
                    "is_late": item.due_before <= self.day,
                }
                for item in _reports(self.items)
            ],
            "any_late": any(item.due_before <= self.day for item in _reports(self.items)),
            "directions": [
                {
                    "direction": item.direction,
                    "left": left_text(item.due_before, self.day),
                    "is_late": item.due_before <= self.day,
                }
                for item in _directions(self.items)
            ],
            "explanations": [
                {
                    "explanation": item.explanation,
                    "why": item.why,
                    "due_before": item.due_before,
                    "left": left_text(item.due_before, self.day),
                    "is_late": item.due_before <= self.day,
                }
                for item in _explanations(self.items)
            ],
            "late": self.late,
            "late_count": sum(len(unit.reports) for unit in self.late),
            "late_directions": sum(len(unit.directions) for unit in self.late),
            "late_explanations": sum(len(unit.explanations) for unit in self.late),
            "late_parts": _late_parts(self.late),
            "is_office": self.user.is_coordinator,
        }

    def tell(self, told: Told) -> None:
        if told not in self.told:
            self.told.append(told)


def left_text(due_before: dt.date, on: dt.date) -> str:
    """Days until the exclusive date, in words; counted as R20 does, so 19/11 is the last before 20/11."""
    days = (due_before - on).days
    if days == 1:
        return "Hôm nay là ngày cuối"
    return f"Còn {days} ngày" if days > 0 else f"Quá hạn {1 - days} ngày"
