"""Whether the parts that Bridge stands on work. Every check answers, however bad things are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_all
from dataclasses import dataclass, field
from typing import Any

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from sync import gauges, schema
from sync.declare import System
from sync.errand import Errand, on
from sync.errors import BridgeError
from sync.jobs.fleet import HEARD_WITHIN
from sync.jobs.priorities import INTERACTIVE
from sync.jobs.takers import trouble
from sync.registry import registry

REMEMBERED_FOR = 10.0  # seconds an answer about the far ends holds: anybody may ask, they should not feel it
FAR_END_TIMEOUT = 5.0  # seconds for all far ends together
OK, DEGRADED, DOWN = "ok", "degraded", "down"


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One part, how it is, and what there is to know about it."""

    status: str
    message: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For an answer."""
        return {"status": self.status, **({"message": self.message} if self.message else {}), **self.facts}


def _answering(check: Callable[[], Check]) -> Callable[[], Check]:
    """A database that cannot be asked is a finding, not an exception."""

    def checked() -> Check:
        try:
            return check()
        except Error as error:
            connection.close_if_unusable_or_obsolete()
            # Not the driver's words: they name hosts and roles, and health is open to everybody.
            return Check(
                status=DOWN, message="The database cannot be reached.", facts={"error": type(error).__name__}
            )

    return checked


@_answering
def database() -> Check:
    """Reachable, and how fast."""
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        row = cursor.fetchone()
    milliseconds = round((time.perf_counter() - began) * 1000, 1)
    return Check(status=OK, facts={"milliseconds": milliseconds, "server": row[0] if row else ""})


@_answering
def migrations() -> Check:
    """Whether `migrate` has run for this version and for every declared entity."""
    executor = MigrationExecutor(connection)
    waiting = [str(migration) for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    if waiting:
        message = "Migrations are not applied: run `bridge migrate`."
        return Check(status=DOWN, message=message, facts={"waiting": waiting})
    if without := [registered.path for registered in registry if not schema.ready(registered.path)]:
        message = "Some entities have no table yet: run `bridge migrate`."
        return Check(status=DOWN, message=message, facts={"waiting": without})
    return Check(status=OK)


@_answering
def queue() -> Check:
    """Whether somebody takes the jobs that wait, and how long the oldest one has waited."""
    alive = gauges.workers(heard_within=HEARD_WITHIN)
    queues = {queue.name: queue.as_json() for queue in gauges.queues()}
    facts = {"workers": alive, "queues": queues}
    if message := trouble():
        return Check(status=DEGRADED, message=message, facts=facts)
    return Check(status=OK, facts=facts)


class FarEnds:
    """The far ends, each asked by its client's own cheap question; the answer is kept for a while."""

    def __init__(self, remembered_for: float = REMEMBERED_FOR, timeout: float = FAR_END_TIMEOUT) -> None:
        self._remembered_for = remembered_for
        self._timeout = timeout
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._known: dict[str, Check] = {}
        self._under_way: dict[str, Future[Check]] = {}
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="bridge-far-end")

    def check(self) -> dict[str, Check]:
        """A check a system. One caller asks, the others wait for its answer."""
        with self._lock:
            if time.monotonic() - self._asked_at >= self._remembered_for:
                self._known = self._ask()
                self._asked_at = time.monotonic()
            return self._known

    def forget(self) -> None:
        """Ask anew the next time."""
        self._asked_at = float("-inf")

    def _ask(self) -> dict[str, Check]:
        systems = [system for system in registry.systems if system.enabled()]
        for system in systems:
            # One that still hangs from the last time is not asked again on another thread.
            if (running := self._under_way.get(system.name)) is None or running.done():
                self._under_way[system.name] = self._pool.submit(_far_end, system)
        asked = {system.name: self._under_way[system.name] for system in systems}
        wait_for_all(asked.values(), timeout=self._timeout)
        late = Check(status=DOWN, message=f"No answer within {self._timeout:g} seconds.")
        return {name: future.result() if future.done() else late for name, future in asked.items()}


far_ends = FarEnds()


def worst(checks: list[Check]) -> str:
    """The worst of their states."""
    found = {check.status for check in checks}
    return next((status for status in (DOWN, DEGRADED) if status in found), OK)


def _far_end(system: System) -> Check:
    began = time.perf_counter()
    try:
        with on(Errand(priority=INTERACTIVE)):
            system.client().check()
    except BridgeError as error:
        return Check(status=DOWN, message=error.message, facts={"code": error.code})
    except Exception as error:
        return Check(
            status=DOWN, message=f"{type(error).__name__} in its client.", facts={"code": "client_failed"}
        )
    finally:
        connection.close()  # of this thread: a client may have used the shared budget
    return Check(status=OK, facts={"milliseconds": round((time.perf_counter() - began) * 1000, 1)})
