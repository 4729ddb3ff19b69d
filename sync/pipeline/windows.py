"""Runs one window of a backfill: the stages of a sync, for a part of the rows, as far as the backfill allows now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models.functions import Now

from sync import clock, schema
from sync.backfill import planner
from sync.backfill.allowance import Allowance
from sync.jobs.handing import hand_over
from sync.models import Backfill, BackfillWindow, Tracker
from sync.models import Batch as BatchRow
from sync.pipeline.memo import Memo
from sync.pipeline.proof import incomplete
from sync.pipeline.run import Run, bare_run, go_on
from sync.pipeline.runner import read
from sync.queries import query
from sync.sources import Window

if TYPE_CHECKING:
    from sync.jobs.claim import Claim
    from sync.pipeline.batch import Batch

State = BackfillWindow.State
MOST_PASSES = 3
"""Times that a window is read whose rows come and go meanwhile; then a person decides."""
MEMO_ROWS = 200_000
"""Above this, reading the hashes of all records for each window costs more than parsing its unchanged rows."""


def run_backfill(claim: Claim) -> None:
    """Read the job's window from where it stands. Raises the far end's errors, Interrupted and PutOff."""
    found = BackfillWindow.objects.select_related("backfill").filter(pk=claim.params["window"])
    window = found.get()
    if window.job_id != claim.job_id or window.state != State.RUNNING:
        _leave(claim)
        return
    read(_open(claim, window))
    # First what waited for this place, such as a sync; then the next window.
    hand_over(claim.scopes)
    planner.look_after(window.backfill_id)


class Reading:
    """A window while a job reads it."""

    def __init__(self, window: BackfillWindow, claim: Claim) -> None:
        self._claim = claim
        self._row = window
        self._backfill: Backfill = window.backfill
        self._allowance = Allowance(window.pk)
        self.window = Window(
            by="key" if self._backfill.by == "key" else "cursor", low=window.low, high=window.high
        )

    def allow(self) -> None:
        """Use one page of what the backfill may read now. Raises PutOff."""
        self._allowance.take()

    def note(self, batch: Batch) -> None:
        """The rows count for the window and for the day."""
        rows = batch.counts.get("rows_fetched", 0)
        asked = len(batch.pages) * self._backfill.page_size
        with connection.cursor() as cursor:
            cursor.execute(query("note_window_rows"), {"rows": rows, "asked": asked, "window": self._row.pk})
            day: dict[str, Any] = {"backfill": self._backfill.pk, "day": clock.now().date(), "rows": rows}
            cursor.execute(query("note_backfill_day"), day)

    def complete(self, batch: Batch, totals: Mapping[str, int]) -> None:
        """The window is done, or read anew where rows of it may have slipped through."""
        reason = None if all(page.steady for page in batch.pages) else self._slipped()
        if reason is None:
            self._settle(state=State.DONE, counts=dict(totals), finished_at=Now(), remark="")
            return
        passes = self._row.passes + 1
        self._claim.event("window_moved", reason=reason)
        if passes < MOST_PASSES:
            self._settle(state=State.OPEN, job=None, passes=passes, rows=0, remark=reason)
        else:
            self._settle(state=State.FAILED, passes=passes, remark=f"{reason} Smaller windows may help.")

    def _slipped(self) -> str | None:
        rows = BatchRow.objects.filter(job_id=self._claim.job_id).order_by("seq")
        return incomplete(list(rows.values_list("resume", "counts")))

    def _settle(self, **changes: Any) -> None:
        BackfillWindow.objects.filter(pk=self._row.pk).update(granted=0, **changes)


def _open(claim: Claim, window: BackfillWindow) -> Run:
    assert claim.entity is not None, "a backfill is always of an entity"
    run = bare_run(claim, claim.entity)
    tracker = Tracker.objects.get(entity_id=run.entity_id)
    committed = go_on(run, tracker)
    if committed:
        run.began = datetime.fromisoformat(committed[0].resume["began"])
    else:
        BackfillWindow.objects.filter(pk=window.pk).update(started_at=Now())
    run.page_size = window.backfill.page_size
    run.memo = _memo(run, tracker.live_rows)
    run.part = Reading(window, claim)
    return run


def _memo(run: Run, live_rows: int) -> Memo:
    if live_rows <= MEMO_ROWS:
        return Memo(run.leaf, live_rows, whole=True)
    number = schema.entity_id(run.registered.path)
    return Memo.read(query("mended_hashes", leaf=run.leaf, entity_id=number))


def _leave(claim: Claim) -> None:
    with transaction.atomic():
        claim.hold()
        claim.finish({"left": "Another job has this window now."})
