"""What became of a batch's records at each target; the batch's own counts are final without it."""

from __future__ import annotations

from sync.models import DeliveryCount
from sync.targets.ledger import COUNTS


def counts_of(batch_id: int) -> dict[str, dict[str, int]]:
    """The counts by target, as far as they are known."""
    found = DeliveryCount.objects.filter(batch_id=batch_id).order_by("target")
    return {count.target: {name: getattr(count, name) for name in COUNTS} for count in found}
