"""Which rows the mirror holds byte by byte, looked up by their keys: for reads of few rows of a large table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from django.db import connection

from sync.pipeline.asides import bytes_hash
from sync.pipeline.batch import Batch
from sync.pipeline.identity import hash_keys
from sync.pipeline.normalize import normalize
from sync.queries import query

if TYPE_CHECKING:
    from sync.pipeline.run import Run


def held(batch: Batch) -> npt.NDArray[np.bool_]:
    """For each raw row of a batch as it was fetched whether a live record was made of the same bytes."""
    assert batch.run is not None
    if not batch.raw:
        return np.zeros(0, bool)
    key = batch.registered.entity.key
    keys = hash_keys(normalize(batch).frame, {name: name for name in key})
    found = _found("held_by_key", batch.run, [key.hex() for key in keys.drop_nulls()])
    # A record may hold the bytes of a row without a readable key: one that was mended.
    unread = keys.is_null().arg_true().to_list()
    found |= _found("held_by_mend", batch.run, [bytes_hash(batch.raw[row]).hex for row in unread])
    return np.array([raw_hash in found for raw_hash in batch.raw_hashes])


def _found(statement: str, run: Run, asked: list[str]) -> set[bytes]:
    if not asked:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(query(statement, leaf=run.leaf, entity_id=run.entity_id), {"asked": asked})
        return {row[0].bytes for row in cursor.fetchall()}
