"""The first page: every entity at a glance, dead jobs, what failed and what waits."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from admin_ui import render
from admin_ui.access import may_operate
from admin_ui.jobs import UNFINISHED
from admin_ui.overview import overview
from admin_ui.trackers import ask, failures, newest, waiting
from sync import drift
from sync.jobs import takers
from sync.jobs.selecting import DEAD
from sync.models import Delivery, Job, SourceColumn, Tracker
from sync.registry import registry


def context(request: HttpRequest) -> dict[str, Any]:
    """What the template shows; nothing for those who may see no trackers."""
    if not request.user.has_perm("sync.view_tracker"):
        return {"figures": [], "table": None}
    trackers = [row for row in overview().order_by("entity__path") if row.entity.path in registry]
    operate = may_operate(request)
    headers = ["Entity", "Newest sync", "Live rows", "Failed", "Pending", "Last sync", "Fresh to"]
    return {
        "trouble": takers.trouble(),
        "figures": _figures(trackers),
        "table": {
            "headers": [*headers, ""] if operate else headers,
            "rows": [[*_row(tracker), ask(tracker)] if operate else _row(tracker) for tracker in trackers],
        },
        "operate": operate,
        "live": True,
    }


def _figures(trackers: list[Any]) -> list[dict[str, Any]]:
    dead = Job.objects.filter(DEAD).count()
    running = Job.objects.filter(status__in=UNFINISHED).count()
    failed = sum(tracker.failed for tracker in trackers)
    pending = sum(tracker.pending for tracker in trackers)
    rows = sum(tracker.live_rows for tracker in trackers)
    refused = Delivery.objects.filter(state=Delivery.State.REFUSED).count()
    unknown = Delivery.objects.filter(state=Delivery.State.UNKNOWN).count()
    columns = SourceColumn.objects.filter(drift.OPEN).count()
    return [
        _figure("records", rows, "sync_recordrow_changelist"),
        _figure("jobs under way", running, "sync_job_changelist", standing="unfinished"),
        _figure("dead jobs", dead, "dead_jobs", bad=True),
        _figure("failed records", failed, "sync_failedrecord_changelist", bad=True, state="open"),
        _figure("pending children", pending, "sync_pendingchild_changelist"),
        _figure("refused by targets", refused, "sync_delivery_changelist", bad=True, state="refused"),
        _figure("without an answer", unknown, "sync_delivery_changelist", state="unknown"),
        _figure("changed columns", columns, "sync_sourcecolumn_changelist", bad=True),
    ]


def _figure(words: str, number: int, page: str, *, bad: bool = False, **query: str) -> dict[str, Any]:
    tone = "b-bad" if bad and number else ""
    return {"words": words, "number": f"{number:,}", "address": render.address(page, **query), "tone": tone}


def _row(tracker: Tracker) -> list[Any]:
    registered = registry.find(tracker.entity.path)
    shown = registered.label if tracker.state == Tracker.State.ACTIVE else f"{registered.label} (paused)"
    rows = f"{tracker.live_rows:,}"
    return [
        render.link(shown, "sync_tracker_change", tracker.entity_id),
        newest(tracker),
        render.link(rows, "sync_recordrow_changelist", entity=tracker.entity.path),
        failures(tracker),
        waiting(tracker),
        render.ago(tracker.last_sync_at),
        render.ago(tracker.fresh_to),
    ]
