"""The server's processes, as seen from outside: its pid file, who is alive, what a killed one left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

LEFTOVERS_SECONDS = 5.0


def read_pid_file(cluster: Path) -> list[str]:
    """Return the lines of postmaster.pid (pid, folder, start, port, socket folder …); [] without one."""
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, PermissionError):  # no server, or another user's, which we can't reach either
        return []


def find_postmaster(cluster: Path) -> int | None:
    """Return the pid of the postmaster that runs on `cluster`; None where the file is stale or absent.

    A pid file outlives kill -9, its pid may be a zombie nobody reaps, or meanwhile be somebody else's.
    """
    lines = read_pid_file(cluster)
    pid = int(lines[0]) if lines and lines[0].strip().isdigit() else None
    return pid if pid is not None and serves(pid, cluster) else None


def serves(pid: int, cluster: Path) -> bool:
    """Tell whether `pid` is a living PostgreSQL process of `cluster`, which is its working directory."""
    if sys.platform == "linux":
        return _serves_by_proc(pid, cluster)
    listed = subprocess.run(  # noqa: S603 - a fixed program and a number
        ["/bin/ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, command = listed.stdout.strip().partition(" ")
    return bool(state) and not state.startswith("Z") and f"postgres -D {cluster}" in command


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; a process that has just ended needs none."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def clear_leftovers(cluster: Path, socket_folder: Path) -> None:
    """Make `cluster`, which has no living postmaster, ready for the next one.

    A killed postmaster's children hold its shared memory until they notice, and a busy one may not for
    minutes. SIGQUIT ends them at once; recovery undoes what they had not committed.
    """
    deadline = time.monotonic() + LEFTOVERS_SECONDS
    while left := _processes_of(cluster):
        number = signal.SIGQUIT if time.monotonic() < deadline else signal.SIGKILL
        for pid in left:
            send(pid, number)
        time.sleep(0.05)
    (cluster / "postmaster.pid").unlink(missing_ok=True)
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (socket_folder / name).unlink(missing_ok=True)


def _processes_of(cluster: Path) -> list[int]:
    if sys.platform != "linux" or not cluster.exists():
        return []
    pids = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
    return [pid for pid in pids if _serves_by_proc(pid, cluster)]


def _serves_by_proc(pid: int, cluster: Path) -> bool:
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
        if not name.endswith("(postgres") or rest.split()[0] in "ZX":
            return False
        return os.path.samestat(os.stat(f"/proc/{pid}/cwd"), cluster.stat())
    except (OSError, IndexError):  # it ended meanwhile, or is another user's
        return False
