"""The province's points of both rounds, survey points and what was written about them: read, checked, stored (R27).

Everything goes through :func:`save`: one transaction, one row of history. What is typed is compared with
what the person had before them, field by field, so that of two people neither overwrites the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from accounts.text import clean, clean_paragraphs
from plans.fields import PLACES
from plans.numbers import NotANumber, round_half_up, show_number
from scoring.comparing import own_points
from scoring.models import Criterion, LeafScore, Scorecard, ScorecardEvent
from scoring.readiness import Gap
from scoring.scorecard_services import Unready, move
from scoring.scorecards import Card, ScoredLeaf, compute, period_of
from scoring.states import APPRAISABLE, MOVES, Action, State
from tasks.answer_forms import read_figure
from tasks.models import Explanation
from tasks.services import Refused

if TYPE_CHECKING:
    from accounts.history import Actor

# code of the criterion -> field -> what is typed, or what is stored in the same words
Words = Mapping[str, Mapping[str, str]]

FIRST, SECOND = 1, 2
POINTS_OF = {FIRST: "appraised_1", SECOND: "appraised"}
FINISHES = {FIRST: Action.APPRAISE_1, SECOND: Action.APPRAISE_2}
LABELS = {
    "appraised_1": "Điểm thẩm định lần 1",
    "appraised": "Điểm thẩm định lần 2",
    "survey": "Điểm điều tra",
    "loss": "Nguyên nhân mất điểm",
    "note": "Ý kiến của tỉnh",
    "asked": "Yêu cầu giải trình",
    "explained": "Giải trình gửi tỉnh",
}
NUMBERS = ("appraised_1", "appraised", "survey")
TEXTS = ("note", "asked", "explained")
OF_SELF = ("appraised_1", "appraised", "loss", *TEXTS)
OF_SURVEY = ("survey", "note")
TEXT_LIMIT = 4000
FIGURE_LIMIT = 40


class BadCells(Refused):
    """What was typed cannot be taken; the fault of each (code, field). Nothing was stored."""

    def __init__(self, faults: Mapping[tuple[str, str], str]) -> None:
        super().__init__("Có ô chưa đúng nên chưa lưu gì.")
        self.faults = dict(faults)


class Overtaken(Refused):
    """Someone has stored something else meanwhile: (code, field) -> what is stored now. Nothing was stored."""

    def __init__(self, stored: Mapping[tuple[str, str], str], who: str) -> None:
        super().__init__(
            f"{who} vừa sửa {len(stored)} ô mà bạn cũng sửa, nên chưa lưu gì. "
            "Giá trị đang lưu ghi dưới từng ô; hãy xem lại rồi lưu."
        )
        self.stored = dict(stored)


@dataclass
class Read:
    """Typed words understood: values by code and field, and the faults."""

    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: dict[tuple[str, str], str] = field(default_factory=dict)


def why_locked(scorecard: Scorecard) -> str:
    """Why the province's points cannot be written now; empty where they can."""
    if scorecard.criteria_set_id is None:
        return "Năm này chỉ ghi kết quả công bố, không có điểm theo tiêu chí."
    if scorecard.state == State.PUBLISHED:
        return "Kết quả đã công bố. Muốn sửa điểm thẩm định, hãy lùi phiếu điểm lại một bước, có nêu lý do."
    if scorecard.state not in APPRAISABLE:
        return "Phiếu điểm chưa gửi tỉnh nên chưa có điểm thẩm định."
    return ""


def awaits_first(scorecard: Scorecard) -> bool:
    """The first round is not done, and nothing says that there is only one: no points of the second are stored."""
    return (
        scorecard.state == State.SENT
        and not scorecard.scores.filter(appraised__isnull=False).exists()
    )


def sources_of(action: Action) -> frozenset[State]:
    """The states from which the round can be completed."""
    return MOVES[action].sources


def fields_of(leaf: Criterion) -> tuple[str, ...]:
    return OF_SURVEY if leaf.is_survey else OF_SELF


def words_of(score: LeafScore | None, name: str) -> str:
    """One stored field as the page and the workbook write it; a reason for lost points by its value."""
    value = getattr(score, name) if score is not None else None
    return _words(name, value)


def _words(name: str, value: Any) -> str:
    if value is None:
        return ""
    return show_number(value) if name in NUMBERS else str(value)


def stored_words(leaves: Iterable[Criterion], scores: Mapping[int, LeafScore]) -> Words:
    """What is stored of ``leaves``, without the empty fields."""
    return {
        leaf.code: {
            name: words
            for name in fields_of(leaf)
            if (words := words_of(scores.get(leaf.pk), name))
        }
        for leaf in leaves
    }


# -- Reading what was typed ---------------------------------------------------------------------------


def read(typed: Words, leaves: Mapping[str, Criterion], scores: Mapping[int, LeafScore]) -> Read:
    """``typed`` as values; every fault is named, nothing is guessed."""
    found = Read()
    for code, cells in typed.items():
        leaf = leaves[code]
        values = found.values.setdefault(code, {})
        for name, text in cells.items():
            try:
                values[name] = read_value(name, text, leaf, scores.get(leaf.pk))
            except ValueError as error:
                found.faults[code, name] = str(error)
    return found


def read_value(name: str, text: str, leaf: Criterion, score: LeafScore | None = None) -> Any:
    """One cell as its value. ValueError says why not."""
    if name in NUMBERS:
        return _read_points(name, clean(text), leaf, score)
    if name == "loss":
        text = text.strip()
        if text and text not in LeafScore.Loss.values:
            raise ValueError("Hãy chọn nguyên nhân trong danh sách.")
        return text
    words = clean_paragraphs(text)
    if len(words) > TEXT_LIMIT:
        raise ValueError(f"Dài quá {show_number(TEXT_LIMIT)} ký tự; hãy rút gọn.")
    return words


def _read_points(name: str, text: str, leaf: Criterion, score: LeafScore | None) -> Decimal | None:
    if not text:
        return None
    if leaf.is_survey != (name == "survey"):
        raise ValueError(
            "Tiêu chí điều tra xã hội học không có điểm thẩm định."
            if leaf.is_survey
            else "Tiêu chí này không chấm bằng điều tra xã hội học."
        )
    try:
        points = read_figure(text) if len(text) <= FIGURE_LIMIT else None
    except NotANumber:
        points = None
    if points is None:
        raise ValueError(f"«{text[:30]}» không phải là số.")
    exponent = points.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -PLACES:
        raise ValueError("Chỉ ghi được đến bốn chữ số thập phân.")
    assert leaf.maximum is not None  # a constraint of the database
    if points > leaf.maximum:
        # «7.125» is read as thousands, as officials write them.
        hint = "; số thập phân viết bằng dấu phẩy" if "." in text and "," not in text else ""
        raise ValueError(f"Lớn hơn điểm tối đa {show_number(leaf.maximum)}{hint}.")
    if points < leaf.minimum:
        raise ValueError(f"Nhỏ hơn điểm tối thiểu {show_number(leaf.minimum)}.")
    if name == "survey" and score is not None and score.not_applicable:
        raise ValueError("Tiêu chí này đã ghi «không áp dụng» nên không có điểm điều tra.")
    return points


# -- Storing ------------------------------------------------------------------------------------------


@transaction.atomic
def save(
    *, scorecard: Scorecard, typed: Words, base: Words, by: Actor, action: str = "Nhập thẩm định"
) -> int:
    """Store what differs from ``base``, which the person had before them; how many fields changed.

    :class:`BadCells` or :class:`Overtaken` where something cannot be taken: then nothing is.
    """
    card = _locked(scorecard)
    leaves = _leaves(card)
    scores = _scores(card)
    typed = {code: cells for code, cells in typed.items() if code in leaves}
    found = read(typed, leaves, scores)
    if found.faults:
        raise BadCells(found.faults)
    changes: dict[str, list[Any]] = {}
    overtaken: dict[tuple[str, str], str] = {}
    dirty: dict[int, LeafScore] = {}
    for code, values in found.values.items():
        leaf = leaves[code]
        score = scores.get(leaf.pk) or LeafScore(scorecard=card, criterion=leaf)
        for name, value in values.items():
            before, now = words_of(score, name), _words(name, value)
            had = base.get(code, {}).get(name, "")
            if now in {had, before}:
                continue  # not touched, or stored already
            if before != had:
                overtaken[code, name] = before
                continue
            changes[f"{code}.{name}"] = [_plain(getattr(score, name)), _plain(value)]
            setattr(score, name, value)
            dirty[leaf.pk] = score
    if overtaken:
        raise Overtaken(overtaken, _last_writer(card))
    for score in dirty.values():
        score.save()
    _write(card, by, action, changes)
    return len(changes)


@transaction.atomic
def fill(*, scorecard: Scorecard, round_: int, by: Actor) -> int:
    """Where the round has no points yet: ours, of the second round the first's. How many were filled.

    Ours to the four decimals that are stored.
    """
    stored = _locked(scorecard)
    card = card_of_year(stored)
    scores = _scores(stored)
    name = POINTS_OF[round_]
    changes: dict[str, list[Any]] = {}
    for leaf in lacking(card, round_):
        score = scores.get(leaf.criterion.pk) or LeafScore(
            scorecard=stored, criterion=leaf.criterion
        )
        value = score.appraised_1 if round_ == SECOND else None
        if value is None:
            ours = own_points(leaf)
            assert ours is not None  # it counts, or it would not be lacking
            value = round_half_up(ours, PLACES)  # as it is already: only its type changes
        setattr(score, name, value)
        score.save()
        changes[f"{leaf.criterion.code}.{name}"] = [None, _plain(value)]
    what = "lần 1" if round_ == SECOND else "tự chấm"
    _write(stored, by, f"Lấy điểm {what}", changes)
    return len(changes)


@transaction.atomic
def finish(*, scorecard: Scorecard, round_: int, by: Actor, seen: str = "") -> ScorecardEvent:
    """The round is complete: the card goes on. :class:`Unready` with the criteria still without points.

    Not with a unit still asked to explain: it would be reminded of for nothing.
    """
    stored = _locked(scorecard)
    card = card_of_year(stored)
    left = lacking(card, round_)
    if left:
        words = f"Chưa hoàn tất được lần {round_}: còn {len(left)} tiêu chí chưa có điểm thẩm định."
        raise Unready(
            words,
            [
                Gap(leaf.criterion.code, leaf.criterion.name, "chưa có điểm thẩm định")
                for leaf in left
            ],
        )
    if round_ == SECOND and (waiting := unexplained(card)):
        named = "; ".join(f"{one.code} ({one.unit.name})" for one in waiting[:10])
        raise Refused(
            f"Chưa hoàn tất được lần 2: còn {len(waiting)} yêu cầu giải trình gửi đơn vị chưa xong: {named}. "
            "Hãy nhận giải trình hoặc rút yêu cầu trước."
        )
    return move(scorecard=scorecard, action=FINISHES[round_], by=by, seen=seen)


def unexplained(card: Card) -> list[Explanation]:
    """What units were asked to explain for the year and is not closed yet."""
    asked = Explanation.objects.filter(period=card.period).open().select_related("unit")
    return list(asked.order_by("code", "unit__order", "pk"))


def lacking(card: Card, round_: int) -> list[ScoredLeaf]:
    """Criteria that the province must still give points in the round: those that we gave ourselves some."""
    name = POINTS_OF[round_]
    return [
        leaf
        for leaf in card.leaves
        if not leaf.criterion.is_survey
        and getattr(leaf.entry, name) is None
        and own_points(leaf) is not None
    ]


def unsurveyed(card: Card) -> list[ScoredLeaf]:
    """Surveyed criteria whose points are not there yet."""
    return [
        leaf
        for leaf in card.leaves
        if leaf.criterion.is_survey and leaf.entry.survey is None and not leaf.entry.not_applicable
    ]


def card_of_year(scorecard: Scorecard) -> Card:
    """The card with its points. :class:`Refused` where the year has no reports to compute from."""
    period = period_of(scorecard)
    if period is None or scorecard.criteria_set is None:
        raise Refused(f"Năm {scorecard.year} chưa có kỳ báo cáo cả năm nên chưa tính được điểm.")
    return compute(period, scorecard.criteria_set)


def _plain(value: Any) -> Any:
    """As history keeps it: nothing, words, or a figure in full."""
    return value if value is None or isinstance(value, str) else f"{value:f}"


def _locked(scorecard: Scorecard) -> Scorecard:
    """The stored row, held until the end of the transaction; refuses where nothing may be written."""
    card = Scorecard.objects.select_for_update().get(pk=scorecard.pk)
    if words := why_locked(card):
        raise Refused(words)
    return card


def _leaves(card: Scorecard) -> dict[str, Criterion]:
    assert card.criteria_set is not None
    return {leaf.code: leaf for leaf in card.criteria_set.criteria.exclude(kind="")}


def _scores(card: Scorecard) -> dict[int, LeafScore]:
    return {score.criterion_id: score for score in card.scores.all()}


def _last_writer(card: Scorecard) -> str:
    event = card.events.last()
    return event.actor_name if event else "Có người"


def _write(card: Scorecard, by: Actor, action: str, changes: dict[str, list[Any]]) -> None:
    if not changes:
        return
    Scorecard.objects.filter(pk=card.pk).update(updated_at=timezone.now())
    ScorecardEvent.objects.create(
        **by.columns(),
        scorecard=card,
        action=action,
        from_state=card.state,
        to_state=card.state,
        changes=changes,
    )
