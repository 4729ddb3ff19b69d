"""A real worker process: it runs, drains, dies, and its work goes on."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from sync.errors import InvalidRequest
from sync.jobs import enqueue, kinds, served
from sync.jobs.kinds import QUEUES
from sync.jobs.lease import connection_name
from sync.jobs.worker import run_worker, slots
from sync.models import Attempt, Job, Worker
from tests.integration.jobs.conftest import SpawnWorker
from tests.integration.jobs.handlers import KINDS

PATIENCE = 60
"""Seconds after which a test gives up; nothing here depends on how fast it is."""

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def known_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the worker's process knows; here the names are enough."""
    for kind, handler in KINDS.items():
        monkeypatch.setitem(kinds.KINDS, kind, kinds.Kind(handler=handler))


def ask(kind: str, **params: Any) -> Job:
    return enqueue.enqueue(kind, params=params, requested_by="test").job


def wait_until(job: Job, *statuses: str) -> Job:
    return wait_for(job, lambda: job.status in statuses, " or ".join(statuses))


def wait_for(job: Job, condition: Any, what: str) -> Job:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        job.refresh_from_db()
        if condition():
            return job
        time.sleep(0.05)
    raise AssertionError(f"job {job.kind} is {job.status}, fence {job.fence}, and not {what}")


def begun(job: Job) -> int:
    """The process that works on the job, once it does."""
    wait_for(job, lambda: job.events.filter(name="began").exists(), "begun")
    return int(job.events.filter(name="began").latest("id").facts["pid"])


def test_it_runs_what_was_asked_before_and_after_its_start(worker: SpawnWorker) -> None:
    before = ask("quick")
    process = worker()
    wait_until(before, "success")

    after = wait_until(ask("quick"), "success")

    assert after.result == {"pid": process.pid}
    assert Attempt.objects.filter(job=after).get().worker.split(":")[-2] == str(process.pid)
    wait_for(after, queue_is_empty, "out of the queue")


def test_the_server_knows_whose_its_connections_are(worker: SpawnWorker) -> None:
    worker()

    done = wait_until(ask("quick"), "success")

    with connection.cursor() as cursor:
        name = connection_name(Attempt.objects.get(job=done).worker)
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = left(%s, 63)", [name])
        assert cursor.fetchone() != (0,)


def queue_is_empty() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        return bool(cursor.fetchone() == (0,))


def test_a_transaction_undone_in_the_worker_asks_for_nothing(worker: SpawnWorker) -> None:
    job = ask("rolls_back")
    worker()

    wait_until(job, "success")

    kept = wait_until(Job.objects.get(requested_by="kept"), "success")
    assert list(Job.objects.exclude(pk__in=(job.pk, kept.pk))) == []


def test_a_killed_workers_job_goes_on_in_the_next(worker: SpawnWorker, tmp_path: Path) -> None:
    job = ask("until_let_go", file=str(tmp_path / "go"))
    first = worker()
    assert begun(job) == first.pid
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    (tmp_path / "go").touch()

    second = worker()

    wait_until(job, "success")
    assert job.result == {"pid": second.pid}
    assert (job.attempts, job.deaths) == (0, 0)
    assert list(Attempt.objects.order_by("no").values_list("outcome", flat=True)) == ["lost", "success"]


@pytest.mark.long
def test_a_worker_that_is_frozen_in_a_copy_holds_up_nobody(worker: SpawnWorker, tmp_path: Path) -> None:
    job = ask("copies", file=str(tmp_path / "go"))
    first = worker()
    assert begun(job) == first.pid
    time.sleep(0.5)  # into its COPY
    second = worker()
    wait_until(ask("quick"), "success")
    first.send_signal(signal.SIGSTOP)
    (tmp_path / "go").touch()

    wait_until(job, "success")

    assert job.result == {"pid": second.pid}
    first.send_signal(signal.SIGCONT)
    wait_until(ask("quick"), "success")
    job.refresh_from_db()
    assert (job.result, job.attempts, job.deaths) == ({"pid": second.pid}, 0, 0)


def test_told_to_stop_it_hands_its_work_back(worker: SpawnWorker, tmp_path: Path) -> None:
    job = ask("until_let_go", file=str(tmp_path / "go"))
    process = worker()
    begun(job)

    process.send_signal(signal.SIGTERM)

    assert process.wait(PATIENCE) == 0
    job.refresh_from_db()
    assert (job.status, job.attempts, job.deaths) == ("pending", 0, 0)
    assert Attempt.objects.get().outcome == "interrupted"


def test_what_runs_may_end_by_itself_and_nothing_more_is_taken(worker: SpawnWorker, tmp_path: Path) -> None:
    job = ask("until_let_go", file=str(tmp_path / "go"))
    process = worker(BRIDGE_DRAIN_SECONDS="60")
    begun(job)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)  # until it has heard
    late = ask("quick")

    (tmp_path / "go").touch()

    assert process.wait(PATIENCE) == 0
    job.refresh_from_db()
    late.refresh_from_db()
    assert (job.status, late.status) == ("success", "pending")
    assert list(Attempt.objects.values_list("outcome", flat=True)) == ["success"]


def test_told_twice_to_stop_it_hands_its_work_back_at_once(worker: SpawnWorker, tmp_path: Path) -> None:
    job = ask("until_let_go", file=str(tmp_path / "go"))
    process = worker(BRIDGE_DRAIN_SECONDS="3600")
    begun(job)

    for _ in range(2):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)  # two signals at the same moment are one

    assert process.wait(PATIENCE) == 0
    assert Attempt.objects.get().outcome == "interrupted"


def test_work_that_does_not_listen_is_given_back_and_holds_nobody_up(
    worker: SpawnWorker, tmp_path: Path
) -> None:
    job = ask("deaf", file=str(tmp_path / "go"))
    process = worker()
    begun(job)

    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)

    assert process.wait(PATIENCE) == 0
    job.refresh_from_db()
    assert (job.status, job.deaths) == ("pending", 0)


def test_cut_off_connections_are_made_anew(worker: SpawnWorker) -> None:
    process = worker()
    wait_until(ask("quick"), "success")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    job = wait_until(ask("quick"), "success")

    assert job.result == {"pid": process.pid}


def test_without_a_database_it_ends_with_code_1_and_one_line(worker: SpawnWorker, tmp_path: Path) -> None:
    process = worker(DATABASE_URL=f"postgresql://nobody@/nothing?host={tmp_path}")

    assert process.wait(PATIENCE) == 1


def test_each_queue_has_its_slots(settings: Any) -> None:
    settings.SYNC_WORKER_THREADS = 4

    assert slots(QUEUES, None) == {"system": 2, "interactive": 2, "command": 4, "short": 2, "sync": 4}
    assert slots(QUEUES, 8)["sync"] == 8
    assert slots(["interactive"], 5) == {"interactive": 5}


def test_kinds_say_which_queues_are_served() -> None:
    assert served.queues_of([], []) == list(QUEUES)
    assert served.queues_of(["command", "refresh"], []) == ["interactive", "command"]
    assert served.queues_of(["refresh"], ["sync", "interactive"]) == ["interactive"]


@pytest.mark.parametrize(
    ("queues", "only", "concurrency", "code"),
    [
        (["sync", "other"], [], None, "unknown_queue"),
        ([], [], 0, "bad_concurrency"),
        ([], ["sync", "sinc"], None, "unknown_kind"),
        (["sync"], ["command"], None, "kind_without_queue"),
    ],
)
def test_what_makes_no_sense_is_refused(
    queues: list[str], only: list[str], concurrency: int | None, code: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        run_worker(queues, concurrency, only)

    assert refused.value.code == code


def test_one_that_was_limited_to_kinds_leaves_the_others(worker: SpawnWorker) -> None:
    left, taken = ask("rolls_back"), ask("quick")

    worker(BRIDGE_WORKER_KINDS="quick,breaks")

    wait_until(taken, "success")
    wait_until(ask("quick"), "success")
    left.refresh_from_db()
    assert (left.status, Attempt.objects.filter(job=left).count()) == ("pending", 0)
    shown = Worker.objects.get()
    assert (shown.queues, shown.kinds) == (["sync"], ["quick", "breaks"])


def test_its_command_says_what_queues_there_are() -> None:
    from django.core.management import CommandError, call_command

    with pytest.raises(CommandError, match="system, interactive, command, short, sync") as refused:
        call_command("worker", queues="nonsense")

    assert refused.value.returncode == 2
