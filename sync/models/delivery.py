"""What targets have of our records, and how far they have read the feed."""

from __future__ import annotations

from django.db import models


class Delivery(models.Model):
    """One record at one target: its id there, what was sent, what was acknowledged, what was said."""

    class State(models.TextChoices):
        """`sent`: no answer yet. `unknown`: none came. `waiting`: for a parent, a moment or another try."""

        SENT = "sent"
        ACKED = "acked"
        REFUSED = "refused"
        UNKNOWN = "unknown"
        WAITING = "waiting"

    id = models.BigAutoField(primary_key=True)
    target = models.TextField()
    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING, db_constraint=False)
    key_hash = models.UUIDField()
    remote_id = models.TextField(null=True)
    op = models.CharField(max_length=1)
    sent_hash = models.BinaryField(null=True)
    acked_hash = models.BinaryField(null=True)
    acked_revision = models.IntegerField(null=True)
    failed_revision = models.IntegerField(null=True)
    state = models.TextField(choices=State.choices)
    attempts = models.SmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    parent_entity = models.ForeignKey(
        "sync.EntityRow", models.DO_NOTHING, db_constraint=False, null=True, related_name="awaited_at_targets"
    )
    parent_key_hash = models.UUIDField(null=True)
    code = models.TextField(null=True)
    answer = models.JSONField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "delivery"
        verbose_name_plural = "deliveries"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"delivery {self.pk} of {self.entity} to {self.target}"


class TargetCursor(models.Model):
    """How far a target has read the feed of an entity."""

    pk = models.CompositePrimaryKey("target", "entity_id")
    target = models.TextField()
    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING, db_constraint=False)
    seq = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "target_cursor"


class DeliveryCount(models.Model):
    """A target's counts of the records that a batch wrote."""

    pk = models.CompositePrimaryKey("batch_id", "target")
    batch_id = models.BigIntegerField()
    target = models.TextField()
    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING, db_constraint=False)
    inserted = models.IntegerField(default=0)
    updated = models.IntegerField(default=0)
    deleted = models.IntegerField(default=0)
    conflicts = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)

    class Meta:
        managed = False
        db_table = "delivery_count"
