"""Who did what, in the same commit as the act."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from sync.ids import uuid7


class AuditEntry(models.Model):
    """One act of a person or client, with what it changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(default=timezone.now)
    actor = models.TextField()
    door = models.TextField()  # api, admin or shell
    act = models.TextField()  # such as job.retry
    object_type = models.TextField()
    object_id = models.TextField()
    reason = models.TextField(null=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    request_id = models.TextField(null=True)

    class Meta:
        db_table = "audit"
        verbose_name_plural = "audit entries"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.act} by {self.actor}"


class AuditLink(models.Model):
    """An entry's place in the chain, made by the database when the act commits."""

    seq = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(
        AuditEntry,
        on_delete=models.DO_NOTHING,
        db_column="audit_id",
        db_constraint=False,
        related_name="link",
    )
    hash = models.BinaryField()

    class Meta:
        db_table = "audit_link"
        ordering = ("seq",)
