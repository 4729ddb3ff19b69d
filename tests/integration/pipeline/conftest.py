"""A far end with rows, and jobs run in the test's own process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from sync.jobs.enqueue import enqueue
from sync.jobs.kinds import handler_of
from sync.jobs.take import take
from sync.models import Job
from sync.registry import registry
from tests.farend import FarEnd


@pytest.fixture
def far_end(committed: None) -> Iterator[FarEnd]:
    with FarEnd() as server:
        server.set("makers", maker(1), maker(2))
        server.set("gadgets")
        server.set("parts")
        server.set("notes")
        yield server


@pytest.fixture
def page_by_page(settings: Settings) -> None:
    """Each page is a batch of its own."""
    settings.BRIDGE_BATCH_ROWS = 1


def maker(number: int) -> dict[str, Any]:
    return {"id": number, "name": f"Maker {number}", "updated_at": "2026-01-01T00:00:00Z"}


def gadget(number: int, **values: Any) -> dict[str, Any]:
    row = {
        "id": number,
        "name": f"Gadget {number}",
        "price": "10.00",
        "updated_at": f"2026-01-01T00:{number % 60:02}:00Z",
    }
    return {**row, **values}


def run(kind: str, path: str, **params: Any) -> Job:
    """Ask for a job and run its handler here; errors come through."""
    job = enqueue(kind, entity=registry.find(path), params=params, requested_by="test").job
    return run_again(job)


def run_again(job: Job) -> Job:
    """Run a pending job's handler here."""
    job.refresh_from_db()
    claim = take(job.id, job.fence, "test")
    assert claim is not None, f"the job is {job.status}, hold {job.hold}"
    handler_of(job.kind)(claim)
    job.refresh_from_db()
    return job


def run_waiting(kind: str) -> list[Job]:
    """Run the pending jobs of a kind, in order."""
    return [run_again(job) for job in Job.objects.filter(kind=kind, status=Job.Status.PENDING).order_by("id")]


def sync(path: str, **params: Any) -> dict[str, int]:
    """Run a sync; its counts."""
    return dict(run("sync", path, **params).result or {})
