"""What people do with jobs: one set of acts for API, admin and shell, each audited in the same commit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from sync import audit, grouping
from sync.audit import Actor
from sync.errors import Conflict, NotFound
from sync.jobs import children, handing, kinds, lanes, queue, room, together
from sync.jobs.enqueue import BACKOFF, twin_of
from sync.jobs.events import note
from sync.jobs.settle import CONFIGURATION
from sync.models import Attempt, Job, Tracker
from sync.registry import Registered

_TOLD = {"retry": "retried", "cancel": "cancelled", "resolve": "resolved"}


def retry(job_id: UUID, *, by: Actor, reason: str | None = None) -> Job:
    """Run a failed, parked or backing-off job now; its tries count anew, its history stays.

    Raises NotFound, and Conflict where the job is in another state or a twin of it is under way.
    """
    with transaction.atomic():
        hold = room.obstacle(_find(job_id))  # before the job's row, as everywhere
        job = _lock(job_id)
        before = _state(job)
        _check_retry(job)
        hold = children.before_retry(job) or hold
        queue.withdraw(job.wakeup)
        job.status, job.hold, job.attempts, job.deaths = Job.Status.PENDING, hold, 0, 0
        job.fence += 1
        job.finished_at = job.resolved_at = job.resolved_by = job.remark = job.wakeup = None
        job.run_after = Now()  # the clock that decides when the queue finds it due
        if hold is None:
            job.wakeup = queue.wake(job)
        job.save()
        lanes.join([(lane, job.pk) for lane in job.lanes])  # a resolved one left them
        job.refresh_from_db()
        _leave_group(job)
        _record("retry", job, by, reason, before)
    return job


def cancel(job_id: UUID, *, by: Actor, reason: str | None = None) -> Job:
    """Stop a job that is not done, and those it waits for. A running attempt ends at its next commit, which is refused.

    Raises NotFound, and Conflict where the job has ended.
    """
    with transaction.atomic():
        job = _lock(job_id)
        before = _state(job)
        if job.status not in (Job.Status.PENDING, Job.Status.PROCESSING):
            raise Conflict(f"The job has ended ({job.status}): there is nothing to cancel.")
        queue.withdraw(job.wakeup)
        running = Attempt.objects.filter(job=job, fence=job.fence, finished_at=None)
        running.update(outcome="cancelled", finished_at=Now())
        Job.objects.filter(pk=job.pk).update(
            status=Job.Status.CANCELLED,
            fence=F("fence") + 1,
            hold=None,
            wakeup=None,
            lease_until=None,
            finished_at=Now(),
        )
        job.refresh_from_db()
        kinds.tell_cancelled([job])
        lanes.leave(job.pk)
        handing.hand_over_later(job)
        below = children.waited_for([job.pk]) if before["hold"] == children.CHILDREN else []
        told = together.Told(by=by.name, reason=reason or None)
        counted = together.cancel(below, told) if below else {}
        _record("cancel", job, by, reason, before, **({"children": counted["cancelled"]} if below else {}))
    return job


def resolve(job_id: UUID, *, by: Actor, remark: str) -> Job:
    """Settle a failed job without a run. Raises NotFound, Conflict where it is not failed or is settled."""
    with transaction.atomic():
        job = _lock(job_id)
        before = _state(job)
        if job.status != Job.Status.FAILED:
            raise Conflict(f"The job is {job.status}: only a failed one can be resolved.")
        if job.resolved_at is not None:
            raise Conflict(f"The job was resolved by {job.resolved_by} already.")
        Job.objects.filter(pk=job.pk).update(resolved_at=Now(), resolved_by=by.name, remark=remark)
        job.refresh_from_db()
        lanes.leave(job.pk)
        handing.hand_over_later(job)
        _leave_group(job)
        _record("resolve", job, by, remark, before)
    return job


def pause(registered: Registered, *, by: Actor, reason: str = "") -> Tracker:
    """Start no more jobs of this entity until it is resumed. Raises Conflict where it is paused."""
    with transaction.atomic():
        tracker = _tracker(registered, Tracker.State.ACTIVE)
        tracker.state, tracker.remark = Tracker.State.PAUSED, reason
        tracker.save(update_fields=["state", "remark"])
        _switched("pause", registered, by, reason, Tracker.State.ACTIVE)
    return tracker


def resume(registered: Registered, *, by: Actor, reason: str = "") -> Tracker:
    """Let jobs of this entity start again. Raises Conflict where it is not paused."""
    with transaction.atomic():
        tracker = _tracker(registered, Tracker.State.PAUSED)
        tracker.state, tracker.remark = Tracker.State.ACTIVE, reason
        tracker.save(update_fields=["state", "remark"])
        scopes = [f"{scope}:{registered.path}" for scope in ("entity", "replay", "jobs")]
        transaction.on_commit(lambda: _hand_over(scopes), robust=True)
        _switched("resume", registered, by, reason, Tracker.State.PAUSED)
    return tracker


def _hand_over(scopes: list[str]) -> None:
    handing.hand_over(scopes)


def _check_retry(job: Job) -> None:
    if job.status == Job.Status.FAILED:
        if twin := twin_of(job.dedup):
            raise Conflict(f"The same work is under way as job {twin.pk}: wait for its end.")
        return
    if job.status == Job.Status.PENDING and job.hold in (CONFIGURATION, BACKOFF):
        return
    state = f"waiting ({job.hold})" if job.hold else job.status
    raise Conflict(f"The job is {state}: only one that failed, is parked or backs off can be retried.")


def _tracker(registered: Registered, needed: str) -> Tracker:
    rows = Tracker.objects.select_for_update(of=("self",)).select_related("entity")
    tracker = rows.get(entity__path=registered.path)
    if tracker.state != needed:
        raise Conflict(f"{registered.path} is {tracker.state} already.")
    return tracker


def _find(job_id: UUID) -> Job:
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    return job


def _lock(job_id: UUID) -> Job:
    """The job's row FOR UPDATE, as its own statement: a commit that holds the old fence ends first."""
    job = Job.objects.select_for_update().filter(pk=job_id).first()
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    return job


def _leave_group(job: Job) -> None:
    with connection.cursor() as cursor:
        grouping.close(cursor, [] if job.fingerprint is None else [job.fingerprint])


def _state(job: Job) -> dict[str, Any]:
    return {"status": job.status, "hold": job.hold, "attempts": job.attempts, "error_code": job.error_code}


def _switched(act: str, registered: Registered, by: Actor, reason: str, was: str) -> None:
    (became,) = {Tracker.State.ACTIVE, Tracker.State.PAUSED} - {was}
    before, after = {"state": was}, {"state": became}
    path = registered.path
    audit.record(f"entity.{act}", "entity", path, by=by, reason=reason or None, before=before, after=after)


def _record(
    act: str, job: Job, by: Actor, reason: str | None, before: dict[str, Any], **more: object
) -> None:
    reason = reason or None  # an empty one is none
    note(job.pk, _TOLD[act], by=by.name, reason=reason)
    audit.record(
        f"job.{act}", "job", str(job.pk), by=by, reason=reason, before=before, after=_state(job) | more
    )
