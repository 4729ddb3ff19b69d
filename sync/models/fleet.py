"""The worker processes, and whether they take jobs."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Worker(models.Model):
    """A worker process that was heard of; its row goes when it ends, or some time after it was last heard."""

    name = models.TextField(primary_key=True)
    host = models.TextField()
    pid = models.IntegerField()
    version = models.TextField()
    queues = ArrayField(models.TextField())
    kinds = ArrayField(models.TextField(), default=list)  # of jobs; empty: all
    started_at = models.DateTimeField()
    heard_at = models.DateTimeField()
    draining_since = models.DateTimeField(null=True)
    hand_back_at = models.DateTimeField(null=True)  # until then its jobs may end by themselves

    class Meta:
        db_table = "worker"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Fleet(models.Model):
    """All workers together: one row at most, made by the first drain."""

    one = models.BooleanField(primary_key=True, default=True)
    draining_since = models.DateTimeField(null=True)
    hand_back_at = models.DateTimeField(null=True)
    drained_by = models.TextField(null=True)
    reason = models.TextField(null=True)

    class Meta:
        db_table = "fleet"

    def __str__(self) -> str:
        return "all workers"
