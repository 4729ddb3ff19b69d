"""What a far end reports of a command by itself: proven to be its own, noted once, in whatever order it comes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from django.db import transaction

from sync import inbound
from sync.audit import Actor
from sync.commands import Callback, SignedForm, Told, ledger, signed_form
from sync.commands.declared import Declared
from sync.commands.going_on import go_on, locked
from sync.commands.sending import kept
from sync.commands.standing import standing, taken
from sync.errors import BridgeError, ConfigError, Conflict, InvalidRequest, NotFound, TransientError
from sync.models import Command, Inbound
from sync.models.command import State
from sync.text import as_stored

HIGHEST_RANK = 2_147_483_647


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """A callback as it came in."""

    address: (
        str | None
    )  # where it was sent to, as the far end was told; None where we do not know our address
    headers: Mapping[str, str] = field(repr=False)  # found in any case
    body: bytes = field(repr=False)
    command_id: UUID | None = None  # of the address


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of it; `created` is False where it came before."""

    command: Command
    created: bool


def receive(known: Declared, delivery: Delivery) -> Receipt:
    """Note a callback, and what it proves. One that came before has no second effect.

    Raises Unsigned, ConfigError (secret_missing, public_url_missing), InvalidRequest (bad_callback), NotFound; where
    what is signed is not of the address's command Conflict (callback_of_another), where that is not known yet
    TransientError (callback_too_early).
    """
    callback = known.command.callback
    if callback is None:
        raise NotFound(f"{known.path} takes no callbacks.", code="no_callback")
    proven, told = _proven(callback, delivery)
    with transaction.atomic():
        _, command = locked(_meant(known, delivery.command_id, told).pk)
        if delivery.command_id is not None and not isinstance(callback.signed, SignedForm):
            _check_bound(command, told)
        door = f"callbacks/{known.path.replace('.', '/')}"
        state = {"state": Inbound.State.DONE, "done_at": proven.received_at, "job_id": command.job_id}
        _, created = inbound.take_in(door, proven, **state)
        if created:
            _note(known, command, told)
    return Receipt(command, created)


def _proven(callback: Callback, delivery: Delivery) -> tuple[inbound.Proven, Told]:
    signed = callback.signed
    if isinstance(signed, SignedForm):
        if delivery.address is None:
            message = "BRIDGE_PUBLIC_URL is not set, over which the far end signs: set it."
            raise ConfigError(message, code="public_url_missing")
        pairs = parse_qsl(delivery.body.decode("utf-8", "replace"), keep_blank_values=True)
        signed_form.check(signed, delivery.headers, delivery.address, pairs)
        told, now = _told(callback, dict(pairs)), datetime.now(UTC)
        return inbound.Proven(delivery_id=told.id, sent_at=now, received_at=now), told
    proven = inbound.verify(signed, delivery.headers, delivery.body)
    return proven, _told(callback, _object(delivery.body))


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidRequest("The body is no JSON object.", code="bad_callback")
    return found


def _told(callback: Callback, fields: Mapping[str, Any]) -> Told:
    try:
        told = callback.read(fields)
    except BridgeError as error:
        raise InvalidRequest(error.message, code="bad_callback") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"The callback is not as it is declared: {type(error).__name__} {error}."
        raise InvalidRequest(message, code="bad_callback") from error
    return _plain(told)


def _plain(told: Any) -> Told:
    """The same as it can be stored. Raises ConfigError where `read` is to blame, else InvalidRequest (bad_callback)."""
    if not isinstance(told, Told):
        raise ConfigError(f"`read` of the callback returned {type(told).__name__}: make it return Told.")
    if told.state not in (None, State.PROVEN, State.REFUSED):
        raise ConfigError(f"`read` of the callback says {told.state!r}: proven, refused or None is a state.")
    rank: Any = told.rank
    if not isinstance(rank, int) or abs(rank) > HIGHEST_RANK:
        message = (
            f"The callback is not as it is declared: its rank is {rank!r}, no whole number, or too large."
        )
        raise InvalidRequest(message, code="bad_callback")
    if missing := [name for name in ("id", "status") if getattr(told, name) in (None, "")]:
        raise InvalidRequest(f"The callback does not tell its {missing[0]}.", code="bad_callback")
    # Where JSON counts, ids are numbers; here they are texts.
    return replace(
        told,
        id=as_stored(str(told.id)),
        status=as_stored(str(told.status)),
        remote_id=None if told.remote_id is None else as_stored(str(told.remote_id)),
        reference=None if told.reference is None else as_stored(str(told.reference)),
    )


def _meant(known: Declared, command_id: UUID | None, told: Told) -> Command:
    ours = Command.objects.filter(kind=known.path)
    if command_id is not None:
        found = ours.filter(pk=command_id).first()
    elif told.reference is not None:
        found = ours.filter(effect_key=told.reference).first()
    else:
        found = ours.filter(remote_id=told.remote_id).first() if told.remote_id else None
    if found is None:
        raise NotFound("No command of ours is meant by it.")
    return found


def _check_bound(command: Command, told: Told) -> None:
    """The address is not signed: whoever saw a signed body could send it to another command's."""
    if told.reference is None and told.remote_id is None:
        message = "It names no command in what is signed: its `read` must return `reference` or `remote_id`."
        raise InvalidRequest(message, code="bad_callback")
    if told.reference is None and command.remote_id is None:
        message = (
            "It is not known yet whether that id of the far end's is this command's: report it again later, or"
            " repeat the command's key in what is signed."
        )
        raise TransientError(message, code="callback_too_early")
    ours = (
        (command.remote_id, told.remote_id)
        if told.reference is None
        else (command.effect_key, told.reference)
    )
    if ours[0] != ours[1]:
        message = "What is signed is of another command than the one whose address it came to."
        raise Conflict(message, code="callback_of_another")


def _note(known: Declared, command: Command, told: Told) -> None:
    facts = {"status": told.status, "code": told.code, "message": told.message, "facts": kept(told.facts)}
    late = command.remote_rank is not None and told.rank < command.remote_rank
    if not late:
        command.remote_status, command.remote_rank = told.status, told.rank
    if command.remote_id is None and told.remote_id and not taken(command, [told.remote_id]):
        command.remote_id = told.remote_id
    state = command.state if late else _state_after(command, told)
    ended = state != command.state
    ledger.write(command, state, ledger.CALLED_BACK, facts=facts)
    if ended:
        go_on(
            command, by=Actor(name=known.system.name, door="callback"), reason=f"called back: {told.status}"
        )


def _state_after(command: Command, told: Told) -> str:
    """What is proven stays so: a far end may take long to deliver what it surely has, and fail at that."""
    # One that we hold for unsent may have been sent before: what the far end reports of it is there.
    open_ = command.state in ledger.OPEN or (
        command.state == State.INTENDED and standing(command.pk).tries > 0
    )
    return State(told.state) if told.state and open_ else command.state


def callback_url(known: Declared, command_id: UUID, public_url: str) -> str | None:
    """Where the far end can report of a command; None where it reports nothing, or our address is not known."""
    if known.command.callback is None or not public_url:
        return None
    path = known.path.replace(".", "/")
    return f"{public_url}/api/v1/callbacks/{path}/{command_id}"
