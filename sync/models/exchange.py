"""What was said to a far end and what it answered, cut and without secrets."""

from __future__ import annotations

from django.db import models

from sync.ids import uuid7


class Exchange(models.Model):
    """One request of an attempt with its answer, or the code of the error where none came."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey("sync.Job", models.CASCADE, related_name="exchanges")
    attempt = models.SmallIntegerField()
    at = models.DateTimeField()
    system = models.TextField()
    method = models.TextField()
    address = models.TextField()
    params = models.JSONField(default=dict)
    status = models.SmallIntegerField(null=True)
    error = models.TextField(null=True)
    ms = models.IntegerField()
    sent_headers = models.JSONField(default=dict)
    sent = models.TextField()
    headers = models.JSONField(default=dict)
    body = models.TextField()
    size = models.IntegerField()  # bytes of the whole answer; `body` may be its beginning

    class Meta:
        db_table = "exchange"
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.method} {self.address}"
