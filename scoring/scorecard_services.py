"""What is done to a scorecard as a whole: beginning it, and every step from draft to publication (R27).

Each function is one transaction and writes its history with it. ``Refused`` carries what to tell the person;
:class:`Faults` the faults by field, :class:`Unready` what is still to be done, criterion by criterion.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from plans.numbers import show_number
from scoring.differences import differences, listed
from scoring.frozen import Frozen, freeze
from scoring.models import CriteriaSet, Scorecard, ScorecardEvent
from scoring.readiness import Gap, gaps, provisional
from scoring.scorecards import Card, compute, period_of
from scoring.seen import refuse_if_changed
from scoring.states import ACTION_TEXT, MOVES, ORDER, Action, next_state
from scoring.states import State as StepState
from tasks import explanations
from tasks.models import Explanation
from tasks.services import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from accounts.history import Actor
    from accounts.models import Agency

State = Scorecard.State
TEXT_LIMIT = 4000
BASIS_LIMIT = 300
NUMBER_LIMIT = 60
# What a step that is undone takes with it; the event keeps it.
PUBLISHED = (
    "published_index",
    "published_rank",
    "ranked_agencies",
    "decision_number",
    "decision_issued_on",
)
SENT = ("sent_number", "sent_on", "sent")


class Faults(Refused):
    """What was typed cannot be taken: the fault of each field."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


class Unready(Refused):
    """The step must wait for ``gaps``."""

    def __init__(self, words: str, found: Iterable[Gap]) -> None:
        super().__init__(words)
        self.gaps = tuple(found)


@transaction.atomic
def begin(*, agency: Agency, year: int, criteria_set: CriteriaSet, by: Actor) -> Scorecard:
    """The year's scorecard under ``criteria_set``; one that is there is given back if it is the same.

    While it is a draft in which nothing has been entered, another set may still be chosen.
    """
    # Held, so that nobody takes it back to a draft while it comes into use.
    criteria_set = CriteriaSet.objects.select_for_update().get(pk=criteria_set.pk)
    if criteria_set.agency_id != agency.pk or criteria_set.is_draft:
        raise Refused("Bộ tiêu chí này chưa dùng được để chấm điểm.")
    if criteria_set.valid_from > year:
        raise Refused(
            f"Bộ tiêu chí {criteria_set.code} áp dụng từ năm {criteria_set.valid_from},"
            f" không chấm được năm {year}."
        )
    try:
        with transaction.atomic():
            card, made = Scorecard.objects.get_or_create(
                agency=agency, year=year, defaults={"criteria_set": criteria_set}
            )
            if made:
                _write(
                    card,
                    by,
                    "Lập phiếu điểm",
                    State.DRAFT,
                    {"criteria_set": [None, criteria_set.code]},
                )
                return card
            return _with_set(card, criteria_set, by)
    except IntegrityError:
        # Someone began it at the same moment; that one stands.
        return Scorecard.objects.get(agency=agency, year=year)


def _with_set(card: Scorecard, criteria_set: CriteriaSet, by: Actor) -> Scorecard:
    card = Scorecard.objects.select_for_update().get(pk=card.pk)
    if card.criteria_set_id == criteria_set.pk:
        return card
    before = card.criteria_set.code if card.criteria_set else None
    if before is not None and (
        card.state != State.DRAFT or card.scores.exists() or card.adjustments.exists()
    ):
        raise Refused(
            f"Phiếu điểm năm {card.year} đã lập theo bộ tiêu chí {before} và đã có nội dung,"
            " nên không đổi bộ tiêu chí được nữa."
        )
    card.criteria_set = criteria_set
    card.save(update_fields=["criteria_set", "updated_at"])
    _write(card, by, "Chọn bộ tiêu chí", card.state, {"criteria_set": [before, criteria_set.code]})
    return card


@transaction.atomic
def move(
    *,
    scorecard: Scorecard,
    action: Action | str,
    by: Actor,
    reason: str = "",
    seen: str = "",
    **fields: Any,
) -> ScorecardEvent:
    """One step of ``scorecard``; it is refreshed. :class:`Refused` says why not.

    ``seen``: the state the person was looking at; of two who act at once the second is told. ``fields``
    of *approve*: ``leader``, ``given_on``, ``basis`` (R2b), ``confirmed`` (figures may still be missing),
    ``shown``, the frozen card that the person saw; of *send*: ``sent_number``, ``sent_on``, ``confirmed``
    (figures differ, no points do); of *publish*: those of :data:`PUBLISHED`.
    """
    action = Action(action)
    reason = reason.strip()[:TEXT_LIMIT]
    # Held: what is approved and sent is of the set and the contents that are read here.
    stored = (
        Scorecard.objects.select_for_update(of=("self",))
        .select_related("criteria_set", "agency")
        .get(pk=scorecard.pk)
    )
    source = seen or stored.state
    target = next_state(source, action, came_from=came_from(stored, source))
    if target is None or stored.state != source:
        raise Refused(_too_late(stored, action, seen))
    if MOVES[action].needs_reason and not reason:
        raise Faults({"reason": "Hãy nêu lý do."})
    if stored.criteria_set is None:
        raise Refused("Phiếu điểm của năm này chưa có bộ tiêu chí.")
    values, by = _VALUES.get(action, _no_values)(stored, by, fields)
    # Claims the step: whatever is entered from here on waits, and finds the new state.
    now = timezone.now()
    claimed = Scorecard.objects.filter(pk=stored.pk, state=source).update(
        state=target, updated_at=now, **values
    )
    if not claimed:
        stored.refresh_from_db()
        raise Refused(_too_late(stored, action, seen))
    kept = _CONTENTS[action](stored, fields) if action in _CONTENTS else {}
    if kept:
        Scorecard.objects.filter(pk=stored.pk).update(**kept)
    changes = {
        name: [_plain(getattr(stored, name)), _plain(value)]
        for name, value in {**values, **kept}.items()
        if value != getattr(stored, name)
        and (name != "sent" or action is Action.RECALL)
        and name != "approved"
    }
    if action is Action.RECALL:
        changes |= _without_appraisal(stored)
    if action in {Action.RECALL, Action.STEP_BACK}:
        _withdraw_questions(stored, by, f"{ACTION_TEXT[action]}: {reason}")
    scorecard.refresh_from_db()
    return _write(scorecard, by, ACTION_TEXT[action], source, changes, reason=reason)


def came_from(card: Scorecard, state: str) -> str | None:
    """The state from which ``card`` last came forward to ``state``."""
    before = ORDER[: ORDER.index(StepState(state))]
    event = card.events.filter(to_state=state, from_state__in=before).last()
    return event.from_state if event else None


def _too_late(card: Scorecard, action: Action, seen: str) -> str:
    if seen and seen != card.state:
        event = card.events.filter(to_state=card.state).exclude(from_state=card.state).last()
        who = f"{event.actor_name} vừa chuyển" if event else "Có người vừa chuyển"
        return f"{who} phiếu điểm sang «{card.get_state_display()}»; hãy xem lại rồi làm tiếp."
    return (
        f"Phiếu điểm đang ở bước «{card.get_state_display()}» nên không thực hiện được"
        f" «{ACTION_TEXT[action]}»."
    )


# What each step writes and who it was for; faults before anything is written.


def _no_values(card: Scorecard, by: Actor, fields: dict[str, Any]) -> tuple[dict[str, Any], Actor]:
    return {}, by


def _approval(card: Scorecard, by: Actor, fields: dict[str, Any]) -> tuple[dict[str, Any], Actor]:
    """A leader approves; or the office records what a leader approved on paper, with its basis (R2b)."""
    leader: User | None = fields.get("leader") or by.user
    may = leader is not None and leader.is_leader and leader.agency_id == card.agency_id
    if leader is not None and may and by.user is not None and by.user.pk == leader.pk:
        return {}, by
    faults: dict[str, str] = {}
    if not may:
        faults["leader"] = "Người duyệt phải là Lãnh đạo Sở; hãy chọn người đã duyệt."
    given_on: dt.date | None = fields.get("given_on")
    basis = " ".join(str(fields.get("basis") or "").split())
    if not basis:
        faults["basis"] = "Hãy ghi căn cứ: văn bản, bút phê hoặc kết luận của lãnh đạo."
    elif len(basis) > BASIS_LIMIT:
        faults["basis"] = f"Căn cứ dài quá {BASIS_LIMIT} ký tự; hãy rút gọn."
    if given_on is None:
        faults["given_on"] = "Hãy ghi ngày lãnh đạo duyệt."
    elif given_on > timezone.localdate():
        faults["given_on"] = "Ngày duyệt không được ở sau hôm nay."
    elif given_on.year < card.year:
        faults["given_on"] = f"Ngày duyệt không thể trước năm {card.year}."
    if faults or leader is None:
        raise Faults(faults)
    return {}, replace(by, for_person=leader.name, basis=basis, basis_date=given_on)


def approval_of(card: Scorecard) -> ScorecardEvent | None:
    """The event by which the card that stands was approved."""
    return card.events.filter(action=ACTION_TEXT[Action.APPROVE]).last()


def approved_on(event: ScorecardEvent) -> dt.date:
    return event.basis_date or timezone.localdate(event.at)


def _sending(card: Scorecard, by: Actor, fields: dict[str, Any]) -> tuple[dict[str, Any], Actor]:
    number = " ".join(str(fields.get("sent_number") or "").split())
    day: dt.date | None = fields.get("sent_on")
    faults = _number_faults("sent_number", number, "Hãy ghi số văn bản gửi phiếu điểm.")
    event = approval_of(card)
    if day is None:
        faults["sent_on"] = "Hãy ghi ngày gửi."
    elif day > timezone.localdate():
        faults["sent_on"] = "Ngày gửi không được ở sau hôm nay."
    elif event is not None and day < approved_on(event):
        faults["sent_on"] = f"Ngày gửi không thể trước ngày duyệt {approved_on(event):%d/%m/%Y}."
    elif day.year < card.year:
        faults["sent_on"] = f"Ngày gửi không thể trước năm {card.year}."
    if faults:
        raise Faults(faults)
    return {"sent_number": number, "sent_on": day}, by


def _number_faults(name: str, number: str, empty: str = "") -> dict[str, str]:
    if not number:
        return {name: empty} if empty else {}
    if len(number) > NUMBER_LIMIT:
        return {name: f"Số văn bản dài quá {NUMBER_LIMIT} ký tự."}
    return {}


def _publication(
    card: Scorecard, by: Actor, fields: dict[str, Any]
) -> tuple[dict[str, Any], Actor]:
    return publication_values(card, fields), by


def publication_values(card: Scorecard, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The columns :data:`PUBLISHED` as typed; :class:`Faults` by field where they cannot be."""
    index: Decimal | None = fields.get("published_index")
    rank, ranked = fields.get("published_rank"), fields.get("ranked_agencies")
    number = " ".join(str(fields.get("decision_number") or "").split())
    day: dt.date | None = fields.get("decision_issued_on")
    faults = _number_faults("decision_number", number)
    if index is None:
        faults["published_index"] = "Hãy ghi chỉ số được công bố."
    elif not -200 <= index <= 200:
        faults["published_index"] = (
            f"Chỉ số {show_number(index)} không thể là chỉ số theo thang 100."
        )
    if rank is not None and rank < 1:
        faults["published_rank"] = "Hạng là số từ 1 trở lên."
    elif rank is not None and ranked is None:
        faults["ranked_agencies"] = "Có xếp hạng thì cần ghi số cơ quan được xếp hạng."
    elif rank is not None and rank > ranked:
        faults["published_rank"] = f"Hạng {rank} lớn hơn số cơ quan được xếp hạng {ranked}."
    if ranked is not None and not 1 <= ranked <= 1000:
        faults["ranked_agencies"] = "Số cơ quan được xếp hạng là số từ 1 đến 1000."
    if day is not None and day > timezone.localdate():
        faults["decision_issued_on"] = "Ngày quyết định không được ở sau hôm nay."
    elif day is not None and card.sent_on is not None and day < card.sent_on:
        faults["decision_issued_on"] = (
            f"Ngày quyết định không thể trước ngày gửi phiếu điểm {card.sent_on:%d/%m/%Y}."
        )
    elif day is not None and day.year < card.year:
        faults["decision_issued_on"] = f"Ngày quyết định không thể trước năm {card.year}."
    if faults:
        raise Faults(faults)
    return {
        "published_index": index,
        "published_rank": rank,
        "ranked_agencies": ranked,
        "decision_number": number,
        "decision_issued_on": day,
    }


def _back(card: Scorecard, by: Actor, fields: dict[str, Any]) -> tuple[dict[str, Any], Actor]:
    """What was published goes with the step that brought it; the points of the rounds stay as entered."""
    if card.state != State.PUBLISHED:
        return {}, by
    return {
        "published_index": None,
        "published_rank": None,
        "ranked_agencies": None,
        "decision_number": "",
        "decision_issued_on": None,
    }, by


_VALUES = {
    Action.APPROVE: _approval,
    Action.SEND: _sending,
    Action.PUBLISH: _publication,
    Action.STEP_BACK: _back,
}


# What each step keeps of the card's contents, computed once the step is claimed.


def _approved_contents(card: Scorecard, fields: dict[str, Any]) -> dict[str, Any]:
    now = card_now(card)
    refuse_if_changed(fields.get("shown"), now)
    if found := gaps(now):
        raise Unready("Chưa duyệt được: còn tiêu chí chưa đủ căn cứ.", found)
    waiting = provisional(now)
    if waiting and not fields.get("confirmed"):
        words = f"Còn {len(waiting)} tiêu chí có số liệu tạm tính; muốn duyệt ngay, hãy đánh dấu xác nhận."
        raise Faults({"confirmed": words})
    return {"approved": freeze(now)}


def _sent_contents(card: Scorecard, fields: dict[str, Any]) -> dict[str, Any]:
    if not card.approved:
        raise Refused("Phiếu điểm chưa có nội dung được duyệt; hãy trình duyệt lại.")
    found = differences(Frozen.read(card.approved), card_now(card))
    grave = [one for one in found if one.matters]
    if grave:
        raise Unready(
            f"Điểm đã thay đổi sau khi duyệt: {listed(grave)}; hãy trình duyệt lại.",
            [Gap(one.code, one.name, one.what) for one in grave],
        )
    if found and not fields.get("confirmed"):
        words = f"Số liệu của {len(found)} tiêu chí đã thay đổi; muốn gửi như đã duyệt, hãy đánh dấu xác nhận."
        raise Faults({"confirmed": words})
    return {"sent": card.approved}


# The province's of a leaf, and what stands there without it.
APPRAISAL: dict[str, Any] = {
    "appraised_1": None,
    "appraised": None,
    "loss": "",
    "note": "",
    "asked": "",
    "explained": "",
}


def _recalled(card: Scorecard, fields: dict[str, Any]) -> dict[str, Any]:
    return {"approved": None, "sent": None, "sent_number": "", "sent_on": None}


def _without_appraisal(card: Scorecard) -> dict[str, list[Any]]:
    """What the province gave of a card that is taken back goes; the step keeps it."""
    changes: dict[str, list[Any]] = {}
    for score in card.scores.select_related("criterion"):
        given = {name: empty for name, empty in APPRAISAL.items() if getattr(score, name) != empty}
        for name, empty in given.items():
            changes[f"{score.criterion.code}.{name}"] = [_plain(getattr(score, name)), empty]
            setattr(score, name, empty)
        if given:
            score.save(update_fields=list(given))
    return changes


def _withdraw_questions(card: Scorecard, by: Actor, reason: str) -> None:
    """Nobody is reminded of an answer that no step waits for any more."""
    period = period_of(card)
    if period is not None:
        for one in Explanation.objects.open().filter(period=period):
            explanations.withdraw(explanation=one, by=by, reason=reason)


def _withdrawn(card: Scorecard, fields: dict[str, Any]) -> dict[str, Any]:
    return {"approved": None}


_CONTENTS = {
    Action.APPROVE: _approved_contents,
    Action.WITHDRAW: _withdrawn,
    Action.SEND: _sent_contents,
    Action.RECALL: _recalled,
}


def card_now(scorecard: Scorecard) -> Card:
    period = period_of(scorecard)
    if period is None or scorecard.criteria_set is None:
        raise Refused(f"Năm {scorecard.year} chưa có kỳ báo cáo cả năm nên chưa tính được điểm.")
    return compute(period, scorecard.criteria_set)


def _write(
    card: Scorecard,
    by: Actor,
    action: str,
    before: str,
    changes: dict[str, list[Any]],
    *,
    reason: str = "",
) -> ScorecardEvent:
    return ScorecardEvent.objects.create(
        **by.columns(),
        scorecard=card,
        action=action,
        from_state=before,
        to_state=card.state,
        changes=changes,
        reason=reason,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, (Decimal, dt.date)):
        return str(value)
    return value
