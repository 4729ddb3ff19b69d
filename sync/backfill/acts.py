"""What people do with backfills: one set of acts for API, admin and shell, each audited in the same commit."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from sync import audit, clock, schema
from sync.audit import Actor
from sync.backfill import planner
from sync.backfill.allowance import room
from sync.backfill.cutting import Bounds
from sync.backfill.plan import Asked, Plan, plan
from sync.errors import Conflict, NotFound
from sync.jobs import parked, verbs
from sync.jobs.enqueue import UNFINISHED
from sync.models import Backfill, BackfillWindow, EntityRow, Job, ScopeLimit

State, WindowState = Backfill.State, BackfillWindow.State
ACTIVE = (State.RUNNING, State.PAUSED)


def start(asked: Asked, *, by: Actor, reason: str | None = None) -> Backfill:
    """Plan it and let its first windows be read.

    Raises what `plan` raises, and Conflict (backfill_overlaps) where another one may read the same rows.
    """
    planned = plan(asked)
    entity_id = schema.entity_id(planned.registered.path)
    with transaction.atomic():
        # Two at once for one entity are told apart here.
        EntityRow.objects.select_for_update(no_key=True).get(pk=entity_id)
        _check_overlap(planned, entity_id)
        backfill = _create(planned, entity_id, by)
        after = {name: value for name, value in planned.told().items() if name != "expected_end"}
        audit.record("backfill.start", "backfill", str(backfill.pk), by=by, reason=reason, after=after)
        _later(backfill)
    return backfill


def pause(backfill_id: UUID, *, by: Actor, reason: str | None = None) -> Backfill:
    """Ask for no more pages: windows under way end after at most 20 of them, and keep their place.

    Raises NotFound, Conflict.
    """
    with transaction.atomic():
        backfill = _lock(backfill_id, State.RUNNING, done="paused")
        _change(backfill, State.PAUSED, "pause", by, reason)
        planner.hold(backfill, paused=True)
    return backfill


def resume(backfill_id: UUID, *, by: Actor, reason: str | None = None) -> Backfill:
    """Go on where it stands; windows that failed are tried again. Raises NotFound, Conflict."""
    with transaction.atomic():
        backfill = _lock(backfill_id, State.PAUSED, done="resumed")
        for window in backfill.windows.filter(state=WindowState.FAILED).select_related("job"):
            _try_again(window, by)
        for job in _jobs(backfill).filter(hold="configuration"):
            parked.release(job.pk, by=by.name)
        _change(backfill, State.RUNNING, "resume", by, reason)
        pages, _reason = room(backfill, clock.now())
        planner.hold(backfill, paused=not pages)
        _later(backfill)
    return backfill


def cancel(backfill_id: UUID, *, by: Actor, reason: str | None = None) -> Backfill:
    """End it now: what is committed stays, its jobs are cancelled. Raises NotFound, Conflict."""
    with transaction.atomic():
        backfill = _lock(backfill_id, *ACTIVE, done="cancelled")
        for job in _jobs(backfill):
            verbs.cancel(job.pk, by=by, reason=reason)
        backfill.windows.exclude(state=WindowState.DONE).update(state=WindowState.OPEN, granted=0)
        Backfill.objects.filter(pk=backfill.pk).update(finished_at=Now())
        _change(backfill, State.CANCELLED, "cancel", by, reason)
        ScopeLimit.objects.filter(scope=backfill.scope).delete()
    backfill.refresh_from_db()
    return backfill


def find(backfill_id: UUID) -> Backfill:
    """The backfill of an id, with its entity. Raises NotFound."""
    backfill = Backfill.objects.select_related("entity").filter(pk=backfill_id).first()
    if backfill is None:
        raise NotFound(f"There is no backfill {backfill_id}.")
    return backfill


def _create(planned: Plan, entity_id: int, by: Actor) -> Backfill:
    backfill = Backfill(
        entity_id=entity_id,
        by=planned.by,
        low=planned.low,
        high=planned.high,
        step=planned.step,
        rows_per_day=planned.rows_per_day,
        hours=planned.hours,
        workers=planned.workers,
        page_size=planned.page_size,
        rows_expected=planned.rows,
        requested_by=by.name,
    )
    backfill.save(force_insert=True)
    BackfillWindow.objects.bulk_create(_windows(backfill, planned.windows), batch_size=2_000)
    ScopeLimit.objects.create(scope=backfill.scope, most=planned.workers)
    return backfill


def _windows(backfill: Backfill, bounds: Bounds) -> list[BackfillWindow]:
    return [
        BackfillWindow(backfill=backfill, no=no, low=low, high=high)
        for no, (low, high) in enumerate(bounds, start=1)
    ]


def _check_overlap(planned: Plan, entity_id: int) -> None:
    for other in Backfill.objects.filter(entity_id=entity_id, state__in=ACTIVE):
        if other.by == planned.by and not _meets(planned, other):
            continue
        raise Conflict(
            f"Backfill {other.pk} ({other.state}) of {planned.registered.path} goes by {other.by} from {other.low} to"
            f" {other.high} and may read the same rows: wait for its end, cancel it, or ask for another range.",
            code="backfill_overlaps",
        )


def _meets(planned: Plan, other: Backfill) -> bool:
    def order(text: str) -> int | str:
        return int(text) if text.removeprefix("-").isdigit() else text

    return order(planned.low) < order(other.high) and order(other.low) < order(planned.high)  # type: ignore[operator]


def _try_again(window: BackfillWindow, by: Actor) -> None:
    """The same job where it can go on, else another one, from the window's beginning."""
    status = window.job.status if window.job else None
    if window.job is not None and status in (*UNFINISHED, Job.Status.FAILED):
        if status == Job.Status.FAILED:  # else somebody did this already
            verbs.retry(window.job.pk, by=by, reason="Its backfill was resumed.")
        window.state = WindowState.RUNNING
    else:
        window.state, window.job, window.passes, window.rows = WindowState.OPEN, None, 0, 0
    window.remark = ""
    window.save(update_fields=["state", "job", "passes", "rows", "remark"])


def _jobs(backfill: Backfill) -> QuerySet[Job]:
    numbers = backfill.windows.filter(job__isnull=False).exclude(state=WindowState.DONE).values("job_id")
    return Job.objects.filter(pk__in=numbers, status__in=UNFINISHED)


def _lock(backfill_id: UUID, *states: str, done: str) -> Backfill:
    rows = Backfill.objects.select_for_update(no_key=True, of=("self",)).select_related("entity")
    backfill = rows.filter(pk=backfill_id).first()
    if backfill is None:
        raise NotFound(f"There is no backfill {backfill_id}.")
    if backfill.state not in states:
        wanted = " or ".join(states)
        raise Conflict(f"The backfill is {backfill.state}: only one that is {wanted} can be {done}.")
    return backfill


def _change(backfill: Backfill, state: str, act: str, by: Actor, reason: str | None) -> None:
    before = {"state": backfill.state, "remark": backfill.remark}
    backfill.state, backfill.remark = state, (reason or "") if state != State.RUNNING else ""
    backfill.save(update_fields=["state", "remark"])
    after = {"state": backfill.state, "remark": backfill.remark}
    audit.record(
        f"backfill.{act}", "backfill", str(backfill.pk), by=by, reason=reason, before=before, after=after
    )


def _later(backfill: Backfill) -> None:
    # Its windows start at once, not with the next tick; that would find them all the same.
    transaction.on_commit(lambda: planner.look_after(backfill.pk), robust=True)
