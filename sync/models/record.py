"""Mirrored rows. The tables are partitioned by entity, so Django only reads them."""

from __future__ import annotations

from django.db import models


class RecordColumns(models.Model):
    """The columns of a mirrored row."""

    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING, db_constraint=False)
    key_hash = models.UUIDField()
    raw_hash = models.UUIDField()
    version = models.BigIntegerField()
    synced_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)
    batch_id = models.BigIntegerField()
    row_no = models.IntegerField()
    revision = models.IntegerField()
    mapping = models.SmallIntegerField()
    data_hash = models.BinaryField()
    data = models.JSONField()

    class Meta:
        abstract = True


class Record(RecordColumns):
    """One mirrored row: key, hashes, version, data, age."""

    pk = models.CompositePrimaryKey("key_hash", "entity_id")

    class Meta:
        managed = False
        db_table = "record"


class RecordRow(RecordColumns):
    """The same row under one text key `entity~key_hash`, which the admin needs."""

    ref = models.TextField(primary_key=True)

    class Meta:
        managed = False
        db_table = "record_row"
        verbose_name = "record"
        ordering = ("entity_id", "key_hash")
        constraints = (  # lets the admin keep that order, which the primary key's index has
            models.UniqueConstraint(fields=("entity", "key_hash"), name="record_row_key"),
        )

    def __str__(self) -> str:
        # Imported here: the registry is filled after the models are loaded.
        from sync.keys import key_text
        from sync.registry import registry

        path = self.entity.path
        if path not in registry or any(
            self.data.get(name) is None for name in registry.find(path).entity.key
        ):
            return f"{path} {self.key_hash}"
        return f"{path} {key_text(registry.find(path), self.data)}"


class RecordVersion(models.Model):
    """A version that a newer one took the place of."""

    pk = models.CompositePrimaryKey("key_hash", "entity_id", "revision")
    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING, db_constraint=False)
    key_hash = models.UUIDField()
    raw_hash = models.UUIDField()
    version = models.BigIntegerField()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField()
    batch_id = models.BigIntegerField()
    row_no = models.IntegerField()
    revision = models.IntegerField()
    mapping = models.SmallIntegerField()
    deleted = models.BooleanField()
    data_hash = models.BinaryField()
    data = models.JSONField()

    class Meta:
        managed = False
        db_table = "record_version"
