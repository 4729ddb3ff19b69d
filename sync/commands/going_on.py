"""What is decided of a command from outside its job: both locked together, and the job woken afterwards."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from sync.audit import Actor
from sync.commands import ledger
from sync.errors import NotFound
from sync.jobs import verbs
from sync.jobs.enqueue import BACKOFF
from sync.jobs.settle import CONFIGURATION
from sync.models import Command, Job


def locked(command_id: UUID) -> tuple[Job | None, Command]:
    """The command and its job (None where it is kept no longer), locked in the order of every commit."""
    job_id = Command.objects.filter(pk=command_id).values_list("job_id", flat=True).first()
    if job_id is None:
        raise NotFound(f"There is no command {command_id}.")
    job = Job.objects.select_for_update(of=("self",)).filter(pk=job_id).first()
    return job, ledger.lock(command_id)


def go_on(command: Command, *, by: Actor, reason: str) -> None:
    """After the commit, let the command's job run if it waits for its time or for a person: it ends, or sends again.

    Not before: who runs a job again locks its lanes first, and its row after them.
    """
    job_id = command.job_id
    transaction.on_commit(lambda: _go_on(job_id, by, reason), robust=True)


def _go_on(job_id: UUID, by: Actor, reason: str) -> None:
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        return
    failed = job.status == Job.Status.FAILED and job.resolved_at is None
    waits = job.status == Job.Status.PENDING and job.hold in (BACKOFF, CONFIGURATION)
    if failed or waits:
        verbs.retry(job_id, by=by, reason=reason)
