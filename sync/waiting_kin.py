"""Rows that wait for rows of their own entity: which of them can land."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db import connection

from sync import schema
from sync.queries import query

if TYPE_CHECKING:
    import polars as pl

    from sync.declare import Parent
    from sync.registry import Registered

MOST_KIN = 1_000_000
"""Of waiting rows looked at together: some 300 MB. Rows of which the parent is in the mirror come first."""


def landable(registered: Registered, rows_a_batch: int) -> Iterator[tuple[list[str], int]]:
    """Keys of waiting rows that can land now, in batches, and the number of all.

    A row comes with its parent or after it, a ring of rows in one batch.

    A batch has `rows_a_batch` rows, or as many as must land together.
    """
    import numpy as np

    from sync.pipeline import kin
    from sync.pipeline.families import families
    from sync.pipeline.resolve import above, kin_of

    own = kin_of(registered)
    waiting = _waiting(registered, own)
    if not waiting.height:
        return
    parents = above(registered, waiting, own)[1]
    free = np.flatnonzero(kin.held_back(parents) == kin.NONE).tolist()
    keys = waiting["_key_hash"].bin.encode("hex").to_list()
    batch: list[str] = []
    for family in families(parents, free):
        if batch and len(batch) + len(family) > rows_a_batch:
            yield batch, len(free)
            batch = []
        batch += [keys[row] for row in family]
    if batch:
        yield batch, len(free)


def _waiting(registered: Registered, own: list[Parent]) -> pl.DataFrame:
    """The rows whose parent is in the mirror or waits for one of the entity too: the others cannot land."""
    import polars as pl

    names = sorted({ours for parent in own for ours in parent.by})
    statement = query(
        "waiting_kin",
        leaf=schema.leaf(registered.path),
        entity_id=schema.entity_id(registered.path),
        references=", ".join(f"p.data->>'{name}'" for name in names),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"most": MOST_KIN})
        rows = cursor.fetchall()
    return pl.DataFrame(
        rows, schema={"_key_hash": pl.Binary, **dict.fromkeys(names, pl.String)}, orient="row"
    )
