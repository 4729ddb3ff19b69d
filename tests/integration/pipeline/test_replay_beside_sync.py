"""A replay and a full read of the same rows at once: neither waits for the other's end, every row lands once."""

from __future__ import annotations

import threading

from django.db import connection

from sync import bulk
from sync.audit import Actor
from sync.mapping import acts
from sync.members import Members
from sync.models import FailedRecord, Record
from sync.registry import registry
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run_again, sync

GADGETS = "shop.gadgets"
OLGA = Actor(name="olga", door="admin")
ROWS = 300


def test_each_row_lands_once(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number, note="Box") for number in range(ROWS)))
    for allowed in ("Bag", "Box"):
        rules = {"fields": {"note": {"allowed": [allowed]}}}
        acts.activate(acts.draft(registry.find(GADGETS), rules, by=OLGA).pk, by=OLGA)
        if allowed == "Bag":
            sync(GADGETS)
    (job,) = bulk.retry(Members(entity=GADGETS), by=OLGA)
    errors: list[BaseException] = []

    def read() -> None:
        try:
            sync(GADGETS, full=True, page_size=50)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    reading = threading.Thread(target=read)
    reading.start()
    run_again(job)
    reading.join()

    assert not errors
    assert Record.objects.count() == ROWS
    assert set(Record.objects.values_list("revision", flat=True)) == {1}
    assert not FailedRecord.objects.filter(state="open").exists()
