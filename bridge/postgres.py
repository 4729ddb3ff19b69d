"""The embedded PostgreSQL: started by whoever needs it first, joined by the others, stopped by the last.

`bridge up` starts it (or joins the one a command has started) and stops it at its end, whoever uses it then.
Other commands only let go: the last user stops it, and `bridge.postmaster.keeper` does it for killed ones.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg.pq import PGconn, Ping

from bridge.postmaster import userns
from bridge.postmaster.cluster import (
    configure,
    create,
    last_words,
    prepare_socket_folder,
    remove_socket_folder,
    socket_folder,
    socket_url,
)
from bridge.postmaster.lock import UsersLock, starting
from bridge.postmaster.owner import choose_way, give, own
from bridge.postmaster.process import clear_leftovers, find_postmaster, send, serves
from bridge.postmaster.programs import PostgresError, keeper_command, keeper_environment, program

__all__ = ["Postgres", "PostgresError", "join_or_start", "throwaway", "url_of"]

START_SECONDS = 900.0  # a crash recovery replays up to max_wal_size
STOP_SECONDS = 8.0  # `bridge up` ends in ten; what isn't written by then is replayed at the next start
LEAVE_SECONDS = 60.0
POLL_SECONDS = 0.02
WORDS_EVERY_SECONDS = 10.0

log = logging.getLogger(__name__)


def url_of(data_dir: Path) -> str:
    """Return the libpq URL of the embedded server of `data_dir`, whether it runs or not; starts nothing."""
    return socket_url(socket_folder(_cluster_of(data_dir)))


def join_or_start(data_dir: Path) -> Postgres:
    """Return the running server of `data_dir`, started if need be; leave it (or use `with`) when done."""
    server = Postgres(data_dir)
    server.start()
    return server


@contextmanager
def throwaway(data_dir: Path) -> Iterator[str]:
    """Yield the URL of a server of its own for tests: fast, not durable, ended at the end of the block."""
    server = Postgres(data_dir, durable=False)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


class Postgres:
    """The server of one data directory (BRIDGE_DATA_DIR), in which it owns `postgres` and `postgres.*` only.

    Safe to start from any number of processes at once; not from several threads of one.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.data_dir = data_dir.absolute()
        self.cluster = _cluster_of(data_dir)
        self.durable = durable
        self._start_log = self.data_dir / "postgres.start.log"
        self._users = UsersLock(self.data_dir / "postgres.users")
        self._keeper: subprocess.Popen[bytes] | None = None
        self._postmaster: int | None = None

    @property
    def url(self) -> str:
        """The libpq URL; the same after a restart."""
        return socket_url(socket_folder(self.cluster))

    @property
    def pid(self) -> int | None:
        """The postmaster's process id; None when it doesn't run."""
        return find_postmaster(self.cluster)

    def start(self) -> None:
        """Join the server or start it, recovering what a kill -9 left; call it again when it has died.

        Returns when the server answers. Raises PostgresError with a sentence that says what to do.
        """
        if self._keeper is not None and self._keeper.poll() is not None:
            self._keeper = None
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._users.share()
            with starting(self.data_dir / "postgres.lock") as lock:
                self._join_or_launch(lock)
        except OSError as error:
            self._users.release()
            sentence = (
                f"The embedded PostgreSQL can't use {error.filename or self.data_dir} ({error.strerror}): "
            )
            sentence += "run Bridge as its owner, or set BRIDGE_DATA_DIR to a folder of yours with room."
            raise PostgresError("postgres_data_dir", sentence) from error
        except BaseException:  # whatever it was, a half-started server must not count us as its user
            self._users.release()
            raise
        self._postmaster = self.pid

    def alive(self) -> bool:
        """Tell whether the server answers a connection now."""
        try:
            with psycopg.connect(self.url, connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False

    def poll(self) -> int | None:
        """Return None while the server runs, else its exit status (-1: another process was its parent)."""
        if self._keeper is not None:
            return self._keeper.poll()
        # No pid is seen where the server was started in another container on the same data directory.
        running = serves(self._postmaster, self.cluster) if self._postmaster else self.alive()
        return None if running else -1

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """End the server for all its users: fast, after `seconds` at once, which loses nothing either.

        Does nothing in a fork of the process that started or joined it, nor after `leave`.
        """
        if self._users.held:
            self._end(seconds)
            self._users.release()

    def leave(self) -> None:
        """Stop using the server; the last user ends it. Does nothing in a fork of the process that joined."""
        if not self._users.held:
            return
        if self._users.is_last():
            self._end(LEAVE_SECONDS)
        elif self._keeper is not None:
            self._keeper.returncode = 0  # it outlives us by design, for the others; keeps Popen from warning
        self._users.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def _join_or_launch(self, lock: int) -> None:
        if self._settle() is Ping.OK:
            return
        way = choose_way(self.cluster, program("postgres"))
        if not self.cluster.exists():
            create(self.cluster, way, lock, durable=self.durable)
        uid = userns.owner_of(way)
        if uid is not None and self.cluster.stat().st_uid != uid:
            give(self.cluster, uid)
        configure(self.cluster, durable=self.durable)
        clear_leftovers(self.cluster, socket_folder(self.cluster))
        folder = socket_folder(self.cluster)  # asked again: a stale pid file may have named another one
        prepare_socket_folder(folder, self.cluster)
        self._launch(way, folder)
        if self._settle() is not Ping.OK:
            raise self._refused()

    def _launch(self, way: str, folder: Path) -> None:
        command = keeper_command("keep", way, self.cluster, self._users.path, program("postgres"))
        command += ["-D", str(self.cluster), "-k", str(folder), "-h", ""]
        with self._start_log.open("wb") as output:
            own(self._start_log, self.data_dir)
            self._keeper = subprocess.Popen(  # noqa: S603 - our own program, no shell
                command,
                env=keeper_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a Ctrl-C in the terminal is ours to handle: the database goes last
            )

    def _settle(self) -> Ping:
        """Wait until the server accepts connections or nothing runs; say so when that takes long."""
        started = said = time.monotonic()
        while (answer := Ping(PGconn.ping(self.url.encode()))) is not Ping.OK:
            launched = self._keeper is not None and self._keeper.poll() is None
            if not launched and find_postmaster(self.cluster) is None:
                return answer
            now = time.monotonic()
            if now - started > START_SECONDS:
                raise self._refused()
            if now - said > WORDS_EVERY_SECONDS:
                said = now
                log.info("PostgreSQL is recovering, %d s so far", now - started)
            time.sleep(POLL_SECONDS)
        return answer

    def _end(self, seconds: float) -> None:
        if (pid := self.pid or self._postmaster) is not None:
            for number, patience in ((signal.SIGINT, seconds), (signal.SIGQUIT, 8.0), (signal.SIGKILL, 2.0)):
                if not serves(pid, self.cluster):
                    break
                send(pid, number)
                deadline = time.monotonic() + patience
                while serves(pid, self.cluster) and time.monotonic() < deadline:
                    time.sleep(POLL_SECONDS)
        if self._keeper is not None:
            self._keeper.wait()
        self._keeper = self._postmaster = None
        remove_socket_folder(self.cluster)

    def _refused(self) -> PostgresError:
        words = last_words(self._start_log, self.cluster) or "it gave no reason"
        sentence = f"The embedded PostgreSQL did not start ({words}): its log is in {self.cluster / 'log'}; "
        sentence += "mend that, or set DATABASE_URL to a PostgreSQL of yours."
        return PostgresError("postgres_start_failed", sentence)


def _cluster_of(data_dir: Path) -> Path:
    return Path(os.path.realpath(data_dir)) / "postgres"
