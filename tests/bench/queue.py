"""What a job costs: enqueue, drain and latency, on an empty queue and on one with a long past and much that waits.

    python -m tests.bench.queue [--jobs 6000] [--finished 1000000] [--waiting 100000] [--peers-python PATH] [--json]

Each job writes its Job, its Attempt and one business row. Workers are real processes, the server is durable. Peers are
measured in the same run where they are installed (`pip install -e '.[bench]'`, or in another Python by --peers-python).
`--finished 0` leaves the second round out. The last line of `--json` is one object.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import psycopg

from tests.bench import here, queue_past, queue_rows
from tests.bench.queue_worker import ROW, SHORT_ROW, register

PEERS = ("celery", "rq", "dramatiq", "pgqueuer")


def main() -> None:
    """Run the benchmark and print what it measured."""
    asked = here.options(
        __doc__,
        jobs={"type": int, "default": 6_000},
        finished={"type": int, "default": 1_000_000},
        idle={"type": int, "default": 30, "help": "seconds for which an idle worker is watched"},
        waiting={"type": int, "default": 100_000},
        peers={"default": ",".join(PEERS), "help": "none, or some of " + ",".join(PEERS)},
        **{"peers-python": {"default": sys.executable, "help": "the Python in which they are installed"}},
    )
    with here.bridge() as folder:
        register()
        url = os.environ["DATABASE_URL"]
        with psycopg.connect(url, autocommit=True, options="-c search_path=bridge") as connection:
            connection.execute(queue_rows.TABLE)
            figures = _idle(asked) | _measure(asked, connection, "")
            figures["peers"] = _peers(asked, url, str(folder))
            if asked.finished:
                queue_past.write(connection, asked.finished, asked.waiting, queues())
                figures |= _measure(asked, connection, "full_")
    here.tell(asked, figures)


def _measure(asked: argparse.Namespace, connection: psycopg.Connection[Any], prefix: str) -> dict[str, Any]:
    drains: dict[str, Any] = {}
    asking: list[tuple[float, float]] = []
    for kind, sort in ((ROW, ""), (SHORT_ROW, "short_")):
        queue_past.serve_last(connection, queues(), kind)
        here.settle_down()
        for number in (1, 2):
            connection.execute("TRUNCATE bench_row")
            asking.append(_ask(asked.jobs, kind))
            with workers(number):
                rate = queue_rows.drained(connection, asked.jobs, number)
            drains[f"{sort}drain_{number}_worker{'s' * (number > 1)}_per_second"] = rate
    single, bulk = (round(median(rates)) for rates in zip(*asking, strict=True))
    figures = {"enqueue_per_second": single, "bulk_enqueue_per_second": bulk, **drains}
    connection.execute("TRUNCATE bench_row")
    queue_past.serve_last(connection, queues(), None)
    here.settle_down()
    with workers(1):
        figures |= queue_rows.latencies(connection, put)
    for name, figure in figures.items():
        here.say(asked, f"{prefix + name:45} {figure:>9,}")
    return {prefix + name: figure for name, figure in figures.items()}


def _ask(jobs: int, kind: str) -> tuple[float, float]:
    """Ask for so many, a sixth of them one by one and the others in bulk; jobs a second of both."""
    each = jobs // 6
    began = time.perf_counter()
    for no in range(each):
        put(no, kind)
    single = each / (time.perf_counter() - began)
    began = time.perf_counter()
    put_many(range(each, jobs), kind)
    return single, (jobs - each) / (time.perf_counter() - began)


def queues() -> dict[str, str]:
    """In which queue each of the two kinds waits."""
    from sync.jobs.kinds import queue_of

    return {kind: queue_of(kind) for kind in (ROW, SHORT_ROW)}


def put(no: int, kind: str = ROW) -> None:
    """Ask for one job, in a transaction of its own."""
    from sync.jobs.enqueue import enqueue

    enqueue(kind, params={"no": no, "asked": time.time()}, requested_by="bench")


def put_many(numbers: range, kind: str) -> None:
    """Ask for all of them in one transaction."""
    from sync.jobs.ask import Ask
    from sync.jobs.enqueue import enqueue_many

    now = time.time()
    enqueue_many([Ask(kind=kind, params={"no": no, "asked": now}, requested_by="bench") for no in numbers])


@contextmanager
def workers(number: int, *queues: str) -> Iterator[list[int]]:
    """Worker processes, told to stop at the end of the block: they leave nothing half done; gives their numbers."""
    command = [sys.executable, "-m", "tests.bench.queue_worker", *([",".join(queues)] if queues else [])]
    with tempfile.TemporaryFile() as log:
        running = [subprocess.Popen(command, cwd=here.ROOT, stdout=log, stderr=log) for _ in range(number)]
        try:
            yield [worker.pid for worker in running]
        finally:
            for worker in running:
                worker.terminate()
            for worker in running:
                worker.wait()
            log.seek(0)
            for line in log.read().decode().splitlines():
                if '"error"' in line or "Traceback" in line:
                    print(line, file=sys.stderr)


def _idle(asked: argparse.Namespace) -> dict[str, Any]:
    """What a worker with nothing to do costs, once it has settled."""
    if not asked.idle:
        return {}
    with workers(1) as (pid,):
        time.sleep(10)
        before = _cpu_seconds(pid)
        time.sleep(asked.idle)
        percent = round((_cpu_seconds(pid) - before) / asked.idle * 100, 2)
        rss = _rss_mib(pid)
    here.say(asked, f"idle worker: {percent} % CPU, {rss} MiB")
    return {"idle_cpu_percent": percent, "idle_rss_mib": rss}


def _cpu_seconds(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mib(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20


def _peers(asked: argparse.Namespace, url: str, folder: str) -> dict[str, Any]:
    """The figures of each, or why there are none."""
    python = asked.peers_python
    found: dict[str, Any] = {}
    if asked.peers == "none":
        return found
    with _redis(folder) as redis:
        options = (
            "?options=-c%20search_path%3Dbridge" if "?" not in url else "&options=-c%20search_path%3Dbridge"
        )
        environment = {**os.environ, "BENCH_DATABASE": url + options, "BENCH_REDIS": redis}
        for name in asked.peers.split(","):
            command = [python, "-m", "tests.bench.queue_peers", "measure", name, str(asked.jobs)]
            ran = subprocess.run(
                command, check=False, cwd=here.ROOT, env=environment, capture_output=True, text=True
            )
            last = (ran.stdout if ran.returncode == 0 else ran.stderr).strip().rpartition("\n")[2]
            found[name] = json.loads(last) if ran.returncode == 0 else last
            here.say(asked, f"{name}: {found[name]}")
    return found


@contextmanager
def _redis(folder: str) -> Iterator[str]:
    """A Redis of its own, without persistence."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", folder]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        time.sleep(1)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
