"""A week of a backfill, lived through in minutes: a seventh of the rows a day, two workers, one of them killed.

    python -m tests.bench.backfill --rows 7000000 [--json]

Syncs go on beside it each day. At the end every row is there once and newest, each day took just its share, and the
watermark was moved by the syncs alone; else it ends with what was wrong. `--hasten` does not wait for leases.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sync.models import Backfill, Job

ROOT = Path(__file__).resolve().parents[2]
DAYS = 7
WINDOWS_A_DAY = 20
PATIENCE = 240  # seconds for anything to come about
MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
LIVE = 10  # rows that were there before the history came, and go on changing


class Week:
    """The far end, the workers and the clock."""

    def __init__(self, options: argparse.Namespace, folder: Path, url: str) -> None:
        self.rows, self.hasten, self.url = options.rows, options.hasten, url
        self.windows = 2 * DAYS if options.hasten else WINDOWS_A_DAY * DAYS
        self.calendar = folder / "clock"
        self.workers: dict[int, subprocess.Popen[bytes]] = {}
        self.versions: dict[int, int] = {}
        self.watermarks: list[str | None] = []

    def post(self, *path: object) -> None:
        """Tell the far end something."""
        address = f"{self.url}/{'/'.join(map(str, path))}"
        urllib.request.urlopen(urllib.request.Request(address, method="POST"), timeout=30).read()

    def begin(self, day: int) -> None:
        """Let it be another day."""
        from sync.backfill import planner

        moment = (MONDAY + timedelta(days=day)).isoformat()
        fresh = self.calendar.with_suffix(".new")
        fresh.write_text(moment)
        fresh.replace(self.calendar)
        planner.tick()

    def hire(self) -> None:
        """Start a worker."""
        command = [sys.executable, "-m", "bridge", "worker", "--concurrency", "2"]
        worker = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        self.workers[worker.pid] = worker

    def dismiss(self) -> None:
        """End those that live."""
        for worker in self.workers.values():
            worker.kill()
            worker.wait()

    def change(self, *numbers: int) -> None:
        """The far end changes these rows."""
        for number in numbers:
            self.versions[number] = self.versions.get(number, 0) + 1
            self.post("change", number, self.versions[number])

    def sync(self) -> Job:
        """An incremental sync, to its end."""
        from sync.audit import Actor
        from sync.models import Job, Tracker
        from sync.registry import registry
        from sync.start import start_sync

        wanted = start_sync(registry.find("days.rows"), by=Actor("week", "shell")).job
        eventually("a sync ends", lambda: Job.objects.get(pk=wanted.pk).finished_at)
        done = Job.objects.get(pk=wanted.pk)
        check("a sync succeeds", done.status, "success")
        self.watermarks.append(Tracker.objects.get(entity=done.entity_id).watermark)
        return done

    def kill_one(self) -> None:
        """Kill -9 the worker of a window that has committed a part of its rows, and start another worker."""
        from django.db.models.functions import Now

        from sync.jobs import reaper
        from sync.models import BackfillWindow, Job

        begun = BackfillWindow.objects.filter(state="running", rows__gt=0, job__status="processing")
        window = eventually("a window is half read", begun.select_related("job").first)
        assert window.job is not None
        assert window.job.worker is not None
        pid = int(window.job.worker.split(":")[-2])
        os.kill(pid, signal.SIGKILL)
        self.workers.pop(pid).wait()
        self.post("stall", 0)
        self.hire()
        if self.hasten:
            Job.objects.filter(status="processing", worker=window.job.worker).update(lease_until=Now())
            reaper.recover()


def live_through(week: Week) -> dict[str, Any]:
    """The week; what it took."""
    from sync.audit import Actor
    from sync.backfill import acts
    from sync.backfill.plan import Asked

    per_day, window = week.rows // DAYS, week.rows // week.windows
    week.change(*(week.rows + number for number in range(1, LIVE + 1)))
    week.hire()
    week.hire()
    week.sync()
    week.post("history", week.rows)
    asked = Asked(
        entity="days.rows",
        by="key",
        low="1",
        high=str(week.rows + 1),
        window=str(window),
        rows_per_day=per_day,
    )
    began = time.perf_counter()
    backfill = acts.start(asked, by=Actor("week", "shell"))
    seconds = [_day(week, backfill, day, window) for day in range(DAYS)]
    eventually("the backfill is done", lambda: acts.find(backfill.pk).state == "done")
    took = time.perf_counter() - began
    return {"rows": week.rows, "seconds": round(took, 1), "day_seconds": seconds, **_proven(week, backfill)}


def _day(week: Week, backfill: Backfill, day: int, window: int) -> float:
    """One day: its rows, a sync beside them, and on the third the death of a worker."""
    began = time.perf_counter()
    share = week.rows // DAYS
    if day == 2:
        week.post("stall", window // 2)
    week.begin(day)
    # One row that is here, one that the backfill has still to read, one that came after both.
    week.change(day * share + 1, week.rows - day, week.rows + 1)
    if day == 2:
        week.kill_one()
    week.sync()
    eventually(f"day {day + 1} has its rows", lambda: _rows_of(backfill, day) >= share)
    eventually("no window is read", lambda: not _under_way(backfill))
    check("the watermark is that of the last sync", _watermark(backfill), week.watermarks[-1])
    took = round(time.perf_counter() - began, 1)
    print(f"day {day + 1}: {_rows_of(backfill, day):,} rows in {took} s", file=sys.stderr, flush=True)
    return took


def _proven(week: Week, backfill: Backfill) -> dict[str, Any]:
    from django.db import connection

    from sync import schema
    from sync.backfill.progress import counts_of
    from sync.models import Attempt, Batch, DeleteProposal

    leaf = schema.leaf("days.rows")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), sum((data->>'id')::bigint), count(deleted_at) FROM {leaf}")
        found = cursor.fetchone()
        cursor.execute(f"SELECT data->>'id', data->>'name' FROM {leaf} WHERE (data->>'name') !~ 'version 0$'")
        changed = {int(number): name for number, name in cursor.fetchall()}
        cursor.execute(f"SELECT count(*) FROM {leaf} WHERE revision > 1 AND (data->>'name') ~ 'version 0$'")
        rewritten = cursor.fetchone()
    every = week.rows + LIVE
    check("every row is there once", found, (every, every * (every + 1) // 2, 0))
    newest = {number: f"Row {number}, version {version}" for number, version in week.versions.items()}
    check("what changed is the newest", changed, newest)
    check("what did not change was written once", rewritten, (0,))
    jobs = list(backfill.windows.values_list("job_id", flat=True))
    fetched = sum(
        counts["rows_fetched"]
        for counts in Batch.objects.filter(job__in=jobs).values_list("counts", flat=True)
    )
    check("no row was committed twice", fetched, week.rows)
    check(
        "each day took its share",
        [_rows_of(backfill, day) for day in range(DAYS)],
        [week.rows // DAYS] * DAYS,
    )
    check("nothing was proposed for deletion", DeleteProposal.objects.count(), 0)
    lost = Attempt.objects.filter(job__in=jobs, outcome="lost")
    check("the killed worker's windows were lost and went on", lost.exists(), True)
    counts = counts_of(backfill)
    return {
        "windows": len(jobs),
        "lost_attempts": lost.count(),
        "workers": len(set(Attempt.objects.filter(job__in=jobs).values_list("worker", flat=True))),
        "at_once": _at_once(jobs),
        "attempt_seconds": _median_attempt(jobs),
        "inserted": counts.get("inserted", 0),
        "skipped": counts.get("skipped", 0),
        "updated": counts.get("updated", 0),
        "failed": counts.get("failed", 0),
        "syncs": len(week.watermarks),
    }


def _at_once(jobs: list[Any]) -> int:
    """How often two windows were read at the same moment by different workers."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM attempt a JOIN attempt b ON a.job_id < b.job_id AND a.worker <> b.worker"
            " AND a.started_at < b.finished_at AND b.started_at < a.finished_at"
            " WHERE a.job_id = ANY(%s) AND b.job_id = ANY(%s)",
            (jobs, jobs),
        )
        row = cursor.fetchone()
    check("two workers read different windows at once", bool(row and row[0]), True)
    return int(row[0]) if row else 0


def _median_attempt(jobs: list[Any]) -> float:
    """Seconds that an attempt at a window took, in the middle."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - started_at))"
            " FROM attempt WHERE job_id = ANY(%s) AND outcome = 'success'",
            (jobs,),
        )
        row = cursor.fetchone()
    return round(float(row[0]), 2) if row else 0.0


def _rows_of(backfill: Backfill, day: int) -> int:
    date = (MONDAY + timedelta(days=day)).date()
    return int(backfill.days.filter(day=date).values_list("rows", flat=True).first() or 0)


def _under_way(backfill: Backfill) -> bool:
    from sync.models import Job

    jobs = backfill.windows.filter(state="running").values("job_id")
    return Job.objects.filter(pk__in=jobs, status="processing").exists()


def _watermark(backfill: Backfill) -> str | None:
    from sync.models import Tracker

    return Tracker.objects.get(entity=backfill.entity_id).watermark


def check(what: str, found: object, wanted: object) -> None:
    """End with what was wrong."""
    if found != wanted:
        sys.exit(f"Not so: {what}. Found {found!r}, wanted {wanted!r}.")


def eventually(what: str, look: Callable[[], Any]) -> Any:
    """Look again and again until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        check(f"{what}, in {PATIENCE} s", time.monotonic() < deadline, True)
        time.sleep(0.02)
    return found


def main() -> None:
    """Live through the week and print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=70_000, help="a multiple of 7,000")
    parser.add_argument("--hasten", action="store_true", help="for few rows: a kill is noticed at once")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))  # so that its processes end with it
    folder = Path(tempfile.mkdtemp(prefix="bridge-week-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        figures = _run(options, folder, stack)
    print(json.dumps(figures) if options.json else "\n".join(f"{k}: {v}" for k, v in figures.items()))


def _run(options: argparse.Namespace, folder: Path, stack: ExitStack) -> dict[str, Any]:
    from bridge.postgres import join_or_start

    page = max(25, options.rows // 7_000)
    url = stack.enter_context(_far_end())
    (folder / "clock").write_text((MONDAY - timedelta(days=1)).isoformat())
    os.environ |= {
        "BRIDGE_DATA_DIR": str(folder / "data"),
        "BRIDGE_SYSTEMS": "tests.bench.days",
        "BRIDGE_BUILTIN_SYSTEMS": "apismith",
        "DJANGO_SETTINGS_MODULE": "bridge.settings",
        "DAYS_URL": url,
        "DAYS_PAGE": str(page),
        "DAYS_CLOCK": str(folder / "clock"),
    }
    if options.hasten:
        os.environ["BRIDGE_BATCH_ROWS"] = str(4 * page)
    os.environ["DATABASE_URL"] = stack.enter_context(join_or_start(folder / "data")).url
    import django
    import structlog

    django.setup()
    # The last line of stdout is the result, whatever is logged when the process ends.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    stack.callback(connections.close_all)
    week = Week(options, folder, url)
    stack.callback(week.dismiss)
    return live_through(week)


@contextmanager
def _far_end() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.days_far_end"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.kill()
        server.communicate()


if __name__ == "__main__":
    main()
