"""A worker process of the queue's benchmark: the product's, with two kinds that write one row each.

python -m tests.bench.queue_worker QUEUE,QUEUE
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from tests.bench import queue_rows

if TYPE_CHECKING:
    from sync.jobs.claim import Claim

ROW = "row"
SHORT_ROW = "short_row"
PID = os.getpid()


def write_row(claim: Claim) -> None:
    """One business row, in the transaction that ends the job."""
    from django.db import connection, transaction

    started = time.time()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(queue_rows.INSERT, (claim.params["no"], PID, claim.params["asked"], started))
        claim.finish({})


def write_short_row(claim: Claim) -> None:
    """The same in the transaction of a group."""
    from django.db import connection

    started = time.time()
    with connection.cursor() as cursor:
        cursor.execute(queue_rows.INSERT, (claim.params["no"], PID, claim.params["asked"], started))
    claim.finish({})


def register() -> None:
    """Let this process know the kinds."""
    from sync.jobs.kinds import KINDS, SHORT, Kind

    KINDS[ROW] = Kind(handler=write_row)
    KINDS[SHORT_ROW] = Kind(handler=write_short_row, queue=SHORT)


def main() -> int:
    """Work until told to stop."""
    import django

    django.setup()
    from bridge.logging import configure
    from sync.jobs.worker import run_worker

    configure("worker")
    register()
    return run_worker(sys.argv[1].split(",") if len(sys.argv) > 1 else None)


if __name__ == "__main__":
    sys.exit(main())
