"""Keeps backfills going: as many windows under way as allowed, none outside of their hours or above a day's rows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import Now

from sync import clock
from sync.backfill.allowance import room
from sync.jobs.enqueue import enqueue
from sync.jobs.handing import hand_over
from sync.jobs.priorities import BACKFILL
from sync.models import Backfill, BackfillWindow, Job, ScopeLimit
from sync.registry import registry

log = structlog.get_logger(__name__)
State = BackfillWindow.State


def tick(now: datetime | None = None) -> None:
    """Look after every backfill that is under way. Two ticks at once share the work."""
    running = Backfill.objects.filter(state=Backfill.State.RUNNING).order_by("id")
    for backfill_id in list(running.values_list("pk", flat=True)):
        look_after(backfill_id, now or clock.now())


def look_after(backfill_id: UUID, now: datetime | None = None) -> None:
    """Start its next windows, or hold them; end it after the last one, pause it where one failed."""
    with transaction.atomic():
        rows = Backfill.objects.select_for_update(no_key=True, of=("self",)).select_related("entity")
        backfill = rows.filter(pk=backfill_id, state=Backfill.State.RUNNING).first()
        if backfill is None or backfill.entity.path not in registry:
            return
        _settle(backfill)
        pages, _reason = room(backfill, now or clock.now())
        hold(backfill, paused=not pages)
        if pages:
            _start_windows(backfill)
        _end(backfill)
    if pages:
        hand_over([backfill.scope])


def hold(backfill: Backfill, *, paused: bool) -> None:
    """Hold the windows that are not being read, or let them go on when they are handed over."""
    ScopeLimit.objects.filter(scope=backfill.scope).exclude(paused=paused).update(paused=paused)


def _settle(backfill: Backfill) -> None:
    """Take notice of jobs that failed or were cancelled: a person decides, the others wait."""
    under_way = backfill.windows.filter(state=State.RUNNING).select_related("job")
    ended = under_way.filter(
        Q(job__status__in=(Job.Status.FAILED, Job.Status.CANCELLED)) | Q(job__isnull=True)
    )
    for window in ended:
        job = window.job
        window.state, window.granted = State.FAILED, 0
        window.remark = (
            f"Its job {job.pk} is {job.status}. {job.error or ''}".strip() if job else "It has no job."
        )
        window.save(update_fields=["state", "granted", "remark"])
    first = backfill.windows.filter(state=State.FAILED).order_by("no").first()
    if first is not None:
        backfill.state = Backfill.State.PAUSED
        backfill.remark = f"Window {first.no} failed: resume tries it again. {first.remark}"
        backfill.save(update_fields=["state", "remark"])
        log.error("backfill_paused", backfill=str(backfill.pk), reason=backfill.remark)


def _start_windows(backfill: Backfill) -> None:
    free = backfill.workers - backfill.windows.filter(state=State.RUNNING).count()
    for window in backfill.windows.filter(state=State.OPEN).order_by("no")[: max(free, 0)]:
        wanted = enqueue(
            "backfill",
            entity=registry.find(backfill.entity.path),
            params={"backfill": str(backfill.pk), "window": window.pk, "no": window.no},
            priority=BACKFILL,
            scopes=(backfill.scope,),
            requested_by=f"backfill:{backfill.pk}",
        )
        window.state, window.job = State.RUNNING, wanted.job
        window.save(update_fields=["state", "job"])


def _end(backfill: Backfill) -> None:
    left = backfill.windows.aggregate(left=Count("pk", filter=~Q(state=State.DONE)))["left"]
    if left:
        return
    Backfill.objects.filter(pk=backfill.pk).update(state=Backfill.State.DONE, finished_at=Now(), remark="")
    ScopeLimit.objects.filter(scope=backfill.scope).delete()
    log.info("backfill_done", backfill=str(backfill.pk), entity=backfill.entity.path)
