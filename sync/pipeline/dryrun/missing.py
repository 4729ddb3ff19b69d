"""Which records a full read that is only tried would delete, or propose to delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from sync.models import Tracker
from sync.pipeline.missing import fill_seen, sample_keys
from sync.pipeline.proof import is_proof, unproven
from sync.pipeline.run import Run
from sync.queries import query

Batches = Sequence[tuple[dict[str, Any], dict[str, int]]]


def deletes_of(run: Run, batches: Batches, seen: Sequence[bytes]) -> dict[str, Any]:
    """How many, whether a person would be asked, some keys; or why nothing would be deleted.

    Uses temporary tables, in a transaction that is rolled back.
    """
    if not is_proof(run):
        return _nothing("Only a full read of an entity with records and `deletes` deletes.")
    if reason := unproven(batches):
        return _nothing(reason)
    fetched = sum(counts.get("rows_fetched", 0) for _, counts in batches)
    hashes = b"".join(seen)
    different = len({hashes[start : start + 16] for start in range(0, len(hashes), 16)})
    if different != fetched:
        return _nothing(
            f"{fetched:,} rows came, but {different:,} different ones: pages shifted, or keys repeat."
        )
    with transaction.atomic(), connection.cursor() as cursor:
        found = _compare(cursor, run, hashes)
        transaction.set_rollback(True)
    return found


def _compare(cursor: Any, run: Run, hashes: bytes) -> dict[str, Any]:
    names: dict[str, str | int] = {"leaf": run.leaf, "entity_id": run.entity_id}
    cursor.execute(query("make_seen"))
    fill_seen(cursor, hashes)
    cursor.execute(query("find_missing", **names), {"began": run.began})
    count: int = cursor.rowcount
    limits = run.registered.entity.deletes
    assert limits is not None
    live = Tracker.objects.values_list("live_rows", flat=True).get(entity_id=run.entity_id)
    few = count <= limits.rows and count <= limits.share * live
    return {
        "count": count,
        "would": "nothing" if not count else "delete" if few else "propose",
        "sample": sample_keys(cursor, run.registered, names),
        "why_not": None,
    }


def _nothing(reason: str) -> dict[str, Any]:
    return {"count": 0, "would": "nothing", "sample": [], "why_not": reason}
