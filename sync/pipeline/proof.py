"""Whether a full read proves what the far end has no more: only then are records deleted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from django.db import connection

from sync.jobs.enqueue import enqueue
from sync.models import Batch as BatchRow
from sync.models import DeleteProposal, Tracker
from sync.pipeline.batch import Batch
from sync.pipeline.run import Run
from sync.queries import query

COMPARE, APPLY, UNDO = "compare", "apply", "undo"
"""What a job of the kind `deletes` does."""


def proof(batch: Batch) -> dict[str, Any]:
    """What a batch adds to the proof: the totals that the far end named, and its failed rows without a key."""
    totals = [page.total for page in batch.pages if page.total is not None]
    changed = [after for before, after in pairwise(totals) if before != after]
    unkeyed = sum(aside.key_hash is None for aside in batch.aside)
    return {"totals": [*totals[:1], *changed[:1]], "unkeyed": unkeyed}


def unproven(batches: Sequence[tuple[Mapping[str, Any], Mapping[str, int]]]) -> str | None:
    """Why these batches (resume and counts, in order) are no complete read of a far end; None where they are."""
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
    unkeyed = sum(resume.get("unkeyed", 0) for resume, _ in batches)
    if unkeyed:
        return f"{unkeyed:,} failed rows have no key that could be read: any record may be among them."
    return None


def look_for_missing(run: Run) -> None:
    """At the end of a full read, in its last transaction: ask for the job that deletes, or say why there is none."""
    if not run.full or run.by_key or run.first_load or run.registered.entity.deletes is None:
        return
    rows = BatchRow.objects.filter(job_id=run.claim.job_id).order_by("seq")
    batches = list(rows.values_list("resume", "counts"))
    if reason := unproven(batches):
        run.claim.event("deletes_unproven", reason=reason)
    elif _may_miss(run, [counts for _, counts in batches]):
        enqueue(
            "deletes",
            entity=run.registered,
            params={"act": COMPARE, "read": str(run.claim.job_id), "began": run.began.isoformat()},
            requested_by=f"job:{run.claim.job_id}",
            parent_id=run.claim.job_id,
        )


def spare_seen(cursor: Any, entity_id: int, seen: bytes) -> None:
    """Take rows that the far end sent out of the deletes that wait for a person."""
    cursor.execute(query("any_doomed"), {"entity_id": entity_id})
    if seen and cursor.fetchone()[0]:
        hashes = [uuid.UUID(bytes=seen[start : start + 16]) for start in range(0, len(seen), 16)]
        cursor.execute(query("spare_seen"), {"entity_id": entity_id, "seen": hashes})


def _may_miss(run: Run, counts: Sequence[Mapping[str, int]]) -> bool:
    """Where every row came well and the mirror holds just as many, none is missing: mostly that is so."""
    live = Tracker.objects.values_list("live_rows", flat=True).get(entity_id=run.entity_id)
    fetched, failed, pending = (
        sum(some.get(name, 0) for some in counts) for name in ("rows_fetched", "failed", "pending")
    )
    waiting = DeleteProposal.objects.filter(entity_id=run.entity_id, state=DeleteProposal.State.PROPOSED)
    return failed > 0 or pending > 0 or fetched != live or waiting.exists()


def disagreement(cursor: Any, read: uuid.UUID) -> str | None:
    """Why what was seen does not agree with the number of rows that came; None where it does."""
    cursor.execute(query("count_seen"), {"read": read})
    fetched, different = cursor.fetchone()
    if fetched == different:
        return None
    return f"{fetched:,} rows came, but {different:,} different ones: pages shifted, or keys repeat."


def begun_since(entity_id: int, read: uuid.UUID) -> bool:
    """Whether a later full read has committed batches: what this one saw is outdated then."""
    with connection.cursor() as cursor:
        cursor.execute(query("later_full_read"), {"entity_id": entity_id, "read": read})
        found = cursor.fetchone()
    return bool(found and found[0])
