"""When an entity was emptied: until it has been read anew, a record that is marked deleted is not known."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("sync", "0012_backfill")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE tracker ADD COLUMN emptied_at timestamptz",
            reverse_sql="ALTER TABLE tracker DROP COLUMN emptied_at",
            state_operations=[
                migrations.AddField("tracker", "emptied_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
