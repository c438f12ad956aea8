"""What an import changes: rows merged with those there, and the same said for people and for the history."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models

from plans.models import Retirable
from plans.numbers import show_number

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

Row = TypeVar("Row", bound=models.Model)
NOTHING = "(trống)"
# Column → value of a new row only, and of every row.
Columns = tuple[dict[str, Any], dict[str, Any]]


class Changes:
    """Collects what changed, in Vietnamese. False while nothing has."""

    def __init__(self) -> None:
        self._listed: dict[tuple[str, str], list[str]] = {}  # (verb, noun) → codes
        self._edited: dict[str, list[str]] = {}  # «chỉ tiêu 1.1-a, mức chỉ tiêu» → before, after
        self._moved: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._listed or self._edited or self._moved)

    def add(self, noun: str, code: str) -> None:
        self._list("Thêm", noun, code)

    def retire(self, noun: str, code: str) -> None:
        self._list("Thôi áp dụng", noun, code)

    def restore(self, noun: str, code: str) -> None:
        self._list("Áp dụng lại", noun, code)

    def remove(self, noun: str, code: str) -> None:
        self._list("Bỏ", noun, code)

    def edit(self, what: str, before: str, after: str) -> None:
        self._edited[what] = [before or NOTHING, after or NOTHING]

    def move(self, noun: str) -> None:
        if noun not in self._moved:
            self._moved.append(noun)

    def is_new(self, noun: str, code: str) -> bool:
        return code in self._listed.get(("Thêm", noun), ())

    def _list(self, verb: str, noun: str, code: str) -> None:
        self._listed.setdefault((verb, noun), []).append(code)

    def sentences(self) -> list[str]:
        return [
            *(
                f"{verb} {len(c)} {noun}: {', '.join(c)}"
                for (verb, noun), c in self._listed.items()
            ),
            *(f"Sửa {what}: {before} → {after}" for what, (before, after) in self._edited.items()),
            *(f"Sắp xếp lại {noun}" for noun in self._moved),
        ]

    def for_history(self) -> dict[str, list[Any]]:
        """Name → before and after, as :class:`accounts.models.AuditEntry` keeps it."""
        found: dict[str, list[Any]] = {
            f"{verb} {noun}": [None, ", ".join(codes)]
            for (verb, noun), codes in self._listed.items()
        }
        found |= {what: list(pair) for what, pair in self._edited.items()}
        found |= {f"thứ tự {noun}": [None, "sắp xếp lại"] for noun in self._moved}
        return found


class Merger:
    """Brings the rows of one model to what a file says, in at most two queries."""

    def __init__(self, changes: Changes, now: dt.datetime) -> None:
        self._changes = changes
        self._now = now

    def __call__(
        self,
        model: type[Row],
        noun: str,
        there: Mapping[Any, Row],
        wanted: Mapping[Any, Columns],
        *,
        label: Callable[[Any], str] | None = None,
    ) -> dict[Any, Row]:
        """Create, update, retire and restore; the rows wanted, by their keys.

        Rows of ``there`` that nobody wants are retired where the model knows that, else left alone.
        """
        found: dict[Any, Row] = {}
        new: list[Row] = []
        changed: dict[Hashable, Row] = {}
        columns: set[str] = set()

        def name(key: Any, row: Row) -> str:
            return label(key) if label else str(getattr(row, "code", key))

        for key, (only_new, values) in wanted.items():
            row = there.get(key)
            if row is None:
                row = model(**only_new, **values)
                new.append(row)
                self._changes.add(noun, name(key, row))
            else:
                touched = self._update(row, noun, name(key, row), values)
                if isinstance(row, Retirable) and row.retired_at is not None:
                    row.retired_at = None
                    touched.add("retired_at")
                    self._changes.restore(noun, name(key, row))
                if touched:
                    changed[row.pk] = row
                    columns |= touched
            found[key] = row
        for key, row in there.items():
            if key not in wanted and isinstance(row, Retirable) and row.retired_at is None:
                row.retired_at = self._now
                columns.add("retired_at")
                changed[row.pk] = row
                self._changes.retire(noun, name(key, row))
        manager = model._default_manager
        manager.bulk_create(new)
        if changed:
            manager.bulk_update(changed.values(), sorted(columns))
        return found

    def _update(self, row: models.Model, noun: str, code: str, values: dict[str, Any]) -> set[str]:
        """Set what differs; the names of those columns."""
        touched: set[str] = set()
        for column, value in values.items():
            field: Any = row._meta.get_field(column)
            before = getattr(row, column)
            if before == value:
                continue
            setattr(row, column, value)
            touched.add(column)
            if column == "order":
                self._changes.move(noun)
            else:
                self._changes.edit(
                    f"{noun} {code}, {field.verbose_name}",
                    _shown(field, before),
                    _shown(field, value),
                )
        return touched


def _shown(field: Any, value: Any) -> str:
    """A value as people read it."""
    if value is None or value in ("", []):
        return NOTHING
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return "có" if value else "không"
    if isinstance(value, Decimal):
        return show_number(value)
    if isinstance(value, dt.date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return str(value)
