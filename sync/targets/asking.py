"""Who pushes what, and asking for it: one unfinished job for a target and an entity."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from sync import audit, schema
from sync.audit import Actor
from sync.declare import Push
from sync.errors import ConfigError, InvalidRequest
from sync.jobs import parked, priorities
from sync.jobs.enqueue import Enqueued, enqueue
from sync.models import Job
from sync.registry import Registered, registry
from sync.targets import Target
from sync.targets.ledger import Ledger

QUIET_AFTER_FAILURE = 300.0
"""Seconds in which the sweep leaves a target alone whose last push failed."""


def active(registered: Registered) -> list[Push]:
    """Where the entity is pushed to: the targets that are set up."""
    enabled = {system.name for system in registry.systems if system.target and system.enabled()}
    return [push for push in registered.entity.targets if push.target in enabled]


def push_of(registered: Registered, target: str) -> Push:
    """How the entity is pushed to a target. Raises InvalidRequest (not_pushed)."""
    for push in registered.entity.targets:
        if push.target == target:
            return push
    known = ", ".join(push.target for push in registered.entity.targets) or "nowhere"
    message = f"{registered.path} is not pushed to {target!r}; it is pushed to: {known}."
    raise InvalidRequest(message, code="not_pushed")


def pushed_to(target: str, entity: str | None = None) -> list[Registered]:
    """The entities that go to a target, or the one named. Raises InvalidRequest (not_pushed)."""
    if entity is not None:
        registered = registry.find(entity)
        push_of(registered, target)
        return [registered]
    found = [
        registered for registered in registry if any(p.target == target for p in registered.entity.targets)
    ]
    if not found:
        known = sorted({push.target for registered in registry for push in registered.entity.targets})
        message = f"Nothing is pushed to {target!r}. Targets are: {', '.join(known) or 'none'}."
        raise InvalidRequest(message, code="not_pushed")
    return found


def target_of(name: str) -> Target:
    """The target of that name. Raises ConfigError (unknown_target) and its own not_configured."""
    for system in registry.systems:
        if system.name == name and system.target is not None:
            return system.target()
    raise ConfigError(f"There is no target {name!r} among the systems in use.", code="unknown_target")


def ask_for_pushes(registered: Registered, *, by: str) -> None:
    """Ask for what a batch changed to be pushed, in its transaction, after it took its feed numbers."""
    for push in active(registered):
        _enqueue(registered, push, by=by)


def start_push(
    registered: Registered, target: str, *, dry_run: bool = False, by: Actor, reason: str | None = None
) -> Enqueued:
    """The job that pushes an entity; an unfinished one is joined. A dry run writes nothing anywhere."""
    push = push_of(registered, target)
    with transaction.atomic():
        if dry_run:
            params = {"target": target, "dry_run": True}
            wanted = enqueue(
                "push", entity=registered, params=params, priority=priorities.COMMAND, requested_by=by.name
            )
        else:
            _in_turn(registered, push)
            wanted = _enqueue(registered, push, by=by.name, priority=priorities.COMMAND)
            if not wanted.created:
                parked.ask_again(wanted.job, by=by, reason=reason)
        if wanted.created:
            after = {"entity": registered.path, "target": target, "dry_run": dry_run}
            audit.record("push.start", "job", str(wanted.job.id), by=by, reason=reason, after=after)
    return wanted


def wake_children(registered: Registered, push: Push, *, by: str) -> None:
    """Ask for the pushes of entities whose rows wait for parents of this one, or were put off for its deletes."""
    for child, _ in registry.children(registered):
        for theirs in active(child):
            if theirs.target != push.target or child.path == registered.path:
                continue
            if Ledger(registered=child, push=theirs).rows("any_waiting")[0][0]:
                _in_turn(child, theirs)
                _enqueue(child, theirs, by=by)


def push_again(registered: Registered, push: Push, *, by: str) -> Enqueued:
    """Ask for a push of rows that were made due in this transaction."""
    _in_turn(registered, push)
    return _enqueue(registered, push, by=by, priority=priorities.COMMAND)


def sweep() -> int:
    """Ask for pushes whose rows are due, or that a target lags behind with; how many were asked for."""
    asked = 0
    for registered in registry:
        for push in active(registered) if schema.ready(registered.path) else ():
            ledger = Ledger(registered=registered, push=push)
            if ledger.rows("pushes_due")[0][0] and not _failed_lately(registered, push):
                asked += _enqueue(registered, push, by="sweep").created
    return asked


def dedup(registered: Registered, push: Push) -> str:
    """What tells one unfinished push from another."""
    return f"push:{push.target}:{registered.path}"


def _enqueue(registered: Registered, push: Push, *, by: str, priority: int = priorities.BATCH) -> Enqueued:
    return enqueue(
        "push",
        entity=registered,
        params={"target": push.target},
        priority=priority,
        dedup=dedup(registered, push),
        requested_by=by,
    )


def _in_turn(registered: Registered, push: Push) -> None:
    # A push about to end holds this row while it looks for more: after it we find it ended, and ask for another.
    Ledger(registered=registered, push=push).cursor(lock=True)


def _failed_lately(registered: Registered, push: Push) -> bool:
    newest = Job.objects.filter(dedup=dedup(registered, push)).order_by("-id").first()
    if newest is None or newest.status != Job.Status.FAILED or newest.finished_at is None:
        return False
    return (timezone.now() - newest.finished_at).total_seconds() < QUIET_AFTER_FAILURE
