"""Failures of one cause, records or jobs, on which people act together."""

from __future__ import annotations

from django.db import models

from sync.ids import uuid7


class ErrorGroup(models.Model):
    """What its members share. How many they are is counted from their partial indexes, never stored."""

    class Kind(models.TextChoices):
        RECORD = "record"
        JOB = "job"

    class State(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        RESOLVED = "resolved"  # somebody says so; a new member opens it again
        CLOSED = "closed"  # no open member is left; a new one opens it again

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    fingerprint = models.UUIDField(unique=True)
    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING, null=True)
    kind = models.TextField(choices=Kind)
    stage = models.TextField()  # of a job: its kind
    code = models.TextField()
    field = models.TextField(null=True)
    message = models.TextField()  # of the newest member
    state = models.TextField(choices=State, default=State.OPEN)
    owner = models.TextField(null=True)
    remark = models.TextField(null=True)
    snoozed_until = models.DateTimeField(null=True)
    fixed_in = models.ForeignKey("sync.Mapping", models.DO_NOTHING, null=True)  # of the same entity
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    reopened = models.IntegerField(default=0)

    class Meta:
        db_table = "error_group"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.stage}: {self.message}"
