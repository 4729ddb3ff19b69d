"""From a served value back to where it came from: job, batch, pages, the row's own bytes, and each stage's result."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Coalesce

from sync import schema
from sync.fingerprint import fingerprint
from sync.history.stages import Recomputed, recompute
from sync.history.versions import history_leaf
from sync.mapping.in_force import numbered
from sync.models import Batch, FailedRecord, Job
from sync.queries import query
from sync.registry import Registered

MOST_FAILURES = 20
"""Of one record, in its lineage: the failed records' own list has all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """A version of a record with its place: row `row_no` of the batch."""

    key_hash: uuid.UUID
    revision: int
    valid_from: datetime
    valid_to: datetime | None
    synced_at: datetime | None  # kept for the current version only
    deleted: bool
    mapping: int
    batch_id: int
    row_no: int
    data: str  # JSON
    raw_hash: uuid.UUID
    data_hash: bytes
    version: int  # the source's; 0 = it has none


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """A field's way from the source's column to what is served."""

    field: str
    column: str | None  # None = computed
    raw: Any  # numbers as texts
    normalized: str | None
    mapped: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Lineage:
    """Everything that is known of how a version came to be. What is kept no longer is None."""

    origin: Origin
    batch: Batch | None
    job: Job | None
    raw: bytes | None  # as received
    stages: Recomputed | None  # of the bytes, by today's declarations
    failures: Sequence[FailedRecord]  # of its key, refused before this version ended, newest first
    under: Registered  # the entity with the mapping that made the version

    @property
    def values(self) -> list[Value]:
        """Each served field with the source's column that its mapping reads, and what each stage made of it."""
        stages, fields = self.stages, self.under.entity.fields
        source = (stages.source if stages else None) or {}
        normalized = (stages.normalized if stages else None) or {}
        mapped = (stages.mapped if stages else None) or {}
        columns = {
            name: (fields[name].source or name) if name in fields else None for name in self.under.names
        }
        return [
            Value(
                field=name,
                column=column,
                raw=None if column is None else source.get(column),
                normalized=normalized.get(name),
                mapped=mapped.get(name),
            )
            for name, column in columns.items()
        ]

    @property
    def same_bytes(self) -> bool | None:
        """Whether the bytes are those of the raw hash; not so where the source has sent others with the same data."""
        return None if self.stages is None else self.stages.raw_hash == self.origin.raw_hash

    @property
    def same_data(self) -> bool | None:
        """Whether the stages make the same data of them today."""
        return None if self.stages is None else self.stages.data_hash == self.origin.data_hash


def lineage(registered: Registered, key_hash: uuid.UUID, revision: int | None = None) -> Lineage | None:
    """Where a version came from, the current one by default; None where the mirror has none such."""
    from sync.pipeline.raw import kept_row

    origin = _origin(registered, key_hash, revision)
    if origin is None:
        return None
    batch = Batch.objects.filter(pk=origin.batch_id).defer("seen").first()
    job = None if batch is None else Job.objects.filter(pk=batch.job_id).first()
    with connection.cursor() as cursor:
        raw = kept_row(cursor, origin.batch_id, origin.row_no)
    under = numbered(registered, origin.mapping).registered
    stages = None if raw is None else _stages(under, origin, batch, raw)
    return Lineage(
        origin=origin,
        batch=batch,
        job=job,
        raw=raw,
        stages=stages,
        failures=_failures(registered, origin),
        under=under,
    )


def _failures(registered: Registered, origin: Origin) -> list[FailedRecord]:
    # Open ones and closed ones each by the partial index that they have.
    rows = FailedRecord.objects.annotate(once=Coalesce("key_hash", "raw_hash")).filter(
        Q(state=FailedRecord.State.OPEN, once=origin.key_hash)
        | (~Q(state=FailedRecord.State.OPEN) & Q(key_hash=origin.key_hash)),
        entity_id=schema.entity_id(registered.path),
    )
    if origin.valid_to is not None:
        rows = rows.filter(first_seen_at__lt=origin.valid_to)
    return list(rows.defer("raw", "normalized", "mapped", "errors").order_by("-id")[:MOST_FAILURES])


def _stages(under: Registered, origin: Origin, batch: Batch | None, raw: bytes) -> Recomputed:
    """The stages under the mapping that made the version; its bytes were hashed when read, or when remapped."""
    found = recompute(under, raw, None if batch is None else batch.fingerprint)
    if found.raw_hash == origin.raw_hash:
        return found
    remapped = recompute(under, raw, fingerprint(under, origin.mapping))
    return remapped if remapped.raw_hash == origin.raw_hash else found


def _origin(registered: Registered, key_hash: uuid.UUID, revision: int | None) -> Origin | None:
    statement = query("origin_of", leaf=schema.leaf(registered.path), old=history_leaf(registered))
    with connection.cursor() as cursor:
        cursor.execute(statement, {"key_hash": key_hash, "revision": revision})
        row: tuple[Any, ...] | None = cursor.fetchone()
    if row is None:
        return None
    return Origin(
        key_hash=key_hash,
        revision=row[0],
        valid_from=row[1],
        valid_to=row[2],
        synced_at=row[3],
        deleted=row[4],
        mapping=row[5],
        batch_id=row[6],
        row_no=row[7],
        data=row[8],
        raw_hash=row[9],
        data_hash=bytes(row[10]),
        version=row[11],
    )
