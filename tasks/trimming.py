"""Two versions of a long text as the trail keeps them: what changed, with a little of what stands around it.

A draft that saves itself every few seconds would else write its whole text twice each time. Nothing is
lost: from the text as it stands, :func:`restored` goes back row by row; submitted texts are kept whole
anyway (R13).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORT = 240  # texts up to this are kept whole
AROUND = 40  # characters kept on either side of what changed
CUT = "…"


def trimmed(before: str, after: str) -> list[Any]:
    """``[before, after]`` without the beginning and the end both share.

    Where something was left away a third part says how many characters in front and behind; «…» stands
    in their place. The length grows with what changed, not with the texts.
    """
    if max(len(before), len(after)) <= SHORT:
        return [before, after]
    most = min(len(before), len(after))
    front = 0
    while front < most and before[front] == after[front]:
        front += 1
    back = 0
    while back < most - front and before[-1 - back] == after[-1 - back]:
        back += 1
    front, back = max(0, front - AROUND), max(0, back - AROUND)
    if not (front or back):
        return [before, after]

    def part(text: str) -> str:
        middle = text[front : len(text) - back]
        return f"{CUT if front else ''}{middle}{CUT if back else ''}"

    return [part(before), part(after), [front, back]]


def restored(after: str, change: Sequence[Any]) -> str:
    """The whole text before ``change``, which led to ``after``."""
    front, back = change[2] if len(change) > 2 else (0, 0)
    middle = str(change[0] or "")
    middle = middle[bool(front) : len(middle) - bool(back)]
    return after[:front] + middle + after[len(after) - back :]


def for_the_trail(changes: dict[str, list[Any]], texts: Sequence[str]) -> dict[str, list[Any]]:
    """``changes`` of a report with its long ``texts`` trimmed, and of what was not understood only what differs."""
    kept = dict(changes)
    for name in texts:
        if name in kept:
            kept[name] = trimmed(*kept[name])
    if "unread" in kept:
        before, after = kept["unread"]
        pairs = {
            name: trimmed(before.get(name, ""), after.get(name, ""))
            for name in {**before, **after}
            if before.get(name) != after.get(name)
        }
        kept["unread"] = [
            {name: pair[0] for name, pair in pairs.items() if name in before},
            {name: pair[1] for name, pair in pairs.items() if name in after},
        ]
    return kept
