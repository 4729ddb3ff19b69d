"""An effect that somebody wants outside, and its ledger."""

from __future__ import annotations

from django.db import models

from sync.ids import uuid7


class State(models.TextChoices):
    """How far the effect is."""

    INTENDED = "intended"
    SENT = "sent"
    PROVEN = "proven"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Command(models.Model):
    """One command; its job says what is done about it, its state what is known of its effect."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.OneToOneField("sync.Job", models.DO_NOTHING, db_constraint=False, related_name="command")
    kind = models.TextField()
    client = models.TextField()
    idempotency_key = models.TextField(null=True)
    request_hash = models.BinaryField()
    answer = models.JSONField()
    effect_key = models.TextField(unique=True)
    payload = models.JSONField()
    state = models.TextField(choices=State, default=State.INTENDED)
    planned_revision = models.IntegerField(null=True)
    compensates = models.ForeignKey("self", models.DO_NOTHING, null=True, related_name="compensations")
    remote_id = models.TextField(null=True)
    remote_status = models.TextField(null=True)
    remote_rank = models.IntegerField(null=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "command"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Effect(models.Model):
    """One line of a command's ledger: written once, never changed."""

    pk = models.CompositePrimaryKey("command_id", "no")
    command = models.ForeignKey(Command, models.DO_NOTHING, related_name="ledger")
    no = models.SmallIntegerField()
    state = models.TextField(choices=State)
    fence = models.IntegerField()
    exchange = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        db_table = "effect"
        ordering = ("no",)

    def __str__(self) -> str:
        return f"{self.no} {self.state}"
