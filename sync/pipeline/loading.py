"""The first load of an empty leaf: its lists get their index when all rows are there, in half the time.

Autovacuum passes by until then, also where the index of a long load is made in its midst.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from django.db import DatabaseError, OperationalError, connection, transaction

from sync import schema
from sync.pipeline.run import Run

MOST_ROWS = 8_000_000
"""A list sorts 6,000,000 rows in 2 to 4 s on two cores; when more are loaded it has its index, whatever that costs."""
_PATIENCE = "2s"
"""For others that use the table: longer than this nobody waits behind us."""
_LEFT = {"55P03", "40P01"}  # the lock was not to be had, or two wanted it from each other
_AGAIN = 500_000  # rows later

log = structlog.get_logger(__name__)


class ListIndex:
    """The index by time of change: missing until an empty leaf was loaded by a full read, there at all other times."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._may_go = run.first_load and run.full and run.part is None
        self._may_miss = run.first_load
        self._build_at: float = MOST_ROWS

    def mend(self) -> None:
        """Make it where a load before this one was broken off."""
        if not self._run.first_load:
            self._change(schema.make_list_index)

    def without(self) -> None:
        """Before a batch that others follow: drop it for a first load, and end that when it grows long."""
        if self._may_go:
            self._may_go = False
            self._change(self._drop)
        if self._may_miss and self._run.totals.get("inserted", 0) > self._build_at:
            built = self._change(partial(schema.make_list_index, loaded=False))
            self._build_at = math.inf if built else self._build_at + _AGAIN

    def build(self) -> None:
        """After the end: make it, if this run dropped it, or one before it that wrote nothing; autovacuum may come.

        The job has ended, so it fails no more: what goes wrong here is put right by the next sync.
        """
        if not self._may_miss:
            return
        try:
            self._may_miss = not self._change(schema.make_list_index)
        except DatabaseError as error:
            self._left(error)

    def _drop(self, cursor: Any, number: int) -> None:
        self._run.hold()  # a worker that was taken for dead must not drop what another one built
        schema.drop_list_index(cursor, number)

    def _change(self, change: Callable[[Any, int], None]) -> bool:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
                change(cursor, self._run.entity_id)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) not in _LEFT:
                raise
            self._left(error)
            return False
        return True

    def _left(self, error: DatabaseError) -> None:
        # Dropped: the load only takes longer. Made: lists are slower until the next sync makes it.
        log.warning("list_index_left_as_it_is", entity=self._run.registered.path, reason=str(error))
