"""A worker process whose kinds of jobs are the tests': `python -m tests.integration.jobs.handlers`."""

from __future__ import annotations

import os
import sys
import time

import django
from django.db import transaction

from sync.jobs.claim import Claim, Interrupted


def quick(claim: Claim) -> None:
    """Done at once."""
    claim.finish({"pid": os.getpid()})


def until_let_go(claim: Claim) -> None:
    """Runs until a file appears; hands back when asked to."""
    claim.event("began", pid=os.getpid())
    while not os.path.exists(claim.params["file"]):
        if claim.stopping.wait(0.05):
            raise Interrupted
    claim.finish({"pid": os.getpid()})


def deaf(claim: Claim) -> None:
    """Never looks whether it should stop."""
    claim.event("began", pid=os.getpid())
    while not os.path.exists(claim.params["file"]):
        time.sleep(0.05)
    claim.finish({"pid": os.getpid()})


def rolls_back(claim: Claim) -> None:
    """Asks for a job in a transaction that is undone, then for one in a transaction that is not."""
    from sync.jobs.enqueue import enqueue

    with transaction.atomic():
        enqueue("quick", requested_by="undone")
        transaction.set_rollback(True)
    with transaction.atomic():
        enqueue("quick", requested_by="kept")
        claim.finish({})


def main() -> int:
    """The worker, with these kinds beside the product's."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from sync.jobs import kinds
    from sync.jobs.worker import run_worker

    kinds.HANDLERS.update(
        {"quick": quick, "until_let_go": until_let_go, "deaf": deaf, "rolls_back": rolls_back}
    )
    return run_worker()


if __name__ == "__main__":
    sys.exit(main())
