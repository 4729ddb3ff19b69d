"""Records that a proven complete read found no more at the far end, and what was decided about them."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from sync.ids import uuid7


class DeleteProposal(models.Model):
    """Deletes above the threshold wait here for a person; smaller ones are here to be undone."""

    class State(models.TextChoices):
        PROPOSED = "proposed"
        APPROVED = "approved"  # its job is about to delete the rows
        APPLIED = "applied"
        REJECTED = "rejected"
        UNDONE = "undone"
        EXPIRED = "expired"  # nobody decided in time, or a later full read saw the rows again

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job_id = models.UUIDField()  # of the read that found them missing
    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING)
    state = models.TextField(choices=State)
    count = models.BigIntegerField()
    live_rows = models.BigIntegerField()  # when they were found missing
    share = models.FloatField()
    sample = models.JSONField(default=list)  # keys as people write them
    read_began_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()  # so long it can be decided, or undone
    decided_by = models.TextField(null=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(null=True)
    applied_at = models.DateTimeField(null=True)
    deleted = models.BigIntegerField(null=True)  # rows that were still there and still unseen
    undone_at = models.DateTimeField(null=True)
    revived = models.BigIntegerField(null=True)

    class Meta:
        db_table = "delete_proposal"
        verbose_name_plural = "deletes"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.count} of {self.live_rows} records of {self.entity}"
