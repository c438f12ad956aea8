"""Reading a criteria set into the database: all of it or nothing (FORMATS ``cchc-criteria/1``, R25)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction

from accounts.history import Actor, record
from accounts.models import Agency
from accounts.reading import Fault, Faulty, is_workbook, read_yaml, validate
from plans.models import Indicator
from scoring.criteria_schema import (
    CriteriaFile,
    CriterionEntry,
    FieldEntry,
    find_faults,
    plain,
)
from scoring.criteria_sheets import read_workbook
from scoring.criteria_words import place_words, rule_words, words
from scoring.models import CriteriaSet, Criterion

if TYPE_CHECKING:
    from pathlib import Path

    from accounts.reading import Source
    from plans.targets import Target

COLUMNS = ("code", "name", "kind", "maximum", "minimum", "rule", "scale", "evidence", "old_codes")


@dataclass(frozen=True)
class Imported:
    criteria_set: CriteriaSet
    fields: int
    criteria: int
    points: Decimal
    change: str  # created, updated, unchanged

    @property
    def still_draft(self) -> str:
        """What is still to be done, to go after what was done."""
        if not self.criteria_set.is_draft:
            return ""
        return " Bộ vẫn đang soạn; bấm «Đưa vào sử dụng» khi đã xong."

    @property
    def figures(self) -> str:
        points = f"{self.points.normalize():f}"
        return f"{self.fields} fields, {self.criteria} criteria, {points} points"


def import_criteria(path: str | Path, *, by: Actor, agency_code: str | None = None) -> Imported:
    """The set in the file at ``path`` (YAML or .xlsx), written. :class:`Faulty` with every fault it has.

    A set that a scorecard uses is never changed: the same file again is unchanged, another is refused.
    One that is being written stays so; only its page takes it into use.
    """
    source = read_workbook(path) if is_workbook(path) else read_yaml(path)
    if not isinstance(source.data, dict):
        raise Faulty(
            [Fault("Tệp không phải là sổ tính .xlsx theo mẫu, cũng không phải tệp .yaml.")]
        )
    agency = _agency(source, agency_code)
    year = source.data.get("valid_from") if isinstance(source.data, dict) else None
    targets = targets_of(agency, year if isinstance(year, int) else None)

    def across(read: Source) -> list[Fault]:
        return [*find_faults(read, targets), *_previous_faults(read, agency)]

    file = validate(CriteriaFile, source, also=across)
    with transaction.atomic():
        return _write(file, source, agency, by)


def _agency(source: Source, code: str | None) -> Agency:
    """The agency named, else the only one, else the only one whose plans have all the file's indicators."""
    agencies = list(Agency.objects.order_by("code"))
    known = ", ".join(agency.code for agency in agencies[:20])
    if code:
        found = next((agency for agency in agencies if agency.code == code), None)
        if found is None:
            raise Faulty([Fault(f"Không có cơ quan mã «{code}» (hiện có: {known or 'chưa có'}).")])
        return found
    if not agencies:
        raise Faulty([Fault("Chưa có cơ quan nào; hãy nhập kế hoạch (import_plan) trước.")])
    if len(agencies) == 1:
        return agencies[0]
    wanted = set(_indicator_codes(source.data))
    fitting = [a for a in agencies if wanted and wanted <= set(targets_of(a, None))]
    if len(fitting) != 1:
        raise Faulty([Fault(f"Có nhiều cơ quan; hãy thêm --agency MÃ (các mã: {known}).")])
    return fitting[0]


def _indicator_codes(data: Any) -> Iterator[str]:
    """Whatever the rules of a file name as indicators, however broken the file is."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key in {"indicator", "indicators", "all_of"}:
                yield from (
                    code
                    for code in (value if isinstance(value, list) else [value])
                    if isinstance(code, str)
                )
            else:
                yield from _indicator_codes(value)
    elif isinstance(data, list):
        for value in data:
            yield from _indicator_codes(value)


def targets_of(agency: Agency, year: int | None) -> dict[str, Target]:
    """The indicators of the agency's plans by code, of those that reach ``year`` where any does; later plans win."""
    plans = list(agency.plans.order_by("issued_on", "id"))
    reaching = [plan for plan in plans if year and any(y >= year for y in plan.years)]
    indicators = Indicator.objects.filter(
        task__area__plan__in=reaching or plans,
        retired_at=None,
        task__retired_at=None,
        task__area__retired_at=None,
    ).order_by("task__area__plan__issued_on", "task__area__plan_id")
    return {i.code: i.target_for(year or 2000) for i in indicators}


def _previous_faults(source: Source, agency: Agency) -> Iterator[Fault]:
    data = source.data if isinstance(source.data, dict) else {}
    code = data.get("previous")
    if not isinstance(code, str) or not code:
        return
    if code == data.get("code"):
        yield source.fault("bộ tiêu chí không thể kế thừa từ chính nó", "previous")
    elif not agency.criteria_sets.filter(code=code).exists():
        yield source.fault(f"cơ quan không có bộ tiêu chí «{code}»", "previous")


def _write(file: CriteriaFile, source: Source, agency: Agency, by: Actor) -> Imported:
    rows = list(_rows(file))
    leaves = [row for row in rows if row["kind"]]
    columns = _columns(file, agency)

    def done(change: str) -> Imported:
        points = sum((row["maximum"] for row in leaves), Decimal(0))
        assert criteria_set is not None
        return Imported(criteria_set, len(file.fields), len(leaves), points, change)

    # Locked: two imports at once, or a scorecard begun meanwhile, wait for each other.
    criteria_set = (
        CriteriaSet.objects.select_for_update().filter(agency=agency, code=file.code).first()
    )
    if criteria_set is None:
        criteria_set = CriteriaSet.objects.create(agency=agency, code=file.code, **columns)
        change = "created"
        changes: dict[str, list[Any]] = {}
    else:
        changes = _differences(criteria_set, columns, rows)
        if not changes:
            return done("unchanged")
        _keep_old_codes(criteria_set, rows)
        if criteria_set.is_used:
            raise Faulty([_refusal(source, criteria_set, changes)])
        change = "updated"
        for name, value in columns.items():
            setattr(criteria_set, name, value)
        criteria_set.revision += 1
        criteria_set.save()
        criteria_set.criteria.all().delete()
    create_rows(criteria_set, rows)
    action = "Nhập bộ tiêu chí" if change == "created" else "Sửa bộ tiêu chí"
    record(by=by, agency=agency, action=action, of=criteria_set, changes=changes)
    return done(change)


def _refusal(source: Source, criteria_set: CriteriaSet, changes: dict[str, Any]) -> Fault:
    years = ", ".join(str(card.year) for card in criteria_set.scorecards.order_by("year"))
    parts = "; ".join(map(place_words, list(changes)[:10])) + ("; …" if len(changes) > 10 else "")
    return source.fault(
        f"bộ tiêu chí «{criteria_set.code}» đang được phiếu điểm năm {years} sử dụng nên không sửa "
        f"được (khác ở: {parts}); hãy nhập dưới một mã mới",
        "code",
    )


def _columns(file: CriteriaFile, agency: Agency) -> dict[str, Any]:
    decision = file.decision
    previous = agency.criteria_sets.filter(code=file.previous).first() if file.previous else None
    found: dict[str, Any] = {"previous": previous} if previous else {}
    return found | {
        "name": file.name,
        "is_sample": file.sample,
        "valid_from": file.valid_from,
        "decision_number": decision.number if decision else "",
        "decision_issued_on": decision.issued_on if decision else None,
        "decision_issuer": (decision.issuer or "") if decision else "",
        "not_applicable": file.not_applicable,
        "bonus_cap": file.adjustments.bonus_cap,
        "penalty_cap": file.adjustments.penalty_cap,
        "bands": [{"op": band.op, "at": plain(band.at), "name": band.name} for band in file.bands],
    }


def _stored(data: Any) -> Any:
    """A rule's content as it is stored: decimals as plain strings, nothing that is not set."""
    if isinstance(data, dict):
        return {key: _stored(value) for key, value in data.items() if value is not None}
    if isinstance(data, list):
        return [_stored(value) for value in data]
    return plain(data) if isinstance(data, Decimal) else data


def _rows(file: CriteriaFile) -> Iterator[dict[str, Any]]:
    """The columns of every criterion, parents before children, each with its parent's code."""

    def below(entry: FieldEntry | CriterionEntry, parent: str | None, depth: int) -> Any:
        is_field = isinstance(entry, FieldEntry)
        children = entry.criteria if isinstance(entry, FieldEntry) else entry.children
        row: dict[str, Any] = {
            "parent": parent,
            "depth": depth,
            "code": entry.code,
            "name": entry.name,
            "maximum": entry.max,
            "kind": "",
            "minimum": Decimal(0),
            "rule": None,
            "scale": "",
            "evidence": [],
            "old_codes": entry.old_codes,
        }
        if not is_field and isinstance(entry, CriterionEntry) and not children:
            rule = entry.rule
            row |= {
                "kind": entry.kind or Criterion.SELF,
                "minimum": entry.min or Decimal(0),
                "rule": _stored(rule.model_dump()) if rule else None,
                "scale": entry.scale or "",
                "evidence": list(entry.evidence),
            }
        yield row
        for child in children or []:
            yield from below(child, entry.code, depth + 1)

    for field in file.fields:
        yield from below(field, None, 0)


def _keep_old_codes(criteria_set: CriteriaSet, rows: list[dict[str, Any]]) -> None:
    """A file that says nothing of them changes nothing of them."""
    known = dict(criteria_set.criteria.values_list("code", "old_codes"))
    for row in rows:
        if row["old_codes"] is None:
            row["old_codes"] = known.get(row["code"], [])


def create_rows(criteria_set: CriteriaSet, rows: list[dict[str, Any]]) -> None:
    """The criteria of a set that has none, parents before children in ``rows``."""
    made: dict[str, Criterion] = {}
    numbered = list(enumerate(rows))
    for depth in range(max(row["depth"] for row in rows) + 1):  # parents have keys before children
        level = [
            Criterion(
                criteria_set=criteria_set,
                parent=made[row["parent"]] if row["parent"] else None,
                depth=depth,
                order=order,
                **{name: row[name] for name in COLUMNS[:-1]},
                old_codes=row["old_codes"] or [],
            )
            for order, row in numbered
            if row["depth"] == depth
        ]
        Criterion.objects.bulk_create(level)
        made |= {criterion.code: criterion for criterion in level}


def _differences(
    criteria_set: CriteriaSet, columns: Mapping[str, Any], rows: list[dict[str, Any]]
) -> dict[str, list[Any]]:
    """What a file would change: part → [before, after], in words."""
    found: dict[str, list[Any]] = {}
    for name, after in columns.items():
        before = getattr(criteria_set, name)
        if before != after:
            found[name] = [words(name, before), words(name, after)]
    stored = list(criteria_set.criteria.select_related("parent").order_by("order"))
    before_rows = {
        c.code: {
            "parent": c.parent.code if c.parent else None,
            **{name: getattr(c, name) for name in COLUMNS},
        }
        for c in stored
    }
    after_rows = {row["code"]: row for row in rows}
    for code in after_rows.keys() - before_rows.keys():
        found[code] = [None, after_rows[code]["name"]]
    for code in before_rows.keys() - after_rows.keys():
        found[code] = [before_rows[code]["name"], None]
    for code in after_rows.keys() & before_rows.keys():
        before_row, after_row = before_rows[code], after_rows[code]
        for name in ("parent", *COLUMNS):
            if name == "old_codes" and after_row[name] is None:
                continue
            if before_row[name] != after_row[name]:
                found[f"{code}.{name}"] = [
                    _said(name, before_row),
                    _said(name, after_row),
                ]
    if not found and [c.code for c in stored] != [row["code"] for row in rows]:
        found["order"] = [None, None]
    return dict(sorted(found.items()))


def _said(name: str, row: Mapping[str, Any]) -> str | None:
    """One column of a criterion as the history says it."""
    if name == "rule":
        return rule_words(row["rule"], row["maximum"], {}, row["minimum"])
    return words(name, row[name])
