"""Starts an entity over: all its records are marked deleted in one transaction, and a full sync follows.

They are deletes like those of a full read: told in the feed, kept in the history, to be undone; a row that is
read again is live again. Until that sync has ended, one that is asked for by its key is not known, not deleted.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils import timezone

from sync import bulk, metrics, schema
from sync.audit import Actor
from sync.jobs.enqueue import enqueue
from sync.jobs.priorities import COMMAND
from sync.keys import key_text
from sync.members import Members
from sync.models import DeleteProposal, PendingChild, Tracker
from sync.pipeline.applying import delete
from sync.pipeline.missing import SHOWN
from sync.pipeline.repeat import repeated
from sync.queries import query
from sync.resync import keep_days

if TYPE_CHECKING:
    from sync.jobs.claim import Claim
    from sync.registry import Registered

State = DeleteProposal.State


def run_resync(claim: Claim) -> None:
    """Empty the entity and ask for the full sync that fills it. Raises the far end's errors, nothing emptied."""
    assert claim.entity is not None, "a resync is always of an entity"
    registered = claim.entity
    registered.system.client().check()  # what cannot be read anew is not emptied

    def transact() -> dict[str, Any]:
        with transaction.atomic(), connection.cursor() as cursor:
            following = _sync(claim, registered)  # locks the scopes, so before the job's row, as everywhere
            claim.hold()
            result = {**_empty(cursor, claim, registered), "sync": following}
            claim.finish(result)
        return result

    deleted = repeated(transact, entity=registered.path)["deleted"]
    metrics.rows_processed.labels(entity=registered.path, stage="deleted").inc(deleted)


def _sync(claim: Claim, registered: Registered) -> str:
    # Never joined with one that is under way: that recognises rows which are live no more.
    wanted = enqueue(
        "sync",
        entity=registered,
        params={"full": True},
        priority=COMMAND,
        requested_by=f"job:{claim.job_id}",
        parent_id=claim.job_id,
    )
    return str(wanted.job.pk)


def _empty(cursor: Any, claim: Claim, registered: Registered) -> dict[str, int]:
    by = Actor(claim.params["by"], claim.params["door"])
    deleted = delete(cursor, claim, _proposal(cursor, claim, registered, by))["deleted"]
    # After the records, as batches do that take rows out of a proposal.
    waiting = DeleteProposal.objects.filter(entity_id=claim.entity_id, state=State.PROPOSED)
    waiting.update(state=State.EXPIRED, reason="The entity was emptied to be read anew.")
    failed = Members(entity=registered.path)
    discarded = bulk.discard(failed, by=by, reason="Emptied to be read anew.", hold=False)
    dropped, _ = PendingChild.objects.filter(entity_id=claim.entity_id).delete()
    cursor.execute(query("forget_absences"), {"entity_id": claim.entity_id})
    Tracker.objects.filter(entity_id=claim.entity_id).update(
        watermark=None,
        fresh_to=None,
        emptied_at=timezone.now(),
        deletes_held=None,
        deletes_held_since=None,
    )
    return {"deleted": deleted, "discarded": discarded, "dropped": dropped}


def _proposal(cursor: Any, claim: Claim, registered: Registered, by: Actor) -> DeleteProposal:
    """All live records as one proposal, approved by whoever asked for it: so that it can be undone."""
    assert claim.entity_id is not None
    moment, leaf = timezone.now(), schema.leaf(registered.path)
    live = Tracker.objects.values_list("live_rows", flat=True).get(entity_id=claim.entity_id)
    proposal = DeleteProposal.objects.create(
        job_id=claim.job_id,
        entity_id=claim.entity_id,
        state=State.APPROVED,
        count=0,
        live_rows=live,
        share=1.0,
        read_began_at=moment,
        until=moment + timedelta(days=keep_days(registered)),
        decided_by=by.name,
        decided_at=moment,
        reason=claim.params.get("reason") or "Emptied to be read anew.",
    )
    cursor.execute(query("doom_all", leaf=leaf), {"proposal": proposal.pk, "began": moment})
    proposal.count = cursor.rowcount
    cursor.execute(query("sample_doomed", leaf=leaf), {"proposal": proposal.pk, "most": SHOWN})
    proposal.sample = [key_text(registered, json.loads(row[0])) for row in cursor.fetchall()]
    proposal.save()
    return proposal
