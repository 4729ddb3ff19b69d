"""What goes one after another: lanes in which somebody waits, or that a dead job stops."""

from __future__ import annotations

from django.db import models


class LaneRow(models.Model):
    """One lane; `job` is whom the others wait for: the job under way, else the first."""

    lane = models.TextField(primary_key=True)
    waiting = models.IntegerField()
    waiting_since = models.DateTimeField(null=True)
    job = models.ForeignKey("sync.Job", models.DO_NOTHING, db_constraint=False)

    class Meta:
        managed = False
        db_table = "lane_row"
        verbose_name = "lane"
        ordering = ("lane",)

    def __str__(self) -> str:
        return self.lane
