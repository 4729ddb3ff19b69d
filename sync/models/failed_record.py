"""Rows set aside: what failed, why, and the input of the stage that refused it."""

from __future__ import annotations

from django.db import models

from sync.ids import uuid7


class FailedRecord(models.Model):
    """One open row per entity and key, counted up on repetition, closed by a good version."""

    class State(models.TextChoices):
        OPEN = "open"
        FIXED = "fixed"
        DISCARDED = "discarded"
        SUPERSEDED = "superseded"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING)
    key_hash = models.UUIDField(null=True)
    raw_hash = models.UUIDField()
    version = models.BigIntegerField(default=0)
    synced_at = models.DateTimeField()
    batch_id = models.BigIntegerField()
    row_no = models.IntegerField()
    mapping = models.SmallIntegerField()
    stage = models.TextField()
    code = models.TextField()
    field = models.TextField(null=True)
    message = models.TextField()
    errors = models.JSONField()
    fingerprint = models.UUIDField()
    read_under = models.UUIDField(null=True)
    raw = models.BinaryField()
    normalized = models.JSONField(null=True)
    mapped = models.JSONField(null=True)
    mended = models.JSONField(null=True)
    state = models.TextField(choices=State, default=State.OPEN)
    attempts = models.SmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    times_seen = models.IntegerField(default=1)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.TextField(null=True)
    remark = models.TextField(null=True)

    class Meta:
        db_table = "failed_record"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.stage}: {self.message}"
