"""Deliveries of far ends: webhooks, later callbacks."""

from pathlib import Path

import django.db.models.deletion
import sync.ids
from django.db import migrations, models

FORWARD = (Path(__file__).parent / "0009_inbound.sql").read_text()


class Migration(migrations.Migration):

    dependencies = [("sync", "0008_failed_key")]

    operations = [
        migrations.RunSQL(
            FORWARD,
            reverse_sql="DROP TABLE inbound",
            state_operations=[
                migrations.CreateModel(
                    name="Inbound",
                    fields=[
                        ("id", models.UUIDField(default=sync.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                        ("door", models.TextField()),
                        ("delivery_id", models.TextField()),
                        ("state", models.TextField(choices=[("waiting", "Waiting"), ("done", "Done")], default="waiting")),
                        ("sent_at", models.DateTimeField()),
                        ("received_at", models.DateTimeField()),
                        ("done_at", models.DateTimeField(null=True)),
                        ("body", models.BinaryField(null=True)),
                        ("told", models.JSONField(default=dict)),
                        ("result", models.JSONField(null=True)),
                        ("repeated", models.IntegerField(default=0)),
                        ("job_id", models.UUIDField(null=True)),
                        ("entity", models.ForeignKey(null=True, on_delete=django.db.models.deletion.DO_NOTHING, to="sync.entityrow")),
                    ],
                    options={
                        "verbose_name": "webhook",
                        "db_table": "inbound",
                        "ordering": ("-id",),
                        "constraints": [models.UniqueConstraint(fields=("door", "delivery_id"), name="inbound_once")],
                    },
                ),
            ],
        ),
    ]
