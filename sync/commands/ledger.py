"""The ledger of a command: what was about to be done and what came of it, line by line, written before and after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.functions import Now

from sync.models import Command, Effect
from sync.models.command import State
from sync.redaction import redact
from sync.text import as_stored

ENDED = (State.PROVEN, State.REFUSED)
OPEN = (State.SENT, State.UNKNOWN)
LONGEST_MESSAGE = 1_000

# What a line tells; the state is that of the command after it.
ASKED = "asked"
APPROVED = "approved"
REJECTED = "rejected"
SENDING = "sending"  # the request is about to leave
ACCEPTED = "accepted"  # the far end took it on, and proves it later
ANSWERED = "answered"
NO_EFFECT = "no_effect"  # it surely did nothing
NO_ANSWER = "no_answer"  # nobody knows what it did
LOST = "lost"  # the attempt that sent it died
LOOKED = "looked"  # asked whether it is there
UNANSWERED = "unanswered"  # asked whether it is there, and no answer came
GAVE_UP = "gave_up"  # asked in vain for so long that a person is asked instead
SETTLED = "settled"  # a person decided
CALLED_BACK = "called_back"
CANCELLED = "cancelled"  # by a person, after it was sent
OUTCOMES = (ACCEPTED, ANSWERED, NO_EFFECT, NO_ANSWER)
"""What an attempt writes that has sent it."""


def lock(command_id: UUID) -> Command:
    """The command's row until the transaction ends; the job's row is locked before it, never after."""
    return Command.objects.select_for_update(of=("self",)).get(pk=command_id)


def write(
    command: Command, state: str, step: str, *, fence: int = 0, facts: Mapping[str, Any] | None = None
) -> None:
    """Add a line and move a locked command to this state; columns changed on `command` are saved with it."""
    told = {name: value for name, value in (facts or {}).items() if value not in (None, {}, "")}
    # The far end's own words are among them, and nothing in those may keep the line from being written.
    told = {name: as_stored(value) if isinstance(value, str) else value for name, value in told.items()}
    if "message" in told:
        told["message"] = redact(str(told["message"]))[:LONGEST_MESSAGE]
    last = Effect.objects.filter(command_id=command.pk).order_by("-no").values_list("no", flat=True).first()
    line = Effect(command=command, no=(last or 0) + 1, state=state, fence=fence)
    line.exchange = {"step": step, **told}
    line.at = Now()
    line.save(force_insert=True)
    command.state = state
    command.changed_at = Now()
    command.save(
        update_fields=["state", "changed_at", "remote_id", "remote_status", "remote_rank"], force_update=True
    )


def clock() -> datetime:
    """Now, by the clock that dates the ledger."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        (now,) = cursor.fetchone() or (None,)
    assert isinstance(now, datetime)
    return now
