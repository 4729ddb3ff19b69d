"""Two connections commit whole batches side by side; a gap that a crash leaves is filled, and nothing twice."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from structlog.contextvars import bound_contextvars, get_contextvars

from sync import schema
from sync.errors import TransientError
from sync.jobs.enqueue import enqueue
from sync.jobs.kinds import handler_of
from sync.jobs.take import take
from sync.models import Batch, Job
from sync.pipeline import writing
from sync.pipeline.batch import Batch as Frame
from sync.pipeline.writing import Step, Writers
from sync.registry import registry
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run, run_again

GADGETS = "shop.gadgets"


def count() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {schema.leaf(GADGETS)}")
        row = cursor.fetchone()
    assert row
    return int(row[0])


def again(job: Job) -> Job:
    """The job goes back to the queue, as after a crash."""
    Job.objects.filter(pk=job.pk).update(status=Job.Status.PENDING, hold=None)
    return run_again(job)


def test_pages_missing_between_committed_ones_are_read_again(far_end: FarEnd, page_by_page: None) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 56)))
    job = run("sync", GADGETS)
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {schema.leaf(GADGETS)}")
    # As after a crash: pages 2 and 3 and the last one were never committed, 4 and 5 were.
    Batch.objects.filter(job_id=job.id, seq__in=(2, 3, 6)).delete()
    asked = len(far_end.asked)

    again(job)

    assert [params["offset"] for _, _, params in far_end.asked[asked:]] == ["10", "20", "50"]
    assert [batch.seq for batch in Batch.objects.filter(job_id=job.id).order_by("seq")] == [1, 2, 3, 4, 5, 6]
    job.refresh_from_db()
    assert (job.result or {})["rows_fetched"] == 55
    assert count() == 25


def test_what_was_committed_before_an_error_stays_and_counts(far_end: FarEnd, page_by_page: None) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 56)))
    job = enqueue("sync", entity=registry.find(GADGETS), requested_by="test").job
    claim = take(job.id, job.fence, "test")
    assert claim

    def fail_at_page_4(params: dict[str, str]) -> None:
        if params["offset"] == "30":
            far_end.refuse_with = (503, {}, b"{}")

    far_end.on_page = fail_at_page_4
    with pytest.raises(TransientError):
        handler_of("sync")(claim)
    far_end.on_page, far_end.refuse_with = None, None

    again(job)

    job.refresh_from_db()
    assert job.status == Job.Status.SUCCESS
    assert (job.result or {})["inserted"] == count() == 55
    seqs = list(Batch.objects.filter(job_id=job.id).values_list("seq", flat=True))
    assert sorted(seqs) == sorted(set(seqs))


def test_equal_keys_in_batches_side_by_side_land_once(far_end: FarEnd, page_by_page: None) -> None:
    rows = [
        gadget(number % 7, name=f"Version {number}", updated_at=f"2026-01-01T{number:02}:00:00Z")
        for number in range(23)
    ]
    far_end.set("gadgets", *rows, *(gadget(number) for number in range(100, 150)))

    counts = run("sync", GADGETS).result or {}

    assert counts["rows_fetched"] == 73
    assert counts["inserted"] == count() == 57
    assert counts["inserted"] + counts["updated"] + counts["skipped"] == 73
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT data->>'name' FROM {schema.leaf(GADGETS)} WHERE data->>'id' IN ('0', '1', '2', '6')"
        )
        names = {row[0] for row in cursor.fetchall()}
    assert names == {"Version 21", "Version 22", "Version 16", "Version 20"}


def put_many(commit: Step) -> None:
    with Writers(commit) as writers:
        for number in range(100):
            writers.put(Frame(registered=registry.find(GADGETS), id=number))


def test_an_error_of_a_writer_stops_the_run() -> None:
    begun: list[int] = []

    def commit(batch: Any) -> Any:
        begun.append(batch.id)
        raise ValueError("the disk is full")

    with pytest.raises(ValueError, match="disk is full"):
        put_many(commit)

    assert len(begun) <= writing.CONNECTIONS


def test_the_writers_log_lines_name_their_job() -> None:
    bound: list[dict[str, Any]] = []

    def commit(batch: Any) -> Any:
        bound.append({**get_contextvars(), "writer": threading.current_thread().name})
        return batch

    with bound_contextvars(job_id="j1"):
        put_many(commit)

    assert bound == [{"job_id": "j1", "writer": "writer"}] * 100


def test_the_last_batch_waits_for_the_others() -> None:
    ended: list[int] = []
    release = threading.Event()

    def commit(batch: Any) -> Any:
        if batch.id == 1:
            release.wait(5)
        ended.append(batch.id)
        return batch

    threading.Timer(0.2, release.set).start()
    with Writers(commit) as writers:
        writers.put(Frame(registered=registry.find(GADGETS), id=1))
        writers.put(Frame(registered=registry.find(GADGETS), id=2))
        writers.finish(Frame(registered=registry.find(GADGETS), id=3))

    assert ended[-1] == 3
    assert sorted(ended) == [1, 2, 3]
