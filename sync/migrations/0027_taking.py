"""How workers take and end jobs: functions, indexes, triggers of the queue; workers and whether they take any."""

from pathlib import Path

import django.contrib.postgres.fields
from django.db import migrations, models

FORWARD = (Path(__file__).parent / "0027_taking.sql").read_text()
BACK = """
ALTER TABLE procrastinate_jobs
  ENABLE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1,
  ENABLE TRIGGER procrastinate_trigger_status_events_insert_v1,
  ENABLE TRIGGER procrastinate_trigger_status_events_update_v1,
  ENABLE TRIGGER procrastinate_trigger_scheduled_events_v1,
  ENABLE TRIGGER procrastinate_trigger_delete_jobs_v1;
DROP TRIGGER bridge_unlink ON procrastinate_jobs;
DROP FUNCTION bridge_unlink_upkeep();
DROP TRIGGER bridge_wake_new ON procrastinate_jobs;
DROP FUNCTION bridge_wake_queues();
DROP FUNCTION bridge_finish(uuid, int, smallint, jsonb);
DROP FUNCTION bridge_take(text, bigint, text, interval, text[], uuid[]);
DROP FUNCTION bridge_paused(text[]);
ALTER TABLE attempt RESET (fillfactor);
DROP INDEX job_dedup;
CREATE UNIQUE INDEX job_dedup ON job (dedup) WHERE status IN ('pending', 'processing');
DROP INDEX bridge_wakeup_due;
DROP INDEX bridge_wakeup_next;
DROP TABLE fleet;
DROP TABLE worker;
"""


class Migration(migrations.Migration):

    dependencies = [("sync", "0026_parents")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(FORWARD, reverse_sql=BACK)],
            state_operations=[
                migrations.CreateModel(
                    name="Worker",
                    fields=[
                        ("name", models.TextField(primary_key=True, serialize=False)),
                        ("host", models.TextField()),
                        ("pid", models.IntegerField()),
                        ("version", models.TextField()),
                        (
                            "queues",
                            django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
                        ),
                        ("started_at", models.DateTimeField()),
                        ("heard_at", models.DateTimeField()),
                        ("draining_since", models.DateTimeField(null=True)),
                        ("hand_back_at", models.DateTimeField(null=True)),
                    ],
                    options={"db_table": "worker", "ordering": ("name",)},
                ),
                migrations.CreateModel(
                    name="Fleet",
                    fields=[
                        ("one", models.BooleanField(default=True, primary_key=True, serialize=False)),
                        ("draining_since", models.DateTimeField(null=True)),
                        ("hand_back_at", models.DateTimeField(null=True)),
                        ("drained_by", models.TextField(null=True)),
                        ("reason", models.TextField(null=True)),
                    ],
                    options={"db_table": "fleet"},
                ),
            ],
        ),
    ]
