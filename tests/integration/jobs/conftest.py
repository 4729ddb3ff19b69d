"""Jobs of a kind of the tests' own, run here or in a real worker process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from sync.audit import Actor
from sync.jobs import kinds
from sync.jobs.claim import Claim
from sync.jobs.enqueue import enqueue
from sync.jobs.run import run_job
from sync.models import Job
from sync.registry import Registered, registry
from tests.kinds import done_by

GADGETS = "shop.gadgets"
OPERATOR = Actor(name="olga", door="admin", request_id="r-1")
SERVE = """
import sys, django
django.setup()
from tests.integration.jobs.handlers import serve
sys.exit(serve())
"""
Handler = Callable[[Claim], Any]
Register = Callable[..., None]
SpawnWorker = Callable[..., "subprocess.Popen[bytes]"]


def entity(path: str = GADGETS) -> Registered:
    return registry.find(path)


@pytest.fixture
def handle(committed: None, monkeypatch: pytest.MonkeyPatch) -> Register:
    """Let a function do the work of a kind: `work` (at first done at once), or any that is named."""

    def register(handler: Handler, kind: str = "work") -> None:
        monkeypatch.setitem(kinds.KINDS, kind, done_by(handler, kind))

    register(done)
    return register


def done(claim: Claim) -> None:
    """The handler of work that is done at once."""
    claim.finish({"done": True})


def ask(kind: str = "work", path: str | None = GADGETS, **options: Any) -> Job:
    registered = None if path is None else entity(path)
    return enqueue(kind, entity=registered, requested_by="test", **options).job


def run(job: Job) -> str:
    """Run the job as its delivery would, whether it is due or not."""
    job.refresh_from_db()
    outcome = run_job(job.pk, job.fence)
    job.refresh_from_db()
    return outcome


def wakeups(job: Job) -> list[dict[str, Any]]:
    """The rows of the queue that would run this job, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, queue_name, priority, scheduled_at, status::text, (args->>'fence')::int FROM procrastinate_jobs"
            " WHERE args->>'job_id' = %s ORDER BY id",
            (str(job.pk),),
        )
        names = ("id", "queue", "priority", "at", "status", "fence")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def together(number: int, act: Callable[[int], object]) -> None:
    """Let threads do it at the same moment; raises what one of them raised."""
    start = threading.Barrier(number)
    errors: list[BaseException] = []

    def body(index: int) -> None:
        try:
            start.wait()
            act(index)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=body, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.fixture
def worker(committed: None) -> Iterator[SpawnWorker]:
    """Starts worker processes on the test's database; their handlers are in handlers.py."""
    spawned: list[subprocess.Popen[bytes]] = []

    def spawn(**environment: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE],
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "DATABASE_URL": database_url(),
                **environment,
            },
        )
        spawned.append(process)
        return process

    yield spawn
    for process in spawned:
        if process.poll() is None:
            process.kill()
        process.wait()


def database_url() -> str:
    """How another process reaches the test's own database."""
    parameters = connection.get_connection_params()
    known = {name: parameters.get(name) for name in ("host", "port", "user", "password", "dbname")}
    return make_conninfo(**{name: value for name, value in known.items() if value})
