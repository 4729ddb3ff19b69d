"""The heartbeat of this process: one thread renews the leases of all attempts that run here."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

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
        self._changed = threading.Condition()
        self._draining = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def held(self, claim: Claim) -> Iterator[None]:
        """Renew the claim's lease until the block ends."""
        with self._changed:
            self._claims[id(claim)] = claim
            if self._draining:
                claim.stopping.set()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._changed:
                del self._claims[id(claim)]
                self._changed.notify()

    def drain(self) -> None:
        """Ask all attempts, and those that begin yet, to hand their work back."""
        with self._changed:
            self._draining = True
            for claim in self._claims.values():
                claim.stopping.set()

    def running(self) -> list[Claim]:
        """The attempts that run now."""
        with self._changed:
            return list(self._claims.values())

    def _beat(self) -> None:
        connection: psycopg.Connection | None = None
        while True:
            connection = self._pause(connection)
            if claims := self.running():
                connection = self._renew(connection, claims)

    def _pause(self, connection: psycopg.Connection | None) -> psycopg.Connection | None:
        """Wait for the next beat; without work the connection is not kept."""
        until = time.monotonic() + BEAT
        with self._changed:
            while (left := until - time.monotonic()) > 0:
                if not self._claims and connection is not None:
                    connection.close()
                    connection = None
                self._changed.wait(left)
        return connection

    def _renew(self, connection: psycopg.Connection | None, claims: list[Claim]) -> psycopg.Connection | None:
        try:
            connection = connection or _connect()
            for claim in claims:
                renew(connection, claim)
        except psycopg.Error as error:
            log.warning("leases_not_renewed", reason=brief(error))
            if connection is not None:
                connection.close()
                connection = None
        for claim in claims:
            if time.monotonic() - claim.live.renewed > LEASE.total_seconds():
                lose(claim)
        return connection


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
