"""A delivery that a far end sent us unasked."""

from __future__ import annotations

from django.db import models

from sync.ids import uuid7


class Inbound(models.Model):
    """Kept so that a repeated one has no second effect; its body only until it is worked off."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    door = models.TextField()  # where it came in, such as webhooks/shop/gadgets
    delivery_id = models.TextField()  # the far end's own
    entity = models.ForeignKey("sync.EntityRow", models.DO_NOTHING, null=True)
    state = models.TextField(choices=State, default=State.WAITING)
    sent_at = models.DateTimeField()  # as the far end says
    received_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    body = models.BinaryField(null=True)
    told = models.JSONField(default=dict)  # how many rows, keys and deletes it names
    result = models.JSONField(null=True)  # what became of them
    repeated = models.IntegerField(default=0)  # how often it came again
    job_id = models.UUIDField(null=True)

    class Meta:
        db_table = "inbound"
        verbose_name = "webhook"
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("door", "delivery_id"), name="inbound_once"),)

    def __str__(self) -> str:
        return f"{self.door} {self.delivery_id}"
