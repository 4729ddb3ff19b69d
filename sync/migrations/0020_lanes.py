"""Lanes of jobs, and indexes that tell who waits for what."""

from pathlib import Path

import django.contrib.postgres.fields
from django.db import migrations, models

LANES = (Path(__file__).parent / "0020_lanes.sql").read_text()
BACKWARD = """
DROP INDEX job_children;
DROP INDEX job_waiting_scopes;
DROP INDEX job_waiting;
CREATE INDEX job_waiting ON job (priority DESC, id) WHERE status = 'pending' AND wakeup IS NULL;
DROP INDEX job_busy;
CREATE INDEX job_busy ON job USING gin (scopes)
  WHERE wakeup IS NOT NULL AND hold IS NULL AND status IN ('pending', 'processing');
DROP TABLE job_lane;
ALTER TABLE job DROP lanes;
"""


class Migration(migrations.Migration):

    dependencies = [("sync", "0019_failed_closed")]

    operations = [
        migrations.RunSQL(
            LANES,
            reverse_sql=BACKWARD,
            state_operations=[
                migrations.AddField(
                    "job",
                    "lanes",
                    django.contrib.postgres.fields.ArrayField(models.TextField(), default=list),
                ),
            ],
        ),
    ]
