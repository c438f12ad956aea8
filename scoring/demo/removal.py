"""Taking a demo office away with everything that refers to it, history too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, models

from accounts.history import unguarded
from accounts.models import Agency

if TYPE_CHECKING:
    from collections.abc import Iterator

_AT_ONCE = 5000  # keys in one query


def remove_demo(agency: Agency) -> None:
    """Delete a demo agency; ValueError for any other, whoever asks.

    Rows go round ``on_delete``, which protects them on purpose; the database checks at the end of the
    transaction that nothing refers to what is gone.
    """
    if not Agency.objects.filter(pk=agency.pk, is_demo=True).exists():
        raise ValueError(f"{agency.code} is no demo agency")
    found = _everything_of(agency)
    with unguarded():
        for model, keys in found.items():
            for some in _portions(keys):
                model._base_manager.filter(pk__in=some)._raw_delete(DEFAULT_DB_ALIAS)


def _everything_of(agency: Agency) -> dict[type[models.Model], set[Any]]:
    """The agency's row, the rows that refer to it, those that refer to these, and so on."""
    found: dict[type[models.Model], set[Any]] = {Agency: {agency.pk}}
    new: dict[type[models.Model], set[Any]] = {Agency: {agency.pk}}
    tables = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    while new:
        grown: dict[type[models.Model], set[Any]] = {}
        for model in tables:
            for column in model._meta.concrete_fields:
                keys = new.get(column.related_model) if column.is_relation else None  # type: ignore[arg-type]
                for some in _portions(keys or set()):
                    rows = model._base_manager.filter(**{f"{column.name}__in": some})
                    grown.setdefault(model, set()).update(rows.values_list("pk", flat=True))
        new = {}
        for model, keys in grown.items():
            more = keys - found.get(model, set())
            if more:
                new[model] = more
                found.setdefault(model, set()).update(more)
    return found


def _portions(keys: set[Any]) -> Iterator[list[Any]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]
