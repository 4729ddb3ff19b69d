"""A batch's counters, complete and in one order: fetched = inserted + updated + skipped + failed + pending.

`touched` and `discarded` are parts of `skipped`; `duplicates` are rows whose key another row of the read has too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COUNTERS = (
    "rows_fetched",
    "normalized",
    "validated",
    "mapped",
    "inserted",
    "updated",
    "deleted",
    "skipped",
    "pending",
    "failed",
    "discarded",
    "duplicates",
)


def complete(counts: Mapping[str, Any]) -> dict[str, Any]:
    """The counts with zeros for what did not happen, and the success rate."""
    return {**dict.fromkeys(COUNTERS, 0), **counts, "success_rate": success_rate(counts)}


def success_rate(counts: Mapping[str, Any]) -> float:
    """Per cent of the rows fetched that did not fail, with two decimals; 100 where there were none."""
    fetched = counts.get("rows_fetched", 0)
    return round(100 * (fetched - counts.get("failed", 0)) / fetched, 2) if fetched else 100.0
