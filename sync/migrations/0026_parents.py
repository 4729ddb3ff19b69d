"""Jobs that wait for their children, found by the sweep."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("sync", "0025_dead_jobs")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX job_parent ON job (id) WHERE status = 'pending' AND hold = 'children'",
            reverse_sql="DROP INDEX job_parent",
        ),
    ]
