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
    return _all(ledger, "due_deliveries")


def feed(ledger: Ledger) -> Iterator[tuple[list[UUID], int | None]]:
    """The keys that changed after the cursor, in chunks, each with the place that it ends at, if there is one.

    Of a target that is new, or was away for so long that changes are kept no more: first every record.
    """
    seq, begin = ledger.cursor(), int(ledger.rows("feed_begin")[0][0])
    if seq + 1 < begin:
        for keys in _all(ledger, "every_record"):
            yield keys, None
        seq = begin - 1
        yield [], seq
    while changes := ledger.rows("feed_after", seq=seq, most=FEED_ROWS):
        changed_keys: dict[UUID, None] = {}
        for last, changed in changes:
            changed_keys.update(dict.fromkeys(changed))
            seq = last
            if len(changed_keys) >= ROWS_A_CHUNK:
                yield list(changed_keys), seq
                changed_keys = {}
        if changed_keys:
            yield list(changed_keys), seq


def _all(ledger: Ledger, statement: str) -> Iterator[list[UUID]]:
    after = FIRST_KEY
    while found := [row[0] for row in ledger.rows(statement, after=after, most=ROWS_A_CHUNK)]:
        yield found
        after = found[-1]
