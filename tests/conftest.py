"""What every test shares: no lock of the sign-in, no limiter, no message left from another test."""

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
