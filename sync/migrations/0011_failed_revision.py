"""Which revision of a record a target's counts have as failed: it is counted once, and no longer when it got there."""

from pathlib import Path

from django.db import migrations, models

COLUMN = (Path(__file__).parent / "0011_failed_revision.sql").read_text()


class Migration(migrations.Migration):

    dependencies = [("sync", "0010_history_from")]

    operations = [
        migrations.RunSQL(
            COLUMN,
            reverse_sql="ALTER TABLE delivery DROP failed_revision",
            state_operations=[
                migrations.AddField("delivery", "failed_revision", models.IntegerField(null=True)),
            ],
        ),
    ]
