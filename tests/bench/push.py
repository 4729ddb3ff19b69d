"""How fast changed records are pushed: to the sandbox's ScheduleHub, in another process, in requests of 1,000 rows.

    python -m tests.bench.push --rows 100000 [--json]

All rows are created there, then each is changed at the source and pushed again. The floor is the same requests sent
by a bare HTTP client one after the other, without a record, a delivery or a commit. The last line of `--json` is one
object.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

import msgspec
import requests

from tests.bench import here
from tests.bench.rows import write_pages

TOKEN = "sandbox-schedulehub-token-not-secret"
BATCH = 1_000


def main() -> None:
    """Run the benchmark and print what it measured."""
    asked = here.options(__doc__)
    os.environ |= {
        "SCHEDULEHUB_URL": "http://127.0.0.1:9",
        "SCHEDULEHUB_PRIVATE": "true",
        "SCHEDULEHUB_TOKEN": TOKEN,
    }
    with here.bridge("tests.bench.flow_system", "schedulehub") as folder:
        here.say(asked, f"writing {asked.rows:,} rows, twice …")
        _write(folder, asked.rows)
        with here.program("bridge.sandbox", "--port", "0") as told:
            hub = next(word for word in told.split() if word.endswith("/schedulehub"))
            os.environ["SCHEDULEHUB_URL"] = hub
            figures = _measure(asked, folder)
            figures["floor_seconds"] = _floor(hub)
    figures["peak_rss_mib"] = here.peak_rss_mib()
    here.say(asked, f"floor   {figures['floor_seconds']:7.2f} s (the same requests, nothing kept)")
    here.tell(asked, figures)


def _measure(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    figures: dict[str, Any] = {"rows": asked.rows}
    for name in ("created", "updated"):
        with here.program("tests.bench.serve", str(folder / name)) as url:
            os.environ["BENCH_URL"] = url
            here.sync("flow.items")
        here.settle_down()
        (job,) = here.waiting("push")
        ran = here.run(job)
        pushed = ran.counts["inserted" if name == "created" else "updated"]
        figures |= {f"{name}_seconds": round(ran.seconds, 2), name: pushed}
        figures[f"{name}_a_second"] = round(pushed / ran.seconds)
        here.say(asked, f"{name} {ran.seconds:7.2f} s {pushed / ran.seconds:9,.0f} rows/s  {ran.counts}")
    return figures


def _write(folder: Path, rows: int) -> None:
    """`created` and `updated`: the same rows before and after each of them changed."""
    write_pages(folder / "created", rows, changed=1.0)
    (folder / "updated").mkdir()
    for kind in ("pages", "json"):
        (folder / "updated" / f"first.{kind}").symlink_to(folder / "created" / f"second.{kind}")
        (folder / "updated" / f"second.{kind}").symlink_to(folder / "created" / f"second.{kind}")


def _floor(hub: str) -> float:
    """Seconds for the updates' requests alone."""
    bodies = _bodies()
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update({"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})
        began = time.perf_counter()
        for body in bodies:
            session.post(f"{hub}/items/batch", data=body).raise_for_status()
        return round(time.perf_counter() - began, 2)


def _bodies() -> list[bytes]:
    from django.db import connection

    from sync import schema
    from tests.bench.flow_system import PUSHED

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.remote_id, r.data, r.key_hash, d.acked_hash FROM delivery d"
            f" JOIN {schema.leaf('flow.items')} r USING (key_hash) ORDER BY d.key_hash"
        )
        rows = cursor.fetchall()
    operations = []
    for number, data, key, digest in rows:
        values = data if isinstance(data, dict) else msgspec.json.decode(data)
        marks = {"erp_key_hash": key.hex, "erp_data_hash": bytes(digest).hex(), "erp_rowversion": 1}
        body = {theirs: values.get(ours) for theirs, ours in PUSHED.items()} | marks
        operations.append({"op": "update", "id": int(number), "body": body})
    return [
        msgspec.json.encode({"operations": operations[start : start + BATCH]})
        for start in range(0, len(operations), BATCH)
    ]


if __name__ == "__main__":
    main()
