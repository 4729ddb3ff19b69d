"""What people are told of a job that does not start."""

from __future__ import annotations

import pytest

from sync.jobs import fleet, lane_words, limit_acts, pauses
from sync.jobs.standstill import look
from sync.models import Worker
from tests import factories
from tests.integration.jobs.conftest import GADGETS, OPERATOR, ask

pytestmark = pytest.mark.usefixtures("db")


def told() -> str:
    """Of a job that nothing holds: on its page, and in a lane that it stops."""
    job = ask("sync")
    found = lane_words.waits_for(job)
    words = lane_words.why(job, look())
    assert words.startswith(f"Job {job.pk} (sync) ")
    return found[0] if found else words.rpartition(") ")[2]


def test_it_starts_as_soon_as_a_worker_is_free() -> None:
    factories.worker()

    assert told() == "starts as soon as a worker is free."


def test_its_queue_is_paused() -> None:
    factories.worker()
    pauses.pause("queue:sync", by=OPERATOR)

    assert told() == "It waits for the end of a pause: `bridge resume queue:sync`."


@pytest.mark.parametrize("one", [None, "vm:7:a"])
def test_all_workers_are_drained(one: str | None) -> None:
    factories.worker()
    fleet.drain(by=OPERATOR, worker=one)

    assert "all workers are drained: `bridge resume`" in told()


@pytest.mark.parametrize(
    "columns",
    [
        {"heard_at": "2026-01-01T00:00:00Z"},
        {"queues": ["command"]},
        {"kinds": ["push"]},
    ],
)
def test_no_worker_takes_it(columns: dict[str, object]) -> None:
    factories.worker()
    Worker.objects.update(**columns)

    assert "no worker that takes such jobs is alive" in told()


def test_a_pause_is_told_with_who_and_why() -> None:
    pauses.pause(GADGETS, by=OPERATOR, reason="it moves house")

    for kind in ("sync", "refresh", "replay"):
        (words,) = lane_words.waits_for(ask(kind, params={"key": {"id": "1"}}))
        assert words.startswith(f"entity:{GADGETS} is paused since ")
        assert words.endswith(f"by olga (it moves house): `bridge resume entity:{GADGETS}`.")


def test_a_full_limit_is_told() -> None:
    limit_acts.change("system:shop", most=5, by=OPERATOR)
    ask("sync")

    waiting = ask("sync")

    assert lane_words.waits_for(waiting) == [
        f"entity:{GADGETS} is full: 1 of at most 1 of its jobs are under way."
    ]
