"""Workers that are limited to kinds of jobs. Code of before calls the function without the last argument."""

from pathlib import Path

import django.contrib.postgres.fields
from django.db import migrations, models

FORWARD = (Path(__file__).parent / "0030_kinds.sql").read_text()
BEFORE = (Path(__file__).parent / "0027_taking.sql").read_text()
TAKE = BEFORE[BEFORE.index("CREATE FUNCTION bridge_take") : BEFORE.index("-- Whether one of these scopes")]
BACK = f"""
ALTER TABLE worker DROP kinds;
DROP FUNCTION bridge_take(text, bigint, text, interval, text[], uuid[], boolean);
{TAKE}
"""


class Migration(migrations.Migration):

    dependencies = [("sync", "0029_exchange")]

    operations = [
        migrations.RunSQL(
            FORWARD,
            reverse_sql=BACK,
            state_operations=[
                migrations.AddField(
                    "worker",
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                )
            ],
        ),
    ]
