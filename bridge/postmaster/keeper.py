"""The process between Bridge and its PostgreSQL: parent of the postmaster, alone with it.

    python -P -S -m bridge.postmaster.keeper run  WAY FOLDER PROGRAM ARGUMENT…
    python -P -S -m bridge.postmaster.keeper keep WAY FOLDER USERS_LOCK PROGRAM ARGUMENT…

`run` steps down from root and becomes the program. `keep` starts it as a child and ends with its status.

Why a process of its own: whoever uses the server holds a shared lock on USERS_LOCK, and the kernel lets go
of it however the holder dies. The keeper waits for the moment nobody holds it and then asks for a fast
shutdown, so a `kill -9` of `bridge up` leaves no server behind, nor does the end of a command take it away
from another.
It forks from its main thread, so the kernel can tie the postmaster's life to it; in Bridge's own processes
that tie would break with whatever thread happened to start the server.

Standard library only, and no site-packages: it starts in 30 ms and stays small.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
import time
from pathlib import Path

from bridge.postmaster import userns

EXIT_NOT_RUN = 126  # as the shell: found, but could not be run
LOG_FILES_KEPT = 10  # of 10 MB each: the server rotates by size, but never deletes
PRUNE_EVERY_SECONDS = 60


def main(arguments: list[str]) -> int:
    mode, way, folder, *rest = arguments
    if mode == "run":
        _exec(way, Path(folder), rest)
    users_lock, *command = rest
    return keep(way, Path(folder), Path(users_lock), command)


def keep(way: str, folder: Path, users_lock: Path, command: list[str]) -> int:
    """Run the server until it ends, or until nobody uses it; return its exit status as the shell counts."""
    keeper = os.getpid()
    server = os.fork()
    if server == 0:
        _exec(way, folder, command, parent=keeper)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.kill(server, signal.SIGINT))
    threading.Thread(target=_end_when_unused, args=(server, users_lock), daemon=True).start()
    threading.Thread(target=_prune_logs, args=(folder / "log",), daemon=True).start()
    _, status = os.waitpid(server, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _exec(way: str, folder: Path, command: list[str], *, parent: int | None = None) -> None:
    try:
        userns.step_down(way, folder, Path(command[0]))
        if parent is not None:
            userns.end_with_parent(signal.SIGINT, parent)
        os.execv(command[0], command)  # noqa: S606 - our own program, no shell
    except OSError as error:
        sys.stderr.write(f"FATAL:  can't run {command[0]} in {folder} ({way}): {error}\n")
        sys.stderr.flush()
    os._exit(EXIT_NOT_RUN)


def _end_when_unused(server: int, users_lock: Path) -> None:
    with users_lock.open() as lock:
        fcntl.flock(
            lock, fcntl.LOCK_EX
        )  # held until this process ends: who comes now waits, then starts anew
        os.kill(server, signal.SIGINT)
        threading.Event().wait()


def _prune_logs(folder: Path) -> None:
    while True:
        for path in sorted(folder.glob("*.log"))[:-LOG_FILES_KEPT]:
            path.unlink(missing_ok=True)
        time.sleep(PRUNE_EVERY_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
