"""Marking criteria as the next plan's focus, on the year's scorecard (R31)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from scoring.focus import write_focus
from scoring.models import LeafScore, Scorecard, ScorecardEvent
from scoring.states import State
from tasks.services import Refused

if TYPE_CHECKING:
    from accounts.history import Actor
    from scoring.focus import Written

NOTE_LIMIT = 500


@dataclass(frozen=True)
class Saved:
    """How many marks changed, and what stands in the next plan."""

    changed: int
    written: Written

    @property
    def words(self) -> list[str]:
        found = [
            f"Đã lưu {self.changed} thay đổi về trọng tâm."
            if self.changed
            else "Không có gì thay đổi."
        ]
        if self.written.plan is None:
            found.append(
                f"Chưa có kế hoạch năm {self.written.year}; khi có kế hoạch, trọng tâm được ghi vào đó."
            )
        elif self.written.without_task:
            codes = ", ".join(self.written.without_task)
            found.append(
                f"Kế hoạch năm {self.written.year} không có nhiệm vụ nào cho tiêu chí {codes}."
            )
        return found


@transaction.atomic
def save(*, scorecard: Scorecard, marks: Mapping[str, tuple[bool, str]], by: Actor) -> Saved:
    """Code of the criterion -> marked or not, and what is to be done. Others stay as they are."""
    card = Scorecard.objects.select_for_update().get(pk=scorecard.pk)
    if card.criteria_set is None:
        raise Refused("Năm này chỉ ghi kết quả công bố, không có điểm theo tiêu chí.")
    if card.state in {State.DRAFT, State.APPROVED}:
        raise Refused("Phiếu điểm chưa gửi tỉnh; sau thẩm định mới chọn trọng tâm năm sau.")
    long = [code for code, (_, note) in marks.items() if len(note) > NOTE_LIMIT]
    if long:
        raise Refused(
            f"Việc cần làm của tiêu chí {', '.join(sorted(long))} dài quá {NOTE_LIMIT} ký tự; chưa lưu gì."
        )
    leaves = {
        leaf.code: leaf
        for leaf in card.criteria_set.criteria.exclude(kind="")
        if leaf.code in marks
    }
    scores = {score.criterion_id: score for score in card.scores.all()}
    changes: dict[str, list[object]] = {}
    for code, leaf in leaves.items():
        marked, note = marks[code]
        score = scores.get(leaf.pk) or LeafScore(scorecard=card, criterion=leaf)
        before = (score.focus, score.focus_note)
        if before == (marked, note):
            continue
        score.focus, score.focus_note = marked, note
        score.save()
        if before[0] != marked:
            changes[f"{code}.focus"] = [before[0], marked]
        if before[1] != note:
            changes[f"{code}.focus_note"] = [before[1], note]
    if changes:
        ScorecardEvent.objects.create(
            **by.columns(),
            scorecard=card,
            action="Chọn trọng tâm năm sau",
            from_state=card.state,
            to_state=card.state,
            changes=changes,
        )
    return Saved(len(changes), write_focus(scorecard=card, by=by))
