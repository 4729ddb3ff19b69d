"""Jobs and their wake-ups are written in one round trip."""

from pathlib import Path

from django.db import migrations

FORWARD = Path(__file__).with_suffix(".sql").read_text()
BACK = "DROP FUNCTION bridge_put(jsonb)"


class Migration(migrations.Migration):
    dependencies = [("sync", "0034_rate_headers")]

    operations = [migrations.RunSQL(FORWARD, reverse_sql=BACK)]
