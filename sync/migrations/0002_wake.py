"""A trigger and an index on the queue's table, which is procrastinate's own."""

from pathlib import Path

from django.db import migrations

FORWARD = (Path(__file__).parent / "0002_wake.sql").read_text()
BACK = """
DROP INDEX bridge_wakeup_worker;
DROP TRIGGER bridge_wake ON procrastinate_jobs;
DROP FUNCTION bridge_wake_workers();
"""


class Migration(migrations.Migration):

    dependencies = [
        ("sync", "0001_initial"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [migrations.RunSQL(FORWARD, reverse_sql=BACK)]
