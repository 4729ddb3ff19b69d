"""The tables of a job's page: its attempts, its events in words, its batches."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.safestring import SafeString

from admin_ui import dry_run, render
from admin_ui.batch_words import counts_words, seconds_words
from sync import events
from sync.commands.about import about
from sync.jobs import lane_words, tree
from sync.models import Attempt, Exchange, Job
from sync.redaction import redact

MOST_EVENTS = 200
MOST_BATCHES = 100
MOST_EXCHANGES = 20
MOST_OF_TREE = 200
SHOWN_OF_BATCH = ("seq", "counts", "stage_ms", "committed_at", "first_error", "job")
OUTCOMES = {
    "success": "success",
    "retry": "warning",
    "failed": "danger",
    "parked": "warning",
    "lost": "danger",
}
Table = dict[str, Any]


def tables(job: Job) -> list[Table]:
    """Attempts, batches, events: each with a title, headers, rows and what to say where there are none."""
    if job.kind == "dry_run":  # which commits nothing
        return [
            *(dry_run.tables(job.result) if job.result else []),
            _attempts(job),
            *_faults(job),
            _events(job),
        ]
    return [
        *_waits(job),
        *_tree(job),
        _attempts(job),
        *_faults(job),
        *exchanges(job.pk),
        _batches(job),
        _events(job),
    ]


def _tree(job: Job) -> list[Table]:
    """The whole tree in which it stands, if it does not stand alone."""
    found = tree.tree(job.pk)
    if found is None or not found.root.children:
        return []
    whole = tree.lines(found.root)
    rows = [
        [
            SafeString("&emsp;" * depth) + render.link(f"{one.kind} {one.pk}", "sync_job_change", one.pk),
            about(one) or render.NONE,
            f"{one.status} ({one.hold})" if one.hold else one.status,
            one.error or render.NONE,
        ]
        for depth, one in whole[:MOST_OF_TREE]
    ]
    title = "Parents and children"
    if found.more or len(whole) > MOST_OF_TREE:
        title = f"{title}: the first {len(rows):,}"
        root = found.root.job.pk
        every = render.link("all that the topmost asked for", "sync_job_changelist", q=f"parent={root}")
        rows.append(["…", every, "", ""])
    return [{"title": title, "headers": ["Job", "Entity", "Status", "Error"], "rows": rows}]


def _waits(job: Job) -> list[Table]:
    rows = [[words] for words in lane_words.waits_for(job)]
    return [{"title": "Waits for its turn", "headers": ["Why"], "rows": rows}] if rows else []


def _attempts(job: Job) -> Table:
    rows = [_attempt(run) for run in job.runs.all()]
    headers = ["No.", "Outcome", "Worker", "Started", "Took", "Error"]
    return {"title": "Attempts", "headers": headers, "rows": rows, "empty": "It has not run yet."}


def _attempt(run: Attempt) -> list[Any]:
    took = run.finished_at - run.started_at if run.finished_at else None
    outcome = run.outcome or "running"
    return [
        run.no,
        render.label(outcome, OUTCOMES.get(outcome, "")),
        run.worker,
        render.moment(run.started_at),
        render.span(took),
        f"{run.error_code}: {run.error}" if run.error else render.NONE,
    ]


def _faults(job: Job) -> list[Table]:
    """Where the code broke, of attempts that ended so."""
    rows = [[run.no, render.block(redact(run.traceback))] for run in job.runs.all() if run.traceback]
    return [{"title": "Tracebacks", "headers": ["No.", "Where"], "rows": rows, "empty": ""}] if rows else []


def exchanges(job_id: UUID) -> list[Table]:
    """What was said to far ends, newest first, where any of it is kept."""
    rows = [
        [
            seen.attempt,
            render.moment(seen.at),
            render.block(f"{seen.method} {seen.address}"),
            render.block(_said(seen.params, seen.sent_headers, seen.sent)),
            render.label(
                str(seen.status or seen.error), "success" if (seen.status or 500) < 400 else "danger"
            ),
            f"{seen.ms} ms",
            render.block(_said(None, seen.headers, seen.body)),
        ]
        for seen in Exchange.objects.filter(job=job_id).order_by("-id")[:MOST_EXCHANGES]
    ]
    headers = ["Attempt", "When", "Request", "Sent", "Answer", "Took", "Answered"]
    return [{"title": "Exchanges", "headers": headers, "rows": rows}] if rows else []


def _said(params: dict[str, str] | None, headers: dict[str, str], body: str) -> str:
    parts = [f"{name}={value}" for name, value in (params or {}).items()]
    parts += [f"{name}: {value}" for name, value in headers.items()]
    return "\n".join([*parts, "", body] if body else parts)


def _batches(job: Job) -> Table:
    rows = [
        [
            render.link(batch.id, "sync_batch_change", batch.id),
            batch.seq,
            counts_words(batch.counts),
            seconds_words(batch.stage_ms),
            render.moment(batch.committed_at),
            batch.first_error or render.NONE,
        ]
        for batch in job.batches.only(*SHOWN_OF_BATCH).order_by("-id")[:MOST_BATCHES]
    ]
    headers = ["Batch", "First page", "Rows", "Seconds a stage", "Committed", "First error"]
    return {"title": "Batches", "headers": headers, "rows": rows, "empty": "Nothing was committed yet."}


def _events(job: Job) -> Table:
    latest = list(job.events.order_by("-id")[:MOST_EVENTS])
    rows = [[render.moment(events.moment(event.id)), events.words(event)] for event in latest]
    return {"title": "Events", "headers": ["When", "What"], "rows": rows, "empty": "None are kept."}
