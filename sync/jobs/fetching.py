"""What a worker takes next, wake-up and job in one statement: for the loop of a queue, or for a job's thread."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

from procrastinate import jobs
from procrastinate.connector import BaseAsyncConnector
from procrastinate.jobs import JobInserted
from procrastinate.manager import JobManager, NotificationCallback, get_channel_for_queues

from sync import metrics
from sync.errors import UnknownEntity
from sync.ids import uuid7
from sync.jobs import served
from sync.jobs.claim import LEASE, Claim
from sync.jobs.lease import worker_name
from sync.jobs.prepared import ask
from sync.models import EntityRow
from sync.queries import query
from sync.registry import Registered, registry

_COLUMNS = (
    "wakeup",
    "task",
    "args",
    "job_id",
    "fence",
    "kind",
    "entity_id",
    "params",
    "scopes",
    "lanes",
    "waited",
    "no",
)
_NEWS: JobInserted = {"type": "job_inserted", "job_id": 0}


class Fetcher(JobManager):
    """Procrastinate's door to its tables: what it hands to a loop is claimed already, where it is in order.

    One connection listens for all queues of the process. A word that comes while a loop is asking is not lost.
    """

    def __init__(self, connector: BaseAsyncConnector, queues: Collection[str]) -> None:
        super().__init__(connector)
        self._queues = queues
        self._claimed: dict[int, dict[str, Any]] = {}
        self._listeners: dict[str, NotificationCallback] = {}
        self._words = dict.fromkeys(queues, 0)

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> jobs.Job | None:
        """The next delivery of a loop's one queue; None where there is none."""
        (queue,) = queues or ()
        taking = query("take_next")
        while True:
            words = self._words[queue]
            rows = await self.connector.execute_query_all_async(taking, **_values(queue, worker_id, 1))
            if rows:
                return self._delivery(queue, worker_id, rows[0])
            if words == self._words[queue]:
                return None

    async def finish_job_by_id_async(self, job_id: int, status: jobs.Status, delete_job: bool) -> None:
        """Take a wake-up out of the queue, however it ended: the job's row says what is to be done."""
        if self._claimed.pop(job_id, None) is None:
            await self.connector.execute_query_async(
                "DELETE FROM procrastinate_jobs WHERE id = %(id)s", id=job_id
            )

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Let a loop hear of new work in its queue, until it is cancelled."""
        first = not self._listeners
        self._listeners |= dict.fromkeys(queues or (), on_notification)
        if first:
            await self.connector.listen_notify(
                on_notification=self._tell, channels=get_channel_for_queues(self._queues)
            )
        await asyncio.Event().wait()

    def claim_of(self, wakeup: int) -> Claim | None:
        """The claim that came with a delivery, if the job was in order."""
        row = self._claimed.get(wakeup)
        return None if row is None else claim_from(row)

    async def _tell(self, *, channel: str, payload: str) -> None:
        queue = channel.rpartition("#")[2]
        self._words[queue] += 1
        if queue in self._listeners:
            await self._listeners[queue](channel=channel, notification=_NEWS)

    def _delivery(self, queue: str, worker_id: int, row: dict[str, Any]) -> jobs.Job:
        if row["no"] is not None:
            self._claimed[row["wakeup"]] = row
        return jobs.Job(
            id=row["wakeup"],
            status=jobs.Status.DOING.value,
            queue=queue,
            lock=None,
            queueing_lock=None,
            task_name=row["task"],
            task_kwargs=row["args"],
            worker_id=worker_id,
        )


def take_next(queue: str, taker: int | None, most: int = 1) -> list[dict[str, Any]]:
    """Take up to so many wake-ups on this thread's connection, outside a transaction; rows of `bridge_take`."""
    rows = [dict(zip(_COLUMNS, row, strict=True)) for row in ask("take_next", **_values(queue, taker, most))]
    for row in rows:  # Django leaves JSON to its fields
        row["args"], row["params"] = json.loads(row["args"]), json.loads(row["params"] or "{}")
    return rows


def claim_from(row: dict[str, Any]) -> Claim:
    """The claim that a row of `bridge_take` tells of."""
    metrics.job_wait.observe(max(row["waited"], 0.0))
    return Claim(
        job_id=row["job_id"],
        fence=row["fence"],
        kind=row["kind"],
        entity=_entity(row["entity_id"]),
        entity_id=row["entity_id"],
        params=row["params"],
        attempt=row["no"],
        worker=worker_name(),
        scopes=tuple(row["scopes"]),
        lanes=tuple(row["lanes"]),
    )


def _values(queue: str, taker: int | None, most: int) -> dict[str, Any]:
    return {
        "queue": queue,
        "taker": taker,
        "worker": worker_name(),
        "lease": LEASE,
        "kinds": _array(served.served()),
        "only": bool(served.limited()),
        "attempts": _array(str(uuid7()) for _ in range(most)),
    }


def _array(words: Iterable[str]) -> str:
    """An array as PostgreSQL reads it, of words that need no quotes; a list would be looked at item by item."""
    return "{" + ",".join(words) + "}"


def _entity(number: int | None) -> Registered | None:
    if number is None:
        return None
    try:
        return registry.find(_path(number))
    except UnknownEntity:
        return None  # its system was taken out of the settings: running it says so


@cache
def _path(number: int) -> str:
    return EntityRow.objects.values_list("path", flat=True).get(pk=number)
