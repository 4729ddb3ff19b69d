"""Commands of the tests' own system, at a far end that writes down what was done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from sync.audit import Actor
from sync.commands.accept import Accepted, accept
from sync.commands.declared import find
from sync.jobs.run import run_job
from sync.models import Attempt, Command, Effect, Inbound, Job
from tests.conftest import empty
from tests.integration.jobs.conftest import SpawnWorker, worker
from tests.office import Office

__all__ = ["SpawnWorker", "worker"]

CLIENT = Actor(name="carol", door="api", request_id="r-1")
OPERATOR = Actor(name="olga", door="admin")
LETTER = {"to": "Ann", "text": "hello"}


@pytest.fixture(scope="module")
def committing(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database whose commits are real, emptied once for all tests of a module."""
    with django_db_blocker.unblock():
        empty()
        yield
        empty()


@pytest.fixture
def office(committing: None) -> Iterator[Office]:
    """The far end, and no commands yet. Commits are real: no request is made within a transaction."""
    for model in (Effect, Command, Attempt, Job, Inbound):
        model.objects.all().delete()
    with Office() as running:
        yield running


def ask(name: str, data: Any = None, *, key: str | None = None, client: str = "carol") -> Command:
    return taken(name, data, key=key, client=client).command


def taken(name: str, data: Any = None, *, key: str | None = None, client: str = "carol") -> Accepted:
    payload = LETTER if data is None else data
    return accept(find(f"shop.{name}"), payload, client=client, by=CLIENT, key=key)


def run(command: Command) -> str:
    """One delivery of the command's job, whether it is due or not; what became of it."""
    command.job.refresh_from_db()
    outcome = run_job(command.job.pk, command.job.fence)
    command.refresh_from_db()
    command.job.refresh_from_db()
    return outcome


def run_to_end(command: Command, most: int = 20) -> list[str]:
    """Deliveries until its job ended; what became of each."""
    outcomes = []
    for _ in range(most):
        outcomes.append(run(command))
        if command.job.status not in ("pending", "processing"):
            return outcomes
    raise AssertionError(f"it goes on and on: {outcomes}")


def states(command: Command) -> list[str]:
    """What the ledger says, line by line."""
    return [line.state for line in command.ledger.order_by("no")]


def steps(command: Command) -> list[str]:
    """What happened, line by line."""
    return [line.exchange["step"] for line in command.ledger.order_by("no")]
