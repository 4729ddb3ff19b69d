"""What is kept no longer is deleted, chunk by chunk: a job a night, whose result says how many of what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from sync import records, schema
from sync.history.versions import history_leaf
from sync.ids import first_uuid7
from sync.jobs.claim import Interrupted
from sync.jobs.enqueue import enqueue
from sync.live_count import mend_live
from sync.models import Job
from sync.queries import query
from sync.registry import Registered, registry
from sync.trail.prune import prune

if TYPE_CHECKING:
    from sync.jobs.claim import Claim

CHUNK = 5_000  # rows a transaction
KEYS_AT_ONCE = 20_000  # records whose versions one transaction looks at
AT = 3  # o'clock, UTC
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def ask_nightly(now: datetime | None = None) -> Job | None:
    """Ask for tonight's job, once over all workers; a Bridge younger than a day has nothing to delete."""
    moment = now or datetime.now(UTC)
    since = moment.replace(hour=AT, minute=0, second=0, microsecond=0)
    if moment < since:
        since -= timedelta(days=1)
    jobs = Job.objects.order_by("id")
    first = jobs.first()
    if first is None or first.created_at > moment - timedelta(days=1):
        return None
    if jobs.filter(kind="tidy", id__gte=first_uuid7(since.timestamp())).exists():
        return None
    asked = enqueue("tidy", dedup=f"tidy:{since:%Y-%m-%d}", requested_by="housekeeping")
    return asked.job if asked.created else None


def run_tidy(claim: Claim) -> None:
    """Delete what the policies keep no longer. Raises Interrupted between two chunks."""
    counts: dict[str, int] = {}
    for registered in registry:
        if schema.ready(registered.path):
            for name, number in _of_entity(claim, registered).items():
                counts[name] = counts.get(name, 0) + number
    counts["absent_keys"] = _all(claim, "drop_absent", {"before": _ago(settings.BRIDGE_KEEP_CHANGES_DAYS)})
    counts["proofs"] = _all(claim, "drop_seen", {"before": _ago(settings.BRIDGE_KEEP_RAW_DAYS)})
    closed = {"before": _ago(settings.BRIDGE_KEEP_FAILED_DAYS)}
    counts["failed_records"] = _all(claim, "drop_failures", closed)
    counts["emptied"] = _all(claim, "empty_failures", closed)
    old = _ago(settings.BRIDGE_KEEP_JOBS_DAYS)
    ended = {"before": old, "below": first_uuid7(old.timestamp())}
    counts["jobs"] = _all(claim, "drop_jobs", ended)
    counts["commands"] = _all(claim, "drop_commands", ended)
    since = _ago(settings.BRIDGE_KEEP_EXCHANGES_DAYS)
    counts["exchanges"] = _all(claim, "drop_exchanges", {"below": first_uuid7(since.timestamp())})
    counts["audit_entries"] = _audit(claim)
    with transaction.atomic():
        claim.hold()
        claim.event("tidied", **counts)
        claim.finish(counts)


def _of_entity(claim: Claim, registered: Registered) -> dict[str, int]:
    names: dict[str, str | int] = {
        "leaf": schema.leaf(registered.path),
        "old": history_leaf(registered),
        "entity_id": schema.entity_id(registered.path),
    }
    changes = {
        "before": _ago(settings.BRIDGE_KEEP_CHANGES_DAYS),
        # They read the same feed, each at its own pace; also those that are not set up yet.
        "targets": [push.target for push in registered.entity.targets],
    }
    raw = {"before": _ago(settings.BRIDGE_KEEP_RAW_DAYS)}
    return {
        "versions": _drop_versions(claim, registered, names),
        "change_rows": _all(claim, "drop_changes", changes, **names),
        "raw_pages": _all(claim, "drop_raw", raw, **names),
        "miscounted": _miscounted(claim, names),
    }


def _miscounted(claim: Claim, names: Mapping[str, str | int]) -> int:
    """A full read tells from the number of live records whether any may be gone: that must not stay wrong."""
    with transaction.atomic(), connection.cursor() as cursor:
        claim.hold()
        return mend_live(cursor, names)


def _drop_versions(claim: Claim, registered: Registered, names: Mapping[str, str | int]) -> int:
    """Range of keys by range, so that each version is looked at once however many go; how many went."""
    policy = registered.entity.history
    ended = datetime.now(UTC) - policy.kept_for if policy.kept_for else _LONG_AGO
    limits: dict[str, Any] = {"versions": policy.versions, "ended": ended}
    parts = records.tracker(registered).live_rows // KEYS_AT_ONCE + 1
    total = 0
    for first, last in _ranges(parts):
        _go_on(claim)
        with transaction.atomic(), connection.cursor() as cursor:
            claim.hold()
            given = {**limits, "first": first, "last": last}
            cursor.execute(query("drop_versions", **names), given)
            total += cursor.fetchone()[0]
    return total


def _ranges(parts: int) -> Iterator[tuple[UUID, UUID]]:
    """All key hashes in so many ranges of one size."""
    ends = [2**128 * part // parts for part in range(parts + 1)]
    for first, end in pairwise(ends):
        yield UUID(int=first), UUID(int=end - 1)


def _go_on(claim: Claim) -> None:
    if claim.stopping.is_set():
        raise Interrupted


def _all(claim: Claim, name: str, values: Mapping[str, Any], **names: str | int) -> int:
    """Chunk after chunk until there is nothing left; how many rows went."""
    total = 0
    while True:
        _go_on(claim)
        with transaction.atomic(), connection.cursor() as cursor:
            claim.hold()
            cursor.execute(query(name, **names), {**values, "most": CHUNK})
            gone: int = cursor.rowcount
        total += gone
        if gone < CHUNK:
            return total


def _audit(claim: Claim) -> int:
    """Chunk after chunk of what is older than somebody wants it kept; how many went."""
    if not settings.BRIDGE_KEEP_AUDIT_DAYS:
        return 0
    before, total = _ago(settings.BRIDGE_KEEP_AUDIT_DAYS), 0
    while True:
        _go_on(claim)
        with transaction.atomic():
            claim.hold()
            gone = prune(before, CHUNK)
        total += gone
        if gone < CHUNK:
            return total


def _ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)
