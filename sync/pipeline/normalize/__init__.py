"""Stage 2, normalize: rows of JSON become columns of canonical text, through five layers."""

from __future__ import annotations

from dataclasses import replace

from sync.pipeline.batch import Batch
from sync.pipeline.normalize import datetimes, fields, numbers, strings, types

LAYERS = (strings.clean, numbers.read, datetimes.read, fields.finish)
"""After types, which takes the raw rows."""


def normalize(batch: Batch) -> Batch:
    """Read the rows that `frame._row` names. What cannot be read is a fault, never a silent null.

    Rows with faults stay in the frame, null where unreadable; `validate` sets them aside.
    """
    rows = batch.frame["_row"].to_list()
    all_of_them = rows == list(range(len(batch.raw)))
    raw = batch.raw if all_of_them else [batch.raw[row] for row in rows]
    draft = types.read(rows, raw, batch.registered.entity.fields)
    for layer in LAYERS:
        draft = layer(draft)
    normalized = replace(batch, frame=draft.frame, canonical=True, alphabets=draft.alphabets)
    return normalized.faulted(draft.faults).counting(**draft.counts)
