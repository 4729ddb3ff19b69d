"""Where a command stands, as the lines of its ledger add up, and what its system's functions see of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sync.commands import Intent
from sync.commands.ledger import ACCEPTED, LOOKED, LOST, NO_ANSWER, SENDING
from sync.models import Command, Effect


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a command stands, as its ledger tells it."""

    tries: int = 0  # times it was sent
    first_sent_at: datetime | None = None
    sent_at: datetime | None = None  # the last time
    since: datetime | None = (
        None  # when what became of the last sending was found to be open; None = it is not
    )
    looks: int = 0  # of the far end since then


def standing(command_id: UUID) -> Standing:
    """What the lines of a command add up to."""
    rows = Effect.objects.filter(command_id=command_id).order_by("no").values_list("exchange", "at")
    tries, looks = 0, 0
    first: datetime | None = None
    last: datetime | None = None
    since: datetime | None = None
    for exchange, at in rows:
        step = exchange.get("step")
        if step == SENDING:
            tries, first, last, since, looks = tries + 1, first or at, at, None, 0
        elif step in (ACCEPTED, NO_ANSWER, LOST):
            since = since or at
        elif step == LOOKED:
            looks += 1
    return Standing(tries=tries, first_sent_at=first, sent_at=last, since=since, looks=looks)


def intent_of(command: Command, callback_url: str | None = None) -> Intent:
    """The command as its system sees it."""
    found = standing(command.pk)
    return Intent(
        id=command.pk,
        kind=command.kind,
        key=command.effect_key,
        payload=command.payload,
        client=command.client,
        tries=found.tries,
        first_sent_at=found.first_sent_at,
        sent_at=found.sent_at,
        remote_id=command.remote_id,
        planned_revision=command.planned_revision,
        callback_url=callback_url,
        taken=lambda ids: taken(command, ids),
    )


def taken(command: Command, remote_ids: Collection[str]) -> frozenset[str]:
    """Those of these ids that other commands of the same kind own."""
    others = Command.objects.filter(kind=command.kind, remote_id__in=list(remote_ids)).exclude(pk=command.pk)
    return frozenset(one for one in others.values_list("remote_id", flat=True) if one is not None)
