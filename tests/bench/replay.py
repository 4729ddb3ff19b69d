"""How fast failed records are replayed: as many as you say, run again after the declaration was mended.

    python -m tests.bench.replay --rows 100000 [--stage validate] [--json]

They are written as an older declaration would have refused them; then one job takes them all.
"""

from __future__ import annotations

import argparse
import json
import random
import uuid
from datetime import UTC, datetime
from typing import Any

from tests.bench import here

CHUNK = 5_000


def main() -> None:
    """Run the benchmark and print what it measured."""
    stage = {"choices": ["normalize", "validate"], "default": "normalize"}
    asked = here.options(__doc__, stage=stage)
    with here.bridge("tests.bench.system"):
        figures = _measure(asked)
    here.say(
        asked,
        f"{asked.rows:,} failed records, replayed from {asked.stage}: {figures['replay_seconds']} s,"
        f" {figures['rows_a_second']:,} rows/s, {figures['peak_rss_mib']} MiB",
    )
    here.tell(asked, figures)


def _measure(asked: argparse.Namespace) -> dict[str, Any]:
    _fail(asked.rows, asked.stage)
    here.settle_down()

    from sync import bulk
    from sync.audit import Actor
    from sync.members import Members

    (job,) = bulk.retry(Members(entity="bench.rows"), by=Actor(name="bench", door="shell"))
    ran = here.run(job)
    assert ran.counts["inserted"] == asked.rows, ran.counts
    return {
        "rows": asked.rows,
        "stage": asked.stage,
        "replay_seconds": round(ran.seconds, 2),
        "rows_a_second": round(asked.rows / ran.seconds),
        "peak_rss_mib": here.peak_rss_mib(),
        "counts": ran.counts,
        "stage_ms": here.stage_ms(job),
    }


def _fail(rows: int, stage: str) -> None:
    """Failed records of the benchmark's dirty rows, which are good rows by the declaration as it is."""
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
            raw = bench._row(key, names, chance, 1)
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


if __name__ == "__main__":
    main()
