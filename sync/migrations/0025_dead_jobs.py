"""An index of dead jobs, and the limit of acts on many."""

from pathlib import Path

from django.db import migrations

DEAD = (Path(__file__).parent / "0025_dead_jobs.sql").read_text()


class Migration(migrations.Migration):

    dependencies = [("sync", "0024_command")]

    operations = [
        migrations.RunSQL(
            DEAD, reverse_sql="DROP INDEX job_dead; DELETE FROM scope_limit WHERE scope = 'bulk'"
        ),
    ]
