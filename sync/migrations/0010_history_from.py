"""From when on all versions of an entity's records are kept: what lists as of a moment have to tell."""

from pathlib import Path

from django.db import migrations, models

COLUMN = (Path(__file__).parent / "0010_history_from.sql").read_text()


class Migration(migrations.Migration):

    dependencies = [("sync", "0009_inbound")]

    operations = [
        migrations.RunSQL(
            COLUMN,
            reverse_sql="ALTER TABLE tracker DROP COLUMN history_from",
            state_operations=[migrations.AddField("tracker", "history_from", models.DateTimeField(null=True))],
        )
    ]
