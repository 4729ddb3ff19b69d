"""Doubt in what a complete read missed: pages that are asked for by their place slip while rows come and go.

Where one row goes and another comes, the far end's total stays the same, and a third one may have moved from a page
that was yet to be read to one that had been. Then a row came that nobody had before the read. Where none did, the
read saw as many rows as there were when it began, all of them old: it saw every one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sync import schema
from sync.models import Batch, DeleteProposal, Job
from sync.queries import query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sync.jobs.claim import Claim
    from sync.registry import Registered

UNSURE = (
    "Rows came to the far end while its pages were read, so these may have slipped from one to another:"
    " those that the next full read misses too are deleted then."
)


def part_unsure(
    cursor: Any, claim: Claim, names: Mapping[str, str | int], before: DeleteProposal | None
) -> int:
    """Put what may only have slipped into the table `unsure`; how many rows.

    What an earlier complete read missed too, and named in the proposal that is open, is truly gone.
    """
    if not _may_slip(cursor, claim, names):
        return 0
    cursor.execute(query("part_unsure"), {"proposal": before.id if before else None})
    number: int = cursor.rowcount
    return number


def _may_slip(cursor: Any, claim: Claim, names: Mapping[str, str | int]) -> bool:
    assert claim.entity is not None
    read = UUID(claim.params["read"])
    rows = Batch.objects.filter(job_id=read).order_by("seq")
    batches = list(rows.values_list("resume", "committed_at"))
    if all(resume.get("steady") for resume, _ in batches) or batches[-1][0]["last"] == 1:
        return False
    began = datetime.fromisoformat(claim.params["began"])
    young, since = _young(claim.entity, began)
    # By the database's clock, as what it is compared with; the worker's may be ahead.
    started = Job.objects.filter(pk=read).values_list("started_at", flat=True).first()
    given = {"began": min(began, started or began), "ended": batches[-1][1], "since": since}
    cursor.execute(query("any_newcomer", **names, young=young), given)
    found = cursor.fetchone()
    return bool(found and found[0])


def _young(registered: Registered, began: datetime) -> tuple[str, str]:
    """The condition that a record's own time is no older than a read; without such a time each may be as young."""
    name = registered.entity.cursor
    kind = registered.entity.fields[name].kind if name else None
    if name is None or kind not in ("timestamp", "date"):
        return "TRUE", ""
    # Its clock need not go as ours. A text without its end sorts before all that begin with it.
    since = began - max(registered.entity.overlap, timedelta(minutes=2))
    text = f"{since:%Y-%m-%d}" if kind == "date" else f"{since:%Y-%m-%dT%H:%M:%S}"
    return f"coalesce({schema.filter_expression(registered, name)} >= %(since)s, TRUE)", text
