"""What became of a batch's records at each target; the batch's own counts are final without it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sync.counters import success_rate
from sync.models import Batch, DeliveryCount
from sync.targets.ledger import COUNTS

END_TO_END = "end_to_end"


def counts_of(batch: Batch) -> dict[str, dict[str, Any]]:
    """The counts by target, as far as they are known."""
    return at_targets([batch]).get(batch.pk, {})


def at_targets(batches: Iterable[Batch]) -> dict[int, dict[str, dict[str, Any]]]:
    """Of each batch that went to any target: its counts there; under `end_to_end` what became of its rows in all."""
    by_id = {batch.pk: batch for batch in batches}
    found: dict[int, dict[str, dict[str, Any]]] = {}
    for row in DeliveryCount.objects.filter(batch_id__in=by_id).order_by("target"):
        counts = {name: getattr(row, name) for name in COUNTS}
        whole = end_to_end(by_id[row.batch_id].counts, counts)
        found.setdefault(row.batch_id, {})[row.target] = {**counts, END_TO_END: whole}
    return found


def end_to_end(batch: Mapping[str, int], target: Mapping[str, int]) -> dict[str, Any]:
    """Both together: rows_fetched = inserted + updated + skipped + failed + waiting.

    What the target did counts, what failed here or there has failed, and what waits here or there, or changed
    nothing for the target, waits.
    """
    fetched = batch.get("rows_fetched", 0)
    counts = {
        "rows_fetched": fetched,
        "inserted": target["inserted"],
        "updated": target["updated"],
        "deleted": target["deleted"],
        "skipped": batch.get("skipped", 0),
        "failed": batch.get("failed", 0) + target["failed"],
    }
    settled = sum(counts[name] for name in ("inserted", "updated", "skipped", "failed"))
    return {**counts, "waiting": max(0, fetched - settled), "success_rate": success_rate(counts)}
