"""A replay job: failed records enter the pipeline again at the stage that refused them, with their mended input."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl
import xxhash
from django.db import transaction
from django.utils import timezone

from sync.errors import ConfigError
from sync.failures import input_of
from sync.models import FailedRecord
from sync.pipeline import COMMITTED, PURE, Stage
from sync.pipeline.asides import fingerprint_of
from sync.pipeline.batch import Batch, PageNote, SetAside
from sync.pipeline.run import Run, bare_run

if TYPE_CHECKING:
    from sync.jobs.claim import Claim

_ENTRY = {"validate": 1, "map": 2}  # place in PURE; identity and later enter at 3, everything else at 0


def run_replay(claim: Claim) -> None:
    """Run the job's failed records again; what fails again stays open with its new errors."""
    assert claim.entity is not None, "a replay is always of an entity"
    run = bare_run(claim, claim.entity)
    open_ones = FailedRecord.objects.filter(id__in=claim.params["failed"], state=FailedRecord.State.OPEN)
    groups: dict[int, list[FailedRecord]] = {}
    for failed in open_ones.order_by("id"):
        groups.setdefault(_entry(failed), []).append(failed)
    for no, (entry, group) in enumerate(sorted(groups.items()), start=1):
        _commit(run, _through(_batch(run, entry, group, no), PURE[entry:]), group)
    with transaction.atomic():
        claim.hold()
        claim.finish(dict(run.totals))


def _entry(failed: FailedRecord) -> int:
    if failed.mended is None and failed.normalized is None and failed.mapped is None:
        return 0
    if failed.stage in {"normalize", "fetch"}:
        return 0
    if failed.stage in _ENTRY:
        return _ENTRY[failed.stage]
    return 3 if failed.mapped is not None else 0


def _batch(run: Run, entry: int, group: list[FailedRecord], no: int) -> Batch:
    raws = [bytes(failed.raw) for failed in group]
    inputs = [input_of(failed) for failed in group]
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
    if entry == 0:
        mended = [_as_row(failed, given) for failed, given in zip(group, inputs, strict=True)]
        return replace(batch, raw=mended)
    names = list(run.registered.entity.fields) if entry < 3 else list(run.registered.names)
    columns = {
        name: pl.Series([_text((given or {}).get(name)) for given in inputs], dtype=pl.String)
        for name in names
    }
    return batch.with_frame(rows.with_columns(**columns))


def _through(batch: Batch, stages: tuple[Stage, ...]) -> Batch:
    for stage in stages:
        if batch.frame.height:
            batch = stage(batch)
    return batch


def _as_row(failed: FailedRecord, given: dict[str, Any] | None) -> bytes:
    if failed.mended is None or given is None:
        return bytes(failed.raw)
    return json.dumps(given, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return (
        json.dumps(value, sort_keys=True, separators=(",", ":"))
        if isinstance(value, dict | list)
        else str(value)
    )


def _commit(run: Run, batch: Batch, group: list[FailedRecord]) -> None:
    with transaction.atomic():
        run.claim.hold()
        locked = FailedRecord.objects.select_for_update(of=("self",)).filter(
            id__in=[failed.id for failed in group]
        )
        still_open = {failed.id for failed in locked if failed.state == FailedRecord.State.OPEN}
        again = batch.aside
        # Lineage and failures keep the bytes the source sent, not the mended ones; and a failure of a replay is
        # written to its own row below, not counted as seen again.
        batch = replace(batch, raw=[bytes(failed.raw) for failed in group], aside=())
        batch = batch.counting(failed=len(again))
        for stage in COMMITTED:
            batch = stage(batch)
        refused = {aside.row: aside for aside in (*again, *batch.aside)}
        for row, failed in enumerate(group):
            if failed.id in still_open:
                _close(run, failed, batch, row, refused.get(row))
    run.add(batch.counts)


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
    entered = _entry(failed)
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
    if failed.mended is not None and _entry(failed) != entered:
        failed.mended = None  # it was the input of an earlier stage; what it mended stands in normalized now
    failed.save(
        update_fields=[
            "stage", "code", "field", "message", "errors", "fingerprint", "normalized", "mapped", "mended",
            "attempts",
        ]
    )  # fmt: skip
