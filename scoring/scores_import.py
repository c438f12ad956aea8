"""The points of a results file (FORMATS ``cchc-results/1``): appraised, surveyed, typed in; adjustments; publication."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction

from accounts.reading import Faulty
from plans.numbers import show_number
from scoring.models import Adjustment, CriteriaSet, Criterion, LeafScore, Scorecard, ScorecardEvent
from scoring.scorecards import set_for

if TYPE_CHECKING:
    from accounts.history import Actor
    from accounts.reading import Fault, Source
    from plans.models import Period
    from tasks.results_schema import AdjustmentEntry, PublishedEntry, ScoreEntry

LABELS = {
    "override": "điểm tự sửa",
    "appraised_1": "điểm thẩm định lần 1",
    "appraised": "điểm thẩm định",
    "survey": "điểm điều tra",
}
APPRAISED = ("appraised_1", "appraised")
FROM_FILE = "Nạp từ tệp"  # how the card's history calls an import
OWN, SURVEYED = ("override", "appraised_1", "appraised"), ("survey",)


@transaction.atomic
def import_scores(
    *,
    period: Period,
    scores: Sequence[ScoreEntry],
    adjustments: Sequence[AdjustmentEntry],
    published: PublishedEntry | None,
    source: Source,
    by: Actor,
) -> int:
    """Write the points of ``period``'s year; how many the file has. :class:`Faulty` with every fault, else all of it.

    What a file says of a criterion is added to what is stored, field by field; a list of adjustments
    replaces the one before. Again, nothing changes.
    """
    agency, year = period.plan.agency, period.year
    criteria_set = _held(set_for(agency, year))  # first, as whoever begins a card does
    card = Scorecard.objects.select_for_update().filter(agency=agency, year=year).first()
    needs_set = bool(scores or adjustments)
    if needs_set and criteria_set is None:
        first = "scores" if scores else "adjustments"
        raise Faulty([source.fault(f"cơ quan chưa có bộ tiêu chí áp dụng cho năm {year}", first)])
    leaves = _leaves(criteria_set) if criteria_set else {}
    stored = {s.criterion.code: s for s in card.scores.select_related("criterion")} if card else {}
    faults = _faults(scores, leaves, stored, source, criteria_set)
    faults += _published_faults(published, card, source)
    if card:
        led_here = card.events.exclude(action=FROM_FILE).exists()
        if led_here:
            faults += _step_faults(scores, published, card, stored, source)
        if card.sent is not None or (led_here and not card.is_editable):
            faults += _sent_faults(scores, adjustments, card, stored, source)
    if faults:
        raise Faulty(faults)
    if card is None:
        card = Scorecard(agency=agency, year=year)
    changes: dict[str, list[Any]] = {}
    before = card.state
    if needs_set and card.criteria_set_id is None:
        card.criteria_set = criteria_set
    if published:
        _publish(card, published, changes)
    if card.pk is None or changes:
        card.save()
    elif needs_set:
        card.save(update_fields=["criteria_set", "updated_at"])
    for entry in scores:
        _write(card, leaves[entry.criterion], entry, stored.get(entry.criterion), changes)
    if adjustments:
        _adjust(card, adjustments, changes)
    if card.state == Scorecard.State.APPROVED and any(_is_own(name) for name in changes):
        # What was approved is not what stands there now (R27).
        card.state, card.approved = Scorecard.State.DRAFT, None
        card.save(update_fields=["state", "approved", "updated_at"])
    if changes:
        ScorecardEvent.objects.create(
            **by.columns(),
            scorecard=card,
            action=FROM_FILE,
            from_state=before,
            to_state=card.state,
            changes=changes,
        )
    return len(scores)


def _is_own(name: str) -> bool:
    """Is this change one of ours, not of the province's points?"""
    return name == "adjustments" or name.rpartition(".")[2] in {
        "override",
        "explanation",
        "not_applicable",
        "reason",
    }


def _held(criteria_set: CriteriaSet | None) -> CriteriaSet | None:
    """The set, so that nobody takes it back to a draft while points come into it."""
    if criteria_set is None:
        return None
    return (
        CriteriaSet.objects.select_for_update().filter(pk=criteria_set.pk, is_draft=False).first()
    )


def _leaves(criteria_set: CriteriaSet) -> dict[str, Criterion]:
    return {c.code: c for c in criteria_set.criteria.exclude(kind="")}


def _faults(
    scores: Sequence[ScoreEntry],
    leaves: dict[str, Criterion],
    stored: dict[str, LeafScore],
    source: Source,
    criteria_set: CriteriaSet | None,
) -> list[Fault]:
    found: list[Fault] = []
    seen: dict[str, int] = {}
    for n, entry in enumerate(scores):
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
    criteria_set: CriteriaSet | None,
) -> Fault:
    assert criteria_set is not None
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
    scores: Sequence[ScoreEntry],
    adjustments: Sequence[AdjustmentEntry],
    card: Scorecard,
    stored: dict[str, LeafScore],
    source: Source,
) -> list[Fault]:
    """What was sent to the province is not changed from a file any more (R27)."""
    words = "phiếu điểm đã gửi tỉnh nên không sửa được điểm tự chấm"
    found = []
    for n, entry in enumerate(scores):
        score = stored.get(entry.criterion)
        for name in ("override", "explanation", "not_applicable", "reason"):
            if _differs(entry, score, name):
                found.append(source.fault(words, "scores", n, name))
    if adjustments and _listed(adjustments) != _listed(card.adjustments.all()):
        found.append(source.fault(words, "adjustments"))
    return found


def _step_faults(
    scores: Sequence[ScoreEntry],
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
    for n, entry in enumerate(scores):
        found += [
            source.fault(words, "scores", n, name)
            for name in names
            if _differs(entry, stored.get(entry.criterion), name)
        ]
    if published is None:
        return found
    changes: dict[str, list[Any]] = {}
    _publish(copy.copy(card), published, changes)
    if changes and card.state != Scorecard.State.APPRAISED_2:
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


def _listed(adjustments: Iterable[AdjustmentEntry | Adjustment]) -> list[tuple[Any, ...]]:
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


def _publish(card: Scorecard, published: PublishedEntry, changes: dict[str, list[Any]]) -> None:
    decision = published.decision
    values = {
        "published_index": published.index,
        "published_rank": published.rank,
        "ranked_agencies": published.ranked_agencies,
        "decision_number": decision.number if decision else None,
        "decision_issued_on": decision.issued_on if decision else None,
        "state": Scorecard.State.PUBLISHED,
    }
    for name, value in values.items():
        before = getattr(card, name)
        if value is not None and value != before:
            changes[name] = [_plain(before), _plain(value)]
            setattr(card, name, value)


def _write(
    card: Scorecard,
    leaf: Criterion,
    entry: ScoreEntry,
    score: LeafScore | None,
    changes: dict[str, list[Any]],
) -> None:
    score = score or LeafScore(scorecard=card, criterion=leaf)
    changed = score.pk is None
    for name in (*OWN, *SURVEYED, "explanation", "not_applicable", "reason", "note"):
        value = getattr(entry, name)
        before = getattr(score, name)
        if value is not None and value != before:
            changes[f"{leaf.code}.{name}"] = [_plain(before), _plain(value)]
            setattr(score, name, value)
            changed = True
    if changed:
        score.save()


def _adjust(
    card: Scorecard, adjustments: Sequence[AdjustmentEntry], changes: dict[str, list[Any]]
) -> None:
    wanted, there = _listed(adjustments), _listed(card.adjustments.all())
    if wanted == there:
        return
    changes["adjustments"] = [
        [[kind, str(points), reason] for kind, points, reason in rows] for rows in (there, wanted)
    ]
    card.adjustments.all().delete()
    Adjustment.objects.bulk_create(
        [
            Adjustment(scorecard=card, order=n, kind=kind, points=points, reason=reason)
            for n, (kind, points, reason) in enumerate(wanted)
        ]
    )


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int)) else str(value)
