"""One request for work. The row is the truth; the queue's row is only its wake-up."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from sync.ids import uuid7


class Job(models.Model):
    """A sync, a refresh, a wake-up of children, a replay; later a push, a command, a backfill."""

    class Status(models.TextChoices):
        PENDING = "pending"
        PROCESSING = "processing"
        SUCCESS = "success"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.TextField()
    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING, null=True)
    status = models.TextField(choices=Status, default=Status.PENDING)
    hold = models.TextField(null=True)  # why it waits: backoff lane limit paused configuration approval
    priority = models.SmallIntegerField(default=0)
    scopes = ArrayField(models.TextField(), default=list)
    lanes = ArrayField(models.TextField(), default=list)
    dedup = models.TextField(null=True)
    run_after = models.DateTimeField(default=timezone.now)
    wakeup = models.BigIntegerField(null=True)
    fence = models.IntegerField(default=0)
    worker = models.TextField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    deaths = models.SmallIntegerField(default=0)
    params = models.JSONField(default=dict)
    result = models.JSONField(null=True)
    error_code = models.TextField(null=True)
    error = models.TextField(null=True)
    fingerprint = models.UUIDField(null=True)
    requested_by = models.TextField()
    request_id = models.TextField(null=True)
    parent_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.TextField(null=True)
    remark = models.TextField(null=True)

    class Meta:
        db_table = "job"
        ordering = ("-id",)
        permissions = (("operate_job", "Can sync, re-run, cancel, resolve, retry and discard"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
