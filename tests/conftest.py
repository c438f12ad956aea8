"""What every test shares: what must be there, and nothing left over from the test before."""

from __future__ import annotations

import os

import pytest
from django.db import connection

REQUIRE_SERVICES = bool(os.environ.get("CCHC_REQUIRE_SERVICES"))


def need(present: object, what: str) -> None:
    """Skip where ``what`` is missing on a developer's machine; fail where CI says that it must be there."""
    if not present:
        if REQUIRE_SERVICES:
            pytest.fail(f"{what} is missing")
        pytest.skip(f"{what} is missing")


@pytest.fixture(autouse=True)
def broker_is_asked_again(monkeypatch):
    """A broker that one test took down must not keep the next one's jobs from being sent."""
    from accounts import queue

    monkeypatch.setattr(queue, "_quiet_until", 0.0)


@pytest.fixture(scope="session", autouse=True)
def emptied_history(request):
    """Tests with real transactions empty every table afterwards; on SQLite by DELETE, which history refuses."""
    if connection.vendor != "sqlite":
        return  # TRUNCATE asks no trigger
    from accounts import guard

    flush = connection.ops.execute_sql_flush

    def flush_with_history(sql_list):
        flush([f"INSERT INTO {guard.FLAG} VALUES (1)", *sql_list, f"DELETE FROM {guard.FLAG}"])

    connection.ops.execute_sql_flush = flush_with_history
