"""/api/v1/trackers."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client

from sync.models import Tracker
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


def test_it_says_why_deletes_are_held_back(reader: Client) -> None:
    since = factories.now()
    held = {"deletes_held": "1 failed rows have no key that could be read.", "deletes_held_since": since}
    Tracker.objects.filter(entity__path="shop.gadgets").update(**held)

    shown = {one["entity"]: one for one in reader.get("/api/v1/trackers").json()["items"]}

    assert shown["shop.gadgets"]["deletes_held"] == held["deletes_held"]
    assert shown["shop.gadgets"]["deletes_held_since"]
    assert shown["shop.makers"]["deletes_held"] is None
