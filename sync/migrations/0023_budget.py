"""Budgets that are drawn on by all processes: limits a person may set, slots as leases, requests of an attempt."""

from pathlib import Path

from django.db import migrations, models

TABLES = (Path(__file__).parent / "0023_budget.sql").read_text()
BACK = """
ALTER TABLE attempt DROP COLUMN requests;
DROP TABLE budget_slot;
ALTER TABLE budget DROP COLUMN concurrent, DROP COLUMN factor, DROP COLUMN slowed_at, DROP COLUMN edited;
"""


class Migration(migrations.Migration):

    dependencies = [("sync", "0022_lane_row")]

    operations = [
        migrations.RunSQL(
            TABLES,
            reverse_sql=BACK,
            state_operations=[
                migrations.AddField("budget", "concurrent", models.IntegerField(null=True)),
                migrations.AddField("budget", "factor", models.FloatField(default=1.0)),
                migrations.AddField("budget", "slowed_at", models.DateTimeField(null=True)),
                migrations.AddField("budget", "edited", models.BooleanField(default=False)),
                migrations.AddField("attempt", "requests", models.IntegerField(null=True)),
            ],
        ),
    ]
