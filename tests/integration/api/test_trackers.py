"""/api/v1/trackers."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client

from tests import factories
from tests.integration.api.conftest import completed


def test_it_shows_every_entity_with_its_state(reader: Client) -> None:
    completed("shop.gadgets", ago=timedelta(minutes=1))
    factories.record()
    factories.failed_record()
    factories.failed_record(state="discarded")
    factories.pending_child()
    job = factories.dead_job()

    body = reader.get("/api/v1/trackers").json()

    shown = {one["entity"]: one for one in body["items"]}
    gadgets, makers = shown["shop.gadgets"], shown["shop.makers"]
    assert (gadgets["records"], gadgets["failed"], gadgets["pending"]) == (1, 1, 1)
    assert (gadgets["last_job"], gadgets["last_status"]) == (str(job.id), "failed")
    assert (gadgets["system"], gadgets["state"]) == ("shop", "active")
    assert gadgets["fresh_to"]
    assert (makers["records"], makers["failed"], makers["last_job"], makers["fresh_to"]) == (0, 0, None, None)
    assert body["next"] is None
