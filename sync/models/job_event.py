"""A job's log: named events with facts, worded where they are shown."""

from __future__ import annotations

from django.db import models

from sync.ids import uuid7


class JobEvent(models.Model):
    """One event; the id carries its moment."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey("sync.Job", models.DO_NOTHING, db_constraint=False, related_name="events")
    name = models.TextField()
    facts = models.JSONField(default=dict)

    class Meta:
        managed = False  # partitioned by week
        db_table = "job_event"
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name
