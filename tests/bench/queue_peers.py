"""The peers of the queue's benchmark, each measured by its own means; runs where they are installed, without Bridge.

    python -m tests.bench.queue_peers measure celery 5000    # prints one JSON object
    python -m tests.bench.queue_peers work celery            # one worker process

BENCH_DATABASE is a PostgreSQL with the table `bench_row`, BENCH_REDIS a Redis without persistence: what it has
accepted is gone with it, which is not the promise measured beside it. Each task writes the same row and commits it.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.bench.queue_rows import INSERT, drained, latencies

DATABASE = os.environ["BENCH_DATABASE"]
REDIS = os.environ.get("BENCH_REDIS", "")
PID = os.getpid()
_of_thread = threading.local()


def write_row(no: int, asked: float) -> None:
    """What each job does."""
    started = time.time()
    if not hasattr(_of_thread, "connection"):
        _of_thread.connection = psycopg.connect(DATABASE, autocommit=True)
    _of_thread.connection.execute(INSERT, (no, os.getpid(), asked, started))


class Celery:
    """Prefork with one process a worker, acknowledged before the work."""

    def __init__(self) -> None:
        import celery

        self.app = celery.Celery("bench", broker=REDIS)
        self.app.conf.worker_prefetch_multiplier = 50
        self.app.conf.task_ignore_result = True
        self.task = self.app.task(name="write_row")(write_row)

    def put(self, no: int) -> None:
        self.task.delay(no, time.time())

    def work(self) -> None:
        options = ["--pool=prefork", "--concurrency=1", "--loglevel=ERROR", "--without-gossip"]
        self.app.worker_main(["worker", f"--hostname=bench{PID}@%h", "--without-mingle", *options])


class Dramatiq:
    """Eight threads a process."""

    def __init__(self) -> None:
        import dramatiq
        from dramatiq.brokers.redis import RedisBroker

        self.broker = RedisBroker(url=REDIS)
        dramatiq.set_broker(self.broker)
        self.actor = dramatiq.actor(write_row)

    def put(self, no: int) -> None:
        self.actor.send(no, time.time())

    def work(self) -> None:
        import dramatiq

        dramatiq.Worker(self.broker, worker_threads=8).start()
        threading.Event().wait()


class Rq:
    """Its worker that does not fork for each job."""

    def __init__(self) -> None:
        from redis import Redis
        from rq import Queue

        self.redis = Redis.from_url(REDIS)
        self.queue = Queue(connection=self.redis)

    def put(self, no: int) -> None:
        self.queue.enqueue("tests.bench.queue_peers.write_row", no, time.time(), result_ttl=0)

    def work(self) -> None:
        from rq import SimpleWorker

        SimpleWorker([self.queue], connection=self.redis).work(logging_level="ERROR")


class PgQueuerPeer:
    """Fifty jobs a fetch, its own default of buffered acknowledgements."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.queries: Any = None

    async def _connect(self) -> Any:
        import asyncpg
        from pgqueuer import AsyncpgDriver

        given = psycopg.conninfo.conninfo_to_dict(DATABASE)
        connection = await asyncpg.connect(
            host=given.get("host"), port=given.get("port"), user=given.get("user"), database=given["dbname"]
        )
        return AsyncpgDriver(connection)

    def put(self, no: int) -> None:
        self.loop.run_until_complete(self._put(no))

    async def _put(self, no: int) -> None:
        from pgqueuer import Queries

        if self.queries is None:
            self.queries = Queries(await self._connect())
        await self.queries.enqueue("write_row", json.dumps([no, time.time()]).encode())

    def work(self) -> None:
        asyncio.run(self._work())

    async def _work(self) -> None:
        from pgqueuer import Job, PgQueuer

        queuer: Any = PgQueuer(await self._connect())
        connection = await psycopg.AsyncConnection.connect(DATABASE, autocommit=True)

        async def row(job: Job) -> None:
            started = time.time()
            no, asked = json.loads(job.payload or b"")
            await connection.execute(INSERT, (no, PID, asked, started))

        queuer.entrypoint("write_row")(row)
        await queuer.run(batch_size=50)

    def prepare(self) -> None:
        """Its tables."""

        async def install() -> None:
            from pgqueuer import Queries

            await Queries(await self._connect()).install()

        self.loop.run_until_complete(install())


PEERS: dict[str, Callable[[], Any]] = {
    "celery": Celery,
    "rq": Rq,
    "dramatiq": Dramatiq,
    "pgqueuer": PgQueuerPeer,
}


@contextmanager
def workers(name: str, number: int) -> Iterator[None]:
    """Worker processes, ended with the block."""
    command = [sys.executable, "-m", "tests.bench.queue_peers", "work", name]
    log = subprocess.DEVNULL
    running = [
        subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True) for _ in range(number)
    ]
    try:
        yield
    finally:
        for worker in running:
            os.killpg(worker.pid, 9)
            worker.wait()


def measure(name: str, jobs: int) -> dict[str, Any]:
    """The figures of one peer."""
    peer = PEERS[name]()
    if hasattr(peer, "prepare"):
        peer.prepare()
    figures: dict[str, Any] = {}
    with psycopg.connect(DATABASE, autocommit=True) as connection:
        for number in (1, 2):
            connection.execute("TRUNCATE bench_row")
            began = time.perf_counter()
            for no in range(jobs):
                peer.put(no)
            figures["enqueue_per_second"] = round(jobs / (time.perf_counter() - began))
            with workers(name, number):
                rate = drained(connection, jobs, number)
            figures[f"drain_{number}_worker{'s' * (number > 1)}_per_second"] = rate
        connection.execute("TRUNCATE bench_row")
        with workers(name, 1):
            figures |= latencies(connection, peer.put)
    return figures


if __name__ == "__main__":
    if sys.argv[1] == "work":
        PEERS[sys.argv[2]]().work()
    else:
        print(json.dumps(measure(sys.argv[2], int(sys.argv[3]))))
