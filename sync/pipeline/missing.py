"""A job that deletes: what a proven complete read did not see goes, or is proposed to a person; and the undo of that.

Set-based throughout, each act in one transaction: however many rows there are, it has happened or it has not.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from sync import metrics, schema
from sync.fingerprint import fingerprint
from sync.history.versions import history_leaf
from sync.jobs.events import note
from sync.keys import key_text
from sync.live_count import mend_live
from sync.mapping.in_force import hold, in_force
from sync.models import Batch as BatchRow
from sync.models import DeleteProposal, Tracker
from sync.pipeline import proof
from sync.pipeline.applying import apply, delete, track, undo
from sync.pipeline.copying import binary, send
from sync.pipeline.doubt import UNSURE, part_unsure
from sync.pipeline.repeat import repeated
from sync.queries import query

if TYPE_CHECKING:
    from sync.jobs.claim import Claim
    from sync.registry import Registered

State = DeleteProposal.State
SHOWN = 20
"""Keys kept with a proposal to be looked at."""
LATER = "A later full read has begun since: it will tell."
UNCOUNTED = "The far end does not say how many rows it has, so a person decides whether these are gone."


def run_deletes(claim: Claim) -> None:
    """Do the job's act: compare a read with the mirror, apply a proposal, or undo one."""
    assert claim.entity is not None, "deletes are always of an entity"
    acts: dict[str, Callable[[Any, Claim], dict[str, int]]] = {
        proof.COMPARE: _compare,
        proof.APPLY: apply,
        proof.UNDO: undo,
    }
    act = acts[claim.params["act"]]

    def transact() -> dict[str, int]:
        with transaction.atomic(), connection.cursor() as cursor:
            claim.hold()
            result = act(cursor, claim)
            claim.finish(result)
        return result

    for name, number in repeated(transact, entity=claim.entity.path).items():
        metrics.rows_processed.labels(entity=claim.entity.path, stage=name).inc(number)


def _compare(cursor: Any, claim: Claim) -> dict[str, int]:
    assert claim.entity_id is not None
    read, names = uuid.UUID(claim.params["read"]), _names(claim)
    began = datetime.fromisoformat(claim.params["began"])
    _gather(cursor, read)
    cursor.execute(query("make_revived"))
    cursor.execute(query("revive_seen", **names), {"began": began})
    revived: int = cursor.rowcount
    later = proof.begun_since(claim.entity_id, read)
    reason = LATER if later else _outdated(claim, read) or proof.disagreement(cursor, read, began, names)
    if reason:
        result = _leave(claim, reason)
    else:
        cursor.execute(query("find_missing", **names), {"began": began})
        result = _judge(cursor, claim, cursor.rowcount)
    cursor.execute(query("forget_seen"), {"job_id": read})
    track(
        cursor, claim, "revived", "u", revived
    )  # after all records are locked: the tracker's row comes last
    mend_live(cursor, names)
    if not later:
        proof.hold_deletes(cursor, claim.entity_id, reason)
    return {**result, "revived": revived} if revived else result


def _outdated(claim: Claim, read: uuid.UUID) -> str | None:
    """Why what the read saw can be compared with the mirror no more; None where it can."""
    assert claim.entity is not None
    assert claim.entity_id is not None
    hold(claim.entity_id)
    now = in_force(claim.entity)
    marks = set(BatchRow.objects.filter(job_id=read).values_list("fingerprint", flat=True))
    # Rows are recognised by their bytes as this declaration and mapping count them: a remap counts them anew.
    if marks != {fingerprint(now.registered, now.no)}:
        return "The entity's declaration or mapping changed since it began: the next full read will tell."
    return None


def _gather(cursor: Any, read: uuid.UUID) -> None:
    """What all batches of the read saw, in one temporary table."""
    cursor.execute(query("make_seen"))
    for number in BatchRow.objects.filter(job_id=read, seen__isnull=False).values_list("id", flat=True):
        fill_seen(cursor, bytes(BatchRow.objects.values_list("seen", flat=True).get(id=number) or b""))
    cursor.execute("ANALYZE seen")


def fill_seen(cursor: Any, hashes: bytes) -> None:
    """Add hashes, 16 bytes each, to what was seen."""
    send(cursor, query("fill_seen"), [binary({"hash": np.frombuffer(hashes, "V16")})])


def sample_keys(cursor: Any, registered: Registered, names: Mapping[str, str | int]) -> list[str]:
    """A few keys of what is missing, as people write them."""
    cursor.execute(query("sample_missing", **names), {"most": SHOWN})
    return [key_text(registered, json.loads(row[0])) for row in cursor.fetchall()]


def _judge(cursor: Any, claim: Claim, count: int) -> dict[str, int]:
    """Delete what is missing, or propose it where it is too much to be plausible."""
    assert claim.entity is not None
    limits = claim.entity.entity.deletes
    before = DeleteProposal.objects.select_for_update().filter(
        entity_id=claim.entity_id, state=State.PROPOSED
    )
    open_one = before.first()
    if limits is None or not count:
        _replace(open_one, "A later full read saw its rows again.")
        return {"deleted": 0}
    live = Tracker.objects.values_list("live_rows", flat=True).get(entity_id=claim.entity_id)
    counted = claim.params.get("total", True) or not limits.needs_total
    unsure = part_unsure(cursor, claim, _names(claim), open_one) if counted else 0
    if not counted or count > limits.rows or count > limits.share * live:
        return _propose(cursor, claim, open_one, count, UNSURE if unsure else None if counted else UNCOUNTED)
    result: dict[str, int] = {}
    if unsure < count:
        if unsure:
            cursor.execute(query("leave_out_unsure"))
        _replace(open_one, "A later full read found fewer missing, and deleted those.")
        result, open_one = _delete(cursor, claim, count - unsure), None
    if unsure:
        cursor.execute(query("turn_to_unsure"))
        result |= _propose(cursor, claim, open_one, unsure, UNSURE)
    return result


def _delete(cursor: Any, claim: Claim, count: int) -> dict[str, int]:
    proposal = _proposal(cursor, claim, count)
    proposal.state, proposal.decided_by = State.APPROVED, "sync"
    proposal.decided_at = timezone.now()
    _keep(cursor, proposal)
    return delete(cursor, claim, proposal)


def _propose(
    cursor: Any, claim: Claim, open_one: DeleteProposal | None, count: int, reason: str | None
) -> dict[str, int]:
    proposal = _proposal(cursor, claim, count)
    proposal.reason = reason
    _renew(cursor, open_one, proposal)
    _keep(cursor, proposal)
    _tell(claim, "deletes_proposed", proposal=str(proposal.id), count=count, live=proposal.live_rows)
    return {"proposed": count}


def _renew(cursor: Any, open_one: DeleteProposal | None, proposal: DeleteProposal) -> None:
    """Let a proposal take the place of the open one; the same proposal goes on where it names nothing new."""
    if open_one is None:
        return
    cursor.execute(query("any_new_missing"), {"proposal": open_one.id})
    if cursor.fetchone()[0]:  # whoever has the old one before their eyes must not approve these rows with it
        _replace(open_one, f"A later full read found other rows missing: {proposal.id} took its place.")
        return
    proposal.id, proposal.created_at = open_one.id, open_one.created_at
    DeleteProposal.objects.filter(id=proposal.id).delete()  # its rows go with it


def _proposal(cursor: Any, claim: Claim, count: int) -> DeleteProposal:
    live = Tracker.objects.values_list("live_rows", flat=True).get(entity_id=claim.entity_id)
    assert claim.entity is not None
    assert claim.entity_id is not None
    limits = claim.entity.entity.deletes
    assert limits is not None
    return DeleteProposal(
        job_id=uuid.UUID(claim.params["read"]),
        entity_id=claim.entity_id,
        state=State.PROPOSED,
        count=count,
        live_rows=live,
        share=round(count / max(live, count), 4),
        sample=sample_keys(cursor, claim.entity, _names(claim)),
        read_began_at=datetime.fromisoformat(claim.params["began"]),
        until=timezone.now() + timedelta(days=limits.keep_days),
    )


def _keep(cursor: Any, proposal: DeleteProposal) -> None:
    proposal.save()
    cursor.execute(query("keep_missing"), {"proposal": proposal.id})


def _replace(proposal: DeleteProposal | None, reason: str) -> None:
    if proposal is not None:
        proposal.state, proposal.reason = State.EXPIRED, reason
        proposal.save(update_fields=["state", "reason"])


def _leave(claim: Claim, reason: str) -> dict[str, int]:
    _tell(claim, "deletes_unproven", reason=reason)
    return {"deleted": 0}


def _tell(claim: Claim, name: str, **facts: Any) -> None:
    # In the log of the read too: that is where people look for what became of it.
    for job_id in (claim.job_id, uuid.UUID(claim.params["read"])):
        note(job_id, name, **facts)


def _names(claim: Claim) -> dict[str, str | int]:
    assert claim.entity is not None
    assert claim.entity_id is not None
    return {
        "leaf": schema.leaf(claim.entity.path),
        "old": history_leaf(claim.entity),
        "entity_id": claim.entity_id,
    }
