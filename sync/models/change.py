"""The feed of changes and the outbox that targets read: at most 1,000 keys a row."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Change(models.Model):
    """Changes of one kind (i, u, d) in one batch; numbers rise per entity in the order of commits."""

    pk = models.CompositePrimaryKey("entity_id", "last_seq")
    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING, db_constraint=False)
    last_seq = models.BigIntegerField()
    first_seq = models.BigIntegerField()
    op = models.CharField(max_length=1)
    keys = ArrayField(models.UUIDField())
    revisions = ArrayField(models.IntegerField())
    batch_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "change"
