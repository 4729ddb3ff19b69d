"""What people do with many failed records at once: all that a filter finds, whatever a list shows of them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Coalesce, Now

from sync import audit, grouping
from sync.audit import Actor
from sync.jobs.enqueue import behind, enqueue
from sync.jobs.priorities import COMMAND
from sync.members import Members
from sync.models import FailedRecord, Job
from sync.registry import registry


def retry(members: Members, *, by: Actor, reason: str | None = None) -> list[Job]:
    """Run them again from the stage that refused each: one job an entity, a few thousand records a commit."""
    with transaction.atomic():
        jobs = [_replay(members, path, by) for path in members.entities()]
        after = {"jobs": [str(job.pk) for job in jobs]}
        audit.record(
            "failed_records.retry", "failed_records", words(members), by=by, reason=reason, after=after
        )
    return jobs


def discard(members: Members, *, by: Actor, reason: str | None = None, hold: bool = True) -> int:
    """Close them, all in one commit; how many.

    The same bytes stay discarded under the same declaration and mapping; a row that changed comes again, and
    `failures.reopen` takes one back. Without `hold` the same bytes may fail again, too.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        rows = members.rows()
        # Locked in the order in which batches write them: so neither deadlocks the other.
        order = "entity_id", Coalesce("key_hash", "raw_hash")
        fingerprints = set(rows.select_for_update().order_by(*order).values_list("fingerprint", flat=True))
        number = rows.order_by().update(
            state=FailedRecord.State.DISCARDED,
            closed_at=Now(),
            closed_by=by.name,
            remark=reason,
            next_try_at=None,
            **({} if hold else {"read_under": None}),
        )
        grouping.close(cursor, fingerprints)
        after = {"discarded": number}
        audit.record(
            "failed_records.discard", "failed_records", words(members), by=by, reason=reason, after=after
        )
    return number


def words(members: Members) -> str:
    """The records meant, in one line."""
    return json.dumps(members.told(), sort_keys=True)[:1_000]


def _digest(where: dict[str, Any]) -> str:
    return hashlib.blake2s(json.dumps(where, sort_keys=True).encode(), digest_size=16).hexdigest()


def _replay(members: Members, path: str, by: Actor) -> Job:
    where = {**members.told(), "entity": path}
    return enqueue(
        "replay",
        entity=registry.find(path),
        params={"where": where, "by": by.name},
        priority=COMMAND,
        dedup=behind(f"replay:{_digest(where)}"),
        requested_by=by.name,
        request_id=by.request_id,
    ).job
