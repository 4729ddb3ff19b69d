"""A worker that is frozen in the middle of a commit: its locks end, and its work goes on."""

from __future__ import annotations

import copy
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta

import psycopg
import pytest
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from psycopg.conninfo import make_conninfo

from sync.declare import Backoff
from sync.jobs import frozen, reaper
from sync.jobs.claim import Claim
from sync.jobs.frozen import end_idle_transactions
from sync.jobs.lease import connection_name, worker_name
from sync.jobs.retry import judge
from sync.models import Job
from tests import factories
from tests.integration.jobs.conftest import Register, ask, database_url, done, run
from tests.integration.jobs.test_reaper import dies, forget

NONE = timedelta()
Idle = Callable[[str], psycopg.Connection]


@pytest.fixture
def impatient() -> Iterator[None]:
    """Connections opened now may pause for half a second."""
    settings = connections.settings[DEFAULT_DB_ALIAS]
    before = copy.deepcopy(settings["OPTIONS"])
    end_idle_transactions(0.5)
    yield
    settings["OPTIONS"].clear()
    settings["OPTIONS"].update(before)


class Frozen:
    """Holds a job in a transaction, and says nothing until it is thawed."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.error: Exception | None = None
        self.holds, self.thawed = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._work)
        self.thread.start()
        assert self.holds.wait(10)

    def thaw(self) -> None:
        self.thawed.set()
        self.thread.join()

    def _work(self) -> None:
        try:
            with transaction.atomic():
                self.claim.hold()
                self.holds.set()
                self.thawed.wait(30)
                self.claim.finish({})
        except Exception as error:
            self.error = error
        finally:
            connections.close_all()


def test_its_job_is_recovered_and_what_it_would_commit_is_refused(handle: Register, impatient: None) -> None:
    handle(done)
    job = ask()
    worker = Frozen(dies(job))
    forget(job)

    assert reaper.recover() == 0, "its transaction still holds the job"
    until = time.monotonic() + 30
    while not reaper.recover():
        assert time.monotonic() < until
        time.sleep(0.05)
    worker.thaw()

    assert run(job) == "success"
    assert worker.error is not None
    verdict = judge(worker.error, burned=0, policy=Backoff())
    assert (verdict.outcome, verdict.code, verdict.burns) == ("retry", "database_unavailable", False)


FREEZE = "import django; django.setup(); from tests.integration.jobs.freezing import freeze; freeze()"


@pytest.fixture
def writing(handle: Register) -> Iterator[tuple[Job, subprocess.Popen[str]]]:
    """A job that another process holds in the midst of a COPY."""
    handle(done)
    job = ask()
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": database_url()}
    process = subprocess.Popen(
        [sys.executable, "-c", FREEZE],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{job.pk}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "writing\n"
    yield job, process
    process.kill()
    process.communicate()


def test_one_that_is_stopped_in_the_midst_of_a_copy_holds_nobody_up(
    writing: tuple[Job, subprocess.Popen[str]],
) -> None:
    job, process = writing
    process.send_signal(signal.SIGSTOP)
    age(job, seconds=0)
    assert reaper.recover() == 0, "its transaction holds the job"

    until = time.monotonic() + 30
    while not (ended := frozen.end_frozen(NONE)):  # as long as the server reads what was sent before
        assert time.monotonic() < until
        time.sleep(0.05)
    assert ended == 1
    while not reaper.recover():
        assert time.monotonic() < until
        time.sleep(0.05)
    assert run(job) == "success"
    process.send_signal(signal.SIGCONT)
    told, _ = process.communicate("go on\n")
    assert told == "AdminShutdown\n"
    job.refresh_from_db()
    assert (job.status, job.result) == ("success", {"done": True})


@pytest.mark.parametrize("seconds", [-10, 1])
def test_one_whose_lease_is_or_was_just_alive_is_left_alone(
    writing: tuple[Job, subprocess.Popen[str]], seconds: int
) -> None:
    job, process = writing
    age(job, seconds=seconds)

    assert frozen.end_frozen() == 0
    assert process.communicate("go on\n")[0] == "committed\n"


def test_one_that_renews_another_lease_is_left_alone(writing: tuple[Job, subprocess.Popen[str]]) -> None:
    job, process = writing
    age(job, seconds=60)
    job.refresh_from_db()
    lease = factories.now() + timedelta(seconds=15)
    factories.job(status="processing", worker=job.worker, lease_until=lease)

    assert frozen.end_frozen() == 0
    assert process.communicate("go on\n")[0] == "committed\n"


@pytest.fixture
def idle(committed: None) -> Iterator[Idle]:
    """Begin a transaction, and nothing in it, on a connection of the worker of that name."""
    with ExitStack() as opened:

        def begin(worker: str) -> psycopg.Connection:
            named = make_conninfo(database_url(), application_name=connection_name(worker))
            connection = opened.enter_context(closing(psycopg.connect(named)))
            connection.execute("SELECT 1")
            until_awaited(connection.info.backend_pid)
            return connection

        yield begin


def test_one_of_a_host_with_a_long_name_is_ended(idle: Idle) -> None:
    worker = f"{'far-away.' * 20}:1:0a1b2c3d"
    idle(worker)
    factories.job(status="processing", worker=worker, lease_until=factories.now())

    assert frozen.end_frozen(NONE) == 1


def test_one_that_came_back_with_the_name_and_number_of_a_lost_one_is_left_alone(idle: Idle) -> None:
    healthy = idle("bridge-worker-0:1:0a1b2c3d")
    factories.job(status="processing", worker="bridge-worker-0:1:d3c2b1a0", lease_until=factories.now())

    assert frozen.end_frozen(NONE) == 0
    assert healthy.execute("SELECT 1").fetchone() == (1,)


def test_one_that_began_its_transaction_after_the_lease_was_over_is_left_alone(idle: Idle) -> None:
    worker = "bridge-worker-0:1:0a1b2c3d"
    factories.job(status="processing", worker=worker, lease_until=factories.now())
    healthy = idle(worker)

    assert frozen.end_frozen(NONE) == 0
    assert healthy.execute("SELECT 1").fetchone() == (1,)


def test_what_the_server_cuts_of_a_connections_name_is_never_the_token() -> None:
    name = worker_name()

    assert connection_name(name)[:63].startswith(f"bridge {name.rpartition(':')[2]} ")


def until_awaited(backend: int) -> None:
    """Until the server waits for this client: it answers a moment before."""
    until = time.monotonic() + 30
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", (backend,))
            if cursor.fetchone() == ("Client",):
                return
            time.sleep(0.01)
    raise AssertionError("the server never waited for it")


def age(job: Job, *, seconds: int) -> None:
    """Let the job's lease have ended so long ago."""
    Job.objects.filter(pk=job.pk).update(lease_until=factories.now() - timedelta(seconds=seconds))
