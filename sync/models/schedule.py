"""When work is asked for by itself."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Schedule(models.Model):
    """A declared or added schedule; a declared one that a person edited is left alone."""

    class Missed(models.TextChoices):
        """What becomes of slots at which no worker was there."""

        SKIP = "skip"
        ONE = "one"  # one run makes up for all of them
        ALL = "all"  # a run each, for the newest 24

    class Overlap(models.TextChoices):
        """What becomes of a slot while the last job is not done."""

        SKIP = "skip"
        ALLOW = "allow"
        WAIT = "wait"

    id = models.BigAutoField(primary_key=True)
    name = models.TextField(unique=True)
    kind = models.TextField()
    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING, null=True, blank=True)
    params = models.JSONField(default=dict, blank=True)
    cron = models.TextField(null=True, blank=True)
    every = models.DurationField(null=True, blank=True)
    zone = models.TextField(default="UTC")
    jitter = models.DurationField(default=timedelta(0))
    missed = models.TextField(choices=Missed, default=Missed.ONE)
    overlap = models.TextField(choices=Overlap, default=Overlap.SKIP)
    enabled = models.BooleanField(default=True)
    edited = models.BooleanField(default=False)
    slot_at = models.DateTimeField(null=True, blank=True)  # exact; due at next_run_at, which has the jitter
    next_run_at = models.DateTimeField(null=True, blank=True)
    last_run_at = models.DateTimeField(null=True, blank=True)
    last_job = models.UUIDField(null=True, blank=True)
    owed = ArrayField(models.DateTimeField(), default=list, blank=True)  # slots that wait for the last job

    class Meta:
        db_table = "schedule"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
