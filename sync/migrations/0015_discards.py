"""Discards that hold: under which declaration a row failed, and an index by the bytes of closed failures."""

from pathlib import Path

from django.db import migrations, models

COLUMN = (Path(__file__).parent / "0015_discards.sql").read_text()


class Migration(migrations.Migration):

    dependencies = [("sync", "0014_unseen_column")]

    operations = [
        migrations.RunSQL(
            COLUMN,
            reverse_sql="DROP INDEX failed_bytes; ALTER TABLE failed_record DROP read_under",
            state_operations=[
                migrations.AddField("failedrecord", "read_under", models.UUIDField(null=True)),
            ],
        ),
    ]
