"""Reads the shipped files and gives each row the modified moment its source lacks."""

from __future__ import annotations

import gzip
import random
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files

from bridge.sandbox.tokens import columns_of

# Fixed, not relative to now: after a restart every row must look as it did before.
OLDEST = datetime(2024, 6, 1, tzinfo=UTC)
NEWEST = datetime(2026, 5, 31, tzinfo=UTC)


@cache
def read(name: str) -> tuple[dict[str, bytes], ...]:
    """Read a file such as `northwind/orders`: its records as raw JSON values, in the file's order."""
    packed = files("bridge.sandbox").joinpath("data", f"{name}.jsonl.gz").read_bytes()
    return tuple(columns_of(line) for line in gzip.decompress(packed).splitlines())


def moments(seed: str, count: int, step: timedelta) -> list[datetime]:
    """Draw `count` distinct moments, the same for the same seed, each a multiple of `step`."""
    ticks = (NEWEST - OLDEST) // step
    drawn = random.Random(seed).sample(range(ticks), count)  # noqa: S311 - sample data, not a secret
    return [OLDEST + tick * step for tick in drawn]
