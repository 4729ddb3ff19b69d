"""Rows that wait for their parent's key."""

from __future__ import annotations

from django.db import models

from sync.ids import uuid7


class PendingChild(models.Model):
    """A row ready but for its parent; only the newest version of a key waits."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING, db_constraint=False)
    key_hash = models.UUIDField()
    parent_entity = models.ForeignKey(
        "sync.EntityRow", models.DO_NOTHING, db_constraint=False, related_name="awaited_by"
    )
    parent_key_hash = models.UUIDField()
    version = models.BigIntegerField()
    synced_at = models.DateTimeField()
    raw_hash = models.UUIDField()
    data_hash = models.BinaryField()
    data = models.JSONField()
    mapping = models.SmallIntegerField()
    batch_id = models.BigIntegerField()
    row_no = models.IntegerField()
    tries = models.SmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "pending_child"
        verbose_name_plural = "pending children"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.entity} waiting for {self.parent_entity}"
