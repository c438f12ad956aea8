"""Changing a criteria set that is being written: its head, its lines, their order (R25).

Each change is one transaction, locks the set first and writes its own history in words. Only a draft is
changed. Two people in one set are no fault; two in one line are: the later is told what changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.history import record
from scoring.criteria_importing import targets_of
from scoring.criteria_schema import DEEPEST
from scoring.criteria_words import rule_words, words
from scoring.models import CriteriaSet, Criterion
from tasks.services import Refused

if TYPE_CHECKING:
    from accounts.history import Actor
    from accounts.models import Agency

SET_COLUMNS = (
    "name",
    "is_sample",
    "valid_from",
    "decision_number",
    "decision_issued_on",
    "decision_issuer",
    "not_applicable",
    "bonus_cap",
    "penalty_cap",
    "bands",
)
COLUMNS = ("code", "name", "parent", "kind", "maximum", "minimum", "rule", "scale", "evidence")
ASIDE = 10_000  # where lines wait while they are numbered anew: no set has as many


class Changed(Refused):
    """Somebody else changed the row since the form was opened. ``fields``: those that now differ from what is given."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("Người khác vừa sửa nội dung này sau khi bạn mở trang.")
        self.fields = dict(fields)


def seen(row: CriteriaSet | Criterion) -> str:
    """A mark of what the row holds; another one later says that somebody changed it."""
    columns = SET_COLUMNS if isinstance(row, CriteriaSet) else COLUMNS
    held = {name: _plain(getattr(row, name)) for name in columns}
    text = json.dumps(held, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Criterion):
        return value.pk
    return value if value is None or isinstance(value, (int, list, dict)) else str(value)


def label(row: CriteriaSet | Criterion, name: str) -> str:
    return str(getattr(row._meta.get_field(name), "verbose_name", name))


def _locked(criteria_set: CriteriaSet) -> CriteriaSet:
    """The set as it is now, if it may be changed; whoever else changes it waits."""
    found = CriteriaSet.objects.select_for_update().get(pk=criteria_set.pk)
    if not found.is_draft:
        raise Refused(
            "Bộ tiêu chí này không còn ở trạng thái đang soạn nên không sửa được; hãy tải lại trang."
        )
    return found


def _wrote(criteria_set: CriteriaSet) -> None:
    criteria_set.revision = F("revision") + 1
    criteria_set.save(update_fields=["revision", "updated_at"])
    criteria_set.refresh_from_db(fields=["revision"])


def _line(criteria_set: CriteriaSet, pk: int) -> Criterion:
    found = criteria_set.criteria.select_related("parent").filter(pk=pk).first()
    if found is None:
        raise Refused("Tiêu chí này vừa bị xóa khỏi bộ; hãy tải lại trang.")
    return found


def create_set(*, agency: Agency, code: str, values: Mapping[str, Any], by: Actor) -> CriteriaSet:
    """A new set without lines, to be written on."""
    try:
        with transaction.atomic():
            made = CriteriaSet.objects.create(agency=agency, code=code, is_draft=True, **values)
            record(by=by, agency=agency, action="Tạo bộ tiêu chí", of=made)
    except IntegrityError:
        raise Refused(f"Đã có bộ tiêu chí mã «{code}»; hãy đặt mã khác.") from None
    return made


@transaction.atomic
def change_set(
    *, criteria_set: CriteriaSet, values: Mapping[str, Any], was: str, by: Actor
) -> bool:
    """The head of the set; False where nothing differs. ``was``: :func:`seen` when the form was opened."""
    found = _locked(criteria_set)
    changes = _changes(found, values, was)
    if not changes:
        return False
    for name, value in values.items():
        setattr(found, name, value)
    found.save()
    _wrote(found)
    record(by=by, agency=found.agency_id, action="Sửa bộ tiêu chí", of=found, changes=changes)
    return True


@transaction.atomic
def add_criterion(
    *, criteria_set: CriteriaSet, parent: Criterion | None, values: Mapping[str, Any], by: Actor
) -> Criterion:
    """A new line, the last under ``parent`` (None: a new field)."""
    found = _locked(criteria_set)
    above = _line(found, parent.pk) if parent else None
    _check(found, None, above, values)
    made = Criterion.objects.create(
        criteria_set=found,
        depth=above.depth + 1 if above else 0,
        order=ASIDE * 2,
        **{**values, "parent": above},
    )
    _number(found)
    _wrote(found)
    said = _said(Criterion(criteria_set=found, minimum=Decimal(0)), {**values, "parent": above})
    changes: dict[str, list[Any]] = {name: [None, after] for name, (_, after) in said.items()}
    record(
        by=by,
        agency=found.agency_id,
        action=f"Thêm tiêu chí {made.code}",
        of=found,
        changes=changes,
    )
    made.refresh_from_db(fields=["order"])
    return made


@transaction.atomic
def change_criterion(
    *, criterion: Criterion, values: Mapping[str, Any], was: str, by: Actor
) -> bool:
    """One line, also put under another parent; False where nothing differs."""
    found = _locked(criterion.criteria_set)
    line = _line(found, criterion.pk)
    above = values.get("parent", line.parent)
    values = {**values, "parent": _line(found, above.pk) if above else None}
    changes = _changes(line, values, was)
    if not changes:
        return False
    _check(found, line, values["parent"], values)
    moved = line.parent_id != (values["parent"].pk if values["parent"] else None)
    code = line.code
    for name, value in values.items():
        setattr(line, name, value)
    if moved:
        line.order = ASIDE * 2  # the last under its new parent
    line.save()
    if moved:
        _number(found)
    _wrote(found)
    record(
        by=by,
        agency=found.agency_id,
        action=f"Sửa tiêu chí {code}",
        of=found,
        changes=changes,
    )
    return True


@transaction.atomic
def move_criterion(*, criterion: Criterion, up: bool, place: int, by: Actor) -> bool:
    """One step among its siblings; False at the end of them, or where the line is no longer at ``place``."""
    found = _locked(criterion.criteria_set)
    line = _line(found, criterion.pk)
    siblings = list(found.criteria.filter(parent=line.parent_id).order_by("order"))
    at = next(n for n, one in enumerate(siblings) if one.pk == line.pk)
    to = at - 1 if up else at + 1
    if line.order != place or not 0 <= to < len(siblings):
        return False
    siblings[at], siblings[to] = siblings[to], siblings[at]
    _number(found, {line.parent_id: [one.pk for one in siblings]})
    _wrote(found)
    record(
        by=by,
        agency=found.agency_id,
        action=f"Chuyển tiêu chí {line.code} {'lên' if up else 'xuống'}",
        of=found,
        changes={"thứ tự": [str(at + 1), str(to + 1)]},
    )
    return True


@transaction.atomic
def remove_criterion(*, criterion: Criterion, by: Actor) -> int:
    """The line with all below it; how many lines went. Removed already: 0."""
    found = _locked(criterion.criteria_set)
    lines = list(found.criteria.order_by("order"))
    going = below(lines, criterion.pk)
    if not going:
        return 0
    found.criteria.filter(pk__in=[line.pk for line in going]).delete()
    _number(found)
    _wrote(found)
    record(
        by=by,
        agency=found.agency_id,
        action=f"Xóa tiêu chí {going[0].code}",
        of=found,
        changes={line.code: [line.name, None] for line in going},
    )
    return len(going)


def below(lines: Sequence[Criterion], pk: int) -> list[Criterion]:
    """The line with key ``pk`` and all under it, as ``lines`` has them: parents before children."""
    keys = {pk}
    found = []
    for line in lines:
        if line.pk == pk or line.parent_id in keys:
            keys.add(line.pk)
            found.append(line)
    return found


def _changes(
    row: CriteriaSet | Criterion, values: Mapping[str, Any], was: str
) -> dict[str, list[Any]]:
    """What ``values`` change, in words. :class:`Changed` where the row is not what ``was`` says."""
    differing = _differing(row, values)
    if differing and seen(row) != was:
        said = _said(row, values)
        raise Changed({name: said[label(row, name)][0] or "(trống)" for name in differing})
    return _said(row, values)


def _said(row: CriteriaSet | Criterion, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What ``values`` change: name → [before, after] as people read it."""
    found = {}
    for name in _differing(row, values):
        before, after = getattr(row, name), values[name]
        if name == "rule":
            assert isinstance(row, Criterion)
            criteria_set = row.criteria_set
            targets = targets_of(criteria_set.agency, criteria_set.valid_from)
            found[label(row, name)] = [
                rule_words(before, row.maximum, targets),
                rule_words(after, values["maximum"], targets),
            ]
        else:
            found[label(row, name)] = [words(name, before), words(name, after)]
    return found


def _differing(row: CriteriaSet | Criterion, values: Mapping[str, Any]) -> list[str]:
    return [name for name, value in values.items() if _plain(getattr(row, name)) != _plain(value)]


def _check(
    criteria_set: CriteriaSet,
    line: Criterion | None,
    parent: Criterion | None,
    values: Mapping[str, Any],
) -> None:
    """What the form has seen may have changed since."""
    lines = list(criteria_set.criteria.order_by("order"))
    if any(one.code == values["code"] and (not line or one.pk != line.pk) for one in lines):
        raise Refused(f"Mã «{values['code']}» đã có trong bộ tiêu chí này.")
    if parent and parent.is_leaf:
        raise Refused(f"{parent.code} là tiêu chí chấm điểm nên không có tiêu chí con.")
    own = below(lines, line.pk) if line else []
    if parent and any(one.pk == parent.pk for one in own):
        raise Refused("Tiêu chí không thể nằm dưới chính nó.")
    if parent is None and values["kind"]:
        raise Refused("Lĩnh vực không có điểm riêng; điểm nằm ở các tiêu chí bên trong.")
    if values["kind"] and len(own) > 1:
        raise Refused("Tiêu chí còn tiêu chí con nên không thể chấm điểm trực tiếp.")
    height = max((one.depth for one in own), default=0) - (line.depth if line else 0)
    if (parent.depth + 1 if parent else 0) + height >= DEEPEST:
        raise Refused(f"Tiêu chí chỉ lồng nhau nhiều nhất {DEEPEST} cấp.")


def _number(
    criteria_set: CriteriaSet, order: Mapping[int | None, Sequence[int]] | None = None
) -> None:
    """Number the lines anew, parents before children; siblings as they stand, or as ``order`` has them."""
    lines = list(criteria_set.criteria.order_by("order"))
    children: dict[int | None, list[Criterion]] = {}
    for line in lines:
        children.setdefault(line.parent_id, []).append(line)
    by_key = {line.pk: line for line in lines}
    for parent, keys in (order or {}).items():
        children[parent] = [by_key[key] for key in keys]
    whole: list[Criterion] = []

    def walk(parent: int | None, depth: int) -> None:
        for line in children.get(parent, []):
            line.order, line.depth = len(whole), depth
            whole.append(line)
            walk(line.pk, depth + 1)

    walk(None, 0)
    # Each order is there once at every moment: first all of them aside, then to their places.
    criteria_set.criteria.filter(order__lt=ASIDE).update(order=F("order") + ASIDE)
    Criterion.objects.bulk_update(whole, ["order", "depth"])
