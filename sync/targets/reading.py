"""Which records a push has to look at: those that are due again, and those that changed."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sync.targets.ledger import FIRST_KEY, Ledger

ROWS_A_CHUNK = 5_000
FEED_ROWS = 200
"""Of the feed, read at once: mostly they hold few keys each."""


def due(ledger: Ledger) -> Iterator[list[UUID]]:
    """The keys of rows to look at again, in chunks, each once."""
    after = FIRST_KEY
    while found := [row[0] for row in ledger.rows("due_deliveries", after=after, most=ROWS_A_CHUNK)]:
        yield found
        after = found[-1]


def feed(ledger: Ledger) -> Iterator[tuple[list[UUID], int]]:
    """The keys that changed after the cursor, in chunks, each with the place that it ends at."""
    seq = ledger.cursor()
    while changes := ledger.rows("feed_after", seq=seq, most=FEED_ROWS):
        keys: dict[UUID, None] = {}
        for last, changed in changes:
            keys.update(dict.fromkeys(changed))
            seq = last
            if len(keys) >= ROWS_A_CHUNK:
                break
        yield list(keys), seq
