"""Failures of one cause, on which people act together."""

from pathlib import Path

import django.db.models.deletion
import sync.ids
from django.db import migrations, models

TABLES = (Path(__file__).parent / "0003_error_groups.sql").read_text()


class Migration(migrations.Migration):

    dependencies = [("sync", "0002_wake")]

    operations = [
        migrations.RunSQL(
            TABLES,
            reverse_sql="DROP TABLE error_group",
            state_operations=[
                migrations.CreateModel(
                    name="ErrorGroup",
                    fields=[
                        ("id", models.UUIDField(default=sync.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                        ("fingerprint", models.UUIDField(unique=True)),
                        ("kind", models.TextField(choices=[("record", "Record"), ("job", "Job")])),
                        ("stage", models.TextField()),
                        ("code", models.TextField()),
                        ("field", models.TextField(null=True)),
                        ("message", models.TextField()),
                        ("state", models.TextField(choices=[("open", "Open"), ("acknowledged", "Acknowledged"), ("resolved", "Resolved"), ("closed", "Closed")], default="open")),
                        ("owner", models.TextField(null=True)),
                        ("remark", models.TextField(null=True)),
                        ("snoozed_until", models.DateTimeField(null=True)),
                        ("fixed_in", models.TextField(null=True)),
                        ("first_seen_at", models.DateTimeField()),
                        ("last_seen_at", models.DateTimeField()),
                        ("closed_at", models.DateTimeField(null=True)),
                        ("reopened", models.IntegerField(default=0)),
                        ("entity", models.ForeignKey(null=True, on_delete=django.db.models.deletion.DO_NOTHING, to="sync.entityrow")),
                    ],
                    options={"db_table": "error_group", "ordering": ("-id",)},
                ),
            ],
        )
    ]
