"""How far a job is: the rows it has read, of all where the far end says how many there are."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils.html import format_html
from django.utils.safestring import SafeString

from admin_ui.render import NONE
from sync.models import Batch, Job, JobEvent


def with_progress(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """The jobs, each with `rows_done` and the facts of its last word on progress: no query a row."""
    own = Batch.objects.filter(job=OuterRef("pk")).order_by().values("job_id")
    rows = own.annotate(rows=Sum(Cast(KT("counts__rows_fetched"), BigIntegerField()))).values("rows")
    told = JobEvent.objects.filter(job=OuterRef("pk"), name="progress").order_by("-id").values("facts")[:1]
    return jobs.annotate(rows_done=Subquery(rows), progress_told=Subquery(told))


def progress(job: Any) -> str | SafeString:
    """`12,000 of 19,820 rows` with a bar, `12,000 rows`, or a dash."""
    told = job.progress_told or {}
    done, total = max(job.rows_done or 0, told.get("rows") or 0), told.get("total")
    if not done and not total:
        return NONE
    if not total or job.status != Job.Status.PROCESSING:
        return f"{done:,} rows"
    share = min(100, round(100 * done / total))
    return format_html(
        '<span class="b-number">{} of {} rows</span><div class="b-bar"><i style="width:{}%"></i></div>',
        f"{done:,}",
        f"{total:,}",
        share,
    )
