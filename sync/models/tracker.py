"""An entity's state: how far it was read, how fresh it is, whether it may run."""

from __future__ import annotations

from django.db import models


class Tracker(models.Model):
    """One row an entity; the status shown is that of the entity's newest job."""

    class State(models.TextChoices):
        ACTIVE = "active"
        PAUSED = "paused"

    entity = models.OneToOneField("sync.EntityRow", models.DO_NOTHING, primary_key=True)
    state = models.TextField(choices=State, default=State.ACTIVE)
    remark = models.TextField(default="", blank=True)
    watermark = models.TextField(null=True)
    last_sync_at = models.DateTimeField(null=True)
    fresh_to = models.DateTimeField(null=True)
    emptied_at = models.DateTimeField(null=True)  # its records were marked deleted, to be read anew
    deletes_held = models.TextField(null=True)  # why the last full read proves nothing; None = it deletes
    deletes_held_since = models.DateTimeField(null=True)  # when such reads began
    feed_seq = models.BigIntegerField(default=0)
    live_rows = models.BigIntegerField(default=0)
    history_from = models.DateTimeField(null=True)  # before it versions were deleted; None = all are kept

    class Meta:
        db_table = "tracker"
        ordering = ("entity_id",)

    def __str__(self) -> str:
        return f"tracker of {self.entity}"
