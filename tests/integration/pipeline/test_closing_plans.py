"""What failed or waits is looked for by key among the records: no batch reads the whole mirror for it."""

from __future__ import annotations

import pytest
from django.db import connection

from sync import schema
from sync.models import FailedRecord
from sync.queries import query
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run, sync

GADGETS = "shop.gadgets"
ROWS, FAILING = 1_200, 900


@pytest.mark.parametrize(
    "statement",
    ["hashes_failed", "hashes_waiting", "supersede_reverted", "unpark_reverted", "any_failed_lives"],
)
def test_records_are_looked_up_by_their_key(far_end: FarEnd, statement: str) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(ROWS)))
    sync(GADGETS, page_size=1_000)
    later = "2026-01-03T00:00:00Z"
    far_end.set("gadgets", *(gadget(number, price="odd", updated_at=later) for number in range(FAILING)))
    run("sync", GADGETS, page_size=1_000)
    assert FailedRecord.objects.filter(state="open").count() == FAILING
    asked = query(statement, leaf=schema.leaf(GADGETS), entity_id=schema.entity_id(GADGETS))

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute(
            f"EXPLAIN {asked}", {"hashes": [], "asked_at": later, "entity_id": schema.entity_id(GADGETS)}
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert f"{schema.leaf(GADGETS)}_pkey" in plan, plan
    assert "Hash Join" not in plan, plan
    assert "Merge Join" not in plan, plan
