"""A wake or a replay whose worker dies between two commits goes on where it stands, each row once."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from sync import failures, wake
from sync.audit import Actor
from sync.jobs import reaper
from sync.jobs.claim import Claim
from sync.jobs.kinds import handler_of
from sync.jobs.take import take
from sync.models import Batch, FailedRecord, Job, PendingChild
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, maker, run_again, run_waiting, sync

GADGETS, MAKERS = "shop.gadgets", "shop.makers"
OLGA = Actor(name="olga", door="admin", request_id="r-1")


class Killed(BaseException):
    """The process is gone: nobody settles the attempt."""


def run_until_killed(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the job's handler up to the transaction that would end it, then let its lease run out."""
    claim = take(job.id, job.fence, "test")
    assert claim is not None

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Claim, "finish", die)
        with pytest.raises(Killed):
            handler_of(job.kind)(claim)
    Job.objects.filter(pk=job.pk).update(lease_until=Now())
    reaper.recover()


def test_a_wake_goes_on_after_its_first_batch(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wake, "ROWS_A_BATCH", 1)
    far_end.set("gadgets", gadget(1, maker=1), gadget(2, maker=2))
    sync(GADGETS)
    run_waiting("wake")
    sync(MAKERS)
    job = Job.objects.get(kind="wake", status=Job.Status.PENDING)

    run_until_killed(job, monkeypatch)
    far_end.set("gadgets", gadget(3, maker=3))
    sync(GADGETS)
    far_end.set("makers", maker(3))
    sync(MAKERS)  # what is ripe now is found by the interrupted one too
    done = run_again(job)

    assert done.status == Job.Status.SUCCESS
    assert done.result is not None
    assert done.result["inserted"] == 3
    assert not PendingChild.objects.exists()


def test_a_replay_goes_on_after_its_batch(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    far_end.set("gadgets", gadget(1, name="x" * 50))
    sync(GADGETS)
    job = failures.retry(FailedRecord.objects.get().id, by=OLGA)

    run_until_killed(job, monkeypatch)
    done = run_again(job)

    assert done.status == Job.Status.SUCCESS
    assert done.result is not None
    assert done.result["rows_fetched"] == sum(b.counts["rows_fetched"] for b in Batch.objects.filter(job=job))
    assert FailedRecord.objects.get().state == FailedRecord.State.OPEN


def test_a_replay_takes_the_bytes_that_a_sync_brings_meanwhile(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="much"))
    sync(GADGETS)
    failed = FailedRecord.objects.get()
    failures.mend(failed.id, {"price": "5"}, by=OLGA)
    job = failures.retry(failed.id, by=OLGA)
    replay = threading.Thread(target=_run_and_close, args=(job,))

    with transaction.atomic():  # as a sync does that finds it failing with other bytes
        FailedRecord.objects.filter(id=failed.id).update(raw=b'{"id": 1, "price": "more"}', mended=None)
        replay.start()
        _wait_for_a_lock()
    replay.join()

    failed.refresh_from_db()
    assert (failed.state, failed.attempts) == (FailedRecord.State.OPEN, 1)
    assert bytes(failed.raw) == b'{"id": 1, "price": "more"}'


def _run_and_close(job: Job) -> None:
    try:
        run_again(job)
    finally:
        connection.close()


def _wait_for_a_lock() -> None:
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() != (0,):
                return
        time.sleep(0.01)
    raise AssertionError("the replay never waited")
