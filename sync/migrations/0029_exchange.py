"""Exchanges with far ends, kept by policy."""

from pathlib import Path

import django.db.models.deletion
import sync.ids
from django.db import migrations, models

TABLES = (Path(__file__).parent / "0029_exchange.sql").read_text()


class Migration(migrations.Migration):

    dependencies = [("sync", "0028_breaker")]

    operations = [
        migrations.RunSQL(
            TABLES,
            reverse_sql="DROP TABLE exchange",
            state_operations=[
                migrations.CreateModel(
                    name="Exchange",
                    fields=[
                        ("id", models.UUIDField(default=sync.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                        ("attempt", models.SmallIntegerField()),
                        ("at", models.DateTimeField()),
                        ("system", models.TextField()),
                        ("method", models.TextField()),
                        ("address", models.TextField()),
                        ("params", models.JSONField(default=dict)),
                        ("status", models.SmallIntegerField(null=True)),
                        ("error", models.TextField(null=True)),
                        ("ms", models.IntegerField()),
                        ("sent_headers", models.JSONField(default=dict)),
                        ("sent", models.TextField()),
                        ("headers", models.JSONField(default=dict)),
                        ("body", models.TextField()),
                        ("size", models.IntegerField()),
                        ("job", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="exchanges", to="sync.job")),
                    ],
                    options={"db_table": "exchange", "ordering": ("id",)},
                ),
            ],
        ),
    ]
