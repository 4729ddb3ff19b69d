"""Closed failures in the order in which their rows are kept no longer."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("sync", "0018_fixed_in")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX failed_closed ON failed_record (closed_at) WHERE state <> 'open'",
            reverse_sql="DROP INDEX failed_closed",
        ),
    ]
