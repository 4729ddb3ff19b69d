"""Watching jobs to their end."""

from __future__ import annotations

import io
import threading
from uuid import UUID

from rich.console import Console

from bridge.bars import Look, Outcome
from bridge.following import follow
from sync.models import Job
from tests import factories


def watch(
    *jobs: Job, terminal: bool = False, stopped: threading.Event | None = None
) -> tuple[dict[UUID, Look], str]:
    stream = io.StringIO()
    screen = Console(file=stream, force_terminal=terminal, width=120, highlight=False)
    return follow([job.id for job in jobs], stopped=stopped, screen=screen), stream.getvalue()


def test_it_says_what_a_sync_brought(db: None) -> None:
    result = {"rows_fetched": 1_200, "inserted": 1_100, "skipped": 100, "failed": 0}
    job = factories.job(status=Job.Status.SUCCESS, result=result)
    factories.batch(job, counts={"rows_fetched": 1_200})

    last, words = watch(job)

    assert last[job.id].outcome is Outcome.SUCCESS
    assert last[job.id].rows == 1_200
    assert words == "shop.gadgets: 1,100 inserted, 100 skipped\n"


def test_a_sync_without_news_says_so(db: None) -> None:
    job = factories.job(status=Job.Status.SUCCESS, result={"inserted": 0})

    assert watch(job)[1] == "shop.gadgets: nothing new\n"


def test_it_says_why_a_job_failed(db: None) -> None:
    job = factories.dead_job()

    last, words = watch(job)

    assert last[job.id].outcome is Outcome.FAILED
    assert words == "shop.gadgets: failed: The far end answered 500: out of order.\n"


def test_it_does_not_wait_for_what_only_a_person_ends(db: None) -> None:
    job = factories.job(hold="configuration", error="No account.")

    assert watch(job)[0][job.id].outcome is Outcome.PARKED


def test_it_leaves_when_told_to(db: None) -> None:
    stopped = threading.Event()
    stopped.set()
    job = factories.job()

    assert watch(job, stopped=stopped)[0][job.id].outcome is None


def test_it_shows_bars_on_a_terminal(db: None) -> None:
    job = factories.job(status=Job.Status.SUCCESS, result={"inserted": 10})
    factories.batch(job)

    words = watch(job, terminal=True)[1]

    assert "━" in words
    assert "10 rows" in words


def test_it_shows_how_far_a_running_one_is(db: None) -> None:
    stopped = threading.Event()
    stopped.set()
    job = factories.job(status=Job.Status.PROCESSING)
    factories.event(job, "progress", rows=700, total=1_000)

    last, words = watch(job, stopped=stopped)

    assert (last[job.id].rows, last[job.id].total) == (700, 1_000)
    assert words == "shop.gadgets: processing, 700 rows so far\n"


def test_square_brackets_are_words(db: None) -> None:
    job = factories.dead_job(error="[500] out of order")

    assert "[500] out of order" in watch(job, terminal=True)[1]
