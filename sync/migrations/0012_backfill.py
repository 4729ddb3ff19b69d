"""Backfills: a range of an entity's rows, its windows, what each day took."""

from pathlib import Path

import django.db.models.deletion
import django.utils.timezone
import sync.ids
from django.db import migrations, models

TABLES = (Path(__file__).parent / "0012_backfill.sql").read_text()


class Migration(migrations.Migration):

    dependencies = [("sync", "0011_failed_revision")]

    operations = [
        migrations.RunSQL(
            TABLES,
            reverse_sql="DROP TABLE backfill_day; DROP TABLE backfill_window; DROP TABLE backfill;",
            state_operations=[
                migrations.CreateModel(
                    name="Backfill",
                    fields=[
                        ("id", models.UUIDField(default=sync.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                        ("state", models.TextField(choices=[("running", "Running"), ("paused", "Paused"), ("done", "Done"), ("cancelled", "Cancelled")], default="running")),
                        ("by", models.TextField()),
                        ("low", models.TextField()),
                        ("high", models.TextField()),
                        ("step", models.TextField()),
                        ("rows_per_day", models.BigIntegerField(null=True)),
                        ("hours", models.TextField(null=True)),
                        ("workers", models.SmallIntegerField()),
                        ("page_size", models.IntegerField()),
                        ("rows_expected", models.BigIntegerField(null=True)),
                        ("remark", models.TextField(default="")),
                        ("requested_by", models.TextField()),
                        ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("finished_at", models.DateTimeField(null=True)),
                        ("entity", models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, to="sync.entityrow")),
                    ],
                    options={"db_table": "backfill", "ordering": ("-id",)},
                ),
                migrations.CreateModel(
                    name="BackfillWindow",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("no", models.IntegerField()),
                        ("low", models.TextField()),
                        ("high", models.TextField()),
                        ("state", models.TextField(choices=[("open", "Open"), ("running", "Running"), ("done", "Done"), ("failed", "Failed")], default="open")),
                        ("passes", models.SmallIntegerField(default=0)),
                        ("rows", models.BigIntegerField(default=0)),
                        ("granted", models.BigIntegerField(default=0)),
                        ("counts", models.JSONField(default=dict)),
                        ("remark", models.TextField(default="")),
                        ("started_at", models.DateTimeField(null=True)),
                        ("finished_at", models.DateTimeField(null=True)),
                        ("backfill", models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name="windows", to="sync.backfill")),
                        ("job", models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, to="sync.job")),
                    ],
                    options={"db_table": "backfill_window", "ordering": ("backfill_id", "no")},
                ),
                migrations.CreateModel(
                    name="BackfillDay",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("day", models.DateField()),
                        ("rows", models.BigIntegerField()),
                        ("backfill", models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name="days", to="sync.backfill")),
                    ],
                    options={"db_table": "backfill_day", "ordering": ("backfill_id", "day")},
                ),
            ],
        ),
    ]
