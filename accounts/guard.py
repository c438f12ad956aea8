"""History cannot be changed in the database either: triggers refuse UPDATE and DELETE on its tables (R12).

They are made after every ``migrate``, for every model that is a :class:`accounts.models.HistoryRow`:
SQLite rebuilds a table for most changes of its columns, and a trigger made once by a migration would
be lost with the old table. A migration that must change history does so inside
``accounts.history.unguarded()``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connections

from accounts.models import HistoryRow

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

REFUSAL = "append-only: history rows are never changed"
# PostgreSQL: a setting of the transaction. SQLite has none, so a row of a table stands for it; it is
# written and taken away in the same transaction, so nobody else ever sees it.
SETTING = "cchc.unguarded"
FLAG = "history_unguarded"

POSTGRESQL_FUNCTION = f"""
CREATE OR REPLACE FUNCTION history_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('{SETTING}', true) = 'on' THEN
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation', TABLE = TG_TABLE_NAME;
END $$
"""


def history_tables() -> list[str]:
    return sorted(
        model._meta.db_table for model in apps.get_models() if issubclass(model, HistoryRow)
    )


def guard(connection: BaseDatabaseWrapper) -> None:
    """Make the triggers that are missing; nothing happens where all are there."""
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'history_guard_%'")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        made = {name for (name,) in cursor.fetchall()}
        missing = [
            (table, event)
            for table in history_tables()
            if table in there
            for event in ("update", "delete")
            if trigger_name(table, event) not in made
        ]
        if not missing:
            return
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRESQL_FUNCTION)
        else:
            cursor.execute(f"CREATE TABLE IF NOT EXISTS {FLAG} (on_purpose integer)")
        for table, event in missing:
            cursor.execute(_trigger(connection.vendor, table, event))


def trigger_name(table: str, event: str) -> str:
    return f"history_guard_{event}_{table}"


def _trigger(vendor: str, table: str, event: str) -> str:
    head = f'CREATE TRIGGER {trigger_name(table, event)} BEFORE {event.upper()} ON "{table}"'
    if vendor == "postgresql":
        return f"{head} FOR EACH ROW EXECUTE FUNCTION history_guard()"
    refuse = f"SELECT RAISE(ABORT, '{REFUSAL}')"
    return f"{head} WHEN NOT EXISTS (SELECT 1 FROM {FLAG}) BEGIN {refuse}; END"  # noqa: S608 - names of ours


def lift(connection: BaseDatabaseWrapper) -> None:
    """Let this transaction change history until :func:`lower`."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"SET LOCAL {SETTING} = 'on'")
        else:
            cursor.execute(f"INSERT INTO {FLAG} VALUES (1)")  # noqa: S608 - a name of ours


def lower(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"SET LOCAL {SETTING} = 'off'")
        else:
            cursor.execute(f"DELETE FROM {FLAG}")  # noqa: S608 - a name of ours


def guard_after_migrate(using: str, **kwargs: Any) -> None:
    guard(connections[using])
