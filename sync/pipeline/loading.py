"""The first load of an empty leaf: its lists get their index when the rows are there, in half the time.

Autovacuum passes by until then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.db import OperationalError, connection, transaction

from sync import schema
from sync.pipeline.run import Run

MOST_ROWS = 2_000_000
"""A list sorts so many rows in about a second; when more are loaded it has its index, whatever that costs."""
_PATIENCE = "2s"
"""For others that use the table: longer than this nobody waits behind us."""
_LOCK_NOT_AVAILABLE = "55P03"

log = structlog.get_logger(__name__)


class ListIndex:
    """The index by time of change: missing while an empty leaf is loaded by a full read, there at all other times."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._missing = False
        self._may_go = run.first_load and run.full and run.part is None

    def mend(self) -> None:
        """Make it where a load before this one was broken off."""
        if not self._run.first_load:
            self._change(schema.make_list_index)

    def without(self) -> None:
        """Before a batch that others follow: drop it for a first load, and end that when it grows long."""
        if self._may_go:
            self._may_go = False
            self._missing = self._change(schema.drop_list_index)
        if self._missing and self._run.totals.get("inserted", 0) > MOST_ROWS:
            self.build()

    def build(self) -> None:
        """Make it, where it was dropped."""
        if self._missing:
            self._missing = not self._change(schema.make_list_index)

    def _change(self, change: Callable[[Any, int], None]) -> bool:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
                change(cursor, self._run.entity_id)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            # Dropped: the load only takes longer. Made: lists are slower until the next sync makes it.
            log.warning("list_index_left_as_it_is", entity=self._run.registered.path, reason=str(error))
            return False
        return True
