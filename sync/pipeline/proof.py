"""Whether a full read proves what the far end has no more: only then are records deleted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db import connection

from sync.jobs.enqueue import enqueue
from sync.models import Batch as BatchRow
from sync.models import DeleteProposal, Tracker
from sync.pipeline.batch import Batch
from sync.pipeline.run import Run
from sync.queries import query

Committed = Sequence[tuple[Mapping[str, Any], Mapping[str, int]]]
COMPARE, APPLY, UNDO = "compare", "apply", "undo"
"""What a job of the kind `deletes` does."""


def proof(batch: Batch) -> dict[str, Any]:
    """What a batch adds to the proof: the totals that the far end named, failed rows without a key, steadiness."""
    totals = [page.total for page in batch.pages if page.total is not None]
    changed = [after for before, after in pairwise(totals) if before != after]
    unkeyed = sum(aside.key_hash is None for aside in batch.aside)
    steady = all(page.steady for page in batch.pages)
    return {"totals": [*totals[:1], *changed[:1]], "unkeyed": unkeyed, "steady": steady}


def unproven(batches: Committed) -> str | None:
    """Why these batches are no complete read of a far end with a key for each row; None where they are."""
    if reason := incomplete(batches):
        return reason
    unkeyed = sum(resume.get("unkeyed", 0) for resume, _ in batches)
    if unkeyed:
        return f"{unkeyed:,} failed rows have no key that could be read: any record may be among them."
    return None


def incomplete(batches: Committed) -> str | None:
    """Why rows may be missing from these batches (resume and counts, in order); None where none can be."""
    following = 1
    for resume, _ in batches:
        if resume["first"] != following:
            return f"Page {following} was not read."
        following = resume["last"] + 1
    if not batches or batches[-1][0]["next"] is not None:
        return "Its last page was not reached."
    totals = [total for resume, _ in batches for total in resume.get("totals", ())]
    for before, after in pairwise(totals):
        if before != after:
            return f"The far end said that it has {before:,} rows, and while it was read {after:,}."
    fetched = sum(counts.get("rows_fetched", 0) for _, counts in batches)
    if totals and totals[0] != fetched:
        return f"The far end says that it has {totals[0]:,} rows, and {fetched:,} came."
    return None


def is_proof(run: Run) -> bool:
    """Whether what this run sees is kept, to be compared with what the mirror holds."""
    return run.full and not run.by_key and not run.first_load and run.registered.entity.deletes is not None


def look_for_missing(run: Run) -> None:
    """At the end of a full read, in its last transaction: ask for the job that deletes, or say why there is none."""
    if not run.full or run.by_key:
        return
    with connection.cursor() as cursor:
        reason = _why_unproven(run) if is_proof(run) else None
        hold_deletes(cursor, run.entity_id, reason)
        if is_proof(run) and (reason or not _asked_for_deletes(run)):
            cursor.execute(query("forget_seen"), {"job_id": run.claim.job_id})


def hold_deletes(cursor: Any, entity_id: int, reason: str | None) -> None:
    """Let the tracker say why nothing is deleted; None where the last full read told what is gone."""
    cursor.execute(query("hold_deletes"), {"entity_id": entity_id, "reason": reason})


def spare_seen(cursor: Any, run: Run, seen: bytes) -> None:
    """Take rows that the far end sent out of the deletes that wait for a person.

    Not those that were read long ago: of a child that was woken, or a failed record that ran again.
    """
    if not seen or not (run.stream or run.by_key or run.told):
        return
    cursor.execute(query("doomed"), {"entity_id": run.entity_id})
    if proposals := [row[0] for row in cursor.fetchall()]:
        hashes = [uuid.UUID(bytes=seen[start : start + 16]) for start in range(0, len(seen), 16)]
        cursor.execute(query("spare_seen"), {"proposals": proposals, "seen": hashes})


def _why_unproven(run: Run) -> str | None:
    if reason := unproven(_batches(run)):
        run.claim.event("deletes_unproven", reason=reason)
    return reason


def _batches(run: Run) -> list[tuple[dict[str, Any], dict[str, int]]]:
    rows = BatchRow.objects.filter(job_id=run.claim.job_id).order_by("seq")
    return list(rows.values_list("resume", "counts"))


def _asked_for_deletes(run: Run) -> bool:
    batches = _batches(run)
    if not _may_miss(run, [counts for _, counts in batches]):
        return False
    read = {"read": str(run.claim.job_id), "began": run.began.isoformat()}
    enqueue(
        "deletes",
        entity=run.registered,
        params={"act": COMPARE, **read, "total": any(resume.get("totals") for resume, _ in batches)},
        requested_by=f"job:{run.claim.job_id}",
        parent_id=run.claim.job_id,
    )
    return True


def _may_miss(run: Run, counts: Sequence[Mapping[str, int]]) -> bool:
    """Where the mirror holds just as many records as came well, none is missing: mostly that is so."""
    live = Tracker.objects.values_list("live_rows", flat=True).get(entity_id=run.entity_id)
    fetched, failed, *apart = (
        sum(some.get(name, 0) for some in counts)
        for name in ("rows_fetched", "failed", "discarded", "pending")
    )
    waiting = DeleteProposal.objects.filter(entity_id=run.entity_id, state=DeleteProposal.State.PROPOSED)
    return any(apart) or fetched - failed != live or waiting.exists() or (failed > 0 and _failed_lives(run))


def _failed_lives(run: Run) -> bool:
    """Whether a row that failed may have a record: it would stand for one that is missing."""
    with connection.cursor() as cursor:
        cursor.execute(query("any_failed_lives", leaf=run.leaf), {"entity_id": run.entity_id})
        found = cursor.fetchone()
    return bool(found and found[0])


def disagreement(cursor: Any, read: uuid.UUID, began: datetime, names: Mapping[str, str | int]) -> str | None:
    """Why what was seen does not agree with the rows that came; None where it does.

    A row that moves while pages are read comes twice, once by its older bytes: another slips through unseen.
    """
    cursor.execute(query("count_seen"), {"read": read})
    fetched, different = cursor.fetchone()
    if fetched != different:
        return f"{fetched:,} rows came, but {different:,} different ones: pages shifted, or keys repeat."
    cursor.execute(query("count_twice", **names))
    twice = cursor.fetchone()[0]
    cursor.execute(query("find_strangers", **names))
    if cursor.rowcount:
        cursor.execute(query("count_strangers", **names), {"began": began})
        twice += cursor.fetchone()[0]
    if not twice:
        return None
    return f"Rows changed while it was read ({twice:,}) and may have come twice: others may have been passed over."


def begun_since(entity_id: int, read: uuid.UUID) -> bool:
    """Whether a later full read has committed batches: what this one saw is outdated then."""
    with connection.cursor() as cursor:
        cursor.execute(query("later_full_read"), {"entity_id": entity_id, "read": read})
        found = cursor.fetchone()
    return bool(found and found[0])
