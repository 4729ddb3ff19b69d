"""What all batches of one job share: what was asked, what was already committed, what the mirror holds."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings
from django.db import connection

from sync import schema
from sync.fingerprint import fingerprint, seed
from sync.jobs.claim import Interrupted
from sync.mapping.in_force import InForce, hold, in_force
from sync.models import Batch as BatchRow
from sync.models import SourceColumn, Tracker
from sync.pipeline.duplicates import Duplicates
from sync.pipeline.memo import Memo
from sync.queries import query
from sync.registry import Registered
from sync.sources import Ask, Window

if TYPE_CHECKING:
    import polars as pl

    from sync.jobs.claim import Claim
    from sync.pipeline.batch import Batch
    from sync.pipeline.reading import PageStream


class Part(Protocol):
    """What a run is that reads a part of the rows: it leaves the watermark alone and deletes nothing."""

    @property
    def window(self) -> Window:
        """The part."""
        ...

    def allow(self) -> None:
        """Before each page, on the thread that reads. Raises PutOff where it may not be asked for now."""
        ...

    def note(self, batch: Batch) -> None:
        """In the transaction of each batch."""
        ...

    def complete(self, batch: Batch, totals: Mapping[str, int]) -> None:
        """In that of the last one."""
        ...


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Pages still to be read: from page `first` on, asked with `resume`, up to (not including) page `stop`."""

    first: int
    resume: Mapping[str, Any] | None
    stop: int | None = None


@dataclass(kw_only=True)
class Run:
    """One run of a job over an entity's pages."""

    claim: Claim
    registered: Registered
    entity_id: int
    leaf: str
    fingerprint: uuid.UUID
    seed: int  # of the memo's hashes
    began: datetime  # of the first attempt, UTC
    since: str | None = None  # canonical text of the cursor; None = everything
    full: bool = False
    page_size: int = 1000
    watermark: str | None = None  # when the run began
    segments: list[Segment] = field(default_factory=lambda: [Segment(first=1, resume=None)])
    totals: dict[str, int] = field(default_factory=dict)  # counts of all batches committed for this job
    memo: Memo = field(default_factory=Memo)
    stream: PageStream | None = None
    high: str | None = None  # the greatest cursor seen so far
    columns: dict[str, SourceColumn] | None = None  # of the source, as last seen; read with the first batch
    columns_met: set[str] = field(default_factory=set)  # those that a row of this run had
    by_key: uuid.UUID | None = None  # the one record that was asked for
    told: bool = False  # the far end sent these rows by itself, each with its own moment
    replayed: frozenset[bytes] | None = None  # keys of the failed records that this batch runs again
    woken: frozenset[bytes] | None = None  # keys of the waiting children that this batch wakes
    duplicates: Duplicates = field(default_factory=Duplicates)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    mapping: int = 0  # number of the mapping in force when the run began, 0 = the declaration alone
    writes: str = "upsert_records"  # the statement that writes rows
    part: Part | None = None  # None = whatever the far end has, since a moment or at all
    dry: bool = False  # nothing is written: it is only told what would be
    ahead: pl.DataFrame | None = None  # of a dry run: what its rows so far would have made of the mirror
    first_load: bool = False  # the mirror held no record of the entity when the run began

    def hold(self) -> None:
        """Keep the job ours and its mapping in force until this transaction ends.

        Raises StaleAttempt, and Interrupted where another mapping was switched on: the job goes on with that.
        """
        self.claim.hold()
        if hold(self.entity_id) != self.mapping:
            raise Interrupted

    def see(self, cursor: str | None) -> None:
        """Note the greatest cursor of a batch."""
        if cursor is not None:
            with self.lock:
                marks = [cursor] if self.high is None else [cursor, self.high]
                self.high = max(marks, key=cursor_order(self.registered))

    def add(self, counts: Mapping[str, int]) -> None:
        """Add the counts of a committed batch."""
        with self.lock:
            for name, number in counts.items():
                self.totals[name] = self.totals.get(name, 0) + number

    def ask(self, segment: Segment) -> Ask:
        """The question for a segment."""
        window = self.part.window if self.part else None
        pages = None if segment.stop is None else segment.stop - segment.first
        return Ask(
            since=self.since, resume=segment.resume, page_size=self.page_size, window=window, pages=pages
        )


def open_run(claim: Claim) -> Run:
    """The run of a claimed job; an interrupted one goes on with what its first attempt settled."""
    assert claim.entity is not None, "a sync is always of an entity"
    registered = claim.entity
    tracker = Tracker.objects.get(entity_id=schema.entity_id(registered.path))
    run = bare_run(claim, registered)
    committed = go_on(run, tracker)
    settled = committed[0].resume if committed else _settle(claim, tracker)
    marks = [row.resume["high"] for row in committed if row.resume.get("high")]
    run.since = settled["since"]
    run.full = run.since is None
    run.began = datetime.fromisoformat(settled["began"])
    run.page_size = _page_size(claim)
    run.watermark = tracker.watermark
    run.high = max(marks, key=cursor_order(registered)) if marks else None
    run.memo = Memo(run.leaf, tracker.live_rows, whole=run.full)
    return run


def go_on(run: Run, tracker: Tracker) -> list[BatchRow]:
    """Let a run begin where the batches of its job end, or in the gaps between them; those batches, in order."""
    # Without what a full read saw, which is 16 bytes a row of the whole table.
    committed = list(BatchRow.objects.filter(job_id=run.claim.job_id).defer("seen").order_by("seq"))
    run.segments = _segments(committed)
    run.first_load = not tracker.live_rows and not _any_record(run.leaf)
    for row in committed:
        run.add(row.counts)
        run.duplicates.batches.add(row.pk)
    return committed


def _any_record(leaf: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query("any_record", leaf=leaf))
        row = cursor.fetchone()
    return bool(row and row[0])


def bare_run(claim: Claim, registered: Registered, mapping: InForce | None = None) -> Run:
    """A run without pages: for one record, for woken children, for failed records run again.

    Under the mapping in force, or under the one given. Raises ConfigError (mapping_unfit).
    """
    under = mapping or in_force(registered)
    mark = fingerprint(under.registered, under.no)
    return Run(
        claim=claim,
        registered=under.registered,
        mapping=under.no,
        entity_id=schema.entity_id(registered.path),
        leaf=schema.leaf(registered.path),
        fingerprint=mark,
        seed=seed(mark),
        began=datetime.now(UTC),
    )


def committed_before(job_id: uuid.UUID) -> tuple[int, dict[str, int]]:
    """The number of a job's last batch, 0 for none, and the counts of all: what earlier attempts did."""
    rows = BatchRow.objects.filter(job_id=job_id).values_list("seq", "counts")
    totals: dict[str, int] = {}
    for _, counts in rows:
        totals = {name: totals.get(name, 0) + counts.get(name, 0) for name in {*totals, *counts}}
    return max((seq for seq, _ in rows), default=0), totals


def cursor_order(registered: Registered) -> Any:
    """How two cursors of the entity compare: numbers by value, timestamps and text as they stand."""
    cursor = registered.entity.cursor
    numeric = cursor is not None and registered.entity.fields[cursor].kind == "integer"
    return int if numeric else str


def _segments(committed: list[BatchRow]) -> list[Segment]:
    """The gaps between committed batches, then what follows the last one."""
    segments = []
    first, resume = 1, None
    for row in committed:
        if row.resume["first"] > first:
            segments.append(Segment(first=first, resume=resume, stop=row.resume["first"]))
        first, resume = row.resume["last"] + 1, row.resume["next"]
    if not committed or resume is not None:
        segments.append(Segment(first=first, resume=resume))
    return segments


def highest(registered: Registered, frame: pl.DataFrame) -> str | None:
    """The greatest cursor among rows; None without one."""
    cursor = registered.entity.cursor
    if cursor is None or cursor not in frame.columns:
        return None
    values = frame[cursor].drop_nulls()
    if registered.entity.fields[cursor].kind == "integer":
        return max(values.unique().to_list(), key=int, default=None)
    found = values.max()
    return None if found is None else str(found)


def _settle(claim: Claim, tracker: Tracker) -> dict[str, Any]:
    asked = claim.params.get("since")
    full = bool(claim.params.get("full"))
    assert claim.entity is not None
    since = asked or (None if full else tracker.watermark)
    if claim.entity.entity.cursor is None:
        since = None  # every read is a full one
    return {"since": since, "began": datetime.now(UTC).isoformat()}


def _page_size(claim: Claim) -> int:
    assert claim.entity is not None
    wanted = claim.params.get("page_size") or claim.entity.entity.page_size or settings.DEFAULT_BATCH_SIZE
    return max(1, min(int(wanted), settings.MAX_BATCH_SIZE))
