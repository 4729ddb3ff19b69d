"""Children whose parent does not come: tried again at growing distances, then failed records; parents fetched."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils import timezone

from sync import grouping, schema
from sync.declare import Parent
from sync.fingerprint import fingerprint
from sync.freshness import request_refresh
from sync.ids import uuid7
from sync.jobs.enqueue import enqueue
from sync.keys import key_hash
from sync.mapping.in_force import in_force
from sync.models import ErrorGroup, PendingChild
from sync.queries import query
from sync.registry import Registered, registry

if TYPE_CHECKING:
    from sync.jobs.claim import Claim
    from sync.pipeline.batch import SetAside

TRIES = 5
FIRST_WAIT = timedelta(minutes=5)
"""Before the first try; each wait is twice the one before: 5, 10, 20, 40, 80 minutes."""
ROWS_AT_ONCE = 1_000
MOST_FETCHED = 100
"""Missing parents asked for by one wake: a storm of children must not become a storm of requests."""


def sweep() -> None:
    """Ask for a try of every entity whose waiting children are due. Housekeeping does it every five minutes."""
    with connection.cursor() as cursor:
        cursor.execute(query("entities_with_orphans"))
        paths = [row[0] for row in cursor.fetchall()]
    for path in paths:
        if path in registry:
            enqueue(
                "wake",
                entity=registry.find(path),
                params={"as": "child", "sweep": True},
                dedup=f"sweep:{path}",
                requested_by="sweep",
            )


def try_again(claim: Claim) -> dict[str, int]:
    """Count a try of each due child whose parent is still missing; out of tries it becomes a failed record."""
    from sync.pipeline.repeat import repeated

    given: dict[str, Any] = {"entity_id": claim.entity_id, "tries": TRIES, "wait": FIRST_WAIT}

    def postpone() -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            claim.hold()
            cursor.execute(query("postpone_orphans"), given)
            number: int = cursor.rowcount
        return number

    assert claim.entity is not None
    postponed = repeated(postpone, entity=claim.entity.path)
    failed = 0
    while some := _give_up(claim):
        failed += some
    return {"postponed": postponed, "failed": failed} if postponed or failed else {}


def fetch_parents(child: Registered) -> None:
    """Ask for the missing parents that are declared to be fetched, one refresh a key."""
    for parent in child.entity.parents:
        if not parent.fetch:
            continue
        owner = registry.parent(child, parent)
        wanted = _missing(child, owner)
        for number, data in wanted:
            if key := _key(owner, parent, data, number):
                request_refresh(owner, key, number, by=f"child:{child.path}")


def _missing(child: Registered, owner: Registered) -> list[tuple[uuid.UUID, dict[str, Any]]]:
    """Some missing parents, each with the data of a child that names it.

    From another key on each time: those whose refreshes fail must not stand in the way of the others.
    """
    start = uuid.uuid4()
    given: dict[str, Any] = {
        "entity_id": schema.entity_id(child.path),
        "parent_id": schema.entity_id(owner.path),
        "since": timezone.now() - owner.entity.freshness,
    }
    found: list[tuple[uuid.UUID, dict[str, Any]]] = []
    with connection.cursor() as cursor:
        for first, last in ((start, uuid.UUID(int=2**128 - 1)), (uuid.UUID(int=0), start)):
            part = {"first": first, "last": last, "most": MOST_FETCHED - len(found)}
            cursor.execute(query("parents_to_fetch"), given | part)
            found += [(row[0], json.loads(row[1])) for row in cursor.fetchall()]
    return found


def _give_up(claim: Claim) -> int:
    from sync.pipeline.repeat import repeated

    assert claim.entity is not None

    def transact() -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            claim.hold()
            given = {"entity_id": claim.entity_id, "tries": TRIES, "most": ROWS_AT_ONCE}
            cursor.execute(query("hopeless_orphans"), given)
            ids = [row[0] for row in cursor.fetchall()]
            if ids:
                rows = PendingChild.objects.select_related("entity", "parent_entity").filter(id__in=ids)
                _fail(cursor, claim, list(rows.order_by("key_hash")))
                PendingChild.objects.filter(id__in=ids).delete()
        return len(ids)

    return repeated(transact, entity=claim.entity.path)


def _fail(cursor: Any, claim: Claim, children: list[PendingChild]) -> None:
    from sync.pipeline.asides import bytes_hash, columns_of, sighting
    from sync.pipeline.discards import discarded
    from sync.pipeline.raw import kept_rows

    assert claim.entity is not None
    raws = kept_rows(cursor, [(child.batch_id, child.row_no) for child in children])
    now = in_force(claim.entity)
    mark = fingerprint(now.registered, now.no)
    unwanted = discarded(cursor, children[0].entity_id, mark, [bytes_hash(raw) for raw in raws.values()])
    failures, sightings = [], []
    for child in children:
        aside = _aside(child)
        raw = raws.get((child.batch_id, child.row_no), b"")
        given = {"raw": raw, "raw_hash": bytes_hash(raw), "read_under": mark}
        if given["raw_hash"] in unwanted:
            continue  # somebody discarded it when its parent did not come before
        failures.append(_columns(child) | columns_of(child.entity.path, aside) | given)
        sightings.append(sighting(child.entity.path, aside.faults[0]))
    if failures:
        cursor.executemany(query("note_failure"), failures)
    grouping.see(cursor, ErrorGroup.Kind.RECORD, children[0].entity_id, sightings)


def _columns(child: PendingChild) -> dict[str, Any]:
    copied = ("entity_id", "key_hash", "version", "synced_at", "batch_id", "row_no", "mapping")
    # No tries by itself any more: it has had its five.
    return {name: getattr(child, name) for name in copied} | {"id": uuid7(), "wait": None}


def _aside(child: PendingChild) -> SetAside:
    """Without what the stages made of it: a retry begins with the bytes, so nothing of them is lost."""
    from sync.pipeline.batch import Fault, SetAside

    field, key = _reference(child)
    parent = child.parent_entity.path
    message = (
        f"Its parent {parent} {key} did not come in {TRIES} tries. Sync {parent}, then retry this;"
        " or mend the reference."
    )
    fault = Fault(stage="resolve", code="parent_missing", field=field, message=message, value=key)
    return SetAside(row=child.row_no, faults=(fault,), key_hash=child.key_hash)


def _reference(child: PendingChild) -> tuple[str | None, str]:
    """The field that names the parent, where it is one, and the parent's key in words."""
    path = child.entity.path
    if path in registry:
        registered = registry.find(path)
        for parent in registered.entity.parents:
            owner = registry.parent(registered, parent)
            same = owner.path == child.parent_entity.path
            if same and (key := _key(owner, parent, child.data, child.parent_key_hash)):
                field = next(iter(parent.by)) if len(parent.by) == 1 else None
                return field, ",".join(key[name] for name in owner.entity.key)
    return None, str(child.parent_key_hash)


def _key(owner: Registered, parent: Parent, data: dict[str, Any], number: uuid.UUID) -> dict[str, str] | None:
    """The parent's key as the child's data has it; None where another of its references is meant."""
    key = {theirs: _text(data.get(ours)) for ours, theirs in parent.by.items()}
    return key if key_hash(owner, key) == number else None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
