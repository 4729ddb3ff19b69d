"""Children whose parent does not come: tried again at growing distances, then failed records; parents fetched."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils import timezone

from sync import schema
from sync.freshness import request_refresh
from sync.hopeless import give_up
from sync.jobs.enqueue import enqueue
from sync.line_ends import ends
from sync.missing_parent import parent_key
from sync.queries import query
from sync.registry import Registered, registry

if TYPE_CHECKING:
    from sync.jobs.claim import Claim

TRIES = 5
FIRST_WAIT = timedelta(minutes=5)
"""Before the first try; each wait is twice the one before: 5, 10, 20, 40, 80 minutes."""
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
    done, last = Counter(postponed=postponed, failed=0), cache(partial(ends, claim.entity_id))
    while (some := give_up(claim, TRIES, last)).total():
        done.update(some)
    return dict(done) if done.total() else {}


def fetch_parents(child: Registered) -> None:
    """Ask for the missing parents that are declared to be fetched, one refresh a key."""
    for parent in child.entity.parents:
        if not parent.fetch:
            continue
        owner = registry.parent(child, parent)
        wanted = _missing(child, owner)
        for number, data in wanted:
            if key := parent_key(owner, parent, data, number):
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
