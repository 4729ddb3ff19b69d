"""Three worker processes with ten slots each keep an entity's limit of three, and use it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from sync.jobs import verbs
from sync.jobs.ask import Ask
from sync.jobs.enqueue import enqueue_many
from sync.models import Attempt, Job, LaneRow, ScopeLimit, Worker
from tests.integration.jobs.conftest import GADGETS, OPERATOR, SpawnWorker
from tests.integration.jobs.handlers import known_here

SCOPE = f"entity:{GADGETS}"
LIMIT = 3
PATIENCE = 90

pytestmark = pytest.mark.slow


@pytest.fixture
def limited(committed: None) -> Iterator[None]:
    known_here()
    ScopeLimit.objects.filter(scope=SCOPE).update(most=LIMIT)
    yield
    ScopeLimit.objects.filter(scope=SCOPE).update(most=1)


def naps(number: int, seconds: float) -> list[Job]:
    """So many jobs that sleep for so long, all counted by the limit."""
    ask = Ask(kind="naps", params={"seconds": seconds}, scopes=[SCOPE], requested_by="test")
    return [one.job for one in enqueue_many([ask] * number)]


def until_done(number: int) -> None:
    until = time.monotonic() + PATIENCE
    while Job.objects.filter(status="success").count() < number:
        assert time.monotonic() < until, dict(Job.objects.values_list("id", "hold"))
        time.sleep(0.1)


def most_at_once() -> int:
    """The largest number of attempts that were under way at the same moment."""
    moments = [
        (moment, step)
        for began, ended in Attempt.objects.values_list("started_at", "finished_at")
        if ended is not None
        for moment, step in ((began, 1), (ended, -1))
    ]
    running, most = 0, 0
    for _, step in sorted(moments):  # at the same moment ends come first
        running += step
        most = max(most, running)
    return most


def test_there_are_never_more_than_the_limit_at_once(limited: None, worker: SpawnWorker) -> None:
    for _ in range(3):
        worker(SYNC_WORKER_THREADS="10")
    until = time.monotonic() + PATIENCE
    while Worker.objects.count() < 3:  # each is there to take some, though a fast one may take them all
        assert time.monotonic() < until
        time.sleep(0.05)
    naps(24, 0.05)

    until_done(24)

    assert most_at_once() == LIMIT


@pytest.mark.long
def test_the_limit_is_used_to_three_quarters_at_least(limited: None, worker: SpawnWorker) -> None:
    for _ in range(3):
        worker(SYNC_WORKER_THREADS="10")
    naps(3, 0.1)
    until_done(3)  # all are up
    Job.objects.all().delete()

    naps(150, 0.1)
    until_done(150)

    began = Attempt.objects.earliest("started_at").started_at
    ended = Attempt.objects.latest("finished_at").finished_at
    assert ended is not None
    rate = 150 / (ended - began).total_seconds()
    assert most_at_once() == LIMIT
    assert rate / (LIMIT / 0.1) >= 0.75, f"{rate:.1f} of {LIMIT / 0.1:.0f} jobs a second"


def test_a_lane_behind_a_dead_job_is_told_and_freed_by_resolving_it(
    limited: None, worker: SpawnWorker
) -> None:
    worker()
    dead, behind, beside = enqueue_many(
        [
            Ask(kind="breaks", lanes=["shop.order:1"], requested_by="test"),
            Ask(kind="quick", lanes=["shop.order:1"], requested_by="test"),
            Ask(kind="quick", lanes=["shop.order:2"], requested_by="test"),
        ]
    )
    until_done(1)
    until = time.monotonic() + PATIENCE
    while Job.objects.get(pk=dead.job.pk).status != "failed" and time.monotonic() < until:
        time.sleep(0.05)
    (row,) = LaneRow.objects.all()
    assert (row.lane, row.waiting, row.job_id) == ("shop.order:1", 1, dead.job.pk)
    beside.job.refresh_from_db()
    assert beside.job.status == "success"

    verbs.resolve(dead.job.pk, by=OPERATOR, remark="cancelled by the customer")

    until_done(2)
    behind.job.refresh_from_db()
    assert behind.job.status == "success"
