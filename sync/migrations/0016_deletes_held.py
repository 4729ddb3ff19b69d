"""Why an entity's full reads delete nothing, and since when."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("sync", "0015_discards")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE tracker ADD COLUMN deletes_held text, ADD COLUMN deletes_held_since timestamptz",
            reverse_sql="ALTER TABLE tracker DROP COLUMN deletes_held, DROP COLUMN deletes_held_since",
            state_operations=[
                migrations.AddField("tracker", "deletes_held", models.TextField(null=True)),
                migrations.AddField("tracker", "deletes_held_since", models.DateTimeField(null=True)),
            ],
        ),
    ]
