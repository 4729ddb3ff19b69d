"""Where a command stands, as the lines of its ledger add up, and what its system's functions see of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sync.commands import Intent
from sync.commands.ledger import ACCEPTED, GAVE_UP, LOOKED, LOST, NO_ANSWER, SENDING, UNANSWERED
from sync.models import Command, Effect
from sync.text import as_stored


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a command stands, as its ledger tells it."""

    tries: int = 0  # times it was sent
    first_sent_at: datetime | None = None
    sent_at: datetime | None = None  # the last time
    # When what became of the last sending was found to be open, or the far end was back; None = it is not open.
    since: datetime | None = None
    looks: int = 0  # of the far end since then
    looked_at: datetime | None = None  # the last of them
    unanswered: int = 0  # times since the sending that it was asked in vain
    away: bool = False  # no answer came when it was last asked


def standing(command_id: UUID) -> Standing:
    """What the lines of a command add up to."""
    rows = Effect.objects.filter(command_id=command_id).order_by("no").values_list("exchange", "at")
    found = Standing()
    for exchange, at in rows:
        found = _after(found, exchange.get("step"), at)
    return found


def _after(found: Standing, step: str | None, at: datetime) -> Standing:
    if step == SENDING:
        return Standing(tries=found.tries + 1, first_sent_at=found.first_sent_at or at, sent_at=at)
    if step in (ACCEPTED, NO_ANSWER, LOST):
        return replace(found, since=found.since or at)
    if step == LOOKED and found.away:
        # What it shows when it is back may be as old as if it had been sent only now.
        return replace(found, since=at, looks=0, looked_at=None, away=False)
    if step == LOOKED:
        return replace(found, looks=found.looks + 1, looked_at=at)
    if step in (UNANSWERED, GAVE_UP):
        again = found.unanswered + 1 if step == UNANSWERED else 0  # who runs it again after that, asks anew
        return replace(found, since=at, looks=0, unanswered=again, away=True)
    return found


def due(found: Standing, settles: Sequence[float]) -> datetime:
    """When the far end is to be asked next: as `settles` says after `since`, and no closer together than it says."""
    assert found.since is not None
    at = min(found.looks, len(settles) - 1)
    moment = found.since + timedelta(seconds=settles[at])
    if found.looked_at is None or not 0 < found.looks < len(settles):
        return moment
    return max(moment, found.looked_at + timedelta(seconds=settles[at] - settles[at - 1]))


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
    """Those of these ids that other commands of the same kind own, in the form in which they were given."""
    given = {as_stored(str(one)): one for one in remote_ids}  # many a far end counts: its ids are numbers
    others = Command.objects.filter(kind=command.kind, remote_id__in=list(given)).exclude(pk=command.pk)
    return frozenset(given[one] for one in others.values_list("remote_id", flat=True) if one is not None)
