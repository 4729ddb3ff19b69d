"""What a person can do about deliveries: try again, compare. The same for API, admin and shell."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from sync import audit
from sync.audit import Actor
from sync.errors import Conflict, NotFound
from sync.jobs import priorities
from sync.jobs.enqueue import Enqueued, enqueue
from sync.models import Delivery, Job
from sync.registry import Registered, registry
from sync.targets.asking import push_again, push_of, pushed_to
from sync.targets.ledger import Ledger
from sync.targets.plan import is_doubtful


def retry(delivery_id: int, *, by: Actor, reason: str | None = None) -> Job:
    """The job that sends it again. Raises NotFound, and Conflict for one that the target has acknowledged."""
    with transaction.atomic():
        found = Delivery.objects.select_for_update(of=("self",)).select_related("entity")
        delivery = found.filter(pk=delivery_id).first()
        if delivery is None:
            raise NotFound(f"There is no delivery {delivery_id}.")
        if delivery.state == Delivery.State.ACKED:
            message = f"{delivery.target} has acknowledged it: there is nothing to send again."
            raise Conflict(message, code="delivery_acked")
        registered = registry.find(delivery.entity.path)
        push = push_of(registered, delivery.target)
        doubtful = is_doubtful(delivery.state, (delivery.answer or {}).get("status"))
        state = Delivery.State.UNKNOWN if doubtful else Delivery.State.WAITING
        before = {"state": delivery.state, "code": delivery.code}
        Delivery.objects.filter(pk=delivery_id).update(state=state, next_try_at=Now(), attempts=0)
        job = push_again(registered, push, by=by.name).job
        after = {"state": state, "job": str(job.pk)}
        audit.record(
            "delivery.retry", "delivery", str(delivery_id), by=by, reason=reason, before=before, after=after
        )
    return job


def retry_many(
    target: str, entity: str | None = None, *, code: str | None = None, by: Actor, reason: str | None = None
) -> dict[str, tuple[int, Job]]:
    """Send again all that a target refused or did not answer, by entity: how many rows, and the job.

    `code` names those of one cause. Raises InvalidRequest (not_pushed).
    """
    asked: dict[str, tuple[int, Job]] = {}
    for registered in pushed_to(target, entity):
        push = push_of(registered, target)
        with transaction.atomic():
            count = Ledger(registered=registered, push=push).write("retry_deliveries", code=code)
            if not count:
                continue
            asked[registered.path] = count, push_again(registered, push, by=by.name).job
            after = {"target": target, "code": code, "rows": count}
            audit.record("delivery.retry_many", "entity", registered.path, by=by, reason=reason, after=after)
    return asked


def start_reconcile(
    registered: Registered, target: str, *, dry_run: bool = False, by: Actor, reason: str | None = None
) -> Enqueued:
    """The job that compares the target with the mirror, and repairs unless it is a dry run."""
    push = push_of(registered, target)
    params = {"target": push.target, **({"dry_run": True} if dry_run else {})}
    with transaction.atomic():
        wanted = enqueue(
            "reconcile",
            entity=registered,
            params=params,
            priority=priorities.COMMAND,
            dedup=f"reconcile:{push.target}:{registered.path}:{dry_run}",
            requested_by=by.name,
            request_id=by.request_id,
        )
        if wanted.created:
            after = {"entity": registered.path, **params}
            audit.record("reconcile.start", "job", str(wanted.job.id), by=by, reason=reason, after=after)
    return wanted
