"""The system of the chaos tests: makers and the widgets they make, from CHAOS_URL. A worker stops where it is told."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sync.declare import Backoff, Entity, Parent, Push, System
from sync.fields import Integer, Money, Text, Timestamp
from sync.sources.paging import Offset
from sync.sources.rest import Rest, RestClient

CHANGED = Timestamp(source="updated_at", formats=("%Y-%m-%dT%H:%M:%SZ",), required=True)
PAGING = Offset(total="total")
TARGETS = (
    (Push(target="schedulehub", path="/items", fields={"number": "id", "name": "name"}, batch=100),)
    if "SCHEDULEHUB_URL" in os.environ
    else ()
)

makers = Entity(
    name="makers",
    source=Rest(path="/makers", paging=PAGING),
    key=("id",),
    version="changed",
    fields={"id": Integer(required=True), "name": Text(required=True), "changed": CHANGED},
    volatile=("changed",),
)
widgets = Entity(
    name="widgets",
    source=Rest(path="/widgets", key_path="/widgets/{id}", paging=PAGING),
    key=("id",),
    version="changed",
    fields={
        "id": Integer(required=True),
        "name": Text(required=True),
        "price": Money(),
        "maker": Integer(),
        "changed": CHANGED,
    },
    volatile=("changed",),
    parents=(Parent(entity="makers", by={"maker": "id"}),),
    page_size=250,
    targets=TARGETS,
    retry=Backoff(0.5, 1, 2, 4, 8),
)
system = System(
    name="chaos",
    client=lambda: RestClient("chaos", os.environ.get("CHAOS_URL", "http://127.0.0.1:9")),
    private=True,
    entities=(makers, widgets),
)

if "CHAOS_DIR" in os.environ and sys.argv[1:2] in (["worker"], ["web"]):
    from tests.chaos import points

    install = points.install if sys.argv[1] == "worker" else points.install_web
    install(Path(os.environ["CHAOS_DIR"]))
