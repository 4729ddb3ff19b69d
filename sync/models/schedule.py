"""When work is asked for by itself."""

from __future__ import annotations

from django.db import models


class Schedule(models.Model):
    """A declared or added schedule; a declared one that a person edited is left alone."""

    id = models.BigAutoField(primary_key=True)
    name = models.TextField(unique=True)
    kind = models.TextField()
    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING, null=True, blank=True)
    params = models.JSONField(default=dict, blank=True)
    cron = models.TextField(null=True, blank=True)
    every = models.DurationField(null=True, blank=True)
    zone = models.TextField(default="UTC")
    jitter = models.DurationField(default="0")
    missed = models.TextField(default="one")
    overlap = models.TextField(default="skip")
    enabled = models.BooleanField(default=True)
    edited = models.BooleanField(default=False)
    next_run_at = models.DateTimeField(null=True, blank=True)
    last_run_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "schedule"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
