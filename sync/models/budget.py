"""A system's rate limit, shared by all processes."""

from __future__ import annotations

from django.db import models


class Budget(models.Model):
    """One row a system; `not_before` is the far end's Retry-After, obeyed by every process.

    `tokens` are requests that may leave at the moment `at`; `factor` is the share of the rate that was left
    at `slowed_at`, when the far end refused us last.
    """

    system = models.TextField(primary_key=True)
    rate = models.FloatField()
    burst = models.FloatField()
    tokens = models.FloatField()
    at = models.DateTimeField()
    not_before = models.DateTimeField(null=True)
    day = models.DateField(null=True)
    day_used = models.BigIntegerField(default=0)
    day_quota = models.BigIntegerField(null=True)
    concurrent = models.IntegerField(null=True)
    factor = models.FloatField(default=1.0)
    slowed_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)  # in a row, of any process
    trips = models.IntegerField(default=0)  # times that the breaker opened since it was last closed
    edited = models.BooleanField(default=False)  # by a person: the declaration is no longer followed
    breaker = models.TextField(default="closed")
    breaker_until = models.DateTimeField(null=True)

    far_limit = models.BigIntegerField(null=True)  # of its own limit, as its answers say it
    far_left = models.BigIntegerField(null=True)
    far_resets_at = models.DateTimeField(null=True)
    far_note = models.TextField(null=True)  # what could not be read of that

    class Meta:
        db_table = "budget"
        ordering = ("system",)

    def __str__(self) -> str:
        return self.system
