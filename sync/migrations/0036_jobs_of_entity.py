"""An entity's pause holds all of its jobs: those too that its limits do not count."""

from pathlib import Path

from django.db import migrations

FORWARD = Path(__file__).with_suffix(".sql").read_text()
BACK = FORWARD.replace("'replay:' || e.path, 'jobs:' || e.path", "'replay:' || e.path")


class Migration(migrations.Migration):
    dependencies = [("sync", "0035_putting")]

    operations = [migrations.RunSQL(FORWARD, reverse_sql=BACK)]
