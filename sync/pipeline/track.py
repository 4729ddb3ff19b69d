"""Stage 9, track: counts, resume position, feed numbers, notification, in the transaction of stage 8."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.db import connection

from sync import grouping, schema
from sync.models import ErrorGroup
from sync.pipeline import asides
from sync.pipeline.batch import Batch
from sync.pipeline.copying import send
from sync.pipeline.duplicates import tell
from sync.pipeline.feeding import feed, number_of
from sync.pipeline.ingest import live_delta
from sync.pipeline.proof import is_proof, look_for_missing, proof, spare_seen
from sync.pipeline.raw import pack
from sync.pipeline.run import Run, cursor_order
from sync.queries import query
from sync.targets.asking import ask_for_pushes

CHANNEL = "bridge_changed"
_MOST_KEYS = 200  # in one notification: PostgreSQL refuses one of 8,000 bytes
_FIRST = datetime.min.replace(tzinfo=UTC)


def track(batch: Batch) -> Batch:
    """Note the batch, give its changes their numbers, and with the last batch complete the run and its job."""
    run = batch.run
    assert run is not None
    with connection.cursor() as cursor:
        _keep_raw(cursor, batch)
        # Nothing is missing, and no delete waits, where there was no record.
        seen = b"" if run.first_load else seen_in(batch)
        _execute(cursor, "note_batch", _batch_row(batch, run, seen))
        spare_seen(cursor, run, seen)
        # Late, since two writers of one failure wait here for each other; the tracker's row is always last.
        if run.replayed is None:  # a replay has settled its groups with its failed records
            grouping.see(cursor, ErrorGroup.Kind.RECORD, run.entity_id, asides.sightings(batch))
            grouping.close(cursor, batch.freed)
        if run.part is not None:
            run.part.note(batch)
        _note_changes(cursor, batch, run)
        if batch.last:
            _end(cursor, batch, run)
        _notify(cursor, batch, run)
    return batch


def _end(cursor: Any, batch: Batch, run: Run) -> None:
    totals = _totals(batch, run)
    tell(run, totals.get("duplicates", 0))
    if run.part is not None:
        run.part.complete(batch, totals)
    else:
        _complete(cursor, run)
        look_for_missing(run)
    run.claim.finish(totals)


def _keep_raw(cursor: Any, batch: Batch) -> None:
    if batch.raw and not batch.raw_is_kept:
        _execute(cursor, "keep_raw", {"batch_id": batch.id, "body": pack(batch.raw)})


def _execute(cursor: Any, statement: str, given: Mapping[str, Any]) -> None:
    # Values go beside the statement, not into its text: megabytes would double there, and be read twice.
    with connection.wrap_database_errors, psycopg.Cursor(cursor.connection) as binding:
        binding.execute(query(statement), given)


def _batch_row(batch: Batch, run: Run, seen: bytes) -> dict[str, Any]:
    pages = batch.pages
    resume = {
        "first": pages[0].no if pages else 1,
        "last": pages[-1].no if pages else 1,
        "next": pages[-1].next if pages else None,
        "since": run.since,
        "began": run.began.isoformat(),
        "high": batch.high,
        "full": run.full,
        **proof(batch),
    }
    return {
        "id": batch.id,
        "job_id": run.claim.job_id,
        "seq": resume["first"],
        "entity_id": run.entity_id,
        "resume": json.dumps(resume),
        "seen": seen if is_proof(run) else None,
        "counts": json.dumps(dict(batch.counts)),
        "stage_ms": json.dumps(dict(batch.stage_ms)),
        "fingerprint": run.fingerprint,
        "first_error": batch.failed[0].faults[0].message.replace("\x00", "\ufffd") if batch.failed else None,
    }


def seen_in(batch: Batch) -> bytes:
    """The hashes, 16 bytes each, of a batch's rows: of their bytes where the mirror held these, else of their keys."""
    # Also the rows that were skipped, wait or failed: the far end has them.
    good = [] if batch.good is None else batch.good["_key_hash"].to_list()
    failed = {aside.key_hash.bytes for aside in batch.aside if aside.key_hash} - set(good)
    return b"".join([batch.known, *good, *failed])


def _note_changes(cursor: Any, batch: Batch, run: Run) -> None:
    number = number_of(batch.landed)
    if not number:
        return
    given = {"entity_id": run.entity_id, "changes": number, "more_rows": live_delta(batch)}
    cursor.execute(query("take_feed_numbers"), given)
    last, now = cursor.fetchone()
    rows = feed(batch.landed, entity_id=run.entity_id, batch_id=batch.id, at=now, after=last - number)
    send(cursor, query("note_changes"), [rows])
    ask_for_pushes(batch.registered, by=f"job:{run.claim.job_id}")


def _complete(cursor: Any, run: Run) -> None:
    if run.by_key or _leaves_a_gap(run):
        return  # one record, or the changes since a later moment, say nothing of the others
    if run.full and run.watermark is None and not run.first_load:
        run.see(_highest_known(cursor, run))
    mark = {"entity_id": run.entity_id, "fresh_to": run.began, "watermark": next_watermark(run)}
    cursor.execute(query("complete_run"), mark)


def _highest_known(cursor: Any, run: Run) -> str | None:
    """The greatest cursor of records that stood before the run: those that it skipped by their bytes are among them."""
    name = run.registered.entity.cursor
    if name is None:
        return None
    expression = schema.filter_expression(run.registered, name)
    cursor.execute(query("highest_cursor", leaf=run.leaf, cursor=expression), {"began": run.began})
    found: str | None = cursor.fetchone()[0]
    return found


def next_watermark(run: Run) -> str | None:
    """Where the next incremental run starts; None leaves the watermark where it is.

    The smaller of the highest cursor seen and the run's start, minus the overlap; never backwards.
    """
    entity = run.registered.entity
    if entity.cursor is None or run.high is None:
        return None
    order = cursor_order(run.registered)
    mark = run.high
    kind = entity.fields[entity.cursor].kind
    if kind == "timestamp":
        high = datetime.fromisoformat(run.high)
        # Oracle's 01-JAN-0001 stands for none: nothing lies before it.
        mark = _like(run.high, max(min(high, run.began), _FIRST + entity.overlap) - entity.overlap)
    elif kind == "date":  # the whole day is asked for again: that is overlap enough
        mark = min(run.high, f"{run.began - entity.overlap:%Y-%m-%d}")
    return mark if run.watermark is None else max(mark, run.watermark, key=order)


def _leaves_a_gap(run: Run) -> bool:
    """Whether the run began above the watermark: what lies between was not asked for."""
    if run.since is None:
        return False
    order = cursor_order(run.registered)
    return run.watermark is None or bool(order(run.since) > order(run.watermark))


def _like(pattern: str, moment: datetime) -> str:
    # The fraction as wide as the field's, cut: `…00Z` and `…00.000Z` do not sort together.
    width = len(pattern.partition(".")[2].rstrip("Z"))
    whole = moment.replace(
        microsecond=0, tzinfo=None
    ).isoformat()  # strftime writes the year 999 without its zero
    return f"{whole}.{moment.microsecond:06d}000"[: len(whole) + 1 + width] + "Z" if width else f"{whole}Z"


def _totals(batch: Batch, run: Run) -> Mapping[str, int]:
    totals = dict(batch.counts)
    for name, number in run.totals.items():
        totals[name] = totals.get(name, 0) + number
    return totals


def _notify(cursor: Any, batch: Batch, run: Run) -> None:
    keys: str | list[str] = batch.landed["key"].to_list() if batch.landed.height <= _MOST_KEYS else "*"
    if run.by_key:
        good = [] if batch.good is None else batch.good["_key_hash"].to_list()
        keys = list({run.by_key.hex, *(key.hex() for key in good)})
    if not keys:
        return
    payload = json.dumps({"e": run.entity_id, "k": keys}, separators=(",", ":"))
    cursor.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
