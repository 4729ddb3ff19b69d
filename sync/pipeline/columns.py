"""Schema drift: the source's columns as a batch has them, compared with those declared and seen before.

Ten rows of each batch are looked at, many of a run's first one, and those that failed: it costs milliseconds.
What is seen is written at once, in a transaction of its own, so that it is known of even where the batch then stops.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

import msgspec
import polars as pl
from django.db import transaction
from django.utils import timezone

from sync import drift, source_columns
from sync.errors import ConfigError
from sync.models import SourceColumn
from sync.pipeline.batch import Batch, Fault, SetAside
from sync.pipeline.run import Run
from sync.registry import Registered

PICKED = 8  # rows between the first and the last
PICKED_FIRST = 500  # of a run's first batch: how else to learn which columns rows may leave out
MOST_FAILED = 50
ENOUGH = 100  # rows after which even a column that some rows leave out is missed, if no batch before had it
LONGEST_NAME = 200  # characters
MOST_COLUMNS = 2_000  # of an entity
_TYPES = {b'"': "string", b"{": "object", b"[": "array", b"t": "boolean", b"f": "boolean"}
State = SourceColumn.State
_ABSENT = (State.MISSING, State.UNSEEN)


@dataclass(slots=True)
class Sighting:
    """The columns of some rows."""

    rows: int = 0
    types: dict[str, set[str]] = field(default_factory=dict)  # without null
    times: dict[str, int] = field(default_factory=dict)

    def add(self, row: bytes) -> None:
        """Look at a row; one that is no JSON object says nothing."""
        try:
            values = msgspec.json.decode(row, type=dict[str, msgspec.Raw])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        self.rows += 1
        for told, value in values.items():
            name = _storable(told)
            start = bytes(value)[:1]
            self.times[name] = self.times.get(name, 0) + 1
            found = self.types.setdefault(name, set())
            if start != b"n":
                found.add(_TYPES.get(start, "number"))


def _storable(name: str) -> str:
    """A column's name as the database holds it; its exact bytes stay in the raw rows."""
    if len(name) > LONGEST_NAME:
        name = f"{name[:LONGEST_NAME]}… ({len(name):,} characters)"
    return name.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def observe(batch: Batch) -> Batch:
    """Note what drifted; set rows aside where the entity wants that. Raises ConfigError (schema_drift) to stop."""
    run = batch.run
    if run is None or not batch.raw:
        return batch
    with run.lock:  # the batches of a run are worked side by side
        return _observe(batch, run)


def _observe(batch: Batch, run: Run) -> Batch:
    first = run.columns is None
    seen = Sighting()
    for row in _sample(batch, PICKED_FIRST if first else PICKED):
        seen.add(batch.raw[row])
    if not seen.rows:
        return batch
    if run.columns is None:
        run.columns = {column.name: column for column in SourceColumn.objects.filter(entity_id=run.entity_id)}
        _forget_unread(run, run.columns, batch.registered)
    if (run.by_key or run.told) and not run.columns:
        return batch  # one row is no measure of what others have
    changed = _compare(batch, seen, run, run.columns)
    if not run.dry:
        _keep(run, changed, seen if first else None)
    _stop(batch.registered, run.columns)
    return _without_missing(batch, run.columns)


def _forget_unread(run: Run, columns: dict[str, SourceColumn], registered: Registered) -> None:
    """Nobody misses a column that no field reads any more: the declaration or the mapping was changed."""
    declared = source_columns.declared(registered)
    gone = [name for name, column in columns.items() if column.state in _ABSENT and name not in declared]
    if not gone:
        return
    with transaction.atomic():
        run.claim.hold()
        SourceColumn.objects.filter(entity_id=run.entity_id, name__in=gone).delete()
    for name in gone:
        del columns[name]


def _sample(batch: Batch, most: int) -> list[int]:
    rows = len(batch.raw)
    if rows <= most:
        return list(range(rows))
    # Picked by the rows' hashes: spread by chance, and the same when the batch is repeated.
    picked = {int.from_bytes(batch.raw_hashes[at * rows // most][:4], "big") % rows for at in range(most)}
    failed = [aside.row for aside in batch.aside[:MOST_FAILED]]
    return sorted({0, rows - 1, *picked, *failed})


def _compare(batch: Batch, seen: Sighting, run: Run, columns: dict[str, SourceColumn]) -> list[SourceColumn]:
    """The columns that are not as they were, with their new state; `columns` follows."""
    declared = source_columns.declared(batch.registered)
    needed = source_columns.needed(batch.registered)
    baseline = not columns
    changed = []
    for name in {**dict.fromkeys(sorted(declared)), **seen.times}:
        if name not in columns and name not in declared and len(columns) >= MOST_COLUMNS:
            continue  # names that are made of values would have no end
        column = columns.get(name) or SourceColumn(
            entity_id=run.entity_id, name=name, changed_at=timezone.now(), state=State.KNOWN
        )
        before = (column.state, tuple(column.types), column.sparse, column.pk)
        if name in seen.times:
            _see(column, seen, declared=name in declared, baseline=baseline)
            run.columns_met.add(name)
        elif column.sparse and (name in run.columns_met or len(batch.raw) < ENOUGH):
            pass  # rows may leave it out, and those that have it may all be in other batches
        elif _is_missing(batch, column):
            _turn(column, State.MISSING if column.first_seen or name in needed else State.UNSEEN)
        else:
            _see_rarely(column)
            run.columns_met.add(name)
        columns[name] = column
        if before != (column.state, tuple(column.types), column.sparse, column.pk) or column.pk is None:
            changed.append(column)
    _pair(changed, [column for column in columns.values() if column.state == State.NEW and column.drifts])
    return changed


def _see(column: SourceColumn, seen: Sighting, *, declared: bool, baseline: bool) -> None:
    types = seen.types[column.name]
    fresh = column.first_seen is None
    if fresh:
        column.first_seen = timezone.now()
        _turn(column, State.KNOWN if declared or baseline else State.NEW)
    elif column.state in _ABSENT or (declared and column.state == State.NEW):
        _turn(column, State.KNOWN)
    if column.types and types - set(column.types):
        _turn(column, State.RETYPED, again=True)
    column.types = sorted({*column.types, *types})
    column.sparse = column.sparse or seen.times[column.name] < seen.rows
    column.last_seen = timezone.now()


def _see_rarely(column: SourceColumn) -> None:
    """Rows have it, though none of those that were looked at."""
    column.sparse, column.first_seen = True, column.first_seen or timezone.now()
    if column.state in _ABSENT:
        _turn(column, State.KNOWN)


def _turn(column: SourceColumn, state: str, *, again: bool = False) -> None:
    if column.state == state and not again:
        return
    column.state, column.changed_at, column.instead = state, timezone.now(), None
    column.acknowledged_at = column.acknowledged_by = None


def _is_missing(batch: Batch, column: SourceColumn) -> bool:
    """Whether no row of the batch has the column."""
    # Bytes alone prove nothing: a value, or an object inside, may be called so. And other letters may be escaped.
    name = msgspec.json.encode(column.name) if column.name.isascii() else b"{"
    return not any(name in row and _has(row, column.name) for row in batch.raw)


def _has(row: bytes, name: str) -> bool:
    here = Sighting()
    here.add(row)
    return name in here.times


def _pair(changed: Sequence[SourceColumn], new: list[SourceColumn]) -> None:
    """Name the new column that probably is the missing one under another name."""
    for missing in (column for column in changed if column.state == State.MISSING and column.first_seen):
        alike = [column for column in new if not missing.types or set(column.types) <= set(missing.types)]
        best = max(alike, key=lambda column: _likeness(column.name, missing.name), default=None)
        if best is not None:
            new.remove(best)
            missing.instead = best.name


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.lower(), other.lower()).ratio()


def _keep(run: Run, changed: list[SourceColumn], whole: Sighting | None) -> None:
    """Write what changed, and once a run when each column was last seen."""
    drifting = [column for column in changed if column.drifts]
    if not changed and whole is None:
        return
    with transaction.atomic():
        run.claim.hold()
        drift.save(run.entity_id, changed)
        if whole is not None:
            names = list(whole.times)
            rows = SourceColumn.objects.filter(entity_id=run.entity_id, name__in=names)
            rows.update(last_seen=timezone.now())
        if drifting:
            told = " ".join(drift.words(column) for column in drifting)
            run.claim.event("schema_drift", told=told, columns=[column.name for column in drifting])


def _stop(registered: Registered, columns: dict[str, SourceColumn]) -> None:
    policy = registered.entity.drift
    stops = {State.NEW: policy.new, State.MISSING: policy.missing, State.RETYPED: policy.retyped}
    found = [column for column in columns.values() if column.drifts and stops[State(column.state)] == "stop"]
    if found:
        told = " ".join(drift.words(column) for column in found)
        message = (
            f"{told} Change the declaration, or acknowledge it (`bridge drift`), then run the job again."
        )
        raise ConfigError(
            f"{registered.path} stops at a change of its source: {message}", code="schema_drift"
        )


def _without_missing(batch: Batch, columns: dict[str, SourceColumn]) -> Batch:
    if batch.registered.entity.drift.missing != "set_aside":
        return batch
    names = {c.name for c in columns.values() if c.state == State.MISSING and c.drifts and c.first_seen}
    if not names:
        return batch
    aside = [found for row in batch.frame.iter_rows(named=True) if (found := _aside(batch, row, names))]
    gone = pl.Series([found.row for found in aside], dtype=pl.UInt32)
    frame = batch.frame.filter(~pl.col("_row").is_in(gone.implode()))
    return replace(batch, frame=frame, aside=(*batch.aside, *aside))


def _aside(batch: Batch, row: dict[str, object], names: set[str]) -> SetAside | None:
    number, key_hash, version = row["_row"], row["_key_hash"], row["_version"]
    assert isinstance(number, int)
    assert isinstance(key_hash, bytes)
    assert isinstance(version, int)
    here = Sighting()
    here.add(batch.raw[number])
    faults = tuple(
        Fault(stage="validate", code="column_missing", message=f"The source's column {name} is missing.")
        for name in sorted(names - set(here.times))
    )
    # Without its normalized input: a replay reads it again from its bytes.
    hashed = uuid.UUID(bytes=key_hash)
    return SetAside(row=number, faults=faults, key_hash=hashed, version=version) if faults else None
