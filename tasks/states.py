"""The state machine of a report (R12): what may be done in which state. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    NOT_STARTED = "not_started"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"


STATE_TEXT = {
    State.NOT_STARTED: "Chưa bắt đầu",
    State.DRAFT: "Đang soạn",
    State.SUBMITTED: "Chờ duyệt",
    State.RETURNED: "Bị trả lại",
    State.ACCEPTED: "Đã duyệt",
}
# What a unit still has to send; a reopened report is a returned one (R21).
OWED = frozenset({State.NOT_STARTED, State.DRAFT, State.RETURNED})
EDITABLE = OWED
# Whose figures the office counts (FORMATS): accepted, and for what is expected also submitted.
COUNTED = frozenset({State.ACCEPTED})
EXPECTED = frozenset({State.ACCEPTED, State.SUBMITTED})


class Action(StrEnum):
    START = "start"
    HAND_UP = "hand_up"
    HAND_BACK = "hand_back"
    SUBMIT = "submit"
    ACCEPT = "accept"
    RETURN = "return"
    REOPEN = "reopen"


ACTION_TEXT = {
    Action.START: "Bắt đầu soạn",
    Action.HAND_UP: "Trình trưởng đơn vị",
    Action.HAND_BACK: "Trưởng đơn vị chuyển lại",
    Action.SUBMIT: "Gửi Văn phòng Sở",
    Action.ACCEPT: "Duyệt",
    Action.RETURN: "Trả lại",
    Action.REOPEN: "Mở lại",
}


@dataclass(frozen=True)
class Move:
    """From which states an action leads where (None: the state stays), and whether it needs a reason."""

    sources: frozenset[State]
    to: State | None
    needs_reason: bool = False


MOVES = {
    Action.START: Move(frozenset({State.NOT_STARTED}), State.DRAFT),
    Action.HAND_UP: Move(frozenset({State.DRAFT, State.RETURNED}), None),
    Action.HAND_BACK: Move(frozenset({State.DRAFT, State.RETURNED}), None, needs_reason=True),
    Action.SUBMIT: Move(
        frozenset({State.NOT_STARTED, State.DRAFT, State.RETURNED}), State.SUBMITTED
    ),
    Action.ACCEPT: Move(frozenset({State.SUBMITTED}), State.ACCEPTED),
    Action.RETURN: Move(frozenset({State.SUBMITTED}), State.RETURNED, needs_reason=True),
    Action.REOPEN: Move(frozenset({State.ACCEPTED}), State.RETURNED, needs_reason=True),
}


def next_state(state: State, action: Action) -> State | None:
    """The state ``action`` leads to, or None where it is not possible in ``state``."""
    move = MOVES[action]
    if state not in move.sources:
        return None
    return move.to or state
