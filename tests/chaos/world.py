"""A Bridge of its own with everything that can be taken from it: far end, database, web server, worker, supervisor."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from bridge.postgres import Postgres, url_of
from bridge.sandbox.server import Sandbox
from tests.acceptance.running import ROOT, Running
from tests.chaos.far_end import FarEnd
from tests.sandboxed import control
from tests.sandboxed import environment as of_sandbox

PATIENCE = 180.0  # seconds for anything to come about; a slow machine is no fault
DISK = 640  # MiB
_FORGET = """
    TRUNCATE record, record_version, change, failed_record, error_group, pending_child, absent_key, batch, raw_page,
    target_cursor, delivery, delivery_count, delete_proposal, delete_key
"""
_UNREAD = """
    UPDATE tracker SET watermark = NULL, last_sync_at = NULL, fresh_to = NULL, feed_seq = 0, live_rows = 0,
    history_from = NULL, deletes_held = NULL, deletes_held_since = NULL
"""
UNFINISHED = "SELECT count(*) FROM job WHERE status IN ('pending', 'processing')"


class Stuck(Exception):  # noqa: N818 - what came of the world, told in the table
    """Something never came about."""


class World:
    """One folder. `embedded`: the supervisor keeps PostgreSQL, else the world does, as a service manager would."""

    def __init__(self, folder: Path, *, embedded: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.embedded = embedded
        self.far = FarEnd()
        self.hub = Sandbox(systems=("schedulehub", "notifications"))
        self.points = folder / "points"
        self.points.mkdir(exist_ok=True)
        self.disk = folder / "disk"
        self.server: Postgres | None = None
        self.running: Running | None = None
        self._token = ""

    def __enter__(self) -> Self:
        self.far.__enter__()
        self.hub.start()
        try:
            if not self.embedded:
                self.disk.mkdir(exist_ok=True)
                if os.geteuid() == 0:
                    subprocess.run(
                        ["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "chaos", str(self.disk)], check=True
                    )
                self.server = Postgres(self.disk)
                self.server.start()
            self.revive()
            self._first_load()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything."""
        if self.running is not None:
            if self.running.process.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    self.running.stop()
            self.running.wreck()
        if self.server is not None:
            self.server.stop()
        if self.disk.is_mount():
            subprocess.run(["umount", "-l", str(self.disk)], check=True)
        self.far.__exit__()
        self.hub.stop()

    @property
    def url(self) -> str:
        """Of the database."""
        return self.server.url if self.server else url_of(self.folder / ".bridge")

    @property
    def on_small_disk(self) -> bool:
        """Whether its database lies on a disk that can be filled."""
        return self.disk.is_mount()

    def revive(self) -> None:
        """Start `bridge up`, as a service manager does: again and again until it stays."""
        environment = {
            "PYTHONPATH": str(ROOT),
            "BRIDGE_SYSTEMS": "tests.chaos.system",
            "BRIDGE_BUILTIN_SYSTEMS": "schedulehub,notifications",
            "NOTIFICATIONS_LISTED_WITHIN": "4",
            "BRIDGE_BATCH_ROWS": "500",
            "BRIDGE_HTTP_TIMEOUT": "2",
            "CHAOS_URL": self.far.url,
            "CHAOS_DIR": str(self.points),
            **of_sandbox(self.hub),
        }
        if self.server is not None:
            environment["DATABASE_URL"] = self.server.url
        until = time.monotonic() + PATIENCE
        while True:
            self.running = Running(self.folder, "--no-sandbox", "--no-sync", "--workers", "1", **environment)
            while self.running.process.poll() is None:
                with suppress(OSError):
                    if "curl -H" in self.running.out.read_text():
                        return
                self._check(until, "`bridge up` says nothing")
                time.sleep(0.1)
            self._check(until, "`bridge up` does not stay")
            time.sleep(0.5)

    def pid_of(self, process: str) -> int:
        """The process that is to be killed."""
        assert self.running is not None
        if process == "supervisor":
            return self.running.process.pid
        if process == "postgres":
            server = self.server or Postgres(self.folder / ".bridge")
            return server.pid or 0
        return self.running.pid_of(process)

    def kill(self, pid: int) -> None:
        """As the kernel does when memory runs out."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    @contextmanager
    def another_worker(self) -> Iterator[None]:
        """One more worker for a while, that stops nowhere."""
        assert self.running is not None
        environment = dict(self.running.environment)
        del environment["CHAOS_DIR"]
        with (self.folder / "another.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "bridge", "worker"],
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
            )
        try:
            yield
        finally:
            process.terminate()
            process.wait()

    def heal(self) -> None:
        """What a service manager does: start what it keeps, and is gone."""
        if self.server is not None and self.server.poll() is not None:
            self.server.start()
        assert self.running is not None
        if self.running.process.poll() is not None:
            self.revive()

    def rows(self, statement: str, *given: Any) -> list[tuple[Any, ...]]:
        """Ask the database; again while it is away."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                with psycopg.connect(
                    self.url, autocommit=True, options="-c search_path=bridge", connect_timeout=5
                ) as connection:
                    cursor = connection.execute(statement.encode(), given)
                    return cursor.fetchall() if cursor.description else []
            except psycopg.OperationalError as error:
                self._check(until, f"the database is away: {error}")
                self.heal()
                time.sleep(0.2)

    def sync(self, entity: str) -> str:
        """Ask for a full read through the web server, until it answers; the job."""
        until = time.monotonic() + PATIENCE
        while True:
            request = self.request("/api/v1/sync/start", {"entity": entity, "full": True})
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return str(json.load(answer)["job_id"])
            except (OSError, urllib.error.URLError) as error:
                self._check(until, f"the web server is away: {error}")
                self.heal()
                time.sleep(0.2)

    def request(
        self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> urllib.request.Request:
        """A POST to the web server, wherever it is now."""
        assert self.running is not None
        return urllib.request.Request(
            f"http://127.0.0.1:{self.running.port}{path}",
            data=json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
                **(headers or {}),
            },
        )

    def settled(self) -> None:
        """Come back when no job is left."""
        until = time.monotonic() + PATIENCE
        while self.rows(UNFINISHED) != [(0,)]:
            if time.monotonic() > until:
                left = self.rows(
                    "SELECT kind, status, hold, error_code FROM job WHERE status IN ('pending', 'processing')"
                )
                raise Stuck(f"jobs never end: {left}")
            self.heal()
            time.sleep(0.2)

    def forget(self) -> None:
        """Let nothing have been read yet but the makers."""
        self.rows(_FORGET)
        self.rows(_UNREAD)
        control(self.hub, "POST", "schedulehub/reset")
        self.sync("chaos.makers")
        self.settled()

    def _first_load(self) -> None:
        assert self.running is not None
        scopes = "read,sync,operate,command:notifications.send_message"
        self._token = self.running.bridge("token", "--client", "chaos", "--scope", scopes).split()[-1]
        self.rows("UPDATE schedule SET enabled = false")
        for entity in ("chaos.makers", "chaos.widgets"):
            self.sync(entity)
            self.settled()

    def _check(self, until: float, words: str) -> None:
        if time.monotonic() > until:
            assert self.running is not None
            raise Stuck(f"{words}\n{self.running.err.read_text()[-1500:]}")
