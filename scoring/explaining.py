"""Explanations to the province after the first round: asked of units, taken into our text, sent (R27).

What units are asked and answer is ``tasks.explanations``'; what the province gets of each leaf is
``LeafScore.explained``, which ``scoring.appraisal`` stores with its history. ``Refused`` carries what to tell.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from scoring import appraisal, risk
from scoring.comparing import own_points
from scoring.models import Criterion, LeafScore, Scorecard, ScorecardEvent
from scoring.scorecard_services import NUMBER_LIMIT, Faults, move
from scoring.scorecards import Card, ScoredLeaf, period_of
from scoring.states import ACTION_TEXT, Action, State
from tasks import explanations
from tasks.explanations import Question
from tasks.models import Explanation
from tasks.services import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.history import Actor
    from accounts.models import Unit
    from plans.models import Period

# Nothing is to be explained yet.
BEFORE = frozenset({State.DRAFT, State.APPROVED, State.SENT})
NO_PERIOD = "Năm này chưa có kỳ báo cáo cả năm nên chưa chuyển được yêu cầu đến đơn vị."


@dataclass(frozen=True)
class Row:
    """One leaf that the province asked about or took points off, and what there is to its explanation."""

    leaf: ScoredLeaf
    ours: Fraction | None
    score: LeafScore | None
    units: tuple[Unit, ...]  # that hold its figures
    explanations: tuple[Explanation, ...] = ()

    @property
    def criterion(self) -> Criterion:
        return self.leaf.criterion

    @property
    def appraised(self) -> Fraction | None:
        points = self.leaf.entry.appraised_1
        return None if points is None else Fraction(points)

    @property
    def cut(self) -> Fraction:
        """How many points the first round took off ours."""
        if self.ours is None or self.appraised is None:
            return Fraction(0)
        return max(self.ours - self.appraised, Fraction(0))

    @property
    def asked(self) -> str:
        return self.score.asked if self.score else ""

    @property
    def explained(self) -> str:
        return self.score.explained if self.score else ""

    @property
    def open(self) -> tuple[Explanation, ...]:
        return tuple(one for one in self.explanations if one.is_open)

    @property
    def lacks_text(self) -> bool:
        return bool(self.asked) and not self.explained

    @property
    def preset(self) -> str:
        """The question as it is offered: the province's own words, else what it remarked."""
        return self.asked or (self.score.note if self.score else "")


@dataclass(frozen=True)
class Explaining:
    """A scorecard's leaves to explain, most points first."""

    card: Card
    rows: tuple[Row, ...]
    by_code: dict[str, Row] = field(default_factory=dict)

    @property
    def open(self) -> list[Explanation]:
        return [one for row in self.rows for one in row.open]

    @property
    def lacking(self) -> list[Row]:
        """Asked about by the province, and nothing is written yet."""
        return [row for row in self.rows if row.lacks_text]

    @property
    def cut(self) -> Fraction:
        return sum((row.cut for row in self.rows), Fraction(0))


def why_locked(scorecard: Scorecard) -> str:
    """Why nothing is asked or sent now; empty while the first round is being explained."""
    if scorecard.state == State.APPRAISED_1:
        return ""
    if scorecard.state in BEFORE:
        return "Phiếu điểm chưa thẩm định xong lần 1 nên chưa có gì phải giải trình."
    return (
        f"Phiếu điểm đang ở bước «{scorecard.get_state_display()}»: việc giải trình đã xong, "
        "trang này chỉ còn để tra cứu."
    )


def explaining_of(scorecard: Scorecard) -> Explaining:
    """The leaves to explain with the units that hold their figures; as many queries for any number (R36)."""
    card = appraisal.card_of_year(scorecard)
    scores = {score.criterion_id: score for score in scorecard.scores.all()}
    asked: dict[str, list[Explanation]] = {}
    for one in (
        Explanation.objects.filter(period=card.period)
        .exclude(state=Explanation.State.WITHDRAWN)
        .select_related("unit")
        .prefetch_related("proofs__document__files")
        .order_by("unit__order", "pk")
    ):
        asked.setdefault(one.code, []).append(one)
    reports = risk.reports_of(card)
    rows = []
    for leaf in card.leaves:
        if leaf.criterion.is_survey:
            continue
        row = Row(
            leaf=leaf,
            ours=own_points(leaf),
            score=scores.get(leaf.criterion.pk),
            units=tuple(
                dict.fromkeys(report.unit for report in risk.reports_behind(leaf, reports))
            ),
            explanations=tuple(asked.get(leaf.criterion.code, ())),
        )
        if row.asked or row.cut or row.explained or row.explanations:
            rows.append(row)
    rows.sort(key=lambda row: (not row.asked, -row.cut, row.criterion.order))
    return Explaining(card, tuple(rows), {row.criterion.code: row for row in rows})


@dataclass(frozen=True)
class Wish:
    """One leaf about which units are to be asked."""

    criterion: Criterion
    units: Sequence[Unit]
    question: str


@transaction.atomic
def ask_units(
    *, scorecard: Scorecard, by: Actor, due_before: dt.date, wishes: Sequence[Wish]
) -> list[Explanation]:
    """Pass the province's questions on to the units, all or none; what was asked now."""
    card = _locked(scorecard)
    for wish in wishes:
        if wish.criterion.criteria_set_id != card.criteria_set_id or not wish.criterion.is_leaf:
            raise Refused(f"Tiêu chí {wish.criterion.code} không có điểm trong phiếu điểm này.")
    return explanations.ask(
        period=_period(card),
        by=by,
        due_before=due_before,
        questions=[
            Question(
                unit=unit,
                code=wish.criterion.code,
                title=wish.criterion.name,
                text=wish.question,
            )
            for wish in wishes
            for unit in wish.units
        ],
    )


@transaction.atomic
def take_in(
    *, scorecard: Scorecard, criterion: Criterion, by: Actor, explanation: Explanation
) -> bool:
    """Put a unit's answer, with its documents, behind what is written of the leaf; False where it was taken.

    The text stays the office's to edit.
    """
    card = _locked(scorecard)
    if explanation.code != criterion.code or explanation.period != _period(card):
        raise Refused("Giải trình này không thuộc tiêu chí của phiếu điểm.")
    if not explanations.take(explanation=explanation, by=by):
        return False
    explanation.refresh_from_db()
    score = card.scores.filter(criterion=criterion).first()
    before = score.explained if score else ""
    text = f"{before}\n\n{text_of(explanation)}" if before else text_of(explanation)
    _store(card, criterion, text, before, by, "Đưa giải trình của đơn vị vào")
    return True


def text_of(explanation: Explanation) -> str:
    """A unit's answer as it goes to the province: its words, then the documents it rests on."""
    documents = "; ".join(
        f"{proof.document}{f' ({proof.section})' if proof.section else ''}"
        for proof in explanation.proofs.select_related("document")
    )
    return f"{explanation.answer}\nTài liệu: {documents}." if documents else explanation.answer


@transaction.atomic
def write_texts(
    *, scorecard: Scorecard, texts: dict[str, str], seen: dict[str, str], by: Actor
) -> int:
    """:func:`write` for several leaves by code, all or none; how many changed."""
    return appraisal.save(
        scorecard=_locked(scorecard),
        typed={code: {"explained": text} for code, text in texts.items()},
        base={code: {"explained": text} for code, text in seen.items()},
        by=by,
        action="Sửa giải trình gửi tỉnh",
    )


@transaction.atomic
def write(*, scorecard: Scorecard, criterion: Criterion, text: str, before: str, by: Actor) -> bool:
    """What the province gets of one leaf; ``before``: what the person had before them (``appraisal.Overtaken``)."""
    card = _locked(scorecard)
    return bool(_store(card, criterion, text, before, by, "Sửa giải trình gửi tỉnh"))


def _store(
    card: Scorecard, criterion: Criterion, text: str, before: str, by: Actor, action: str
) -> int:
    return appraisal.save(
        scorecard=card,
        typed={criterion.code: {"explained": text}},
        base={criterion.code: {"explained": before}},
        by=by,
        action=action,
    )


@transaction.atomic
def finish(
    *,
    scorecard: Scorecard,
    by: Actor,
    number: str,
    issued_on: dt.date | None,
    confirmed: bool = False,
    seen: str = "",
) -> ScorecardEvent:
    """Our explanation was sent to the province as ``number`` of ``issued_on``: the card goes on.

    :class:`Faults` by field; Refused while a unit still owes an answer or one lies unread: it would be
    reminded of for nothing.
    """
    card = _locked(scorecard)
    number = " ".join(number.split())
    faults = {}
    if not number:
        faults["number"] = "Hãy ghi số văn bản giải trình."
    elif len(number) > NUMBER_LIMIT:
        faults["number"] = f"Số văn bản dài quá {NUMBER_LIMIT} ký tự."
    if issued_on is None:
        faults["issued_on"] = "Hãy ghi ngày văn bản."
    elif issued_on > timezone.localdate():
        faults["issued_on"] = "Ngày văn bản không được ở sau hôm nay."
    elif card.sent_on is not None and issued_on < card.sent_on:
        faults["issued_on"] = (
            f"Ngày văn bản không thể trước ngày gửi phiếu điểm {card.sent_on:%d/%m/%Y}."
        )
    left = explaining_of(card)
    if left.lacking and not confirmed:
        codes = ", ".join(row.criterion.code for row in left.lacking)
        faults["confirmed"] = (
            f"Tỉnh yêu cầu giải trình mà chưa có nội dung: {codes}. Vẫn hoàn tất, hãy đánh dấu xác nhận."
        )
    if faults:
        raise Faults(faults)
    if left.open:
        named = "; ".join(f"{one.code} ({one.unit.name})" for one in left.open[:10])
        raise Refused(
            f"Còn {len(left.open)} yêu cầu gửi đơn vị chưa xong: {named}. Hãy đưa vào giải trình hoặc rút "
            "yêu cầu trước khi hoàn tất."
        )
    return move(
        scorecard=scorecard,
        action=Action.EXPLAIN,
        by=replace(by, basis=f"văn bản {number}", basis_date=issued_on),
        seen=seen,
    )


def sent_as(scorecard: Scorecard) -> ScorecardEvent | None:
    """The event that tells by which document the explanation went to the province."""
    if scorecard.state in BEFORE | {State.APPRAISED_1}:
        return None
    return scorecard.events.filter(action=ACTION_TEXT[Action.EXPLAIN]).last()


def _locked(scorecard: Scorecard) -> Scorecard:
    """The stored row, held until the end of the transaction."""
    card = (
        Scorecard.objects.select_for_update(of=("self",))
        .select_related("criteria_set")
        .get(pk=scorecard.pk)
    )
    if words := why_locked(card):
        raise Refused(words)
    return card


def _period(card: Scorecard) -> Period:
    period = period_of(card)
    if period is None:
        raise Refused(NO_PERIOD)
    return period
