"""One worker process: a loop for each queue, so that slow syncs never hold up what is quick."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import psycopg
import structlog
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connection, connections
from procrastinate.contrib.django import app
from procrastinate.worker import Worker

from sync.errors import ConfigError, InvalidRequest
from sync.jobs import fleet, kinds, reaper, served
from sync.jobs.brief import brief
from sync.jobs.connector import worker_connector
from sync.jobs.fetching import Fetcher
from sync.jobs.frozen import end_idle_transactions, name_connections
from sync.jobs.housekeeping import Housekeeping
from sync.jobs.lease import leases, worker_name
from sync.jobs.prepared import prepare_statements

log = structlog.get_logger(__name__)

GRACE = 6.0
"""Seconds in which running jobs may hand their work back before the process ends anyway."""
LAST_WORDS = 1.5
"""Seconds to give back what did not stop in time; else its lease runs out, and it is recovered."""
POLL = 1.0


def run_worker(
    queues: Sequence[str] | None = None, concurrency: int | None = None, only: Sequence[str] | None = None
) -> int:
    """Run jobs until SIGTERM or SIGINT; the exit code is 0 when told to stop, 1 when the database is away.

    Limited to these queues and to `only` these kinds of jobs; BRIDGE_WORKER_QUEUES and BRIDGE_WORKER_KINDS count where
    they are None. `concurrency` is that of the queue `sync`, or of the named queues where it is not among them. Raises
    InvalidRequest (unknown_queue, unknown_kind, kind_without_queue, bad_concurrency) and ConfigError (not_migrated).
    """
    queues = settings.BRIDGE_WORKER_QUEUES if queues is None else queues
    only = settings.BRIDGE_WORKER_KINDS if only is None else only
    sizes = slots(served.queues_of(only, queues), concurrency)
    served.serve_only(only)
    _share_the_cores()
    # A thread's connection serves the jobs that follow; checked before each, since the database may restart.
    connections.settings[DEFAULT_DB_ALIAS] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    end_idle_transactions()
    name_connections()
    prepare_statements()
    try:
        _check_tables()
    except Error as error:
        log.error("worker_ended", reason=f"The database can't be reached: {brief(error)}")
        return 1
    finally:
        connection.close()
    with asyncio.Runner() as runner:
        return runner.run(_Process(sizes).serve())


def slots(named: Sequence[str], concurrency: int | None) -> dict[str, int]:
    """How many jobs of each of these queues run at once here."""
    if concurrency is not None and concurrency < 1:
        raise InvalidRequest(f"concurrency is {concurrency}: it is at least 1.", code="bad_concurrency")
    sizes = dict.fromkeys(kinds.QUEUES, 2) | {kinds.COMMAND: 4, kinds.SYNC: settings.SYNC_WORKER_THREADS}
    wide = [kinds.SYNC] if kinds.SYNC in named else named
    return {name: concurrency if concurrency and name in wide else sizes[name] for name in named}


def _share_the_cores() -> None:
    """Settings for many rows on few cores; polars reads its own when it is imported. Measured in tests/bench.

    One of two cores for polars: with a second thread it waits for work longer than it saves. Its memory is
    kept for the next batch, and a thread that comes back from it waits for Python 0.5 ms instead of 5.
    Rows make many objects and no cycles: looking for these after each 700 of them found nothing.
    """
    cores = len(os.sched_getaffinity(0))
    os.environ.setdefault("POLARS_MAX_THREADS", str(max(1, cores // 2)))
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:5000,muzzy_decay_ms:5000")
    sys.setswitchinterval(0.0005)
    gc.set_threshold(50_000, 20, 20)


def _check_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('job'), to_regclass('procrastinate_jobs')")
        row = cursor.fetchone()
    if row is None or None in row:
        raise ConfigError("The database has no tables yet: run `bridge migrate`.", code="not_migrated")


class _Process:
    def __init__(self, sizes: dict[str, int]) -> None:
        self._sizes = sizes
        self._told_to_stop = asyncio.Event()
        self._in_a_hurry = asyncio.Event()
        self._housekeeping = Housekeeping()

    async def serve(self) -> int:
        loop = asyncio.get_running_loop()
        # asyncio's own pool has cpu + 4 threads, however many slots the queues have.
        loop.set_default_executor(ThreadPoolExecutor(sum(self._sizes.values()), thread_name_prefix="job"))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told)
        connector = worker_connector()
        with app.replace_connector(connector):
            app.job_manager = Fetcher(connector, self._sizes)
            try:
                await connector.open_async()
            except psycopg.Error as error:
                log.error("worker_ended", reason=f"The database can't be reached: {brief(error)}")
                return 1
            import_module("sync.jobs.tasks")  # a plain Worker, unlike the app, does not load them
            self._housekeeping.start()
            leases.announce(self._sizes, served.limited(), settings.BRIDGE_VERSION)
            kinds_told = {"kinds": served.limited()} if served.limited() else {}
            log.info("worker_started", worker=worker_name(), queues=self._sizes, **kinds_told)
            code = await self._run([self._loop_of(name, size) for name, size in self._sizes.items()])
            await connector.close_async()
        return code

    def _loop_of(self, queue: str, size: int) -> Worker:
        return Worker(
            app=app,
            queues=[queue],
            name=f"{worker_name()}:{queue}",
            concurrency=size,
            fetch_job_polling_interval=POLL,
            abort_job_polling_interval=3600,  # jobs are cancelled by their fence, never by the queue
            delete_jobs="successful",  # the job's row is the record; so the queue's tables stay small
            update_heartbeat_interval=5,
            stalled_worker_timeout=30,
            install_signal_handlers=False,
            task_middleware=app.worker_defaults.get("task_middleware"),
        )

    async def _run(self, workers: list[Worker]) -> int:
        runs: list[Callable[[], Coroutine[Any, Any, None]]] = [worker.run for worker in workers]
        stops: list[Callable[[], None]] = [worker.stop for worker in workers]
        loops = [asyncio.create_task(run()) for run in runs]
        stop = asyncio.create_task(self._told_to_stop.wait())
        await asyncio.wait([*loops, stop], return_when=asyncio.FIRST_COMPLETED)
        code = 0 if self._told_to_stop.is_set() else 1
        if code:
            log.error("worker_ended", reason=_why(loops))
        stop.cancel()
        self._housekeeping.stop()
        leases.close()
        for end in stops:
            end()
        if not code:
            await self._let_end(loops)
        leases.drain()
        ended, late = await asyncio.wait(loops, timeout=GRACE)
        if late:
            await _end_now(code)
        for loop in ended:
            loop.exception()  # the first one told it: asyncio need not tell it again for each loop
        await asyncio.to_thread(_leave)
        log.info("worker_stopped", worker=worker_name())
        return code

    def _told(self) -> None:
        if self._told_to_stop.is_set():
            self._in_a_hurry.set()  # told once more
        self._told_to_stop.set()

    async def _let_end(self, loops: Sequence[asyncio.Task[None]]) -> None:
        """Give what runs the time to end by itself; a second signal ends that time."""
        hurry = asyncio.create_task(self._in_a_hurry.wait())
        either: list[asyncio.Future[Any]] = [hurry, asyncio.gather(*loops, return_exceptions=True)]
        patience = settings.BRIDGE_DRAIN_SECONDS or 0
        await asyncio.wait(either, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()


def _leave() -> None:
    try:
        fleet.leave(worker_name())
    except Error as error:
        log.warning("worker_not_signed_off", reason=brief(error))
    finally:
        connection.close()


def _why(loops: list[asyncio.Task[None]]) -> str:
    for loop in loops:
        if loop.done() and (error := loop.exception()):
            return f"The queue can't be read: {brief(error.__cause__ or error)}"
    return "A loop ended by itself; what it said last is above."


async def _end_now(code: int) -> None:
    """End although jobs still run: their threads can't be stopped, so not even Python may wait for them."""
    claims = leases.running()
    log.warning("worker_ends_with_jobs_running", jobs=[str(claim.job_id) for claim in claims])
    giving_back = asyncio.get_running_loop().run_in_executor(ThreadPoolExecutor(1), reaper.abandon, claims)
    try:
        await asyncio.wait_for(giving_back, LAST_WORDS)
    except (TimeoutError, Error) as error:
        log.warning("jobs_not_given_back", reason=brief(error))
    logging.shutdown()
    os._exit(code)
