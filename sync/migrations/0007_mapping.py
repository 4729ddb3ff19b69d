"""Field rules as data."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

TABLE = (Path(__file__).parent / "0007_mapping.sql").read_text()


class Migration(migrations.Migration):

    dependencies = [("sync", "0006_deletes")]

    operations = [
        migrations.RunSQL(
            TABLE,
            reverse_sql="DROP TABLE mapping",
            state_operations=[
                migrations.CreateModel(
                    name="Mapping",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("no", models.SmallIntegerField()),
                        ("rules", models.JSONField()),
                        ("state", models.TextField(choices=[("draft", "Draft"), ("active", "Active"), ("retired", "Retired")], default="draft")),
                        ("made_by", models.TextField()),
                        ("created_at", models.DateTimeField()),
                        ("entity", models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, to="sync.entityrow")),
                    ],
                    options={"db_table": "mapping", "ordering": ("-id",)},
                ),
            ],
        ),
    ]
