"""The worker's way to the queue's tables: a round trip a call, and it outlives a restart of the database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, LiteralString

import psycopg
import psycopg_pool
import structlog
from procrastinate import PsycopgConnector
from procrastinate.connector import Notify
from procrastinate.contrib.django import connector_params
from procrastinate.exceptions import ConnectorException

from sync.jobs.brief import brief

log = structlog.get_logger(__name__)

RECONNECT_AFTER = 3.0
"""Seconds between two tries to listen; the poll finds work meanwhile."""


class UncheckedPool(psycopg_pool.AsyncConnectionPool):
    """A pool that does not test a connection before each use: that would double the round trips."""

    def __init__(self, *args: Any, check: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class WorkerConnector(PsycopgConnector):
    """Asks again once where a connection was found dead; fails only after the pool waited in vain (30 s)."""

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """Run a statement."""
        try:
            await super().execute_query_async(query, **arguments)
        except ConnectorException as error:
            await self._mend(error)
            await super().execute_query_async(query, **arguments)

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        """Run a statement that answers one row."""
        row: dict[str, Any]
        try:
            row = await super().execute_query_one_async(query, **arguments)
        except ConnectorException as error:
            await self._mend(error)
            row = await super().execute_query_one_async(query, **arguments)
        return row

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        """Run a statement that answers rows."""
        rows: list[dict[str, Any]]
        try:
            rows = await super().execute_query_all_async(query, **arguments)
        except ConnectorException as error:
            await self._mend(error)
            rows = await super().execute_query_all_async(query, **arguments)
        return rows

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        """Listen for new work; while the database is away, try again."""
        names = list(channels)
        while True:
            try:
                await super().listen_notify(on_notification, names)
            except ConnectorException as error:
                log.warning("listener_lost", reason=brief(error.__cause__ or error))
                await asyncio.sleep(RECONNECT_AFTER)

    async def _mend(self, error: ConnectorException) -> None:
        """Throw dead connections out of the pool. Raises the error where it was not a dead connection."""
        cause = error.__cause__
        dead = isinstance(cause, psycopg.OperationalError) and not isinstance(cause, psycopg_pool.PoolTimeout)
        if not dead:
            raise error
        await self.pool.check()


def worker_connector() -> WorkerConnector:
    """A connector with a pool of its own, in autocommit: each call is one statement anyway."""

    async def configure(connection: psycopg.AsyncConnection[Any]) -> None:
        await connection.set_autocommit(True)

    # `autocommit` among the kwargs would be given twice to the listener's connection; so it is set here.
    return WorkerConnector(
        kwargs={**connector_params(), "prepare_threshold": 5}, configure=configure, pool_factory=UncheckedPool
    )
