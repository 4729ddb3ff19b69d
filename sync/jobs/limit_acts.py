"""What people do with limits: raise, lower, pause, resume; each audited in the same commit, for all doors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Count

from sync import audit
from sync.audit import Actor
from sync.errors import Conflict, InvalidRequest, NotFound
from sync.jobs import handing, kinds
from sync.models import Job, ScopeLimit, Tracker
from sync.queries import query

MOST = 1_000
KEPT = object()
"""Leave it as it is."""
_OF_BACKFILLS = "backfill:"
_OF_QUEUES = "queue:"
_OF_ENTITIES, _OF_REPLAYS = "entity:", "replay:"
HELD_WITH = {"entity": ("entity", "replay", "jobs"), "system": ("system", "target")}
"""The kinds of scopes that a pause of this kind holds."""


@dataclass(frozen=True, slots=True)
class Use:
    """How many jobs of a scope are under way, and how many wait for room (counted up to 1,000)."""

    running: int
    waiting: int


def use(scopes: Iterable[str]) -> dict[str, Use]:
    """How much these limits are used now."""
    with connection.cursor() as cursor:
        cursor.execute(query("limit_use"), {"scopes": list(scopes)})
        found = {scope: Use(running, waiting) for scope, running, waiting in cursor.fetchall()}
    queues = {scope.removeprefix(_OF_QUEUES) for scope in found if scope.startswith(_OF_QUEUES)}
    return found | (_use_of_queues(queues) if queues else {})


def _use_of_queues(names: set[str]) -> dict[str, Use]:
    """A queue is told by the kind of its jobs, not by a scope."""
    jobs = Job.objects.filter(status__in=("processing", "pending"), hold=None).order_by()
    running, waiting = Counter[str](), Counter[str]()
    for kind, status, count in jobs.values_list("kind", "status").annotate(Count("id")):
        (running if status == "processing" else waiting)[kinds.queue_of(kind)] += count
    return {f"{_OF_QUEUES}{name}": Use(min(running[name], MOST), min(waiting[name], MOST)) for name in names}


def find(scope: str) -> ScopeLimit:
    """The limit of that name. Raises NotFound."""
    found = ScopeLimit.objects.filter(scope=scope).first()
    if found is None:
        message = f"There is no limit {scope[:200]!r}: `bridge limits` and GET /api/v1/limits list them."
        raise NotFound(message)
    return found


def held(rows: Iterable[ScopeLimit]) -> set[str]:
    """The scopes of these of which no job is started: paused themselves, or by their entity's tracker."""
    trackers = Tracker.objects.filter(state=Tracker.State.PAUSED).values_list("entity__path", flat=True)
    of_entities = {f"{kind}{path}" for path in trackers for kind in (_OF_ENTITIES, _OF_REPLAYS)}
    return {row.scope for row in rows if row.paused or row.scope in of_entities}


def change(
    scope: str, *, by: Actor, most: Any = KEPT, paused: Any = KEPT, reason: str | None = None
) -> ScopeLimit:
    """Let so many jobs of a scope run at once (None: no limit, systems only), or pause it; jobs that run go on.

    An entity is paused by its tracker, whatever the door. Raises NotFound, InvalidRequest (bad_limit), and Conflict
    where a backfill sets it by itself, or an entity's pause holds its replays.
    """
    with transaction.atomic():
        find(scope)
        # As who starts jobs does: what is counted after this knows the new number.
        row = ScopeLimit.objects.select_for_update().get(pk=scope)
        if scope.startswith(_OF_BACKFILLS):
            raise Conflict("A backfill keeps this limit by itself: pause or resume the backfill.")
        before, was_paused = _told(row), row.paused
        if most is not KEPT:
            row.most = _checked(scope, most)
        if paused is not KEPT:
            _switch(row, paused, reason)
        after = _told(row)
        # One that its entity's pause holds may be paused itself: that lasts longer.
        if after != before or row.paused != was_paused:
            row.save(update_fields=["most", "paused"])
            audit.record("limit.change", "limit", scope, by=by, reason=reason, before=before, after=after)
        transaction.on_commit(lambda: _hand_over(scope), robust=True)
    return row


def _switch(row: ScopeLimit, to: Any, reason: str | None) -> None:
    """Pause it or let it go on."""
    if not isinstance(to, bool):
        raise InvalidRequest(f"paused is {to!r}: true or false.", code="bad_limit")
    trackers = Tracker.objects.filter(entity__path=row.scope.partition(":")[2])
    if row.scope.startswith(_OF_REPLAYS) and not to and trackers.filter(state=Tracker.State.PAUSED).exists():
        entity = row.scope.replace(_OF_REPLAYS, _OF_ENTITIES)
        raise Conflict(f"{entity} is paused, and its replays with it: resume {entity}.")
    row.paused = to
    if row.scope.startswith(_OF_ENTITIES) and trackers.exists():
        row.paused = False
        state = Tracker.State.PAUSED if to else Tracker.State.ACTIVE
        trackers.exclude(state=state).update(state=state, remark=reason or "")


def _hand_over(scope: str) -> None:
    kind, _, name = scope.partition(":")
    handing.hand_over([f"{one}:{name}" for one in HELD_WITH.get(kind, (kind,))])


def _checked(scope: str, most: Any) -> int | None:
    if scope.startswith(_OF_QUEUES) and most is not None:
        message = (
            "Each worker has its own slots of a queue (`bridge worker --concurrency`): it can only be paused."
        )
        raise InvalidRequest(message, code="bad_limit")
    if most is None and scope.startswith(("system:", _OF_QUEUES)):
        return None
    if not isinstance(most, int) or isinstance(most, bool) or not 1 <= most <= MOST:
        hint = " To start nothing, pause it."
        if scope.startswith("system:"):
            hint = f"; none for no limit.{hint}"
        raise InvalidRequest(f"A limit is a whole number from 1 to {MOST}{hint or '.'}", code="bad_limit")
    return most


def _told(row: ScopeLimit) -> dict[str, Any]:
    return {"most": row.most, "paused": bool(held([row]))}
