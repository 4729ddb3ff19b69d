"""Persons who agree that a command is sent, or don't: its job waits for them."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from sync import audit
from sync.audit import Actor
from sync.commands import ledger
from sync.commands.declared import Declared
from sync.commands.going_on import locked
from sync.errors import ConfigError, Conflict, NotFound
from sync.jobs import queue, room, verbs
from sync.models import Command, Job
from sync.models.command import State

APPROVAL = "approval"
"""The hold of a job that waits for persons."""


def needed(known: Declared, command: Command) -> int:
    """How many persons have to agree to it."""
    rule = known.command.approval
    return rule.persons if rule is not None and rule.when(command.payload) else 0


def wait(known: Declared, command: Command, job: Job) -> None:
    """Let the new job of a command wait for persons, where it needs them; in the transaction that takes it."""
    if needed(known, command):
        queue.withdraw(job.wakeup)
        Job.objects.filter(pk=job.pk).update(hold=APPROVAL, wakeup=None)


def check(known: Declared, command: Command) -> None:
    """Raise ConfigError (approval_missing) where it would be sent without them."""
    wanted = needed(known, command)
    if wanted > len(approvers(command)):
        message = f"{known.label} needs {wanted} persons' approval, which it does not have: ask for it anew."
        raise ConfigError(message, code="approval_missing")


def approvers(command: Command) -> list[str]:
    """Who agreed so far."""
    lines = command.ledger.filter(exchange__step=ledger.APPROVED).order_by("no")
    return [str(line.exchange.get("by")) for line in lines]


def approve(known: Declared, command_id: UUID, *, by: Actor, reason: str = "") -> Command:
    """Agree; with the last person that is needed it is sent. Whoever asked for it can't, and nobody twice.

    Raises NotFound and Conflict.
    """
    with transaction.atomic():
        hold = room.obstacle(_job(command_id))  # before the job's row, as everywhere
        job, command = _waiting(command_id)
        agreed = approvers(command)
        if by.name in (command.client, job.requested_by):
            raise Conflict("Whoever asked for a command can't approve it: somebody else has to.")
        if by.name in agreed:
            raise Conflict(f"{by.name} approved it already: somebody else has to.")
        ledger.write(
            command, State.INTENDED, ledger.APPROVED, facts={"by": by.name, "door": by.door, "reason": reason}
        )
        after = {"approved_by": [*agreed, by.name], "of": needed(known, command)}
        _record("approve", command, by, reason, after)
        if len(agreed) + 1 >= needed(known, command):
            job.hold, job.run_after = hold, Now()
            job.wakeup = queue.wake(job) if hold is None else None
            job.save(update_fields=["hold", "wakeup", "run_after"])
    return command


def reject(command_id: UUID, *, by: Actor, reason: str) -> Command:
    """Say that it is not to be sent; it never is. Raises NotFound, and Conflict where it waits for nobody."""
    with transaction.atomic():
        job, command = _waiting(command_id)
        facts = {
            "by": by.name,
            "reason": reason,
            "code": "rejected",
            "message": f"{by.name} rejected it. {reason}",
        }
        ledger.write(command, State.REFUSED, ledger.REJECTED, facts=facts)
        _record("reject", command, by, reason, {"state": command.state})
        verbs.cancel(job.pk, by=by, reason=reason or None)
    return command


def _job(command_id: UUID) -> Job:
    job = Job.objects.filter(command=command_id).first()
    if job is None:
        raise NotFound(f"There is no command {command_id} that waits.")
    return job


def _waiting(command_id: UUID) -> tuple[Job, Command]:
    job, command = locked(command_id)
    if job is None or job.status != Job.Status.PENDING or job.hold != APPROVAL:
        raise Conflict(f"The command is {command.state} and waits for no approval.")
    return job, command


def _record(act: str, command: Command, by: Actor, reason: str, after: dict[str, object]) -> None:
    audit.record(f"command.{act}", "command", str(command.pk), by=by, reason=reason or None, after=after)
