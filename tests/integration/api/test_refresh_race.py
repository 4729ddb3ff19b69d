"""A refresh, or a sync of the list, that ends between a read's look and its asking."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from sync import freshness
from sync.freshness import sync_dedup
from sync.jobs.enqueue import enqueue
from sync.keys import key_hash
from sync.models import Job, Record, Tracker
from sync.registry import registry
from tests.elsewhere import Elsewhere
from tests.factories import now, record
from tests.integration.api.conftest import Calling


@pytest.fixture
def client(committed: None, calling: Calling) -> Client:
    return calling("read")


def answers_from_what_came(answers: list[Any]) -> None:
    assert answers[0].status_code == 200
    assert "X-Sync-Triggered" not in answers[0]
    assert int(answers[0]["Age"]) < 60
    assert Job.objects.count() == 1


def test_a_read_does_not_ask_again_for_what_has_just_come(client: Client) -> None:
    record(data={"id": 7, "name": "Lamp"}, synced_at=now() - timedelta(hours=1))
    gadgets = registry.find("shop.gadgets")
    number = key_hash(gadgets, {"id": "7"})
    answers: list[Any] = []
    reading = Elsewhere(lambda: answers.append(client.get("/api/v1/shop/gadgets/7")))

    with transaction.atomic():  # the refresh of another process lands while the read waits to ask for one
        dedup = f"refresh:{gadgets.path}:{number}"
        job = enqueue("refresh", entity=gadgets, dedup=dedup, requested_by="another").job
        reading.start()
        reading.until_it_waits()
        Record.objects.filter(key_hash=number).update(synced_at=now())
        Job.objects.filter(pk=job.pk).update(status=Job.Status.SUCCESS, wakeup=None)
    reading.join()

    assert reading.error is None
    answers_from_what_came(answers)


def test_what_is_not_asked_for_is_not_remembered(db: None) -> None:
    gadgets = registry.find("shop.gadgets")
    number = key_hash(gadgets, {"id": "7"})

    refused = freshness.request_if_due(gadgets, {"id": "7"}, number, due=lambda: False, by="test")

    assert refused is None
    assert not Job.objects.exists()
    assert freshness.request_refresh(gadgets, {"id": "7"}, number, by="test").created


def test_a_list_does_not_ask_again_for_what_has_just_been_synced(client: Client) -> None:
    record(data={"id": 7, "name": "Lamp"}, synced_at=now() - timedelta(hours=1))
    gadgets = registry.find("shop.gadgets")
    answers: list[Any] = []
    reading = Elsewhere(lambda: answers.append(client.get("/api/v1/shop/gadgets")))

    with transaction.atomic():  # the sync that another request asked for ends while this one waits to ask
        job = enqueue("sync", entity=gadgets, dedup=sync_dedup(gadgets), requested_by="another").job
        reading.start()
        reading.until_it_waits()
        Tracker.objects.filter(entity__path=gadgets.path).update(fresh_to=now())
        Job.objects.filter(pk=job.pk).update(status=Job.Status.SUCCESS, wakeup=None)
    reading.join()

    assert reading.error is None
    answers_from_what_came(answers)
