"""A replay job: failed records enter the pipeline again at the stage that refused them, with their mended input."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl
import xxhash
from django.db import transaction
from django.utils import timezone

from sync.canonical import canonical
from sync.errors import ConfigError, RecordError
from sync.failures import enters_normalized, input_of
from sync.fields import Field
from sync.jobs.claim import Interrupted
from sync.models import FailedRecord
from sync.pipeline import COMMITTED, PURE, Stage
from sync.pipeline.asides import fingerprint_of
from sync.pipeline.batch import Batch, PageNote, SetAside
from sync.pipeline.repeat import repeated
from sync.pipeline.run import Run, bare_run, committed_before

if TYPE_CHECKING:
    from sync.jobs.claim import Claim

ROWS_A_BATCH = 1_000


def run_replay(claim: Claim) -> None:
    """Run the job's failed records again; what fails again stays open with its new errors."""
    assert claim.entity is not None, "a replay is always of an entity"
    run = bare_run(claim, claim.entity)
    no, _ = committed_before(claim.job_id)
    for ids in _groups(claim.params["failed"]):
        if claim.stopping.is_set():
            raise Interrupted
        no += repeated(partial(_replay, run, ids, no + 1), entity=run.registered.path)
    with transaction.atomic():
        claim.hold()
        claim.finish(committed_before(claim.job_id)[1])


def _groups(ids: Sequence[str]) -> list[Sequence[uuid.UUID]]:
    """The records by the stage they enter at, a bearable number at once."""
    found = FailedRecord.objects.filter(state=FailedRecord.State.OPEN).order_by("id")
    some = [ids[start : start + ROWS_A_BATCH] for start in range(0, len(ids), ROWS_A_BATCH)]
    groups = []
    for part in some:
        ways = [(failed.id, enters_normalized(failed)) for failed in found.filter(id__in=part).defer("raw")]
        groups += [[number for number, way in ways if way is read] for read in (False, True)]
    return [group for group in groups if group]


def _replay(run: Run, ids: Sequence[uuid.UUID], no: int) -> bool:
    """One batch, in one transaction; False where none of them is open any more."""
    with transaction.atomic():
        run.claim.hold()
        # Read under their locks: a sync may bring other bytes, and a person mend them, until then.
        rows = FailedRecord.objects.select_for_update(of=("self",)).filter(
            id__in=ids, state=FailedRecord.State.OPEN
        )
        found = list(rows.order_by("id"))
        group = [failed for failed in found if enters_normalized(failed) is enters_normalized(found[0])]
        if group:
            stages = PURE[1:] if enters_normalized(group[0]) else PURE
            _commit(run, _through(_batch(run, group, no), stages), group)
    return bool(group)


def _batch(run: Run, group: list[FailedRecord], no: int) -> Batch:
    raws = [bytes(failed.raw) for failed in group]
    rows = pl.DataFrame({"_row": pl.Series(range(len(group)), dtype=pl.UInt32)})
    batch = Batch(
        registered=run.registered,
        run=run,
        raw=raws,
        # Of the original bytes, as the declarations stand now: the next sync then skips them instead of failing them.
        raw_hashes=[xxhash.xxh3_128_digest(raw, run.seed) for raw in raws],
        asked_at=[failed.synced_at for failed in group],
        pages=(PageNote(no=no, rows=len(group), next=None),),
        frame=rows,
        counts={"rows_fetched": len(group)},
    )
    if not enters_normalized(group[0]):
        return replace(batch, raw=[_as_row(failed) for failed in group])
    inputs = [input_of(failed) or {} for failed in group]
    columns = {
        name: pl.Series([_text(field, given.get(name)) for given in inputs], dtype=pl.String)
        for name, field in run.registered.entity.fields.items()
    }
    return batch.with_frame(rows.with_columns(**columns))


def _through(batch: Batch, stages: tuple[Stage, ...]) -> Batch:
    for stage in stages:
        if batch.frame.height:
            batch = stage(batch)
    return batch


def _as_row(failed: FailedRecord) -> bytes:
    """The row with the mended values laid over it; every other value keeps its bytes."""
    raw = bytes(failed.raw)
    if failed.mended is None:
        return raw
    try:
        values = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        values = {}  # no object at all: what was mended is the whole row
    return msgspec.json.encode({**values, **failed.mended})


def _text(field: Field, value: Any) -> str | None:
    """A mended value as a reading of it would have been; what cannot be read goes on to validation as it is."""
    if value is None:
        return None
    plain = value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
    try:
        return canonical(field, plain)
    except RecordError:
        return plain


def _commit(run: Run, batch: Batch, group: list[FailedRecord]) -> None:
    again = batch.aside
    # Lineage and failures keep the bytes the source sent, not the mended ones; and a failure of a replay is
    # written to its own row below, not counted as seen again.
    batch = replace(batch, raw=[bytes(failed.raw) for failed in group], aside=())
    batch = batch.counting(failed=len(again))
    for stage in COMMITTED:
        batch = stage(batch)
    refused = {aside.row: aside for aside in (*again, *batch.aside)}
    for row, failed in enumerate(group):
        _close(run, failed, batch, row, refused.get(row))


def _close(run: Run, failed: FailedRecord, batch: Batch, row: int, aside: SetAside | None) -> None:
    failed.attempts += 1
    if aside is not None:
        _keep_open(run, failed, aside)
        return
    waits = batch.parked is not None and row in batch.parked["_row"]
    kept = batch.frame.height > 0 and row in batch.frame["_row"]
    failed.state = FailedRecord.State.FIXED if kept or waits else FailedRecord.State.SUPERSEDED
    failed.closed_at, failed.closed_by = timezone.now(), run.claim.params.get("by", "replay")
    failed.remark = "waits for its parent" if waits else failed.remark
    failed.save(update_fields=["state", "attempts", "closed_at", "closed_by", "remark"])


def _keep_open(run: Run, failed: FailedRecord, aside: SetAside) -> None:
    if not aside.faults:
        raise ConfigError("A row was set aside without a fault: a rule of the entity is broken.")
    first = aside.faults[0]
    entered = enters_normalized(failed)
    failed.stage, failed.code, failed.field, failed.message = (
        first.stage,
        first.code,
        first.field,
        first.message,
    )
    failed.errors = [
        {"stage": f.stage, "code": f.code, "field": f.field, "message": f.message, "value": f.value}
        for f in aside.faults
    ]
    failed.fingerprint = fingerprint_of(first.stage, first.code, first.field, run.registered.path)
    failed.normalized = None if aside.normalized is None else dict(aside.normalized)
    failed.mapped = None if aside.mapped is None else dict(aside.mapped)
    if failed.mended is not None and enters_normalized(failed) != entered:
        failed.mended = None  # it was the input of an earlier stage; what it mended stands in normalized now
    failed.save(
        update_fields=[
            "stage", "code", "field", "message", "errors", "fingerprint", "normalized", "mapped", "mended",
            "attempts",
        ]
    )  # fmt: skip
