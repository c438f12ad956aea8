"""The way of a scorecard from draft to publication (R27): what may be done in which state. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The values of ``Scorecard.State``."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"
    APPRAISED_1 = "appraised_1"
    EXPLAINED = "explained"
    APPRAISED_2 = "appraised_2"
    PUBLISHED = "published"


# The steps in their order, as the page shows them.
ORDER = tuple(State)
# Before it is sent our own points may change; afterwards only the province's do.
EDITABLE = frozenset({State.DRAFT, State.APPROVED})
# The province's points of each round may be written.
APPRAISABLE = frozenset({State.SENT, State.APPRAISED_1, State.EXPLAINED, State.APPRAISED_2})


class Action(StrEnum):
    APPROVE = "approve"
    WITHDRAW = "withdraw"
    SEND = "send"
    RECALL = "recall"
    APPRAISE_1 = "appraise_1"
    EXPLAIN = "explain"
    APPRAISE_2 = "appraise_2"
    PUBLISH = "publish"
    STEP_BACK = "step_back"


ACTION_TEXT = {
    Action.APPROVE: "Duyệt phiếu điểm",
    Action.WITHDRAW: "Rút lại việc duyệt",
    Action.SEND: "Gửi tỉnh",
    Action.RECALL: "Thu hồi phiếu đã gửi",
    Action.APPRAISE_1: "Ghi thẩm định lần 1",
    Action.EXPLAIN: "Gửi giải trình",
    Action.APPRAISE_2: "Ghi thẩm định lần 2",
    Action.PUBLISH: "Ghi công bố",
    Action.STEP_BACK: "Lùi lại một bước",
}


@dataclass(frozen=True)
class Move:
    """From which states an action leads where (None: to where the card came from); needs a reason or not."""

    sources: frozenset[State]
    to: State | None
    needs_reason: bool = False


MOVES = {
    Action.APPROVE: Move(frozenset({State.DRAFT}), State.APPROVED),
    Action.WITHDRAW: Move(frozenset({State.APPROVED}), State.DRAFT, needs_reason=True),
    Action.SEND: Move(frozenset({State.APPROVED}), State.SENT),
    Action.RECALL: Move(frozenset({State.SENT}), State.DRAFT, needs_reason=True),
    Action.APPRAISE_1: Move(frozenset({State.SENT}), State.APPRAISED_1),
    Action.EXPLAIN: Move(frozenset({State.APPRAISED_1}), State.EXPLAINED),
    # Straight from «sent» where there is one round, from the first where nothing is to be explained.
    Action.APPRAISE_2: Move(
        frozenset({State.SENT, State.APPRAISED_1, State.EXPLAINED}), State.APPRAISED_2
    ),
    Action.PUBLISH: Move(frozenset({State.APPRAISED_2}), State.PUBLISHED),
    Action.STEP_BACK: Move(
        frozenset({State.APPRAISED_1, State.EXPLAINED, State.APPRAISED_2, State.PUBLISHED}),
        None,
        needs_reason=True,
    ),
}


def next_state(state: str, action: Action, *, came_from: str | None = None) -> State | None:
    """The state that ``action`` leads to, or None where it is not possible in ``state``.

    ``came_from``: the state before this one, for a step back; steps may have been left out, also by a
    file that brought the publication. Unknown, the step before this one in order.
    """
    move, now = MOVES[action], State(state)
    if now not in move.sources:
        return None
    if move.to is not None:
        return move.to
    place = ORDER.index(now)
    before = ORDER[:place]
    return State(came_from) if came_from in before else before[-1]


def possible(state: str) -> frozenset[Action]:
    """What may be done in ``state``."""
    return frozenset(action for action in Action if next_state(state, action) is not None)
