"""What people do with commands, in one form for every door: the command's id, who acts, why."""

from __future__ import annotations

from uuid import UUID

from sync.audit import Actor
from sync.commands import approve as approval
from sync.commands import compensate as taking_back
from sync.commands.declared import find
from sync.errors import NotFound
from sync.models import Command


def approve(command_id: UUID, by: Actor, reason: str) -> Command:
    """Agree that it is sent. Raises NotFound, Conflict, UnknownCommand."""
    kind = Command.objects.filter(pk=command_id).values_list("kind", flat=True).first()
    if kind is None:
        raise NotFound(f"There is no command {command_id}.")
    return approval.approve(find(kind), command_id, by=by, reason=reason)


def reject(command_id: UUID, by: Actor, reason: str) -> Command:
    """Say that it is never sent. Raises NotFound, Conflict."""
    return approval.reject(command_id, by=by, reason=reason)


def compensate(command_id: UUID, by: Actor, reason: str) -> Command:
    """Ask for what takes it back; returns that command. Raises NotFound, Conflict."""
    return taking_back.compensate(command_id, by=by, reason=reason).command
