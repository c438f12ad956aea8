"""What is wrong with the points of a results file, against what is stored; nothing is written here.

The points are looked at also where the reports of the same file have faults, so that all are said at once.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from plans.numbers import show_number
from scoring.models import Adjustment, CriteriaSet, Criterion, LeafScore, Scorecard
from scoring.scorecards import set_for
from tasks.results_schema import AdjustmentEntry, PublishedEntry, ScoreEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from accounts.reading import Entry, Fault, Source
    from plans.models import Period

    Numbered = Sequence[tuple[int, ScoreEntry]]

LABELS = {
    "override": "điểm tự sửa",
    "appraised_1": "điểm thẩm định lần 1",
    "appraised": "điểm thẩm định",
    "survey": "điểm điều tra",
}
APPRAISED = ("appraised_1", "appraised")
FROM_FILE = "Nạp từ tệp"  # how the card's history calls an import
OWN, SURVEYED = ("override", "appraised_1", "appraised"), ("survey",)

Model = TypeVar("Model", bound="Entry")


@dataclass(frozen=True)
class Points:
    """What a file says of points; each score with its place in the file."""

    scores: Numbered
    adjustments: Sequence[AdjustmentEntry]
    published: PublishedEntry | None

    @property
    def need_set(self) -> bool:
        return bool(self.scores or self.adjustments)

    @classmethod
    def readable(cls, data: dict[str, Any]) -> Points:
        """Those of ``data`` that the schema takes; of the others it says what is wrong."""
        published = _read(PublishedEntry, data.get("published"))
        return cls(
            _all_read(ScoreEntry, data.get("scores")),
            [entry for _, entry in _all_read(AdjustmentEntry, data.get("adjustments"))],
            published,
        )


def _read(model: type[Model], raw: Any) -> Model | None:
    try:
        return model.model_validate(raw)
    except ValidationError:
        return None


def _all_read(model: type[Model], raw: Any) -> list[tuple[int, Model]]:
    entries = raw if isinstance(raw, list) else []
    found = [(n, _read(model, entry)) for n, entry in enumerate(entries)]
    return [(n, entry) for n, entry in found if entry is not None]


@dataclass
class Against:
    """What is stored of the year."""

    year: int
    criteria_set: CriteriaSet | None
    card: Scorecard | None

    @cached_property
    def leaves(self) -> dict[str, Criterion]:
        if self.criteria_set is None:
            return {}
        return {leaf.code: leaf for leaf in self.criteria_set.criteria.exclude(kind="")}

    @cached_property
    def stored(self) -> dict[str, LeafScore]:
        if self.card is None:
            return {}
        scores = self.card.scores.select_related("criterion")
        return {score.criterion.code: score for score in scores}


def faults_of_file(source: Source, period: Period) -> list[Fault]:
    """Those of the points that can be read, whatever else is wrong with the file."""
    agency, year = period.plan.agency, period.year
    points = Points.readable(source.data)
    card = Scorecard.objects.filter(agency=agency, year=year).first()
    return find_faults(points, Against(year, set_for(agency, year), card), source)


def find_faults(points: Points, against: Against, source: Source) -> list[Fault]:
    scores, card, stored = points.scores, against.card, against.stored
    found = _published_faults(points.published, card, source)
    if points.need_set and against.criteria_set is None:
        first = "scores" if scores else "adjustments"
        words = f"cơ quan chưa có bộ tiêu chí áp dụng cho năm {against.year}"
        return [source.fault(words, first), *found]
    if against.criteria_set is not None:
        found += _faults(scores, against.leaves, stored, source, against.criteria_set)
    if card:
        led_here = card.events.exclude(action=FROM_FILE).exists()
        if led_here:
            found += _step_faults(scores, points.published, card, stored, source)
        if card.sent is not None or (led_here and not card.is_editable):
            found += _sent_faults(scores, points.adjustments, card, stored, source)
    return found


def _faults(
    scores: Numbered,
    leaves: dict[str, Criterion],
    stored: dict[str, LeafScore],
    source: Source,
    criteria_set: CriteriaSet,
) -> list[Fault]:
    found: list[Fault] = []
    seen: dict[str, int] = {}
    for n, entry in scores:
        code = entry.criterion
        if code in seen:
            line = source.line("scores", seen[code])
            found.append(
                source.fault(f"tiêu chí {code} đã có ở dòng {line}", "scores", n, "criterion")
            )
        seen.setdefault(code, n)
        leaf = leaves.get(code)
        if leaf is None:
            found.append(_unknown(code, n, leaves, source, criteria_set))
            continue
        found += [
            source.fault(words, "scores", n, name)
            for name, words in _entry_faults(entry, leaf, stored.get(code))
        ]
    return found


def _unknown(
    code: str,
    n: int,
    leaves: dict[str, Criterion],
    source: Source,
    criteria_set: CriteriaSet,
) -> Fault:
    near = difflib.get_close_matches(code, leaves, n=1)
    hint = f"; có phải «{near[0]}»?" if near else ""
    if criteria_set.criteria.filter(code=code).exists():
        words = f"tiêu chí {code} có tiêu chí con; điểm chỉ ghi ở tiêu chí con{hint}"
    else:
        words = f"bộ tiêu chí {criteria_set.code} không có tiêu chí «{code}»{hint}"
    return source.fault(words, "scores", n, "criterion")


def _entry_faults(
    entry: ScoreEntry, leaf: Criterion, stored: LeafScore | None
) -> list[tuple[str, str]]:
    found = []
    assert leaf.maximum is not None
    for name in (*OWN, *SURVEYED):
        points = getattr(entry, name)
        if points is None:
            continue
        if leaf.is_survey != (name in SURVEYED):
            what = (
                "là điểm điều tra xã hội học, chỉ nhận «survey»"
                if leaf.is_survey
                else "không phải điểm điều tra xã hội học"
            )
            found.append((name, f"tiêu chí {leaf.code} {what}"))
        elif points > leaf.maximum:
            found.append(
                (
                    name,
                    f"{LABELS[name]} {show_number(points)} lớn hơn điểm tối đa {show_number(leaf.maximum)}",
                )
            )
        elif points < leaf.minimum:
            found.append(
                (
                    name,
                    f"{LABELS[name]} {show_number(points)} nhỏ hơn điểm tối thiểu {show_number(leaf.minimum)}",
                )
            )
    # The schema refuses an entry like this; a caller that is no file may not have asked it.
    if entry.override is not None and not (entry.explanation or (stored and stored.explanation)):
        found.append(("override", "điểm tự sửa cần lời giải trình (explanation)"))
    out = bool(entry.not_applicable or (stored and stored.not_applicable))
    for name in ("override", "survey"):
        given = getattr(entry, name) is not None or (
            stored is not None and getattr(stored, name) is not None
        )
        if out and given:
            found.append((name, f"tiêu chí {leaf.code} không áp dụng nên không có {LABELS[name]}"))
    return found


def _sent_faults(
    scores: Numbered,
    adjustments: Sequence[AdjustmentEntry],
    card: Scorecard,
    stored: dict[str, LeafScore],
    source: Source,
) -> list[Fault]:
    """What was sent to the province is not changed from a file any more (R27)."""
    words = "phiếu điểm đã gửi tỉnh nên không sửa được điểm tự chấm"
    found = []
    for n, entry in scores:
        score = stored.get(entry.criterion)
        for name in ("override", "explanation", "not_applicable", "reason"):
            if _differs(entry, score, name):
                found.append(source.fault(words, "scores", n, name))
    if adjustments and listed(adjustments) != listed(card.adjustments.all()):
        found.append(source.fault(words, "adjustments"))
    return found


def _step_faults(
    scores: Numbered,
    published: PublishedEntry | None,
    card: Scorecard,
    stored: dict[str, LeafScore],
    source: Source,
) -> list[Fault]:
    """A card that is led here goes its steps here too: a file leaves out none, and reopens none (R27).

    One that files alone have brought, a year of the past, is theirs to correct.
    """
    found = []
    names: tuple[str, ...]
    if card.is_editable:
        names, words = APPRAISED, "phiếu điểm chưa gửi tỉnh nên chưa có điểm thẩm định"
    elif card.state == Scorecard.State.PUBLISHED:
        names = (*APPRAISED, "survey", "note")
        words = "kết quả đã công bố; muốn sửa, hãy lùi phiếu điểm lại một bước"
    else:
        names, words = (), ""
    for n, entry in scores:
        found += [
            source.fault(words, "scores", n, name)
            for name in names
            if _differs(entry, stored.get(entry.criterion), name)
        ]
    if published is None:
        return found
    if publication_changes(card, published) and card.state != Scorecard.State.APPRAISED_2:
        words = (
            "kết quả đã công bố; muốn sửa, hãy lùi phiếu điểm lại một bước"
            if card.state == Scorecard.State.PUBLISHED
            else f"phiếu điểm đang ở bước «{card.get_state_display()}»; chỉ ghi công bố sau thẩm định lần 2"
        )
        found.append(source.fault(words, "published"))
    return found


def _differs(entry: ScoreEntry, score: LeafScore | None, name: str) -> bool:
    """Would the file change this field?"""
    value = getattr(entry, name)
    return value is not None and value != (getattr(score, name) if score else None)


def listed(adjustments: Iterable[AdjustmentEntry | Adjustment]) -> list[tuple[Any, ...]]:
    return [(a.kind, a.points, a.reason) for a in adjustments]


def _published_faults(
    published: PublishedEntry | None, card: Scorecard | None, source: Source
) -> list[Fault]:
    if published is None:
        return []
    found = []
    if not -200 <= published.index <= 200:
        found.append(
            source.fault(
                f"chỉ số {show_number(published.index)} không thể là chỉ số theo thang 100",
                "published",
                "index",
            )
        )
    total = published.ranked_agencies or (card.ranked_agencies if card else None)
    rank = published.rank or (card.published_rank if card else None)
    if rank and total and rank > total:
        words = f"hạng {rank} lớn hơn số cơ quan xếp hạng {total}"
        found.append(source.fault(words, "published", "rank"))
    if rank and not total:
        found.append(
            source.fault("có xếp hạng thì cần số cơ quan xếp hạng", "published", "ranked_agencies")
        )
    return found


def publication_changes(card: Scorecard, published: PublishedEntry) -> dict[str, Any]:
    """The fields of ``card`` that the publication would change, with their new values."""
    decision = published.decision
    values = {
        "published_index": published.index,
        "published_rank": published.rank,
        "ranked_agencies": published.ranked_agencies,
        "decision_number": decision.number if decision else None,
        "decision_issued_on": decision.issued_on if decision else None,
        "state": Scorecard.State.PUBLISHED,
    }
    return {
        name: value
        for name, value in values.items()
        if value is not None and value != getattr(card, name)
    }
