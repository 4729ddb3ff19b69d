"""What the pure stages cost: `python -m tests.bench.stages --rows 50000` prints milliseconds of each, wall and CPU."""

from __future__ import annotations

import argparse
import os
import statistics
import time
from typing import TYPE_CHECKING

import django
import msgspec
import polars as pl

from tests.bench.rows import pages_of

if TYPE_CHECKING:
    from sync.pipeline.batch import Batch


class _Page(msgspec.Struct):
    items: list[msgspec.Raw]


def fetched(rows: int) -> Batch:
    """A batch of the benchmark's rows as `fetch` hands it on, without hashes and times."""
    from sync.pipeline.batch import Batch
    from sync.registry import Registered
    from tests.bench.system import system

    decoder = msgspec.json.Decoder(_Page)
    raw = [bytes(row) for page in pages_of(rows) for row in decoder.decode(page).items]
    frame = pl.DataFrame({"_row": pl.Series(range(len(raw)), dtype=pl.UInt32)})
    return Batch(registered=Registered(system, system.entities[0]), raw=raw, frame=frame)


def measure(batch: Batch) -> dict[str, tuple[float, float]]:
    """Milliseconds (wall, CPU of all threads) of each stage."""
    from sync.pipeline import PURE

    found = {}
    for stage in PURE:
        wall, cpu = time.perf_counter(), time.process_time()
        batch = stage(batch)
        found[stage.__name__] = (
            (time.perf_counter() - wall) * 1000,
            (time.process_time() - cpu) * 1000,
        )
    return found


def main() -> None:
    """Print the median of a few turns, after one that warms up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--turns", type=int, default=7)
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bridge.settings")
    os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1/none")  # never connected to
    django.setup()
    batch = fetched(asked.rows)
    measure(batch)
    turns = [measure(batch) for _ in range(asked.turns)]
    for name in turns[0]:
        _print(name, [turn[name] for turn in turns])
    whole = [(sum(wall for wall, _ in turn.values()), sum(cpu for _, cpu in turn.values())) for turn in turns]
    _print("all", whole)


def _print(name: str, found: list[tuple[float, float]]) -> None:
    walls, cpus = zip(*found, strict=True)
    print(f"{name:15} {statistics.median(walls):6.0f} ms wall {statistics.median(cpus):6.0f} ms cpu")


if __name__ == "__main__":
    main()
