"""Applies a delete proposal, or undoes it: records, history, feed, count and notification in one transaction."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from sync import schema
from sync.fingerprint import fingerprint
from sync.jobs.enqueue import enqueue
from sync.models import DeleteProposal
from sync.queries import query
from sync.registry import registry
from sync.targets.asking import ask_for_pushes

if TYPE_CHECKING:
    from sync.jobs.claim import Claim

State = DeleteProposal.State
_MOST_KEYS = 200  # in one notification: PostgreSQL refuses one of 8,000 bytes


def apply(cursor: Any, claim: Claim) -> dict[str, int]:
    """Delete the rows of the job's proposal that are still unseen; nothing where it is approved no more."""
    cursor.execute(query("lock_doomed", leaf=_leaf(claim)), {"proposal": claim.params["proposal"]})
    # After the records, as batches do that take rows out of it; what they took is gone when it is ours.
    proposal = _of(claim, State.APPROVED)
    return {"deleted": 0} if proposal is None else delete(cursor, claim, proposal)


def delete(cursor: Any, claim: Claim, proposal: DeleteProposal) -> dict[str, int]:
    """Delete the proposal's rows that are still unseen."""
    given = {"proposal": proposal.id, "began": proposal.read_began_at}
    leaf = _leaf(claim)
    cursor.execute(query("lock_doomed", leaf=leaf), given)
    cursor.execute(query("delete_records", leaf=leaf), given)
    proposal.deleted = cursor.rowcount
    proposal.state, proposal.applied_at = State.APPLIED, timezone.now()
    proposal.save()
    track(cursor, claim, rows_of(proposal), "d", proposal.deleted)
    return {"deleted": proposal.deleted}


def undo(cursor: Any, claim: Claim) -> dict[str, int]:
    """Revive the rows that the proposal deleted, unless something happened to them since."""
    assert claim.entity is not None
    leaf, given = _leaf(claim), {"proposal": claim.params["proposal"]}
    cursor.execute(query("lock_doomed", leaf=leaf), given)
    proposal = _of(claim, State.UNDONE)
    if proposal is None or proposal.revived is not None:
        return {"revived": 0}
    cursor.execute(query("forget_changed", leaf=leaf), given)
    cursor.execute(query("revive_records", leaf=leaf), given)
    proposal.revived, proposal.undone_at = cursor.rowcount, timezone.now()
    proposal.save()
    track(cursor, claim, rows_of(proposal), "u", proposal.revived)
    return {"revived": proposal.revived}


def track(
    cursor: Any, claim: Claim, changed: str, op: str, number: int, *, at: tuple[int, int] | None = None
) -> None:
    """Note the batch, its place in the feed and the notification; `changed` has the keys and their revisions.

    `at` is the batch's number and place in its job, where these are known already.
    """
    if not number:
        return
    assert claim.entity is not None
    if op == "u" and registry.children(registry.find(claim.entity.path)):
        by = f"job:{claim.job_id}"
        enqueue("wake", entity=claim.entity, params={"as": "parent"}, requested_by=by)
    # One job may delete and revive.
    batch_id, seq = at or (next_batch(cursor), 1 if op == "d" else 2)
    count = "deleted" if op == "d" else "revived"
    cursor.execute(query("note_batch"), _batch_row(claim, batch_id, seq, {count: number}))
    more = -number if op == "d" else number
    given = {"entity_id": claim.entity_id, "changes": number, "more_rows": more}
    cursor.execute(query("take_feed_numbers"), given)
    before = cursor.fetchone()[0] - number
    changes = {"entity_id": claim.entity_id, "before": before, "op": op, "batch_id": batch_id}
    cursor.execute(query("note_changed", changed=changed), changes)
    ask_for_pushes(claim.entity, by=f"job:{claim.job_id}")
    cursor.execute(query("few_changed", changed=changed), {"most": _MOST_KEYS})
    keys = [row[0] for row in cursor.fetchall()] if number <= _MOST_KEYS else "*"
    payload = json.dumps({"e": claim.entity_id, "k": keys}, separators=(",", ":"))
    cursor.execute("SELECT pg_notify('bridge_changed', %s)", (payload,))


def next_batch(cursor: Any) -> int:
    """The number of a batch about to be noted."""
    cursor.execute(query("next_batch_id"))
    number: int = cursor.fetchone()[0]
    return number


def rows_of(proposal: DeleteProposal) -> str:
    """The proposal's rows that were deleted or revived, as `track` wants them."""
    return f"delete_key WHERE proposal_id = '{proposal.id}' AND revision IS NOT NULL"


def _batch_row(claim: Claim, batch_id: int, seq: int, counts: dict[str, int]) -> dict[str, Any]:
    assert claim.entity is not None
    return {
        "id": batch_id,
        "job_id": claim.job_id,
        "seq": seq,
        "entity_id": claim.entity_id,
        "resume": json.dumps({"first": seq, "last": seq, "next": None}),
        "seen": None,
        "counts": json.dumps(counts),
        "stage_ms": "{}",
        "fingerprint": fingerprint(claim.entity, 0),
        "first_error": None,
    }


def _of(claim: Claim, state: str) -> DeleteProposal | None:
    rows = DeleteProposal.objects.select_for_update().filter(id=uuid.UUID(claim.params["proposal"]))
    return rows.filter(state=state).first()


def _leaf(claim: Claim) -> str:
    assert claim.entity is not None
    return schema.leaf(claim.entity.path)
