"""A frozen process must not keep what it locked: transactions in which nothing happens are ended.

The server does it by itself where the process paused between two statements. In the midst of a COPY it waits for
ever, as it does for a machine that is gone: there another worker ends the transaction, known by its connection's name.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.db import DEFAULT_DB_ALIAS, connection, connections

from sync.jobs.lease import connection_name, worker_name
from sync.queries import query

log = structlog.get_logger(__name__)

LONGEST_PAUSE = 60.0
"""Seconds between two statements of a transaction; a batch of 50,000 rows pauses for one or two."""
PATIENCE = timedelta(seconds=5)
"""After the last lease of a worker ran out: it renews all of them together, so it has been silent for 20 s then."""


def end_idle_transactions(seconds: float = LONGEST_PAUSE) -> None:
    """For connections that this process opens from now on. Its work then goes on elsewhere, as a dead one's does."""
    options = connections.settings[DEFAULT_DB_ALIAS]["OPTIONS"]
    timeout = f"-c idle_in_transaction_session_timeout={round(seconds * 1000)}"
    options["options"] = f"{options.get('options', '')} {timeout}".strip()


def name_connections() -> None:
    """Let the server know whose the connections are that this process opens from now on."""
    options = connections.settings[DEFAULT_DB_ALIAS]["OPTIONS"]
    options["application_name"] = connection_name(worker_name())


def end_frozen(patience: timedelta = PATIENCE) -> int:
    """End the transactions of workers that renew no lease any more, where the server waits for their client."""
    given: dict[str, Any] = {"patience": patience}
    with connection.cursor() as cursor:
        cursor.execute(query("end_frozen"), given)
        ended = cursor.fetchall()
    for worker, pid, _ in ended:
        log.warning("frozen_transaction_ended", worker=worker, backend=pid)
    return len(ended)
