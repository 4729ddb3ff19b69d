"""A column of a source, as batches have seen it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models


class SourceColumn(models.Model):
    """What is known of a column; its state is open until somebody acknowledges it or it is well again."""

    class State(models.TextChoices):
        KNOWN = "known"
        NEW = "new"  # no field reads it, and it came after the others
        MISSING = "missing"  # a field reads it, and rows have it no longer, or never had what they must have
        RETYPED = "retyped"  # its values have a JSON type that they never had
        UNSEEN = "unseen"  # a field that may be null reads it, and no row ever had it: no change

    AS_EXPECTED: ClassVar = (State.KNOWN, State.UNSEEN)
    """The states in which nothing changed at the source."""

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING)
    name = models.TextField()
    state = models.TextField(choices=State.choices, default=State.KNOWN)
    types = ArrayField(models.TextField(), default=list)  # of JSON, all that were seen
    sparse = models.BooleanField(default=False)  # some rows leave it out
    instead = models.TextField(null=True)  # of a missing one: the new column that probably has its values
    first_seen = models.DateTimeField(null=True)  # null = a field reads it, and it was never there
    last_seen = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()  # when it came into this state
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.TextField(null=True)

    class Meta:
        db_table = "source_column"
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("entity", "name"), name="source_column_once"),)

    def __str__(self) -> str:
        return self.name

    @property
    def drifts(self) -> bool:
        """Whether it waits for somebody to acknowledge it."""
        return self.state not in self.AS_EXPECTED and self.acknowledged_at is None
