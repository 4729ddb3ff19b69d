"""An entity synced into a real database, and what is there afterwards. Needs the fixture `bridge_database`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sync.registry import registry
from sync.testing.rows import Counts, Failure, Row, row_of, sent

if TYPE_CHECKING:
    from sync.models import Job

_PAGE = 1_000


@dataclass(frozen=True, kw_only=True)
class Synced:
    """What became of one attempt of a sync, and of the jobs that it asked for."""

    outcome: str  # success, retry, parked, failed
    counts: Counts = field(default_factory=Counts)  # rows_fetched, inserted, updated, skipped, failed, …
    deleted: int = 0  # records that were gone at the far end
    proposed: int = 0  # that would be, and are too many to delete unasked
    deletes_held: str | None = None  # why a full read proves no delete
    code: str | None = None  # of the error, where it did not end well
    message: str | None = None
    job: Job = field(repr=False)

    def again(self) -> Synced:
        """The job's next attempt, due or not."""
        return _attempt(self.job)


def run_sync(entity: str, *, full: bool = False, since: str | None = None) -> Synced:
    """Ask for a sync and run one attempt of it; where that ends well, the jobs that it asked for, too.

    Without `full` and `since` it reads what changed since the last one. Raises NotRecorded.
    """
    from sync.start import start_sync
    from sync.testing.delivering import BY

    return _attempt(start_sync(registry.find(entity), full=full, since=since, by=BY).job)


def records(entity: str) -> list[Row]:
    """All records as the API serves them, without deleted ones, by their key."""
    from sync.records import page

    registered = registry.find(entity)
    found: list[Row] = []
    after: str | None = None
    while True:
        listing = page(registered, after=after, limit=_PAGE)
        found += [row_of(item.data) for item in listing.items]
        after = listing.next
        if after is None:
            return sorted(found, key=lambda row: [row[name] for name in registered.entity.key])


def record(entity: str, **key: Any) -> Row | None:
    """The record of a key, such as id=7; None where there is none, or it is deleted."""
    from sync.records import read

    found = read(registry.find(entity), {name: str(value) for name, value in key.items()})
    return None if found is None or found.deleted_at else row_of(found.data)


def failures(entity: str) -> list[Failure]:
    """The open failed records, oldest first."""
    from sync.models import FailedRecord

    path = registry.find(entity).path
    rows = FailedRecord.objects.filter(entity__path=path, state=FailedRecord.State.OPEN).order_by("id")
    return [
        Failure(
            stage=row.stage,
            code=row.code,
            field=row.field,
            message=row.message,
            value=next((fault.get("value") for fault in row.errors), None),
            faults=len(row.errors),
            row=sent(bytes(row.raw)),
        )
        for row in rows
    ]


def _attempt(job: Job) -> Synced:
    from sync.models import DeleteProposal, Tracker
    from sync.testing.delivering import deliver, run_jobs

    outcome = deliver(job)
    if outcome == "success":
        run_jobs()
    counts = Counts(job.result or {})
    counts.why = "" if outcome == "success" else f"{outcome}, {job.error_code}: {job.error}"
    proposals = DeleteProposal.objects.filter(job_id=job.pk)
    applied = proposals.filter(state=DeleteProposal.State.APPLIED)
    return Synced(
        outcome=outcome,
        counts=counts,
        deleted=sum(one.deleted or 0 for one in applied),
        proposed=sum(one.count for one in proposals.filter(state=DeleteProposal.State.PROPOSED)),
        deletes_held=Tracker.objects.get(entity_id=job.entity_id).deletes_held,
        code=None if outcome == "success" else job.error_code,
        message=None if outcome == "success" else job.error,
        job=job,
    )
