"""Nobody approves or offers a card that is not the one they saw: the page says what it showed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scoring.differences import differences, listed
from scoring.frozen import Frozen, freeze
from tasks.services import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scoring.differences import Difference
    from scoring.scorecards import Card


class ChangedSince(Refused):
    """The card is not what the person saw; ``found`` says where."""

    def __init__(self, words: str, found: Iterable[Difference]) -> None:
        super().__init__(words)
        self.found = tuple(found)


def refuse_if_changed(shown: Mapping[str, Any] | None, now: Card) -> None:
    """``shown``: the frozen card of the page; empty where the form did not say, None where there was no page."""
    if shown is None or shown == freeze(now):
        return
    if not shown:
        raise ChangedSince("Trang mở từ trước không dùng được nữa; hãy xem lại rồi làm tiếp.", ())
    found = differences(Frozen.read(shown), now)
    words = f": {listed(found)}" if found else ""
    raise ChangedSince(f"Phiếu điểm đã thay đổi từ khi mở trang{words}; hãy xem lại.", found)
