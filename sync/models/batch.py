"""The unit of commit: what came in, what became of it, and how to ask for what follows."""

from __future__ import annotations

from django.db import models


class Batch(models.Model):
    """Pages of a job that were committed together; `seq` is the number of its first page."""

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey("sync.Job", models.DO_NOTHING, db_constraint=False, related_name="batches")
    seq = models.IntegerField()
    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING, db_constraint=False)
    resume = models.JSONField()
    seen = models.BinaryField(null=True)
    counts = models.JSONField()
    stage_ms = models.JSONField(default=dict)
    fingerprint = models.UUIDField()
    first_error = models.TextField(null=True)
    committed_at = models.DateTimeField()

    class Meta:
        db_table = "batch"
        verbose_name_plural = "batches"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"batch {self.id}"
