"""Pages of lists in a real Redis: shared while it is there, missed while it is away, never out of date."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache, caches
from django.test import Client
from pytest_django import Settings

from sync.models import Record, Tracker
from tests import factories
from tests.acceptance.running import free_port
from tests.integration.api.conftest import completed

pytestmark = pytest.mark.needs("redis-server")
GADGETS = "shop.gadgets"


@pytest.fixture
def redis(settings: Settings, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    port = free_port()
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": settings.REDIS_URL,
            "OPTIONS": {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1},
        }
    }
    while cache.get_or_set("probe", b"1") is None or cache.get("probe") is None:
        time.sleep(0.02)
    yield server
    caches["default"].close()
    server.kill()
    server.wait()


def names(client: Client) -> list[str]:
    return [item["data"]["name"] for item in client.get("/api/v1/gadgets").json()["items"]]


def test_a_page_is_kept_until_the_entity_changes(reader: Client, redis: subprocess.Popen[bytes]) -> None:
    record = factories.record(GADGETS, {"id": 1, "name": "Kept"})
    completed(GADGETS)
    assert names(reader) == ["Kept"]
    Record.objects.filter(key_hash=record.key_hash).update(data={"id": 1, "name": "Behind the feed's back"})

    assert names(reader) == ["Kept"]
    Tracker.objects.filter(entity__path=GADGETS).update(feed_seq=7)
    assert names(reader) == ["Behind the feed's back"]


def test_another_question_is_another_page(reader: Client, redis: subprocess.Popen[bytes]) -> None:
    factories.record(GADGETS, {"id": 1, "name": "One"})
    factories.record(GADGETS, {"id": 2, "name": "Two"})
    completed(GADGETS)

    assert len(names(reader)) == 2
    assert len(reader.get("/api/v1/gadgets?limit=1").json()["items"]) == 1


def test_without_redis_it_is_answered_all_the_same(reader: Client, redis: subprocess.Popen[bytes]) -> None:
    factories.record(GADGETS, {"id": 1, "name": "There"})
    completed(GADGETS)
    redis.kill()
    redis.wait()

    assert names(reader) == ["There"]
    assert names(reader) == ["There"]
