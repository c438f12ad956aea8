"""What the office enters in a scorecard before it is sent: points of its own, what does not apply, explanations, bonus and penalty.

Each function is one transaction and writes its history with it (R27, R28). What was approved and is changed
goes back to draft: nobody sends what no leader has seen. Of two people the second is told what stands there now.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from plans.numbers import show_number
from scoring.models import Adjustment, Criterion, LeafScore, Scorecard, ScorecardEvent
from scoring.scorecard_services import Faults, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.history import Actor

State = Scorecard.State
EXPLANATION_LIMIT = 4000
REASON_LIMIT = 500
PLACES = 4
# What of a leaf this module changes; the province's points are another's.
OWN = ("override", "explanation", "not_applicable", "reason")
MOST = Decimal(100)  # of one bonus or penalty: the whole scale


@dataclass(frozen=True)
class Saved:
    """What became of a change: whether anything differs now, and whether an approval fell with it."""

    changed: bool = True
    unapproved: bool = False


class Overtaken(Refused):
    """Somebody else has changed it since the page was opened."""


def version_of(score: LeafScore | Adjustment | None) -> str:
    """Stands for what a person saw when the page was opened."""
    if score is None:
        return "0"
    names = OWN if isinstance(score, LeafScore) else ("kind", "points", "reason")
    seen = repr([str(getattr(score, name)) for name in names])
    return hashlib.sha256(seen.encode()).hexdigest()[:16]


# -- Leaves -----------------------------------------------------------------------------------


def set_override(
    *,
    scorecard: Scorecard,
    criterion: Criterion,
    points: Decimal | None,
    explanation: str,
    by: Actor,
    version: str | None = None,
) -> Saved:
    """The office's own points instead of the rule's; they need an explanation (R27)."""
    explanation = explanation.strip()
    faults = _explanation_faults(explanation, "Điểm Văn phòng chấm cần lời giải trình.")
    if (fault := points_fault(points, criterion)) is not None:
        faults["points"] = fault
    if criterion.is_survey:
        faults["points"] = "Điểm điều tra xã hội học do tỉnh đưa ra, Văn phòng không chấm."
    if faults:
        raise Faults(faults)
    return _change(
        scorecard,
        criterion,
        by,
        "Văn phòng chấm điểm",
        version,
        {"override": points, "explanation": explanation},
    )


def points_fault(points: Decimal | None, criterion: Criterion) -> str | None:
    """Why ``points`` cannot be those of ``criterion``, in words."""
    assert criterion.maximum is not None
    if points is None:
        return "Hãy ghi số điểm."
    if not _fits(points):
        return f"Điểm có nhiều nhất {PLACES} chữ số sau dấu phẩy."
    if points > criterion.maximum:
        return f"{show_number(points)} lớn hơn điểm tối đa {show_number(criterion.maximum)}."
    if points < criterion.minimum:
        return f"{show_number(points)} nhỏ hơn điểm tối thiểu {show_number(criterion.minimum)}."
    return None


def _fits(points: Decimal) -> bool:
    """No more digits than are kept; as a fraction, as a decimal of many digits would be rounded."""
    return points.is_finite() and (Fraction(points) * 10**PLACES).denominator == 1


def remove_override(
    *, scorecard: Scorecard, criterion: Criterion, by: Actor, version: str | None = None
) -> Saved:
    """Back to the rule's points; the explanation was of the points and goes with them."""
    values = {"override": None, "explanation": ""}
    return _change(scorecard, criterion, by, "Bỏ điểm Văn phòng chấm", version, values)


def set_not_applicable(
    *,
    scorecard: Scorecard,
    criterion: Criterion,
    reason: str,
    by: Actor,
    version: str | None = None,
) -> Saved:
    """The leaf does not apply, by the set's policy (R28); points typed in for it go."""
    reason = " ".join(reason.split())
    if not reason:
        raise Faults({"reason": "Hãy nêu lý do không áp dụng."})
    if len(reason) > REASON_LIMIT:
        raise Faults({"reason": f"Lý do dài quá {REASON_LIMIT} ký tự; hãy rút gọn."})
    values: dict[str, Any] = {"not_applicable": True, "reason": reason, "override": None}
    return _change(scorecard, criterion, by, "Ghi không áp dụng", version, values)


def set_applicable(
    *, scorecard: Scorecard, criterion: Criterion, by: Actor, version: str | None = None
) -> Saved:
    values = {"not_applicable": False, "reason": ""}
    return _change(scorecard, criterion, by, "Áp dụng lại tiêu chí", version, values)


def explain(
    *,
    scorecard: Scorecard,
    criterion: Criterion,
    explanation: str,
    by: Actor,
    version: str | None = None,
) -> Saved:
    """Why the leaf has its points although nothing proves them; empty takes the explanation away."""
    explanation = explanation.strip()
    if faults := _explanation_faults(explanation):
        raise Faults(faults)
    return _change(
        scorecard, criterion, by, "Giải trình tiêu chí", version, {"explanation": explanation}
    )


@transaction.atomic
def explain_several(
    *,
    scorecard: Scorecard,
    explanations: Sequence[tuple[Criterion, str, str | None]],
    by: Actor,
) -> int:
    """Explanations of several leaves, each with the version that was seen: all of them or none; how many changed."""
    changed = 0
    for criterion, explanation, version in explanations:
        try:
            saved = explain(
                scorecard=scorecard,
                criterion=criterion,
                explanation=explanation,
                by=by,
                version=version,
            )
        except Refused as error:
            raise type(error)(
                {f"explain-{criterion.pk}": f"{criterion.code}: {error}"}
                if isinstance(error, Faults)
                else f"{criterion.code}: {error}"
            ) from None
        changed += saved.changed
    return changed


def _explanation_faults(explanation: str, empty: str = "") -> dict[str, str]:
    if not explanation and empty:
        return {"explanation": empty}
    if len(explanation) > EXPLANATION_LIMIT:
        return {"explanation": f"Giải trình dài quá {EXPLANATION_LIMIT} ký tự; hãy rút gọn."}
    return {}


@transaction.atomic
def _change(
    scorecard: Scorecard,
    criterion: Criterion,
    by: Actor,
    action: str,
    version: str | None,
    values: dict[str, Any],
) -> Saved:
    card = _locked(scorecard)
    if criterion.criteria_set_id != card.criteria_set_id or not criterion.is_leaf:
        raise Refused(f"Tiêu chí {criterion.code} không có điểm trong phiếu điểm này.")
    score = LeafScore.objects.filter(scorecard=card, criterion=criterion).first()
    if version is not None and version != version_of(score):
        raise Overtaken(
            _now_there(score, _overtook(card, f"{criterion.code}.", "tiêu chí này", by))
        )
    score = score or LeafScore(scorecard=card, criterion=criterion)
    changes = {
        f"{criterion.code}.{name}": [_plain(getattr(score, name)), _plain(value)]
        for name, value in values.items()
        if value != getattr(score, name)
    }
    if not changes:
        return Saved(changed=False)
    for name, value in values.items():
        setattr(score, name, value)
    if (fault := _contradiction(score)) is not None:
        raise Refused(fault)
    score.save()
    return _written(card, by, action, changes)


def _contradiction(score: LeafScore) -> str | None:
    """What the database would refuse, in words."""
    if score.not_applicable and score.override is not None:
        return "Tiêu chí đang ghi không áp dụng; hãy áp dụng lại rồi chấm điểm."
    if score.not_applicable and score.survey is not None:
        return "Tiêu chí đã có điểm điều tra nên không ghi không áp dụng được."
    if score.override is not None and not score.explanation:
        return "Điểm Văn phòng chấm cần lời giải trình; hãy sửa chứ không xóa."
    return None


def _overtook(card: Scorecard, key: str, what: str, by: Actor) -> str:
    """Who changed what ``key`` begins; of oneself, in another window, it is not said as of another."""
    for event in card.events.exclude(changes={}).order_by("-at", "-pk")[:50]:
        if any(name.startswith(key) for name in event.changes):
            if by.user is not None and event.actor_id == by.user.pk:
                return f"Bạn vừa sửa {what} ở cửa sổ khác."
            return f"{event.actor_name} vừa sửa {what}."
    return f"Người khác vừa sửa {what}."


def _now_there(score: LeafScore | None, overtook: str) -> str:
    parts = []
    if score is not None and score.not_applicable:
        parts.append(f"không áp dụng: {score.reason}")
    if score is not None and score.override is not None:
        parts.append(f"Văn phòng chấm {show_number(score.override)} điểm")
    if score is not None and score.explanation:
        parts.append(f"giải trình: {score.explanation}")
    there = "; ".join(parts) or "không có nội dung nào"
    return f"{overtook} Hiện đang ghi: {there}. Hãy xem lại rồi lưu."


# -- Bonus and penalty ------------------------------------------------------------------------


@transaction.atomic
def add_adjustment(
    *, scorecard: Scorecard, kind: str, points: Decimal | None, reason: str, by: Actor
) -> Saved:
    """One bonus or penalty; the same twice is one (a form sent again)."""
    reason = _checked(kind, points, reason)
    card = _locked(scorecard)
    rows = list(card.adjustments.all())
    if any((r.kind, r.points, r.reason) == (kind, points, reason) for r in rows):
        return Saved(changed=False)
    order = max((row.order for row in rows), default=-1) + 1
    assert points is not None
    row = Adjustment.objects.create(
        scorecard=card, order=order, kind=kind, points=points, reason=reason
    )
    return _written(card, by, f"Thêm {_kind(row)}", {"adjustment": [None, _shown(row)]})


@transaction.atomic
def change_adjustment(
    *,
    scorecard: Scorecard,
    adjustment: Adjustment,
    kind: str,
    points: Decimal | None,
    reason: str,
    by: Actor,
    version: str | None = None,
) -> Saved:
    reason = _checked(kind, points, reason)
    card = _locked(scorecard)
    row = _row(card, adjustment, version, by)
    before = _shown(row)
    assert points is not None
    row.kind, row.points, row.reason = kind, points, reason
    if _shown(row) == before:
        return Saved(changed=False)
    row.save()
    return _written(card, by, f"Sửa {_kind(row)}", {"adjustment": [before, _shown(row)]})


@transaction.atomic
def remove_adjustment(
    *, scorecard: Scorecard, adjustment: Adjustment, by: Actor, version: str | None = None
) -> Saved:
    card = _locked(scorecard)
    row = _row(card, adjustment, version, by)
    before, action = _shown(row), f"Bỏ {_kind(row)}"
    row.delete()
    return _written(card, by, action, {"adjustment": [before, None]})


def _row(card: Scorecard, adjustment: Adjustment, version: str | None, by: Actor) -> Adjustment:
    row = card.adjustments.filter(pk=adjustment.pk).first()
    if row is None:
        raise Overtaken("Dòng này vừa được bỏ.")
    if version is not None and version != version_of(row):
        overtook = _overtook(card, "adjustment", "dòng này", by)
        raise Overtaken(f"{overtook} Hiện đang ghi: {_shown(row)}.")
    return row


def _checked(kind: str, points: Decimal | None, reason: str) -> str:
    reason = " ".join(reason.split())
    faults = {}
    if kind not in Adjustment.Kind.values:
        faults["kind"] = "Hãy chọn điểm thưởng hay điểm trừ."
    if points is None:
        faults["points"] = "Hãy ghi số điểm."
    elif not _fits(points):
        faults["points"] = f"Điểm có nhiều nhất {PLACES} chữ số sau dấu phẩy."
    elif points <= 0:
        faults["points"] = "Ghi số điểm lớn hơn 0; điểm trừ cũng ghi số dương."
    elif points > MOST:
        faults["points"] = f"Số điểm lớn hơn {show_number(MOST)}."
    if not reason:
        faults["reason"] = "Hãy nêu lý do."
    elif len(reason) > REASON_LIMIT:
        faults["reason"] = f"Lý do dài quá {REASON_LIMIT} ký tự; hãy rút gọn."
    if faults:
        raise Faults(faults)
    return reason


def _kind(row: Adjustment) -> str:
    return Adjustment.Kind(row.kind).label.lower()


def _shown(row: Adjustment) -> str:
    return f"{Adjustment.Kind(row.kind).label} {show_number(row.points)}: {row.reason}"


# -- Both -------------------------------------------------------------------------------------


def _locked(scorecard: Scorecard) -> Scorecard:
    """The card as it stands, held until the end: an approval or a sending waits for this, or this for it."""
    card = Scorecard.objects.select_for_update().get(pk=scorecard.pk)
    if not card.is_editable:
        raise Refused(
            f"Phiếu điểm đang ở bước «{card.get_state_display()}» nên không sửa được điểm tự chấm."
        )
    return card


def _written(card: Scorecard, by: Actor, action: str, changes: dict[str, list[Any]]) -> Saved:
    before = card.state
    Scorecard.objects.filter(pk=card.pk).update(
        state=State.DRAFT, approved=None, updated_at=timezone.now()
    )
    ScorecardEvent.objects.create(
        **by.columns(),
        scorecard=card,
        action=action,
        from_state=before,
        to_state=State.DRAFT,
        changes=changes,
    )
    return Saved(unapproved=before == State.APPROVED)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool) else str(value)
