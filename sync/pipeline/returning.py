"""Failed records on their way back into the pipeline: as few columns as that takes, thousands at once."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from sync.failures import runs_normalized
from sync.pipeline import COMMITTED, PURE
from sync.pipeline.batch import Batch, PageNote, SetAside
from sync.pipeline.reentry import batch_of
from sync.pipeline.run import Run
from sync.pipeline.runner import passed
from sync.queries import query

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Returning:
    """An open failed record as it was read."""

    id: str  # as text: making objects of thousands of UUIDs takes longer than a stage
    key_hash: bytes | None
    stage: str
    raw: bytes
    normalized: dict[str, Any] | None
    mended: dict[str, Any] | None
    synced_at: datetime
    code: str
    attempts: int
    fingerprint: str
    mapping: int
    seen: str  # the row's state in the database: another one means that somebody changed it since


@dataclass(frozen=True, slots=True)
class Ready:
    """Records that entered at the same stage, and their rows after the pure stages."""

    group: list[Returning]
    batch: Batch


def read(ids: Sequence[uuid.UUID], *, lock: bool = False) -> list[Returning]:
    """Those of them that are still open, in their order; locked if nobody else shall change them meanwhile."""
    statement = query("returning_rows_locked" if lock else "returning_rows")
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": "{" + ",".join(map(str, ids)) + "}"})
        rows = cursor.fetchall()
    moments = {micros: EPOCH + timedelta(microseconds=micros) for micros in {row[6] for row in rows}}
    return [
        Returning(number, key, stage, raw, _object(normalized), _object(mended), moments[micros], *more)
        for number, key, stage, raw, normalized, mended, micros, *more in rows
    ]


def prepare(run: Run, found: Sequence[Returning]) -> list[Ready]:
    """The records through the pure stages: those that enter at normalize, and those that were read already."""
    read_already = [failed for failed in found if runs_normalized(failed, run.mapping)]
    unread = [failed for failed in found if not runs_normalized(failed, run.mapping)]
    return [_prepared(run, group) for group in (unread, read_already) if group]


def through(run: Run, ready: Ready, no: int, after: uuid.UUID | None) -> tuple[Batch, dict[int, SetAside]]:
    """The rows through the stages that write, all but the last, and those that were refused again.

    `no` is the batch's place in the job; `after` is where the job goes on behind it.
    """
    refused, group = ready.batch.aside, ready.group
    page = PageNote(no=no, rows=len(group), next=None if after is None else {"after": str(after)})
    # Lineage and failures keep the bytes the source sent, not the mended ones.
    batch = replace(ready.batch, raw=[failed.raw for failed in group], aside=(), pages=(page,))
    batch = batch.counting(failed=len(refused))
    run.replayed = frozenset(failed.key_hash for failed in group if failed.key_hash)
    for stage in COMMITTED[:-1]:
        batch = stage(batch)
    return batch, {aside.row: aside for aside in (*refused, *batch.aside)}


def _prepared(run: Run, group: list[Returning]) -> Ready:
    batch = batch_of(run, group)
    for stage in PURE[1:] if runs_normalized(group[0], run.mapping) else PURE:
        if batch.frame.height:
            batch = passed(stage, stage(batch))
    return Ready(group, batch)


def _object(text: str | None) -> dict[str, Any] | None:
    return None if text is None else json.loads(text)
