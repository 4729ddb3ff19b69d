"""Field rules of an entity as data, version by version."""

from __future__ import annotations

from django.db import models


class Mapping(models.Model):
    """One version: a draft is edited, the active one is in force, a retired one made older records."""

    class State(models.TextChoices):
        DRAFT = "draft"
        ACTIVE = "active"
        RETIRED = "retired"

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING)
    no = models.SmallIntegerField()
    rules = models.JSONField()
    state = models.TextField(choices=State, default=State.DRAFT)
    made_by = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "mapping"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"mapping {self.no} of {self.entity}"
