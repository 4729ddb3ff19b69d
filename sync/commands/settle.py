"""What a person says of a command: that an unknown one took effect, or did not."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from django.db import transaction

from sync import audit
from sync.audit import Actor
from sync.commands import ledger
from sync.commands.going_on import go_on, locked
from sync.commands.standing import taken
from sync.errors import Conflict, InvalidRequest
from sync.models import Command, Job
from sync.models.command import State

Decision = Literal["proven", "not_done"]
DECISIONS: tuple[Decision, ...] = ("proven", "not_done")
STATE_OF = {"proven": State.PROVEN, "not_done": State.INTENDED}


def settle(
    command_id: UUID, decision: str, *, by: Actor, reason: str, remote_id: str | None = None
) -> Command:
    """Say what became of a command that nobody can ask about: `proven`, or `not_done`, which sends it again.

    One whose job was cancelled or resolved is not sent again. Raises NotFound, InvalidRequest (bad_parameter), and
    Conflict where the command is not unknown or is being worked on.
    """
    if decision not in DECISIONS:
        words = f"Say {' or '.join(DECISIONS)}: what became of it, as the far end shows."
        raise InvalidRequest(words, code="bad_parameter")
    if not reason.strip():
        raise InvalidRequest("Give a reason: how you know what became of it.", code="bad_parameter")
    with transaction.atomic():
        job, command = locked(command_id)
        if command.state not in ledger.OPEN:
            raise Conflict(f"The command is {command.state}: only one whose outcome is unknown is settled.")
        if job is not None and job.status == Job.Status.PROCESSING:
            raise Conflict("The command is being worked on right now: look again in a moment.")
        if remote_id and taken(command, [remote_id]):
            raise Conflict(f"{remote_id} belongs to another command of this kind.")
        before = {"state": command.state}
        command.remote_id = remote_id or command.remote_id
        facts = {"decision": decision, "by": by.name, "reason": reason}
        ledger.write(command, STATE_OF[decision], ledger.SETTLED, facts=facts)
        audit.record(
            "command.settle",
            "command",
            str(command_id),
            by=by,
            reason=reason,
            before=before,
            after={"state": command.state, "decision": decision},
        )
        go_on(command, by=by, reason=f"settled as {decision}")
    return command
