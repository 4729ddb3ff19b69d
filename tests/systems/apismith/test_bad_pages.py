"""APISmith's pages cut, repeated, halved and lost: nothing is deleted, and nothing bad is taken for good."""

from __future__ import annotations

from typing import Any

import pytest

from sync import records
from sync.errors import TransientError
from sync.events import words
from sync.models import DeleteProposal, Job, JobEvent
from sync.registry import registry
from tests import sandboxed
from tests.integration.pipeline.conftest import run, run_again, run_waiting, sync
from tests.integration.targets.conftest import Hub, hub

__all__ = ["hub"]
CUSTOMERS = "apismith.customers"
PAGES: dict[str, Any] = {"full": True, "page_size": 10}


def live() -> int:
    return records.tracker(registry.find(CUSTOMERS)).live_rows


def mood(hub: Hub, **facts: Any) -> None:
    sandboxed.switch(hub.sandbox, "apismith", entity="customers", **facts)


def read_again(hub: Hub) -> Job:
    """A full read that its far end breaks once, to its end."""
    with pytest.raises(TransientError):
        run("sync", CUSTOMERS, **PAGES)
    job = Job.objects.filter(kind="sync").latest("id")
    Job.objects.filter(pk=job.pk).update(status=Job.Status.PENDING, fence=job.fence + 1)
    return run_again(job)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"mood": "shrunk", "after": 5}, "it has 91 rows, and while it was read 45."),
        ({"mood": "halved"}, "it has 91 rows, and 8"),
    ],
)
def test_rows_lost_midway_delete_nothing(hub: Hub, facts: dict[str, Any], why: str) -> None:
    sync(CUSTOMERS)
    mood(hub, **facts)

    job = run("sync", CUSTOMERS, **PAGES)

    assert why in words(JobEvent.objects.get(job_id=job.id, name="deletes_unproven"))
    assert not run_waiting("deletes")
    assert live() == 91


@pytest.mark.parametrize("facts", [{"mood": "cut", "after": 4}, {"mood": "repeated", "after": 4}])
def test_a_page_that_breaks_off_or_repeats_is_read_again(hub: Hub, facts: dict[str, Any]) -> None:
    sync(CUSTOMERS)
    mood(hub, times=2 if facts["mood"] == "repeated" else 1, **facts)

    job = read_again(hub)
    run_waiting("deletes")

    assert (job.result or {})["skipped"] == 91
    assert live() == 91
    assert not DeleteProposal.objects.exists()


def test_a_third_truly_lost_waits_for_a_person(hub: Hub) -> None:
    sync(CUSTOMERS)
    mood(hub, mood="shrunk", share=0.3)

    run("sync", CUSTOMERS, **PAGES)
    run_waiting("deletes")

    assert DeleteProposal.objects.get().count == 28
    assert live() == 91
