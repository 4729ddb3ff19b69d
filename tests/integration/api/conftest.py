"""The callers of the API, one a scope, and what every test of it starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.test import Client

from api.auth import forget_tokens, mint
from sync import freshness, schema
from sync.models import Tracker

Calling = Callable[..., Client]


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """What a process remembers must not pass from test to test."""
    freshness.forget_requests()
    forget_tokens()
    yield
    freshness.forget_requests()


@pytest.fixture
def calling() -> Calling:
    """A client of the API whose token has these scopes."""

    def client(*scopes: str) -> Client:
        return Client(headers={"authorization": f"Bearer {mint('carol', scopes, timedelta(minutes=5))}"})

    return client


@pytest.fixture
def reader(db: None, calling: Calling) -> Client:
    """May read."""
    return calling("read")


@pytest.fixture
def operator(db: None, calling: Calling) -> Client:
    """May read and operate."""
    return calling("read", "operate")


@pytest.fixture
def syncer(db: None, calling: Calling) -> Client:
    """May read and ask for syncs."""
    return calling("read", "sync")


def completed(entity: str, *, ago: timedelta = timedelta(0)) -> Tracker:
    """The entity's last complete run began so long ago."""
    from tests.factories import now

    tracker = Tracker.objects.get(entity_id=schema.entity_id(entity))
    tracker.fresh_to = tracker.last_sync_at = now() - ago
    tracker.save()
    return tracker
