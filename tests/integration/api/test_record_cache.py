"""The answers that a process keeps: true after every commit, and off while it cannot know."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from structlog.testing import capture_logs

from sync import cache
from sync.cache import CHANNEL
from tests.factories import now, record
from tests.integration.api.conftest import Calling

LAMP = "/api/v1/shop/gadgets/7"


def until(holds: Callable[[], bool]) -> None:
    """Wait for what another thread does; a test that waits in vain fails."""
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.01)
    pytest.fail("it never came")


def end_listeners() -> None:
    """As a restart of the database does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE (query LIKE 'LISTEN%' OR query = 'SELECT 1') AND datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )


@pytest.fixture
def listening(committed: None) -> Iterator[cache.Listener]:
    listener = cache.start()
    until(lambda: cache.records.live)
    yield listener
    listener.stop()


@pytest.fixture
def client(calling: Calling) -> Client:
    return calling("read")


def lamp(client: Client) -> Any:
    return client.get(LAMP).json()["data"]["name"]


def rename(row: Any, name: str) -> None:
    """As the engine does: the row and the notification in one commit."""
    type(row).objects.filter(key_hash=row.key_hash).update(data={"id": 7, "name": name}, revision=2)
    note = json.dumps({"e": row.entity_id, "k": [row.key_hash.hex]})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", (CHANNEL, note))


def test_it_answers_the_same_without_the_database(listening: cache.Listener, client: Client) -> None:
    record(data={"id": 7, "name": "Lamp"})
    first = client.get(LAMP)

    with connection.execute_wrapper(_refuse):
        second = client.get(LAMP)

    assert second.content == first.content
    assert second["ETag"] == first["ETag"]


def test_it_answers_304_without_the_database(listening: cache.Listener, client: Client) -> None:
    record(data={"id": 7})
    etag = client.get(LAMP)["ETag"]

    with connection.execute_wrapper(_refuse):
        assert client.get(LAMP, headers={"if-none-match": etag}).status_code == 304


def test_a_change_is_seen(listening: cache.Listener, client: Client) -> None:
    row = record(data={"id": 7, "name": "Lamp"})
    assert lamp(client) == "Lamp"

    rename(row, "Torch")

    until(lambda: lamp(client) == "Torch")


def test_a_record_that_became_stale_is_not_served_from_here(
    listening: cache.Listener, client: Client
) -> None:
    record(data={"id": 7}, synced_at=now() - timedelta(hours=1))

    assert "X-Sync-Triggered" in client.get(LAMP)
    assert "X-Sync-Triggered" in client.get(LAMP)


def test_it_is_off_while_the_connection_is_lost_and_on_again_after(
    listening: cache.Listener, client: Client
) -> None:
    row = record(data={"id": 7, "name": "Lamp"})
    assert lamp(client) == "Lamp"
    end_listeners()
    until(lambda: not cache.records.live)

    type(row).objects.update(data={"id": 7, "name": "Torch"})  # nobody hears of this one

    assert lamp(client) == "Torch"
    until(lambda: cache.records.live)


def test_an_outage_is_told_once_and_not_each_second(
    listening: cache.Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "REST", 0.01)
    with socket.socket() as closing, monkeypatch.context() as away, capture_logs() as told:
        closing.bind(("127.0.0.1", 0))
        closing.listen()
        closing.settimeout(30)
        away.setitem(connections.settings["default"], "HOST", "127.0.0.1")
        away.setitem(connections.settings["default"], "PORT", str(closing.getsockname()[1]))
        end_listeners()
        for _ in range(3):
            closing.accept()[0].close()
        away.undo()
        until(lambda: cache.records.live)
        closing.close()
        until(lambda: len(told) > 1)

    assert [line["event"] for line in told] == ["cache off: the database is away", "cache on again"]


def _refuse(*_: object, **__: object) -> None:
    raise AssertionError("the database was asked")
