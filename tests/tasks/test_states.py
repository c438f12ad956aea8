"""The state machine of a report: every state with every action (R12)."""

import pytest

from tasks.states import (
    ACTION_TEXT,
    COUNTED,
    EDITABLE,
    EXPECTED,
    MOVES,
    OWED,
    STATE_TEXT,
    Action,
    State,
    next_state,
)

#               start    hand_up     hand_back   submit       accept      return      reopen
TABLE = {
    "not_started": ("draft", None, None, "submitted", None, None, None),
    "draft": (None, "draft", "draft", "submitted", None, None, None),
    "submitted": (None, None, None, None, "accepted", "returned", None),
    "returned": (None, "returned", "returned", "submitted", None, None, None),
    "accepted": (None, None, None, None, None, None, "returned"),
}
ACTIONS = ("start", "hand_up", "hand_back", "submit", "accept", "return", "reopen")


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_in_each_state(state, action):
    assert next_state(state, Action(action)) == TABLE[state][ACTIONS.index(action)]


def test_the_table_is_whole():
    assert set(TABLE) == set(State)
    assert set(ACTIONS) == {action.value for action in Action if action in MOVES}
    assert set(STATE_TEXT) == set(State)
    assert set(MOVES) <= set(ACTION_TEXT)


def test_what_takes_something_back_needs_a_reason():
    assert {action for action, move in MOVES.items() if move.needs_reason} == {
        Action.HAND_BACK,
        Action.RETURN,
        Action.REOPEN,
    }


def test_every_state_is_reached_and_left():
    reached = {next_state(state, action) for state in State for action in MOVES} - {None}
    assert reached == set(State) - {State.NOT_STARTED}
    for state in State:
        assert {next_state(state, action) for action in MOVES} - {None, state}, state


def test_who_holds_the_report_in_each_state():
    """Its unit may write exactly what it owes; the rest lies with the office (R12, R21)."""
    assert OWED == EDITABLE == {State.NOT_STARTED, State.DRAFT, State.RETURNED}
    assert set(State) - OWED == EXPECTED
    assert {State.ACCEPTED} == COUNTED
    for state in State:
        assert (next_state(state, Action.SUBMIT) is not None) == (state in EDITABLE)
