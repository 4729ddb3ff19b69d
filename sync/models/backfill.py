"""A table read in windows, over days: what was asked, its windows, what each day took."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from sync.ids import uuid7


class Backfill(models.Model):
    """One range of an entity's rows, read window by window beside the syncs."""

    class State(models.TextChoices):
        RUNNING = "running"
        PAUSED = "paused"  # by a person, or because a window failed: the remark says which
        DONE = "done"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING)
    state = models.TextField(choices=State, default=State.RUNNING)
    by = models.TextField()  # key or cursor
    low = models.TextField()  # canonical text, included
    high = models.TextField()  # not included
    step = models.TextField()  # of a window: so many keys, or a length of time such as 1d
    rows_per_day = models.BigIntegerField(null=True)  # UTC days; None = no limit
    hours = models.TextField(null=True)  # allowed, UTC, such as 22-6; None = all
    workers = models.SmallIntegerField()  # windows at once
    page_size = models.IntegerField()
    rows_expected = models.BigIntegerField(null=True)  # as the far end told when it was asked for
    remark = models.TextField(default="")
    requested_by = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "backfill"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"backfill of {self.entity} from {self.low} to {self.high}"

    @property
    def scope(self) -> str:
        """The limit that counts its windows; paused, it holds them."""
        return f"backfill:{self.id}"


class BackfillWindow(models.Model):
    """One part, read by one job. Its position within is that of the job: its batches."""

    class State(models.TextChoices):
        OPEN = "open"
        RUNNING = "running"  # its job is not done
        DONE = "done"
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    backfill = models.ForeignKey(Backfill, models.DO_NOTHING, related_name="windows")
    no = models.IntegerField()
    low = models.TextField()
    high = models.TextField()
    state = models.TextField(choices=State, default=State.OPEN)
    job = models.ForeignKey("sync.Job", models.DO_NOTHING, null=True, db_constraint=False)
    passes = models.SmallIntegerField(default=0)  # read anew so often, because its rows moved meanwhile
    rows = models.BigIntegerField(default=0)  # committed, of this pass
    granted = models.BigIntegerField(default=0)  # of the day's rows: asked for, not committed yet
    counts = models.JSONField(default=dict)  # of the pass that completed it
    remark = models.TextField(default="")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "backfill_window"
        ordering = ("backfill_id", "no")

    def __str__(self) -> str:
        return f"window {self.no}"


class BackfillDay(models.Model):
    """What a backfill read on one UTC day."""

    id = models.BigAutoField(primary_key=True)
    backfill = models.ForeignKey(Backfill, models.DO_NOTHING, related_name="days")
    day = models.DateField()
    rows = models.BigIntegerField()

    class Meta:
        db_table = "backfill_day"
        ordering = ("backfill_id", "day")

    def __str__(self) -> str:
        return f"{self.rows} rows on {self.day}"
