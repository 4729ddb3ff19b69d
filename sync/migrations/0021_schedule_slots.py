"""Schedules whose slots do not drift, and slots that wait."""

from datetime import timedelta
from pathlib import Path

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

COLUMNS = (Path(__file__).parent / "0021_schedule_slots.sql").read_text()
MISSED = [("skip", "Skip"), ("one", "One"), ("all", "All")]
OVERLAP = [("skip", "Skip"), ("allow", "Allow"), ("wait", "Wait")]


class Migration(migrations.Migration):

    dependencies = [("sync", "0020_lanes")]

    operations = [
        migrations.RunSQL(
            COLUMNS,
            reverse_sql="ALTER TABLE schedule DROP slot_at, DROP last_job, DROP owed",
            state_operations=[
                migrations.AddField("schedule", "slot_at", models.DateTimeField(null=True, blank=True)),
                migrations.AddField("schedule", "last_job", models.UUIDField(null=True, blank=True)),
                migrations.AddField(
                    "schedule", "owed", ArrayField(models.DateTimeField(), default=list, blank=True)
                ),
                migrations.AlterField("schedule", "jitter", models.DurationField(default=timedelta(0))),
                migrations.AlterField(
                    "schedule", "missed", models.TextField(choices=MISSED, default="one")
                ),
                migrations.AlterField(
                    "schedule", "overlap", models.TextField(choices=OVERLAP, default="skip")
                ),
            ],
        ),
    ]
