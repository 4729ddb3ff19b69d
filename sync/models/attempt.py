"""Each run of a job: who ran it, how it ended."""

from __future__ import annotations

from django.db import models

from sync.ids import uuid7


class Attempt(models.Model):
    """One run; `no` counts all runs, Job.attempts only the burned ones."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey("sync.Job", models.CASCADE, related_name="runs")
    no = models.SmallIntegerField()
    fence = models.IntegerField()
    worker = models.TextField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.TextField(null=True)  # success retry failed parked interrupted lost cancelled
    error_code = models.TextField(null=True)
    error = models.TextField(null=True)
    traceback = models.TextField(null=True)
    requests = models.IntegerField(null=True)  # to far ends; null = none, or it never got to count them

    class Meta:
        db_table = "attempt"
        ordering = ("no",)

    def __str__(self) -> str:
        return f"attempt {self.no}"
