"""Dead jobs: how many of which entity, kind and error; all of a line are re-run or resolved from here."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from admin_ui import render
from admin_ui.access import may_operate
from admin_ui.job_detail import Table
from admin_ui.site import site
from sync.commands.about import about
from sync.jobs import dead
from sync.jobs.selecting import DEAD
from sync.models import Job

NEWEST = 50
HEADERS = ["Entity", "Kind", "Error", "Jobs", "Oldest", "Newest"]


def page(request: HttpRequest) -> HttpResponse:
    """The counts, and the newest of them."""
    if not request.user.has_perm("sync.view_job"):
        raise PermissionDenied
    tables = [_counts(may_operate(request)), _newest()]
    context = {**site.each_context(request), "title": "Dead jobs", "tables": tables}
    return TemplateResponse(request, "admin_ui/dead_jobs.html", context)


def _counts(operate: bool) -> Table:
    rows = [[*_line(found), *([_acts(found)] if operate else [])] for found in dead.counts()]
    headers = [*HEADERS, ""] if operate else HEADERS
    return {
        "title": "By cause",
        "headers": headers,
        "rows": rows,
        "empty": "None: nothing waits for a person.",
    }


def _line(found: dead.Dead) -> list[Any]:
    given = {"kind": found.kind, "entity": found.entity, "q": f"code={found.code}" if found.code else None}
    where = {"standing": "dead", **{name: value for name, value in given.items() if value}}
    return [
        found.entity or render.NONE,
        found.kind,
        found.code or render.NONE,
        render.link(render.number(found.jobs), "sync_job_changelist", **where),
        render.ago(found.oldest_at),
        render.link(render.stamp(found.newest_at), "sync_job_change", found.newest),
    ]


def _acts(found: dead.Dead) -> SafeString:
    where = {"status": "dead", "kind": found.kind, "code": found.code, "entity": found.entity}
    given = {name: value for name, value in where.items() if value}
    links = [
        render.link(words, "jobs_bulk", act=act, **given)
        for act, words in (("retry", "Re-run all"), ("resolve", "Resolve all"))
    ]
    return format_html("{} · {}", *links)


def _newest() -> Table:
    jobs = Job.objects.filter(DEAD).select_related("entity").order_by("-id")[:NEWEST]
    rows = [
        [
            render.link(job.id, "sync_job_change", job.id),
            about(job) or render.NONE,
            job.kind,
            render.ago(job.finished_at),
            format_html('<span class="b-cut" title="{}">{}</span>', job.error, job.error)
            if job.error
            else "",
        ]
        for job in jobs
    ]
    headers = ["Job", "Entity or command", "Kind", "Failed", "Error"]
    return {"title": "The newest", "headers": headers, "rows": rows, "empty": "None."}
