"""How a transaction pooler before the database is told: connections of ours that share a process of the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

REFUSED_OPTIONS = "unsupported startup parameter"
"""What PgBouncer answers to a connection that sets anything for itself."""
LOOKS = 3


def shares_backends(
    connection: psycopg.Connection[Any], again: Callable[[], psycopg.Connection[Any]]
) -> bool:
    """Whether this connection and another one are served by the same process, in turns; raises psycopg.Error.

    A pooler that keeps a process for each session is none that matters. It may be missed where others use the
    pooler at this very moment.
    """
    if connection.info.backend_pid == _process(connection):
        return False  # a pooler names another one to its clients
    with again() as other:
        seen = [(_process(connection), _process(other)) for _ in range(LOOKS)]
    return not {one for one, _ in seen}.isdisjoint(two for _, two in seen)


def _process(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])
