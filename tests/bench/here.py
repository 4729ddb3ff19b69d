"""What the benchmarks of single jobs share: a Bridge in this process on a database of its own, far ends in others."""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.postgres import join_or_start

if TYPE_CHECKING:
    from sync.models import Job

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ran:
    """A job that ran here: seconds, what it counted."""

    seconds: float
    counts: dict[str, int]


@contextmanager
def bridge(*systems: str) -> Iterator[Path]:
    """Make this process a worker of a new Bridge with these systems; gives a folder, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="bridge-bench-"))
    modules = [system for system in systems if "." in system]
    builtin = [system for system in systems if "." not in system]
    os.environ |= {
        "BRIDGE_DATA_DIR": str(folder / "data"),
        "BRIDGE_SYSTEMS": ",".join(modules),
        "BRIDGE_BUILTIN_SYSTEMS": ",".join(builtin or ["apismith"]),
        "DJANGO_SETTINGS_MODULE": "bridge.settings",
    }
    try:
        with join_or_start(folder / "data") as server:
            os.environ["DATABASE_URL"] = server.url
            import django
            import structlog

            django.setup()
            # The last line of stdout is the result, whatever is logged when the process ends.
            structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
            from django.core.management import call_command
            from django.db import connection

            call_command("migrate", verbosity=0)
            yield folder
            connection.close()
    finally:
        shutil.rmtree(folder)


def run(job: Job) -> Ran:
    """Run a waiting job to its end."""
    from sync.jobs.kinds import handler_of
    from sync.jobs.lease import leases
    from sync.jobs.take import take

    job.refresh_from_db()
    claim = take(job.pk, job.fence, "bench")
    assert claim, f"the job is {job.status}, hold {job.hold}"
    began = time.perf_counter()
    with leases.held(claim):
        handler_of(job.kind)(claim)
    seconds = time.perf_counter() - began
    job.refresh_from_db()
    return Ran(seconds=seconds, counts=dict(job.result or {}))


def sync(path: str) -> Ran:
    """A full read of an entity."""
    from sync.jobs.enqueue import enqueue
    from sync.registry import registry

    return run(enqueue("sync", entity=registry.find(path), params={"full": True}, requested_by="bench").job)


def waiting(kind: str) -> list[Job]:
    """The jobs of a kind that wait, in order."""
    from sync.models import Job

    return list(Job.objects.filter(kind=kind, status=Job.Status.PENDING).order_by("id"))


def stage_ms(job: Job) -> dict[str, int]:
    """Milliseconds of each stage over all batches of a job."""
    from sync.models import Batch

    total: dict[str, int] = {}
    for stages in Batch.objects.filter(job_id=job.pk).values_list("stage_ms", flat=True):
        for stage, took in stages.items():
            total[stage] = total.get(stage, 0) + took
    return total


def settle_down() -> None:
    """Statistics, and what a running server would have flushed long ago: no part of what is measured."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


@contextmanager
def program(*command: str) -> Iterator[str]:
    """A far end in a process of its own; gives the first line that it prints."""
    server = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.kill()
        server.communicate()


def peak_rss_mib() -> int:
    """Of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def options(document: str | None, **more: Any) -> argparse.Namespace:
    """--rows and --json, and what else a benchmark asks."""
    parser = argparse.ArgumentParser(description=(document or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    for name, facts in more.items():
        parser.add_argument(f"--{name}", **facts)
    return parser.parse_args()


def say(asked: argparse.Namespace, words: str) -> None:
    """For people; with --json aside, so that the last line is the object."""
    print(words, file=sys.stderr if asked.json else sys.stdout, flush=True)


def tell(asked: argparse.Namespace, figures: dict[str, Any]) -> None:
    """The object, where it is asked for."""
    if asked.json:
        print(json.dumps(figures))
