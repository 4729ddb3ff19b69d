"""A worker process of the tests that stays in the midst of a COPY until it is killed, or told to go on."""

from __future__ import annotations

import sys
from uuid import UUID

from django.db import Error, connection, transaction

from sync.jobs.claim import Claim
from sync.jobs.frozen import end_idle_transactions, name_connections
from sync.jobs.lease import worker_name
from sync.jobs.take import take
from sync.models import Job


def freeze() -> None:
    """Claim the job named on standard input, begin to write, say so; when a line comes, write on and commit."""
    end_idle_transactions()
    name_connections()
    job = Job.objects.get(pk=UUID(sys.stdin.readline().strip()))
    claim = take(job.pk, job.fence, worker_name())
    assert claim is not None
    try:
        _write(claim)
    except Error as error:
        print(type(error.__cause__ or error).__name__, flush=True)
    else:
        print("committed", flush=True)


def _write(claim: Claim) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        claim.hold()
        cursor.execute("CREATE TEMPORARY TABLE rows (no int) ON COMMIT DROP")
        with connection.wrap_database_errors, cursor.copy("COPY rows FROM STDIN") as copy:
            copy.write("1\n")
            print("writing", flush=True)
            sys.stdin.readline()
            copy.write("2\n")
        claim.finish({})
