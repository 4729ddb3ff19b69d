"""How often in a row a far end failed, and how often it was left alone for that."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("sync", "0027_taking")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE budget ADD COLUMN failures int NOT NULL DEFAULT 0, ADD COLUMN trips int NOT NULL DEFAULT 0",
            reverse_sql="ALTER TABLE budget DROP COLUMN failures, DROP COLUMN trips",
            state_operations=[
                migrations.AddField("budget", "failures", models.IntegerField(default=0)),
                migrations.AddField("budget", "trips", models.IntegerField(default=0)),
            ],
        ),
    ]
