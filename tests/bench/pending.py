"""How fast children that wait are resolved: order lines came first, then one commit brings all their orders.

    python -m tests.bench.pending --rows 100000 [--each 20] [--json]

`parked_seconds` is the sync of the lines, `parents_seconds` that of the orders; `resolved_seconds` is counted from the
orders' commit until the last line is written. The floor is one bare INSERT … SELECT of the waiting rows and their
DELETE. The last line of `--json` is one object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench import here
from tests.bench.rows import PAGE


def main() -> None:
    """Run the benchmark and print what it measured."""
    asked = here.options(__doc__, each={"type": int, "default": 20, "help": "lines an order"})
    with here.bridge("tests.bench.flow_system") as folder:
        _write(folder, asked.rows, asked.each)
        with here.program("tests.bench.serve", str(folder)) as url:
            os.environ["BENCH_URL"] = url
            figures = _measure(asked)
    figures["peak_rss_mib"] = here.peak_rss_mib()
    here.tell(asked, figures)


def _measure(asked: argparse.Namespace) -> dict[str, Any]:
    from sync.models import PendingChild, Record

    parked = here.sync("flow.lines")
    assert parked.counts["pending"] == PendingChild.objects.count() == asked.rows
    for job in here.waiting("wake"):  # asked for by the lines' own batches: nothing is ripe yet
        here.run(job)
    here.settle_down()
    figures: dict[str, Any] = {"rows": asked.rows, "floor_seconds": _floor()}
    parents = here.sync("flow.orders")
    (wake,) = here.waiting("wake")
    woken = here.run(wake)
    assert not PendingChild.objects.exists()
    assert Record.objects.filter(entity__path="flow.lines").count() == asked.rows
    figures |= {
        "parked_seconds": round(parked.seconds, 2),
        "parents_seconds": round(parents.seconds, 2),
        "resolved_seconds": round(woken.seconds, 2),
        "rows_a_second": round(asked.rows / woken.seconds),
    }
    here.say(asked, f"parked   {parked.seconds:7.2f} s, orders {parents.seconds:.2f} s")
    here.say(asked, f"resolved {woken.seconds:7.2f} s {figures['rows_a_second']:9,} rows/s  {woken.counts}")
    here.say(asked, f"floor    {figures['floor_seconds']:7.2f} s (INSERT … SELECT and DELETE, rolled back)")
    return figures


def _floor() -> float:
    from django.db import connection, transaction

    from sync import schema

    leaf = schema.leaf("flow.lines")
    columns = "key_hash, raw_hash, version, synced_at, batch_id, row_no, mapping, entity_id, data_hash, data"
    with transaction.atomic(), connection.cursor() as cursor:
        began = time.perf_counter()
        cursor.execute(
            f"INSERT INTO {leaf} ({columns}, changed_at)"
            f" SELECT {columns}, clock_timestamp() FROM pending_child ORDER BY key_hash"
        )
        cursor.execute("DELETE FROM pending_child")
        seconds = time.perf_counter() - began
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM {leaf}")
        cursor.execute("VACUUM pending_child")
    return round(seconds, 2)


def _write(folder: Path, rows: int, each: int) -> None:
    """`first` are the lines, in no order; `second` their orders."""
    numbers = list(range(rows))
    random.Random(7).shuffle(numbers)
    _pages(folder, "first", [_line(number, each) for number in numbers])
    orders = [
        json.dumps(
            {"ID": number, "CUSTOMER": f"AW{number % 700:08}", "CHANGED": "2026-01-01T00:00:00Z"}
        ).encode()
        for number in range((rows + each - 1) // each)
    ]
    _pages(folder, "second", orders)


def _line(number: int, each: int) -> bytes:
    line = {
        "ORDER_ID": number // each,
        "NO": number % each,
        "ITEM": f"AR-{number % 5_381:06}",
        "QUANTITY": number % 90 + 1,
        "PRICE": f"{number % 99_991 / 100:.2f}",
        "NOTE": f"Line {number % each} of order {number // each}; deliver to the ramp at the back of the building",
        "CHANGED": "2026-01-01T00:00:00Z",
    }
    return json.dumps(line).encode()


def _pages(folder: Path, name: str, rows: list[bytes]) -> None:
    folder.mkdir(exist_ok=True)
    offsets = [0]
    with (folder / f"{name}.pages").open("wb") as content:
        for page in _bodies(rows):
            offsets.append(offsets[-1] + content.write(page))
    (folder / f"{name}.json").write_text(json.dumps({"rows": len(rows), "offsets": offsets}))


def _bodies(rows: list[bytes]) -> Iterator[bytes]:
    for start in range(0, len(rows), PAGE):
        more = b"true" if start + PAGE < len(rows) else b"false"
        body = b",".join(rows[start : start + PAGE])
        yield b'{"items":[%s],"total":%d,"hasMore":%s}' % (body, len(rows), more)


if __name__ == "__main__":
    main()
