"""A system's rate limit, shared by all processes."""

from __future__ import annotations

from django.db import models


class Budget(models.Model):
    """One row a system; `not_before` is the far end's Retry-After, obeyed by every process."""

    system = models.TextField(primary_key=True)
    rate = models.FloatField()
    burst = models.FloatField()
    tokens = models.FloatField()
    at = models.DateTimeField()
    not_before = models.DateTimeField(null=True)
    day = models.DateField(null=True)
    day_used = models.BigIntegerField(default=0)
    day_quota = models.BigIntegerField(null=True)
    breaker = models.TextField(default="closed")
    breaker_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "budget"
        ordering = ("system",)

    def __str__(self) -> str:
        return self.system
