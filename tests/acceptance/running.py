"""Real `bridge` processes in a folder of their own, and a look at what is left of them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[2]
OURS = (
    "BRIDGE_",
    "DATABASE_URL",
    "DATABASE_DIRECT_URL",
    "INTERNAL_SERVICE",
    "DJANGO_",
    "PROMETHEUS_",
    *("NETSUITE_", "APISMITH_", "SCHEDULEHUB_", "NOTIFICATIONS_"),
)
PATIENCE = 90  # seconds for anything to come about; a slow machine is no fault


class Running:
    """One `bridge up` on `folder`; its words and log lines go to files there."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.folder = folder
        self.data_dir = folder / ".bridge"
        self.port = free_port()
        self.environment = clean_environment() | environment
        self.out, self.err = folder / "up.out", folder / "up.err"
        for path in (self.out, self.err):
            path.unlink(missing_ok=True)  # else the words of one before it would be taken for its own
        with self.out.open("ab") as out, self.err.open("ab") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bridge", "up", "--port", str(self.port), *arguments],
                cwd=folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def bridge(self, *arguments: str, code: int = 0) -> str:
        """Run another command on the same folder; its stdout, after asserting its exit code."""
        done = bridge(self.folder, *arguments, environment=self.environment)
        assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def entities(self) -> dict[str, dict[str, Any]]:
        """`bridge entities --json`, by path."""
        return {item["entity"]: item for item in json.loads(self.bridge("entities", "--json"))}

    def greeted(self) -> str:
        """Its words, once it has said where things are."""
        return eventually(lambda: self.out.read_text() if "curl -H" in self.out.read_text() else "", self)

    def token(self) -> str:
        """The token of the curl line."""
        found = re.search(r"Bearer ([\w.-]+)", self.greeted())
        assert found
        return found[1]

    def get(self, path: str) -> tuple[int, Any]:
        """Ask the web server; status and JSON."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def pid_of(self, verb: str) -> int:
        """The process of a service."""
        (pid,) = [pid for pid, line in self.processes().items() if f"-m bridge {verb}" in line and leads(pid)]
        return pid

    def processes(self) -> dict[int, str]:
        """Everything alive that was started on this folder: pid -> command line."""
        marks = (f"BRIDGE_DATA_DIR={self.data_dir}", str(self.data_dir))
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                known = (entry / "environ").read_bytes().decode(errors="replace") + line
                dead = (entry / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
            except OSError:  # it has ended meanwhile
                continue
            if not dead and any(mark in known for mark in marks):
                found[int(entry.name)] = line
        return found

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop, as Ctrl-C or a service manager does; its exit code. At most ten seconds."""
        self.process.send_signal(number)
        return self.process.wait(timeout=10)

    def wreck(self) -> None:
        """End whatever a failed test has left."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


@contextmanager
def greeted(folder: Path, *arguments: str, **environment: str) -> Iterator[Running]:
    """A `bridge up` that has said that it is up; ended with the block."""
    running = Running(folder, *arguments, **environment)
    try:
        running.greeted()
        yield running
    finally:
        running.wreck()


def bridge(
    folder: Path, *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "bridge", *arguments],
        cwd=folder,
        env=environment or clean_environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


T = TypeVar("T")


def eventually(look: Callable[[], T], running: Running | None = None) -> T:
    """Look again and again until something is found."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        words = running.out.read_text() + running.err.read_text()[-3000:] if running else ""
        assert time.monotonic() < deadline, f"it never came about\n{words}"
        assert running is None or running.process.poll() is None, f"it ended\n{words}"
        time.sleep(0.1)
    return found


def clean_environment() -> dict[str, str]:
    """Our environment without what the tests' own settings put into it."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def leads(pid: int) -> bool:
    """Whether it leads its process group: a service does, what it forks does not."""
    return os.getpgid(pid) == pid


def lines_of(path: Path) -> Sequence[dict[str, Any]]:
    """A file of JSON lines."""
    return [json.loads(line) for line in path.read_text().splitlines()]
