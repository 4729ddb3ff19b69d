"""A command whose job was cancelled while it was being sent: nobody knows what it did, until that is written down."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sync.commands import ledger
from sync.errors import StaleAttempt
from sync.jobs.claim import Claim
from sync.models import Command, Job
from sync.models.command import State

_MESSAGE = (
    "Its job was cancelled after the request had left, and nobody asks for it any more. Look at the far end, then say"
    " what became of it: `bridge commands settle {} proven --reason …` (or not_done, which sends it no more)."
)


def note_cancelled(jobs: Sequence[UUID]) -> None:
    """Let the commands of these jobs that were sent be unknown; the jobs' rows are locked."""
    sent = Command.objects.filter(job__in=jobs, state=State.SENT).order_by("pk")
    for number in sent.values_list("pk", flat=True):
        command = ledger.lock(number)
        if command.state == State.SENT:
            facts = {"message": _MESSAGE.format(number)}
            ledger.write(command, State.UNKNOWN, ledger.CANCELLED, facts=facts)


def hold(claim: Claim, step: str) -> bool:
    """Keep the job until this transaction ends; False where it was cancelled, and this step tells what came of it.

    That is written all the same: it is the only answer there will be. Raises StaleAttempt in all other cases.
    """
    try:
        claim.hold()
    except StaleAttempt:
        ours = Job.objects.filter(pk=claim.job_id, status=Job.Status.CANCELLED, fence=claim.fence + 1)
        if step not in ledger.OUTCOMES or not ours.select_for_update(of=("self",)).exists():
            raise
        return False
    return True
