"""The system of the backfill's week: rows of DAYS_URL, and the clock that the file DAYS_CLOCK names."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from sync import clock
from sync.declare import Backoff, Entity, System
from sync.fields import Integer, Money, Text, Timestamp
from sync.sources.paging import Offset
from sync.sources.rest import Rest, RestClient

rows = Entity(
    name="rows",
    source=Rest(
        path="/rows",
        key_path="/rows/{id}",
        since_param="since",
        key_params=("from", "below"),
        paging=Offset(more="more", total="total"),
    ),
    key=("id",),
    cursor="changed",
    fields={
        "id": Integer(required=True),
        "name": Text(required=True),
        "amount": Money(),
        "changed": Timestamp(formats=("%Y-%m-%dT%H:%M:%SZ",), required=True),
    },
    volatile=("changed",),
    max_parallel=3,
    page_size=int(os.environ.get("DAYS_PAGE", "1000")),
    retry=Backoff(1),
)
system = System(
    name="days",
    client=lambda: RestClient("days", os.environ.get("DAYS_URL", "http://127.0.0.1:9")),
    private=True,
    entities=(rows,),
)


def from_file() -> datetime:
    """The moment in the file."""
    return datetime.fromisoformat(Path(os.environ["DAYS_CLOCK"]).read_text()).astimezone(UTC)


if "DAYS_CLOCK" in os.environ:
    clock.use(from_file)
