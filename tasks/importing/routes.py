"""How a report gets from the state it is in to the one a file gives, by moves that R12 allows. Pure."""

from __future__ import annotations

from tasks.states import Action, State

SENT = frozenset({State.SUBMITTED, State.RETURNED, State.ACCEPTED})
_LAST = {State.ACCEPTED: [Action.ACCEPT], State.RETURNED: [Action.RETURN], State.SUBMITTED: []}


def route(current: State, wanted: State, *, changed: bool) -> list[Action] | None:
    """The moves from ``current`` to ``wanted``, in order; None where there are none.

    ``changed``: what the report says, or when it was sent, is not as it is stored. A sent report is
    then opened again and sent anew, so that its history shows the correction.
    """
    if wanted is State.DRAFT:
        if current is State.NOT_STARTED:
            return [Action.START]
        return [] if current is State.DRAFT else None
    if current is wanted and not changed:
        return []
    if current is State.SUBMITTED and not changed:
        return list(_LAST[wanted])
    if current is State.ACCEPTED and wanted is State.RETURNED and not changed:
        return [Action.REOPEN]
    before = {State.ACCEPTED: [Action.REOPEN], State.SUBMITTED: [Action.RETURN]}.get(current, [])
    return [*before, Action.SUBMIT, *_LAST[wanted]]
