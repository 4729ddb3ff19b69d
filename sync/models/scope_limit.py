"""How many jobs of an entity or system may run at once; the row's lock serialises hand-over."""

from __future__ import annotations

from django.db import models


class ScopeLimit(models.Model):
    """`entity:netsuite.customers`, `replay:netsuite.customers` or `system:netsuite`, with its limit."""

    scope = models.TextField(primary_key=True)
    most = models.IntegerField(null=True)  # none for a system without a limit
    paused = models.BooleanField(default=False)

    class Meta:
        db_table = "scope_limit"
        ordering = ("scope",)

    def __str__(self) -> str:
        return self.scope
