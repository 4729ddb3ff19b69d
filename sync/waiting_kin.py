"""Rows that wait for rows of their own entity: which of them can land."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import structlog
from django.db import connection

from sync import schema
from sync.queries import query

if TYPE_CHECKING:
    import polars as pl

    from sync.declare import Parent
    from sync.pipeline.kin import Above
    from sync.registry import Registered

log = structlog.get_logger(__name__)
MOST_KIN = 1_000_000
"""Of waiting rows looked at together: some 300 MB. Rows of which the parent is in the mirror come first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ripe:
    """Waiting rows that can be written now."""

    batches: Iterator[list[str]]  # of their keys, in hex
    total: int
    cut: bool  # more wait than were looked at together: some of them may be ripe as well, or when these have landed


def landable(registered: Registered, rows_a_batch: int) -> Ripe:
    """Waiting rows that can land now.

    A row comes with its parent or after it, a ring of rows in one batch.
    Last come those whose parent is in the mirror while they lack another: they are to wait for that one.

    A batch has `rows_a_batch` rows, or as many as must land together.
    """
    import numpy as np

    from sync.pipeline import kin
    from sync.pipeline.resolve import above, kin_of

    own = kin_of(registered)
    waiting = _waiting(registered, own)
    if not waiting.height:
        return Ripe(batches=iter(()), total=0, cut=False)
    if cut := waiting.height >= MOST_KIN:
        # A ring that is whole but reaches beyond what is looked at lands when there are fewer.
        log.warning("waiting_rows_cut", entity=registered.path, rows=waiting.height)
    parents = above(registered, waiting, own)[1]
    held = kin.held_back(parents) != kin.NONE
    free = np.flatnonzero(~held).tolist()
    # Only these: one whose own parent is missing would be woken again and again, to wait for the same.
    moving = np.flatnonzero(held & waiting["_came"].to_numpy()).tolist()
    keys = waiting["_key_hash"].bin.encode("hex").to_list()
    apart = (moving[start : start + rows_a_batch] for start in range(0, len(moving), rows_a_batch))
    batches = chain(_together(parents, free, rows_a_batch), apart)
    return Ripe(batches=([keys[row] for row in rows] for rows in batches), total=len(free), cut=cut)


def _together(parents: list[Above], free: list[int], rows_a_batch: int) -> Iterator[list[int]]:
    from sync.pipeline.families import families

    batch: list[int] = []
    for family in families(parents, free):
        if batch and len(batch) + len(family) > rows_a_batch:
            yield batch
            batch = []
        batch += family
    if batch:
        yield batch


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
        rows,
        schema={"_key_hash": pl.Binary, "_came": pl.Boolean, **dict.fromkeys(names, pl.String)},
        orient="row",
    )
