"""The heartbeat of this process: one thread renews the leases of all attempts that run here."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
import structlog
from procrastinate.contrib.django import connector_params

from sync.jobs.brief import brief
from sync.jobs.claim import LEASE, Claim
from sync.queries import query

log = structlog.get_logger(__name__)

BEAT = 5.0
"""Seconds between two renewals."""


@cache
def worker_name() -> str:
    """What this process is called in jobs and attempts: its host, its number, and a token that no other one has.

    Hosts and numbers come again: in a container the number is always the same.
    """
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def connection_name(worker: str) -> str:
    """What the connections of the worker of that name are called. The token comes first: the server cuts the end."""
    process, _, token = worker.rpartition(":")
    return f"bridge {token} {process}"


class Leases:
    """The attempts that run in this process, kept alive until they end."""

    def __init__(self) -> None:
        self._claims: dict[int, Claim] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._draining = False
        self._thread: threading.Thread | None = None
        self._worker: dict[str, Any] | None = None

    def announce(self, queues: Collection[str], kinds: Collection[str], version: str) -> None:
        """Let this process be known as a worker of these queues and kinds (none: all) from now on."""
        host, pid, _ = worker_name().rsplit(":", 2)
        named = {"name": worker_name(), "host": host, "pid": int(pid), "version": version}
        with self._lock:
            self._worker = {**named, "queues": list(queues), "kinds": list(kinds)}
            self._begin()

    @contextmanager
    def held(self, claim: Claim) -> Iterator[None]:
        """Renew the claim's lease until the block ends."""
        with self._lock:
            self._claims[id(claim)] = claim
            if self._draining:
                claim.stopping.set()
            self._begin()
        try:
            yield
        finally:
            with self._lock:
                del self._claims[id(claim)]

    def close(self) -> None:
        """Take no more; what runs, or was taken just before, may end by itself."""
        self._closed = True

    def drain(self) -> None:
        """Take no more, and ask all attempts to hand their work back."""
        with self._lock:
            self._closed = self._draining = True
            for claim in self._claims.values():
                claim.stopping.set()

    @property
    def closed(self) -> bool:
        """Whether this process takes no more."""
        return self._closed

    def running(self) -> list[Claim]:
        """The attempts that run now."""
        with self._lock:
            return list(self._claims.values())

    def _begin(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
            self._thread.start()

    def _beat(self) -> None:
        connection = self._renew(None, []) if self._worker else None
        while True:
            time.sleep(BEAT)
            if (claims := self.running()) or self._worker:
                connection = self._renew(connection, claims)
            elif connection is not None:  # without work it is not kept
                connection.close()
                connection = None

    def _renew(self, connection: psycopg.Connection | None, claims: list[Claim]) -> psycopg.Connection | None:
        try:
            connection = connection or _connect()
            for claim in claims:
                renew(connection, claim)
            if self._worker and self._announced(connection):
                for claim in claims:
                    claim.stopping.set()
        except psycopg.Error as error:
            log.warning("leases_not_renewed", reason=brief(error))
            if connection is not None:
                connection.close()
                connection = None
        for claim in claims:
            if time.monotonic() - claim.live.renewed > LEASE.total_seconds():
                lose(claim)
        return connection

    def _announced(self, connection: psycopg.Connection) -> bool:
        """Say that this worker lives; whether it is drained, and the time its jobs had for that is over."""
        row = connection.execute(query("announce_worker"), self._worker).fetchone()
        return bool(row and row[0])


def renew(connection: psycopg.Connection, claim: Claim) -> None:
    """One heartbeat of one attempt, on an autocommit connection."""
    values = {"id": claim.job_id, "fence": claim.fence, "lease": LEASE}
    try:
        renewed = connection.execute(query("renew_lease"), values).rowcount
    except psycopg.errors.LockNotAvailable:
        return  # somebody settles this very job; the others' leases must not wait for it
    if renewed:
        claim.live.renewed = time.monotonic()
    elif not claim.live.finished:
        lose(claim)


def lose(claim: Claim) -> None:
    """The lease is gone: the work stops at its next safe place, and what it would commit is refused."""
    if not claim.stopping.is_set():
        log.warning("lease_lost", job_id=str(claim.job_id), attempt=claim.attempt)
        claim.stopping.set()


def _connect() -> psycopg.Connection:
    """Own connection, so that neither a job's transaction nor a full pool can hold up a heartbeat."""
    parameters = {**connector_params(), "connect_timeout": 3, "autocommit": True}
    connection = psycopg.connect(**parameters)
    connection.execute("SET synchronous_commit = off")  # what a crash takes is renewed by the next beat
    connection.execute("SET lock_timeout = '1s'")
    return connection


leases = Leases()
