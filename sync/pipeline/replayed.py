"""What a replay writes into its failed records: one statement for those that are done, one for the others."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from sync import grouping
from sync.errors import ConfigError
from sync.failures import enters_normalized
from sync.grouping import Sighting
from sync.healing import wait_before
from sync.models import ErrorGroup, FailedRecord
from sync.pipeline import asides
from sync.pipeline.batch import Batch, SetAside
from sync.pipeline.returning import Returning
from sync.pipeline.run import Run
from sync.queries import query

WAITS = "waits for its parent"
Refused = Mapping[int, SetAside]


class Changed(Exception):  # noqa: N818 - a reason to do it again, not a fault
    """A record was changed since it was read: mended, discarded, or sent anew."""


def settle(cursor: Any, run: Run, batch: Batch, group: Sequence[Returning], refused: Refused) -> None:
    """Close what landed, waits or is outdated; keep open what was refused; let the groups follow. Raises Changed."""
    keys = _keys(batch)
    by = run.claim.params.get("by", "replay")
    rows: dict[tuple[str, str | None], list[int]] = {}
    for row, outcome in outcomes(batch, group, refused).items():
        rows.setdefault(outcome, []).append(row)
    for (state, remark), some in rows.items():
        # Lists as text: thousands of objects take longer to write out than the rest of the statement.
        given = {
            "ids": _listed(group[row].id for row in some),
            "seen": _listed(group[row].seen for row in some),
            "keys": _listed(keys.get(row, "NULL") for row in some),
            "state": state,
            "remark": remark,
            "by": by,
        }
        _write(cursor, "close_replayed", given, len(some))
    seen = _fail_again(cursor, run, batch, group, refused)
    # The groups before the tracker's row, as everywhere.
    grouping.see(cursor, ErrorGroup.Kind.RECORD, run.entity_id, seen)
    grouping.close(cursor, {uuid.UUID(failed.fingerprint) for failed in group} | batch.freed)


def outcomes(batch: Batch, group: Sequence[Returning], refused: Refused) -> dict[int, tuple[str, str | None]]:
    """The state and the remark of each row that was not refused."""
    waiting = set() if batch.parked is None else set(batch.parked["_row"].to_list())
    kept = set(batch.frame["_row"].to_list())
    states = FailedRecord.State
    return {
        row: (states.FIXED, WAITS)
        if row in waiting
        else (states.FIXED if row in kept else states.SUPERSEDED, None)
        for row in range(len(group))
        if row not in refused
    }


def _keys(batch: Batch) -> dict[int, str]:
    """The keys under which rows landed or wait, in hex: a mend may have given another one, or the first."""
    frames = [batch.frame] if batch.parked is None else [batch.frame, batch.parked]
    hexed = pl.col("_key_hash").bin.encode("hex")
    return {
        row: key for frame in frames if frame.height for row, key in frame.select("_row", hexed).iter_rows()
    }


def _listed(values: Iterable[str]) -> str:
    return "{" + ",".join(values) + "}"


def _fail_again(
    cursor: Any, run: Run, batch: Batch, group: Sequence[Returning], refused: Refused
) -> list[Sighting]:
    rows = [_again(run.registered.path, group[row], aside) for row, aside in refused.items()]
    if not rows:
        return []
    given: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
    under = {"mapping": batch.mapping, "read_under": run.fingerprint}
    _write(cursor, "fail_again", given | under, len(rows))
    return [asides.sighting(run.registered.path, aside.faults[0]) for aside in refused.values()]


def _write(cursor: Any, statement: str, given: dict[str, Any], rows: int) -> None:
    cursor.execute(query(statement), given)
    if cursor.rowcount != rows:
        raise Changed


def _again(path: str, failed: Returning, aside: SetAside) -> dict[str, Any]:
    if not aside.faults:
        raise ConfigError("A row was set aside without a fault: a rule of the entity is broken.")
    now = asides.columns_of(path, aside)
    was_read = enters_normalized(failed)
    is_read = now["stage"] not in {"fetch", "normalize"} and aside.normalized is not None
    return {
        "ids": failed.id,
        "seen": failed.seen,
        "stages": now["stage"],
        "codes": now["code"],
        "fields": now["field"],
        "messages": now["message"],
        "errors": now["errors"],
        "fingerprints": now["fingerprint"],
        "normalized": now["normalized"],
        "mapped": now["mapped"],
        # The mend of an earlier stage's input is no input of the next one: what it mended stands in normalized now.
        "keeps_mend": was_read == is_read,
        "waits": wait_before(now["code"], failed.attempts + 1),
    }
