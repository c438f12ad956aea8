"""What every test shares: what must be there, and nothing left over from the test before."""

from __future__ import annotations

import os

import pytest

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
