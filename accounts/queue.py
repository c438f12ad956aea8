"""Waking a worker. The row in the database is what counts; a broker that is down only delays it."""

from __future__ import annotations

import logging
import time
from typing import Any

from celery import Task
from django.db import transaction

logger = logging.getLogger(__name__)

PATIENCE = 1.0  # seconds a request waits for the broker, at most
QUIET = 15.0  # seconds without another try after one that failed

_quiet_until = 0.0


def enqueue(job: Task, *args: Any) -> None:
    """Start ``job`` in a worker once the current transaction is committed.

    Never fails and never waits longer than about :data:`PATIENCE`: each job has a row that a
    periodic sweep finds (see ``CELERY_BEAT_SCHEDULE``), so a lost message costs a minute, not the work.
    """
    transaction.on_commit(lambda: publish(job, *args))


def publish(job: Task, *args: Any) -> bool:
    """Hand ``job`` to the broker now; False if the broker cannot be reached."""
    global _quiet_until
    if job.app.conf.task_always_eager:
        job.apply_async(args)
        return True
    # One slow try is enough: a request that returns twenty reports must not wait twenty times.
    if time.monotonic() < _quiet_until:
        return False
    try:
        with job.app.connection_for_write(
            connect_timeout=PATIENCE, transport_options=_options(job.app.conf)
        ) as connection:
            job.apply_async(args, connection=connection, retry=False)
    except (
        Exception
    ) as error:  # each broker's client has errors of its own; none may fail a request
        _quiet_until = time.monotonic() + QUIET
        logger.warning("Không báo được cho tiến trình nền (%s): %s", job.name, error)
        return False
    return True


def _options(conf: Any) -> dict[str, Any]:
    options = dict(conf.broker_transport_options or {})
    if not str(conf.broker_url).startswith(("filesystem:", "memory:")):
        # kombu tries for ever while it opens its channel unless told how often.
        options |= {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE}
        options |= {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}
    return options
