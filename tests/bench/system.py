"""The benchmark's system: one entity of 17 fields, read from BENCH_URL."""

from __future__ import annotations

import os
from dataclasses import replace

from sync.declare import Backoff, Entity, System
from sync.fields import Date, Decimal, Integer, Money, Text, Timestamp, lower
from sync.sources.paging import Offset
from sync.sources.rest import Rest, RestClient

rows = Entity(
    name="rows",
    source=Rest(
        path=f"/{os.environ.get('BENCH_PATH', 'first')}",
        since_param="since",
        paging=Offset(more="hasMore", total="total"),
    ),
    key=("id",),
    version="changed",
    cursor="changed",
    fields={
        "id": Integer(source="ID", required=True),
        "account": Text(source="ACCOUNT", required=True, max_length=20),
        "name": Text(source="NAME", required=True, max_length=200),
        "email": Text(source="EMAIL", clean=(lower,)),
        "phone": Text(source="PHONE"),
        "state": Text(source="STATE", allowed=("active", "on hold", "closed", "new")),
        "territory": Integer(source="TERRITORY"),
        "credit": Money(source="CREDIT"),
        "balance": Money(source="BALANCE"),
        "discount": Decimal(source="DISCOUNT"),
        "orders": Integer(source="ORDERS"),
        "opened": Date(source="OPENED", formats=("%Y-%m-%d", "%m/%d/%Y")),
        "closed": Date(source="CLOSED", formats=("%Y-%m-%d", "%m/%d/%Y")),
        "street": Text(source="STREET"),
        "city": Text(source="CITY"),
        "note": Text(source="NOTE"),
        "changed": Timestamp(source="CHANGED", formats=("%Y-%m-%dT%H:%M:%SZ",), required=True),
    },
    volatile=("changed",),
    retry=Backoff(),
)
none = replace(rows, name="none", source=replace(rows.source, path="/none"))
system = System(
    name="bench",
    client=lambda: RestClient("bench", os.environ.get("BENCH_URL", "http://127.0.0.1:9")),
    private=True,
    entities=(rows, none),
)
