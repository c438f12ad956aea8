"""The steps of a scorecard with who and when, and the next thing to do of each role (R27). Writes nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import F
from django.urls import reverse

from scoring.models import Scorecard, ScorecardEvent
from scoring.states import ORDER, Action, State, possible

if TYPE_CHECKING:
    from accounts.models import User

STEP_TEXT = {
    State.DRAFT: "Lập phiếu",
    State.APPROVED: "Lãnh đạo Sở duyệt",
    State.SENT: "Gửi tỉnh",
    State.APPRAISED_1: "Thẩm định lần 1",
    State.EXPLAINED: "Giải trình",
    State.APPRAISED_2: "Thẩm định lần 2",
    State.PUBLISHED: "Công bố",
}


@dataclass(frozen=True)
class Step:
    """One step of R27 and how it was taken."""

    state: State
    done: bool
    current: bool
    event: ScorecardEvent | None = None
    note: str = ""

    @property
    def text(self) -> str:
        return STEP_TEXT[self.state]

    @property
    def left_out(self) -> bool:
        return self.done and self.event is None and not self.current and not self.note


def steps_of(scorecard: Scorecard) -> list[Step]:
    """All steps, those behind with who and when. One query."""
    last: dict[str, ScorecardEvent] = {}
    first: ScorecardEvent | None = None
    moved = scorecard.events.exclude(from_state=F("to_state"))
    begun = scorecard.events.filter(action="Lập phiếu điểm")
    for event in (moved | begun).defer("changes").order_by("at", "pk"):
        last[event.to_state] = event
        first = first or (event if event.from_state == event.to_state else None)
    place = ORDER.index(State(scorecard.state))
    return [
        Step(
            state=state,
            done=n <= place,
            current=n == place,
            event=(first if state is State.DRAFT else last.get(state)) if n <= place else None,
            note=_note(scorecard, state) if n <= place else "",
        )
        for n, state in enumerate(ORDER)
    ]


def _note(scorecard: Scorecard, state: State) -> str:
    if state is State.SENT and scorecard.sent_number:
        return _dated(f"văn bản {scorecard.sent_number}", scorecard.sent_on)
    if state is State.PUBLISHED and scorecard.decision_number:
        return _dated(f"quyết định {scorecard.decision_number}", scorecard.decision_issued_on)
    return ""


def _dated(words: str, day: dt.date | None) -> str:
    return f"{words} ngày {day:%d/%m/%Y}" if day else words


# The words of a step in its address.
SLUGS = {
    Action.APPROVE: "duyet",
    Action.WITHDRAW: "rut-duyet",
    Action.SEND: "gui",
    Action.RECALL: "thu-hoi",
    Action.STEP_BACK: "lui-lai",
}


# Where the work goes on once the card is at the province.
NEXT_PAGE = {
    State.SENT: ("Nhập kết quả thẩm định", "appraisal_form", "edit"),
    State.APPRAISED_1: ("Giải trình với tỉnh", "explanation_ask", "message-report"),
    State.EXPLAINED: ("Nhập kết quả thẩm định", "appraisal_form", "edit"),
    State.APPRAISED_2: ("Ghi kết quả công bố", "publication_form", "trophy"),
    State.PUBLISHED: ("Đối chiếu với tỉnh", "appraisal_compare", "git-compare"),
}


@dataclass(frozen=True)
class Doing:
    """Something the person may do next, as a link."""

    text: str
    url: str
    icon: str


@dataclass(frozen=True)
class Doings:
    primary: Doing | None = None
    others: tuple[Doing, ...] = field(default_factory=tuple)


def doings_of(scorecard: Scorecard, user: User, *, changed: bool) -> Doings:
    """The next thing to do of the person's role, and what else may be done."""
    actions = possible(scorecard.state)

    def to(action: Action, text: str, icon: str) -> Doing:
        return Doing(text, reverse("scorecard_move", args=[scorecard.pk, SLUGS[action]]), icon)

    others: list[Doing] = []
    primary: Doing | None = None
    if Action.APPROVE in actions and (user.is_leader or user.is_coordinator):
        text = "Duyệt phiếu điểm" if user.is_leader else "Kiểm tra để trình duyệt"
        primary = to(Action.APPROVE, text, "checks")
    if user.is_coordinator and Action.SEND in actions:
        if changed:
            primary = to(Action.WITHDRAW, "Rút lại để trình duyệt lại", "arrow-back-up")
        else:
            primary = to(Action.SEND, "Ghi đã gửi tỉnh", "send")
    if user.is_coordinator and scorecard.state in NEXT_PAGE:
        text, name, icon = NEXT_PAGE[State(scorecard.state)]
        primary = Doing(text, reverse(name, args=[scorecard.pk]), icon)
    if Action.WITHDRAW in actions and not (changed and user.is_coordinator):
        others.append(to(Action.WITHDRAW, "Rút lại việc duyệt", "arrow-back-up"))
    if user.is_coordinator and Action.RECALL in actions:
        others.append(to(Action.RECALL, "Thu hồi phiếu đã gửi", "arrow-back-up"))
    if user.is_coordinator and Action.STEP_BACK in actions:
        others.append(to(Action.STEP_BACK, "Lùi lại một bước", "arrow-back-up"))
    return Doings(primary, tuple(others))
