"""The tables of an error group's page: its members, and what a retry of them would do."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from admin_ui import render
from sync import error_groups
from sync.errors import BridgeError
from sync.models import ErrorGroup
from sync.preview import Preview, preview

MOST_MEMBERS = 50
Table = dict[str, Any]


def member_table(group: ErrorGroup) -> Table:
    """The newest open members."""
    if group.kind == ErrorGroup.Kind.JOB:
        return _jobs(group)
    columns = ("message", "times_seen", "attempts", "last_seen_at", "next_try_at")
    newest = error_groups.members(group).rows().only(*columns).order_by("-id")[:MOST_MEMBERS]
    rows = [
        [
            render.link(str(failed.id)[:13] + "…", "sync_failedrecord_change", failed.id),
            failed.message,
            failed.times_seen,
            failed.attempts,
            render.ago(failed.last_seen_at),
            render.ago(failed.next_try_at),
        ]
        for failed in newest
    ]
    headers = ["Record", "Message", "Seen", "Retries", "Last seen", "Next try"]
    return {"title": "Open members, newest first", "headers": headers, "rows": rows, "empty": "None is left."}


def preview_table(request: HttpRequest, group: ErrorGroup) -> Table:
    """What a retry would do, found out now and rolled back."""
    try:
        found = preview(error_groups.members(group))
    except BridgeError as error:
        messages.error(request, error.message)
        found = Preview()
    rows = [
        ["land", f"{found.lands:,}"],
        ["wait for their parent", f"{found.waits:,}"],
        ["are outdated", f"{found.outdated:,}"],
        *([f"fail again: {code}", f"{number:,}"] for code, number in found.fails.most_common()),
    ]
    title = f"Preview: of {found.tried:,} tried ({found.of:,} are open), nothing was written"
    return {"title": title, "headers": ["What would become of them", "Rows"], "rows": rows}


def _jobs(group: ErrorGroup) -> Table:
    rows = [
        [
            render.link(str(job.pk)[:13] + "…", "sync_job_change", job.pk),
            job.error or "",
            render.ago(job.finished_at),
        ]
        for job in error_groups.failed_jobs(group).order_by("-id")[:MOST_MEMBERS]
    ]
    headers = ["Job", "Message", "Ended"]
    return {"title": "Open members, newest first", "headers": headers, "rows": rows, "empty": "None is left."}
