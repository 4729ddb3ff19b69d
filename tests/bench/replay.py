"""How fast failed records are replayed: as many as you say, run again after the declaration was mended.

    python -m tests.bench.replay --rows 100000 [--stage validate] [--json]

They are written as an older declaration would have refused them; then one job takes them all.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

CHUNK = 5_000


def main() -> None:
    """Run the benchmark and print what it measured."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="bridge-replay-"))
    os.environ |= {
        "BRIDGE_DATA_DIR": str(folder),
        "BRIDGE_SYSTEMS": "tests.bench.system",
        "BRIDGE_BUILTIN_SYSTEMS": "apismith",
        "DJANGO_SETTINGS_MODULE": "bridge.settings",
    }
    from bridge.postgres import join_or_start

    try:
        with join_or_start(folder) as server:
            os.environ["DATABASE_URL"] = server.url
            _print(options, _measure(options))
    finally:
        shutil.rmtree(folder)


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    _fail(options.rows, options.stage)

    from sync import bulk
    from sync.audit import Actor
    from sync.jobs.take import take
    from sync.members import Members
    from sync.replay import run_replay

    (job,) = bulk.retry(Members(entity="bench.rows"), by=Actor(name="bench", door="shell"))
    claim = take(job.pk, job.fence, "bench")
    assert claim
    began = time.perf_counter()
    run_replay(claim)
    seconds = time.perf_counter() - began
    job.refresh_from_db()
    return {
        "rows": options.rows,
        "stage": options.stage,
        "replay_seconds": round(seconds, 2),
        "rows_a_second": round(options.rows / seconds),
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "counts": job.result,
        "stage_ms": _stage_ms(),
    }


def _fail(rows: int, stage: str) -> None:
    """Failed records of the benchmark's dirty rows, which are good rows by the declaration as it is."""
    from django.db import connection

    from sync import schema
    from sync.canonical import canonical
    from sync.keys import key_hash
    from sync.models import FailedRecord
    from sync.registry import registry
    from tests.bench import rows as bench

    registered = registry.find("bench.rows")
    fields = registered.entity.fields
    chance, names = random.Random(7), bench._names()
    now, number = datetime.now(UTC), schema.entity_id("bench.rows")
    for start in range(0, rows, CHUNK):
        made = []
        for key in range(start, min(start + CHUNK, rows)):
            raw = bench._row(key, names, chance, False)
            given = json.loads(raw.replace(b'"unlimited"', b"1"), parse_float=str, parse_int=str)
            read = {
                name: canonical(field, given[field.source or name])
                for name, field in fields.items()
                if field.kind in {"text", "integer"} and given[field.source or name] is not None
            }
            made.append(
                FailedRecord(
                    entity_id=number,
                    key_hash=key_hash(registered, {"id": str(key)}),
                    raw_hash=uuid.uuid4(),
                    synced_at=now,
                    batch_id=1,
                    row_no=0,
                    mapping=0,
                    stage=stage,
                    code="not_allowed" if stage == "validate" else "unreadable_number",
                    field="state",
                    message="state is not allowed",
                    errors=[
                        {
                            "stage": stage,
                            "code": "not_allowed",
                            "field": "state",
                            "message": "",
                            "value": None,
                        }
                    ],
                    fingerprint=uuid.UUID(int=1),
                    raw=raw.replace(b'"unlimited"', b"1"),
                    normalized={**read, "changed": given["CHANGED"]} if stage == "validate" else None,
                    first_seen_at=now,
                    last_seen_at=now,
                )
            )
        FailedRecord.objects.bulk_create(made)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE failed_record")


def _stage_ms() -> dict[str, int]:
    from sync.models import Batch

    total: dict[str, int] = {}
    for stages in Batch.objects.values_list("stage_ms", flat=True):
        for stage, took in stages.items():
            total[stage] = total.get(stage, 0) + took
    return total


def _print(options: argparse.Namespace, figures: dict[str, Any]) -> None:
    if options.json:
        print(json.dumps(figures))
        return
    print(
        f"{figures['rows']:,} failed records, replayed from {figures['stage']}: {figures['replay_seconds']} s,"
        f" {figures['rows_a_second']:,} rows/s, {figures['peak_rss_mib']} MiB"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--stage", choices=["normalize", "validate"], default="normalize")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    main()
