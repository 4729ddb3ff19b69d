"""The few statements that every job needs, prepared once for each connection: Django has each planned anew."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections

from sync.queries import query


def prepare_statements() -> None:
    """Let connections that this process opens from now on keep prepared statements; not behind a pooler."""
    connections.settings[DEFAULT_DB_ALIAS]["OPTIONS"]["prepare_threshold"] = 5


def ask(name: str, **values: Any) -> list[tuple[Any, ...]]:
    """The rows of a statement of queries.sql, on this thread's connection. Raises errors as Django's cursor does."""
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(query(name), values)
        return cursor.fetchall()
