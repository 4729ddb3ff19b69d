"""The short number of an entity: two bytes a row instead of its name."""

from __future__ import annotations

from django.db import models


class EntityRow(models.Model):
    """An entity as the database knows it; numbers are never used again."""

    id = models.SmallAutoField(primary_key=True)
    path = models.TextField(unique=True)
    system = models.TextField()
    name = models.TextField()

    class Meta:
        db_table = "entity"
        verbose_name = "entity"
        verbose_name_plural = "entities"
        ordering = ("path",)

    def __str__(self) -> str:
        return self.path
