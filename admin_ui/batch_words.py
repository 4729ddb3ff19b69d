"""A batch's numbers in words."""

from __future__ import annotations

from collections.abc import Mapping

COUNTS = {
    "rows_fetched": "read",
    "inserted": "inserted",
    "updated": "updated",
    "deleted": "deleted",
    "skipped": "unchanged",
    "discarded": "of these discarded",
    "pending": "waiting for a parent",
    "failed": "failed",
    "duplicates": "with a key that another row has too",
}
"""Counts in the order they are told, with their words; `touched` and `discarded` are parts of `skipped`."""


STAGE_COUNTS = {"normalized": "normalized", "validated": "validated", "mapped": "mapped"}
"""What the pure stages let through, with their words."""

TARGET_COUNTS = {name: name for name in ("inserted", "updated", "deleted", "conflicts", "failed")}
"""What a target made of a batch's records, with the words."""

END_COUNTS = {
    "rows_fetched": "read",
    "inserted": "inserted",
    "updated": "updated",
    "skipped": "unchanged",
    "waiting": "waiting",
    "failed": "failed",
}
"""What became of the rows from the source to a target, with the words."""

STAGES = (
    *("fetch", "normalize", "validate", "apply_mapping", "identify"),
    *("delta", "resolve", "ingest", "track"),
)
"""The pipeline's stages in their order: the database keeps the names of an object in another one."""


def in_order(stage_ms: Mapping[str, int]) -> list[tuple[str, int]]:
    """Each stage with its milliseconds, as the rows went through them; others last."""
    place = {stage: number for number, stage in enumerate(STAGES)}
    return sorted(stage_ms.items(), key=lambda took: place.get(took[0], len(place)))


def counts_words(counts: Mapping[str, int]) -> str:
    """`1,000 read · 3 updated · 997 unchanged`; zeros are left out but for the rows read."""
    told = [
        f"{counts.get(name, 0):,} {word}"
        for name, word in COUNTS.items()
        if counts.get(name) or word == "read"
    ]
    return " · ".join(told)


def seconds_words(stage_ms: Mapping[str, int]) -> str:
    """`fetch 1.20 · ingest 0.31`: seconds of each stage that took any."""
    return " · ".join(f"{stage} {ms / 1000:.2f}" for stage, ms in in_order(stage_ms) if ms)
