"""How fast a sync is: rows over HTTP from another process, all nine stages, into an embedded PostgreSQL with fsync on.

    python -m tests.bench.sync --rows 1000000 --changed 5% --peer dlt --json

Quote the ratios: they come from the same run on the same machine. The last line of `--json` is one object.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bridge.postgres import join_or_start
from tests.bench.floor import copy_seconds
from tests.bench.rows import write_pages

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ran:
    """One sync: seconds from its start to its last commit, what it counted, what the worker took."""

    seconds: float
    counts: dict[str, int]
    peak_rss_mib: int
    stage_ms: dict[str, int]


def main() -> None:
    """Run the benchmark and print what it measured."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="bridge-bench-"))
    try:
        _say(options, f"writing {options.rows:,} rows, twice …")
        write_pages(folder / "pages", options.rows, changed=options.changed)
        with _far_end(folder / "pages") as url, join_or_start(folder / "data") as server:
            _print(options, _measure(options, folder, url, server.url))
    finally:
        shutil.rmtree(folder)


def _measure(options: argparse.Namespace, folder: Path, url: str, database: str) -> dict[str, Any]:
    environment = _environment(folder, url)
    _bridge(environment, "migrate", "-v0")
    runs = {}
    reads = {"initial": "first", "unchanged": "first", "changed": "second", "one_row": "one"}
    for name, path in reads.items():
        runs[name] = _sync(environment | {"BENCH_PATH": path}, full=path != "one")
        _say(options, _line(name, runs[name]))
    figures: dict[str, Any] = {"rows": options.rows}
    figures |= {f"{name}_seconds": ran.seconds for name, ran in runs.items()}
    figures["peak_rss_mib"] = max(ran.peak_rss_mib for ran in runs.values())
    figures["floor_seconds"] = copy_seconds(database, folder / "pages")
    peer = _peer(options, folder, url, database) or {}
    figures["peer_seconds"] = peer.get("initial")
    figures["peer_changed_seconds"] = peer.get("changed")
    figures["runs"] = {name: asdict(ran) for name, ran in runs.items()}
    return figures


def _sync(environment: dict[str, str], *, full: bool) -> Ran:
    with _worker(environment) as worker:
        # What a process imports with its first job is no part of it, and none of the peer's figures either.
        _bridge(environment, "sync", "bench.none", "--wait", "--json")
        asked = ["--full"] if full else []
        job = json.loads(_bridge(environment, "sync", "bench.rows", *asked, "--wait", "--json"))
        began, ended = (datetime.fromisoformat(job[name]) for name in ("started_at", "finished_at"))
        status = Path(f"/proc/{worker.pid}/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return Ran(
        seconds=round((ended - began).total_seconds(), 2),
        counts=job["result"],
        peak_rss_mib=peak // 1024,
        stage_ms=_stage_ms(environment, job["id"]),
    )


def _stage_ms(environment: dict[str, str], job: str) -> dict[str, int]:
    """Milliseconds of each stage over all batches of a job; stages of different batches overlap."""
    code = (
        "import json; from sync.models import Batch;"
        f"print(json.dumps([row.stage_ms for row in Batch.objects.filter(job_id='{job}')]))"
    )
    printed = _bridge(environment, "shell", "--no-imports", "-c", code)
    total: dict[str, int] = {}
    for stages in json.loads(printed.splitlines()[-1]):
        for stage, took in stages.items():
            total[stage] = total.get(stage, 0) + took
    return total


def _peer(options: argparse.Namespace, folder: Path, url: str, database: str) -> dict[str, float] | None:
    if options.peer is None:
        return None
    command = [sys.executable, "-m", f"tests.bench.peer_{options.peer}", url, database, str(folder / "peer")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"The peer did not run; `pip install -e '.[bench]'` installs it.\n{done.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _environment(folder: Path, url: str) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("BRIDGE_", "DATABASE_"))
    }
    ours = {"BRIDGE_DATA_DIR": str(folder / "data"), "BRIDGE_SYSTEMS": "tests.bench.system", "BENCH_URL": url}
    return kept | ours | {"BRIDGE_BUILTIN_SYSTEMS": "apismith"}


def _bridge(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "bridge", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(
            f"bridge {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}\n{done.stderr[-3000:]}"
        )
    return done.stdout


@contextmanager
def _worker(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A worker that is ready: its start is no part of what is measured."""
    command = [sys.executable, "-m", "bridge", "worker"]
    # A file: a pipe that nobody reads is full after some hundred batches, and the worker then waits for ever.
    told = Path(environment["BRIDGE_DATA_DIR"]).with_name("worker.log")
    with told.open("w") as log:
        worker = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log, text=True)
    try:
        while "worker_started" not in told.read_text():
            if worker.poll() is not None:
                sys.exit(f"The worker did not start.\n{told.read_text()[-2000:]}")
            time.sleep(0.05)
        yield worker
    finally:
        worker.terminate()
        worker.wait()


@contextmanager
def _far_end(pages: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.serve", str(pages)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.kill()
        server.communicate()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--changed", type=lambda text: float(text.rstrip("%")) / 100, default=0.05)
    parser.add_argument("--peer", choices=["dlt"])
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    return parser.parse_args()


def _line(name: str, ran: Ran) -> str:
    rows = ran.counts["rows_fetched"]
    stages = " ".join(f"{stage} {took / 1000:.1f}" for stage, took in ran.stage_ms.items())
    return (
        f"{name:10} {ran.seconds:7.2f} s {rows / ran.seconds:9,.0f} rows/s {ran.peak_rss_mib:5} MiB  {stages}"
    )


def _print(options: argparse.Namespace, figures: dict[str, Any]) -> None:
    _say(options, f"floor      {figures['floor_seconds']:7.2f} s (COPY of the same bytes)")
    for name, field in (("initial", "peer_seconds"), ("changed", "peer_changed_seconds")):
        if seconds := figures[field]:
            ratio = seconds / figures[f"{name}_seconds"]
            _say(options, f"{options.peer} {name:10} {seconds:7.2f} s, {ratio:.1f} x as long")
    if options.json:
        print(json.dumps(figures))


def _say(options: argparse.Namespace, words: str) -> None:
    print(words, file=sys.stderr if options.json else sys.stdout, flush=True)


if __name__ == "__main__":
    main()
