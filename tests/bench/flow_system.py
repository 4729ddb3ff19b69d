"""The system of the benchmarks of single jobs: items pushed to ScheduleHub, orders and their lines, from BENCH_URL."""

from __future__ import annotations

import os
from dataclasses import replace

from sync.declare import Entity, Parent, Push, System
from sync.fields import Decimal, Integer, Money, Text, Timestamp
from sync.sources.paging import Offset
from sync.sources.rest import Rest, RestClient
from tests.bench.system import rows

PAGING = Offset(more="hasMore", total="total")
PUSHED = {"number": "id"} | {
    name: name
    for name in ("account", "name", "email", "phone", "state", "territory", "credit", "city", "note")
}
CHANGED = Timestamp(source="CHANGED", formats=("%Y-%m-%dT%H:%M:%SZ",), required=True)

items = replace(
    rows,
    name="items",
    source=Rest(path="/first", paging=PAGING),
    targets=(
        Push(
            target="schedulehub",
            path="/items",
            fields=PUSHED,
            numbers=("credit",),
        ),
    ),
)
orders = Entity(
    name="orders",
    source=Rest(path="/second", paging=PAGING),
    key=("id",),
    version="changed",
    fields={
        "id": Integer(source="ID", required=True),
        "customer": Text(source="CUSTOMER"),
        "changed": CHANGED,
    },
    volatile=("changed",),
)
lines = Entity(
    name="lines",
    source=Rest(path="/first", paging=PAGING),
    key=("order", "no"),
    version="changed",
    fields={
        "order": Integer(source="ORDER_ID", required=True),
        "no": Integer(source="NO", required=True),
        "item": Text(source="ITEM", required=True),
        "quantity": Decimal(source="QUANTITY"),
        "price": Money(source="PRICE"),
        "note": Text(source="NOTE"),
        "changed": CHANGED,
    },
    volatile=("changed",),
    parents=(Parent(entity="orders", by={"order": "id"}),),
)
system = System(
    name="flow",
    client=lambda: RestClient("flow", os.environ.get("BENCH_URL", "http://127.0.0.1:9")),
    private=True,
    entities=(items, orders, lines),
)
