"""Takes in what a far end tells: written down with the job that works it, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from sync import inbound, schema
from sync.declare import Webhook
from sync.errors import NotFound
from sync.inbound import Proven
from sync.jobs import priorities
from sync.jobs.enqueue import enqueue, twin_of
from sync.keys import key_hash
from sync.models import Inbound, Job
from sync.queries import query
from sync.registry import Registered
from sync.webhooks.reading import Told, read

REQUESTED_BY = "webhook"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A delivery as it is known; `created` is False where it was here before."""

    inbound: Inbound
    created: bool


def webhook_of(registered: Registered) -> Webhook:
    """The entity's webhook. Raises NotFound (no_webhook)."""
    if registered.entity.webhook is None:
        message = f"{registered.path} takes no webhooks: it declares none."
        raise NotFound(message, code="no_webhook")
    return registered.entity.webhook


def receive(
    registered: Registered, headers: Mapping[str, str], body: bytes, *, request_id: str | None = None
) -> Receipt:
    """Verify, read and note a delivery with the job that works it. A repeated one has no second effect.

    Raises what `inbound.verify` and `reading.read` raise, and NotFound (no_webhook).
    """
    webhook = webhook_of(registered)
    proven = inbound.verify(webhook.signed, headers, body)
    told = read(registered, body, sent_at=proven.sent_at, received_at=proven.received_at)
    with transaction.atomic():
        return _take_in(registered, proven, body, told, request_id)


def _take_in(
    registered: Registered, proven: Proven, body: bytes, told: Told, request_id: str | None
) -> Receipt:
    number = schema.entity_id(registered.path)
    with connection.cursor() as cursor:
        # Before the job is looked for: one that is about to end waits for us, and then finds this delivery.
        cursor.execute(query("bring_webhook"), {"entity_id": number})
    row, created = inbound.take_in(
        f"webhooks/{registered.path.replace('.', '/')}",
        proven,
        entity_id=number,
        told=told.counts(),
        body=body,
    )
    if created:
        for key in {key_hash(registered, key): key for key in told.keys}.values():
            _ask_for(registered, key, proven, request_id)
        _work(registered, row, told, request_id)
    return Receipt(row, created)


def _work(registered: Registered, row: Inbound, told: Told, request_id: str | None) -> None:
    if told.rows or told.deletes:
        wanted = enqueue(
            "webhook",
            entity=registered,
            priority=priorities.INTERACTIVE,
            dedup=f"webhook:{registered.path}",
            requested_by=REQUESTED_BY,
            request_id=request_id,
        )
        row.job_id = wanted.job.id
    else:
        row.state, row.body, row.done_at = Inbound.State.DONE, None, timezone.now()
        row.result = {"asked_for": len(told.keys)}
    row.save(update_fields=["job_id", "state", "body", "done_at", "result"])


def _ask_for(registered: Registered, key: Mapping[str, str], proven: Proven, request_id: str | None) -> None:
    """A read of this key that begins after the far end told of it: one under way may have read what was before."""
    number = key_hash(registered, key)
    dedup = f"refresh:{registered.path}:{number}"
    twin = twin_of(dedup)
    late = twin is not None and twin.status == Job.Status.PROCESSING
    enqueue(
        "refresh",
        entity=registered,
        params={"key": dict(key), "key_hash": str(number)},
        priority=priorities.INTERACTIVE,
        dedup=None if late else dedup,
        requested_by=REQUESTED_BY,
        request_id=request_id,
    )
