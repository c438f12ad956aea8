"""Changes of whole criteria sets: into use and back, copied to a new version, mapped to the one before (R25).

Each is one transaction, locks the set first and writes its own history. What they refuse is said to the person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from accounts.history import record
from scoring.criteria_data import faults_of
from scoring.models import CriteriaSet, Criterion
from tasks.services import Refused

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from accounts.history import Actor
    from scoring.criteria_data import SetFault

COPIED = (
    "code",
    "name",
    "order",
    "depth",
    "kind",
    "maximum",
    "minimum",
    "rule",
    "scale",
    "evidence",
)


class NotWhole(Refused):
    """A set that cannot score yet; ``faults`` says why."""

    def __init__(self, faults: Sequence[SetFault]) -> None:
        super().__init__(f"Bộ tiêu chí còn {len(faults)} chỗ phải sửa nên chưa đưa vào sử dụng.")
        self.faults = list(faults)


def _locked(criteria_set: CriteriaSet) -> CriteriaSet:
    """The set as it is now; whoever else changes it, or begins a scorecard under it, waits."""
    return CriteriaSet.objects.select_for_update().get(pk=criteria_set.pk)


@transaction.atomic
def take_into_use(*, criteria_set: CriteriaSet, by: Actor) -> CriteriaSet:
    """From now on the set may score. :class:`NotWhole` with every fault; twice does nothing the second time."""
    found = _locked(criteria_set)
    if not found.is_draft:
        return found
    if faults := faults_of(found):
        raise NotWhole(faults)
    found.is_draft = False
    found.save(update_fields=["is_draft", "updated_at"])
    record(by=by, agency=found.agency_id, action="Đưa bộ tiêu chí vào sử dụng", of=found)
    return found


@transaction.atomic
def back_to_draft(*, criteria_set: CriteriaSet, by: Actor) -> CriteriaSet:
    """The set can be written in the browser again and scores nothing meanwhile; refused once it is used."""
    found = _locked(criteria_set)
    if found.is_draft:
        return found
    if found.is_used:
        raise Refused(
            "Bộ tiêu chí đã có phiếu điểm sử dụng nên không sửa được; hãy sao chép thành bộ mới."
        )
    found.is_draft = True
    found.save(update_fields=["is_draft", "updated_at"])
    record(by=by, agency=found.agency_id, action="Mở lại bộ tiêu chí để soạn", of=found)
    return found


@transaction.atomic
def copy_set(
    *,
    criteria_set: CriteriaSet,
    code: str,
    name: str,
    valid_from: int,
    decision_number: str = "",
    decision_issued_on: dt.date | None = None,
    decision_issuer: str = "",
    is_sample: bool | None = None,
    by: Actor,
) -> CriteriaSet:
    """A new set with everything of ``criteria_set``, to be written on; each criterion knows where it comes from."""
    agency_id = criteria_set.agency_id
    taken = f"Đã có bộ tiêu chí mã «{code}»; hãy đặt mã khác."
    if CriteriaSet.objects.filter(agency_id=agency_id, code=code).exists():
        raise Refused(taken)
    try:
        with transaction.atomic():
            made = CriteriaSet.objects.create(
                agency_id=agency_id,
                code=code,
                name=name,
                valid_from=valid_from,
                decision_number=decision_number,
                decision_issued_on=decision_issued_on,
                decision_issuer=decision_issuer,
                is_sample=criteria_set.is_sample if is_sample is None else is_sample,
                not_applicable=criteria_set.not_applicable,
                bonus_cap=criteria_set.bonus_cap,
                penalty_cap=criteria_set.penalty_cap,
                bands=criteria_set.bands,
                is_draft=True,
                previous=criteria_set,
            )
    except IntegrityError:  # two people at once
        raise Refused(taken) from None
    nodes = list(criteria_set.criteria.order_by("order"))
    copies: dict[int, Criterion] = {}
    for depth in range(max((node.depth for node in nodes), default=-1) + 1):
        level = [node for node in nodes if node.depth == depth]
        made_level = [
            Criterion(
                criteria_set=made,
                parent=copies[node.parent_id] if node.parent_id else None,
                old_codes=[node.code],
                **{column: getattr(node, column) for column in COPIED},
            )
            for node in level
        ]
        # Parents have keys before their children.
        Criterion.objects.bulk_create(made_level)
        copies |= {node.pk: copy for node, copy in zip(level, made_level, strict=True)}
    record(
        by=by,
        agency=agency_id,
        action="Sao chép bộ tiêu chí",
        of=made,
        changes={"previous": [None, criteria_set.code]},
    )
    return made


@transaction.atomic
def write_mapping(
    *,
    criteria_set: CriteriaSet,
    previous: CriteriaSet,
    old_codes: Mapping[str, Sequence[str]],
    by: Actor,
) -> int:
    """Which leaves of ``previous`` each leaf of the set goes on from; how many leaves that changed.

    ``old_codes``: code of a leaf → codes in ``previous``. It changes no points, so a used set may be
    mapped too.
    """
    found = _locked(criteria_set)
    if previous.pk == found.pk or previous.agency_id != found.agency_id:
        raise Refused("Hãy chọn một bộ tiêu chí khác của cơ quan làm bộ trước.")
    leaves = {leaf.code: leaf for leaf in found.criteria.exclude(kind="")}
    known = set(previous.criteria.exclude(kind="").values_list("code", flat=True))
    for code, several in old_codes.items():
        if code not in leaves:
            raise Refused(f"Bộ tiêu chí không còn tiêu chí «{code}»; hãy tải lại trang.")
        if strange := [old for old in several if old not in known]:
            raise Refused(f"{code}: bộ trước không có tiêu chí chấm điểm «{strange[0]}».")
    changes: dict[str, list[Any]] = {}
    changed = []
    for code, several in old_codes.items():
        leaf, now = leaves[code], list(dict.fromkeys(several))
        if leaf.old_codes != now:
            changes[code] = [", ".join(leaf.old_codes) or None, ", ".join(now) or None]
            leaf.old_codes = now
            changed.append(leaf)
    if found.previous_id != previous.pk:
        changes["previous"] = [found.previous.code if found.previous else None, previous.code]
        found.previous = previous
        found.save(update_fields=["previous", "updated_at"])
    Criterion.objects.bulk_update(changed, ["old_codes"])
    if changes:
        record(
            by=by,
            agency=found.agency_id,
            action="Đối chiếu mã với bộ trước",
            of=found,
            changes=changes,
        )
    return len(changed)
