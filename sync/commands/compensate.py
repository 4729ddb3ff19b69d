"""Taking back what a command did: by another command, once."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from sync import audit
from sync.audit import Actor
from sync.commands import Compensation
from sync.commands.accept import Accepted, accept
from sync.commands.declared import Declared, UnknownCommand, find
from sync.commands.faults import lines
from sync.commands.payload import BadPayload
from sync.commands.standing import intent_of
from sync.errors import Conflict, NotFound
from sync.models import Command
from sync.models.command import State


def can_compensate(command: Command) -> bool:
    """Whether a declared command takes it back, and none does or did so yet."""
    try:
        way = find(command.kind).command.compensation
    except UnknownCommand:  # its declaration is gone
        return False
    return way is not None and command.state == State.PROVEN and not _taken_back(command)


def compensate(command_id: UUID, *, by: Actor, reason: str) -> Accepted:
    """Ask for the command that takes a proven one back.

    Raises NotFound, and Conflict where there is none, or the command is not proven, or is taken back already.
    """
    with transaction.atomic():
        command = Command.objects.select_for_update(of=("self",)).filter(pk=command_id).first()
        if command is None:
            raise NotFound(f"There is no command {command_id}.")
        known = find(command.kind)
        way = known.command.compensation
        if way is None:
            raise Conflict(f"Nothing takes {known.label} back: it declares no compensation.")
        if command.state != State.PROVEN:
            raise Conflict(f"The command is {command.state}: only what is proven can be taken back.")
        if _taken_back(command):
            raise Conflict("The command is being taken back already, or was.")
        taken = _ask(way, known, command, by)
        told = {"by_command": str(taken.command.pk)}
        audit.record(
            "command.compensate", "command", str(command_id), by=by, reason=reason or None, after=told
        )
    return taken


def _taken_back(command: Command) -> bool:
    return command.compensations.exclude(state=State.REFUSED).exists()


def _ask(way: Compensation, known: Declared, command: Command, by: Actor) -> Accepted:
    """The command that takes it back, with the payload that the declaration makes of what is known."""
    other = find(way.command, known.system)
    instead = f"Ask for {other.path} with a payload of your own."
    try:
        payload = way.payload(intent_of(command), _proof(command))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        # What a person settled has no answer of the far end's, for one.
        words = f"What is known of it does not tell how to take it back: {type(error).__name__} {error}."
        raise Conflict(f"{words} {instead}") from error
    try:
        return accept(other, payload, client=by.name, by=by, compensates=command.pk)
    except BadPayload as error:
        words = f"does not fit {other.path}: {'; '.join(lines(error.detail))}"
        raise Conflict(f"The payload made of what is known of it {words} {instead}") from error


def _proof(command: Command) -> dict[str, object]:
    """What the far end said when it proved it."""
    line = command.ledger.filter(state=State.PROVEN).order_by("no").first()
    return dict(line.exchange.get("answer", {})) if line else {}
