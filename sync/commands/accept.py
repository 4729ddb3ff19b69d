"""Takes a command: payload, idempotency, local effect, ledger and job, all in one transaction or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from sync import audit
from sync.audit import Actor
from sync.commands import approve, ledger
from sync.commands.declared import Declared
from sync.commands.faults import fault
from sync.commands.idempotency import check_key, request_hash, twin_of
from sync.commands.payload import BadPayload, validated
from sync.commands.standing import intent_of
from sync.errors import Conflict, RecordError
from sync.ids import uuid7
from sync.jobs.enqueue import enqueue
from sync.jobs.lane_names import names
from sync.jobs.priorities import COMMAND
from sync.models import Command
from sync.models.command import State

KIND = "command"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A command that is taken; `created` is False where the same request was taken before."""

    command: Command
    created: bool


class _Twin(Exception):  # noqa: N818 - undoes the transaction of the second of two equal requests
    """The same client and key were faster."""


def accept(
    known: Declared,
    data: Any,
    *,
    client: str,
    by: Actor,
    key: str | None = None,
    compensates: UUID | None = None,
) -> Accepted:
    """Take a command, or find the one that an equal request with this key was answered with.

    Raises InvalidRequest (bad_idempotency_key, bad_payload), KeyReused, and what the command's `effect` raises; its
    RecordError is a fault of the payload.
    """
    check_key(key)
    digest = request_hash(data)
    if twin := twin_of(known, client, key, digest):
        return Accepted(twin, created=False)
    command = Command(
        id=uuid7(),
        kind=known.path,
        client=client,
        idempotency_key=key,
        request_hash=digest,
        payload=validated(known, data),
        compensates_id=compensates,
    )
    try:
        with transaction.atomic():
            command = _insert(known, command, by)
            _take_effect(known, command)
    except _Twin:
        if twin := twin_of(known, client, key, digest):
            return Accepted(twin, created=False)
        raise Conflict("The command is being taken back already.") from None
    return Accepted(command, created=True)


def answer_of(command: Command) -> dict[str, Any]:
    """What a client is told when its command is taken."""
    return {
        "id": str(command.pk),
        "command": command.kind,
        "state": State.INTENDED.value,
        "job_id": str(command.job_id),
    }


def _insert(known: Declared, command: Command, by: Actor) -> Command:
    asked = enqueue(
        KIND,
        params={"command": command.kind, "id": str(command.pk)},
        priority=COMMAND,
        requested_by=by.name,
        request_id=by.request_id,
        scopes=[f"system:{known.system.name}"],
        lanes=_lanes(known, command.payload),
    )
    command.job_id = asked.job.pk
    command.effect_key = str(command.pk)
    command.answer = answer_of(command)
    _insert_once(command)
    approve.wait(known, command, asked.job)
    command = ledger.lock(command.pk)
    ledger.write(command, State.INTENDED, ledger.ASKED, facts={"by": by.name, "door": by.door})
    audit.record("command.accept", KIND, str(command.pk), by=by, after=_told(command))
    return command


def _take_effect(known: Declared, command: Command) -> None:
    if known.command.effect is None:
        return
    try:
        known.command.effect(intent_of(command))
    except RecordError as error:
        raise BadPayload(known, {error.field or "": [fault(error.code, error.message)]}) from error


def _insert_once(command: Command) -> None:
    """Insert it; where a twin is under way, wait for its end and raise _Twin."""
    command.created_at = command.changed_at = Now()
    # DO NOTHING waits for the end of a twin's transaction, and unlike an error it needs no savepoint.
    Command.objects.bulk_create([command], ignore_conflicts=True)
    if not Command.objects.filter(pk=command.pk).exists():
        raise _Twin


def _lanes(known: Declared, payload: Mapping[str, Any]) -> list[str]:
    # Keys are told apart as text, in whatever form a payload has them.
    values = {name: str(value) if type(value) is int else value for name, value in payload.items()}
    return names(known.command.lane, known.system.name, values)


def _told(command: Command) -> Mapping[str, Any]:
    return {"command": command.kind, "client": command.client, "job_id": str(command.job_id)}
