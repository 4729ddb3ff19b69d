"""What a worker process of the tests knows to do; `serve` is its main function."""

from __future__ import annotations

import os
import time

from django.db import connection, transaction

from sync.errors import FatalError
from sync.jobs import kinds
from sync.jobs.claim import Claim, Interrupted
from sync.jobs.enqueue import enqueue
from sync.jobs.worker import run_worker


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
    with transaction.atomic():
        enqueue("quick", requested_by="undone")
        transaction.set_rollback(True)
    with transaction.atomic():
        enqueue("quick", requested_by="kept")
        claim.finish({})


def copies(claim: Claim) -> None:
    """Stays in the midst of a COPY until a file appears."""
    claim.event("began", pid=os.getpid())
    with transaction.atomic(), connection.cursor() as cursor:
        claim.hold()
        cursor.execute("CREATE TEMPORARY TABLE rows (no int) ON COMMIT DROP")
        with connection.wrap_database_errors, cursor.copy("COPY rows FROM STDIN") as copy:
            while not os.path.exists(claim.params["file"]):
                copy.write("1\n")
                time.sleep(0.05)
        claim.finish({"pid": os.getpid()})


def naps(claim: Claim) -> None:
    """Takes so many seconds."""
    time.sleep(claim.params["seconds"])
    claim.finish({})


def breaks(claim: Claim) -> None:
    """Fails for good."""
    raise FatalError("The far end refuses it.")


KINDS: dict[str, kinds.Handler] = {
    "quick": quick,
    "until_let_go": until_let_go,
    "deaf": deaf,
    "rolls_back": rolls_back,
    "copies": copies,
    "naps": naps,
    "breaks": breaks,
}


def known_here() -> None:
    """Let this process ask for these kinds, and do them."""
    kinds.KINDS.update({name: kinds.Kind(handler=handler) for name, handler in KINDS.items()})


def serve() -> int:
    """The product's worker, with these kinds beside its own."""
    known_here()
    return run_worker()
