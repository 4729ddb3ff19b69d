"""A column of the ERP that was renamed overnight: seen, warned of, and nothing of it lost."""

from __future__ import annotations

import json
from typing import Any

from sync import drift, records
from sync.audit import Actor
from sync.mapping import acts
from sync.models import RecordVersion, SourceColumn
from sync.registry import registry
from tests import sandboxed
from tests.integration.pipeline.conftest import run, run_again, sync
from tests.integration.targets.conftest import Hub, hub

__all__ = ["hub"]
CUSTOMERS = "apismith.customers"
OLGA = Actor("olga", "admin")


def phones() -> dict[str, Any]:
    """Each customer's phone as it is served."""
    page = records.page(
        registry.find(CUSTOMERS), filters={}, updated_since=None, after=None, limit=100, include_deleted=False
    )
    rows = [json.loads(found.data) for found in page.items]
    return {row["customer_id"]: row["phone"] for row in rows}


def test_a_column_renamed_overnight_is_seen_and_nothing_of_it_is_lost(hub: Hub) -> None:
    sync(CUSTOMERS)
    before = phones()
    renamed = {"PHONE": "PHONE_NO"}
    sandboxed.switch(hub.sandbox, "apismith", "drifted", entity="customers", renamed=renamed)

    counts = sync(CUSTOMERS, full=True)

    told = [drift.words(column) for column in SourceColumn.objects.filter(drift.OPEN)]
    assert "'PHONE' is missing, and 'PHONE_NO' is new: probably it was renamed." in told
    assert (counts["rows_fetched"], counts["failed"]) == (91, 0)
    assert {
        version.data["customer_id"]: version.data["phone"] for version in RecordVersion.objects.all()
    } == before

    wanted = acts.draft(registry.find(CUSTOMERS), {"fields": {"phone": {"source": "PHONE_NO"}}}, by=OLGA)
    acts.activate(wanted.pk, by=OLGA)
    run_again(acts.remap(registry.find(CUSTOMERS), by=OLGA))
    assert phones() == before
    assert run("sync", CUSTOMERS, full=True).result["skipped"] == 91  # type: ignore[index]  # it has ended
