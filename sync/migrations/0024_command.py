"""Commands and the ledger of their effects."""

from pathlib import Path

import django.db.models.deletion
import sync.ids
from django.db import migrations, models

FORWARD = (Path(__file__).parent / "0024_command.sql").read_text()
STATES = [("intended", "Intended"), ("sent", "Sent"), ("proven", "Proven"), ("refused", "Refused"), ("unknown", "Unknown")]


class Migration(migrations.Migration):

    dependencies = [("sync", "0023_budget")]

    operations = [
        migrations.RunSQL(
            FORWARD,
            reverse_sql="DROP TABLE effect; DROP TABLE command",
            state_operations=[
                migrations.CreateModel(
                    name="Command",
                    fields=[
                        ("id", models.UUIDField(default=sync.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                        ("kind", models.TextField()),
                        ("client", models.TextField()),
                        ("idempotency_key", models.TextField(null=True)),
                        ("request_hash", models.BinaryField()),
                        ("answer", models.JSONField()),
                        ("effect_key", models.TextField(unique=True)),
                        ("payload", models.JSONField()),
                        ("state", models.TextField(choices=STATES, default="intended")),
                        ("planned_revision", models.IntegerField(null=True)),
                        ("remote_id", models.TextField(null=True)),
                        ("remote_status", models.TextField(null=True)),
                        ("remote_rank", models.IntegerField(null=True)),
                        ("created_at", models.DateTimeField()),
                        ("changed_at", models.DateTimeField()),
                        ("compensates", models.ForeignKey(null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name="compensations", to="sync.command")),
                        ("job", models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name="command", to="sync.job")),
                    ],
                    options={"db_table": "command", "ordering": ("-id",)},
                ),
                migrations.CreateModel(
                    name="Effect",
                    fields=[
                        ("pk", models.CompositePrimaryKey("command_id", "no", blank=True, editable=False, primary_key=True, serialize=False)),
                        ("no", models.SmallIntegerField()),
                        ("state", models.TextField(choices=STATES)),
                        ("fence", models.IntegerField()),
                        ("exchange", models.JSONField(default=dict)),
                        ("at", models.DateTimeField()),
                        ("command", models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name="ledger", to="sync.command")),
                    ],
                    options={"db_table": "effect", "ordering": ("no",)},
                ),
            ],
        ),
    ]
