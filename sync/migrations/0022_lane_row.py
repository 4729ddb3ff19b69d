"""Limits that are none, and lanes as they are shown."""

from pathlib import Path

from django.db import migrations, models

VIEW = (Path(__file__).parent / "0022_lane_row.sql").read_text()
BACKWARD = """
DROP VIEW lane_row;
DELETE FROM scope_limit WHERE most IS NULL;
ALTER TABLE scope_limit ALTER most SET NOT NULL;
"""


class Migration(migrations.Migration):

    dependencies = [("sync", "0021_schedule_slots")]

    operations = [
        migrations.RunSQL(
            VIEW,
            reverse_sql=BACKWARD,
            state_operations=[
                migrations.AlterField("scopelimit", "most", models.IntegerField(null=True)),
                migrations.CreateModel(
                    name="LaneRow",
                    fields=[
                        ("lane", models.TextField(primary_key=True, serialize=False)),
                        ("waiting", models.IntegerField()),
                        ("waiting_since", models.DateTimeField(null=True)),
                        (
                            "job",
                            models.ForeignKey(
                                db_constraint=False, on_delete=models.deletion.DO_NOTHING, to="sync.job"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "lane",
                        "db_table": "lane_row",
                        "ordering": ("lane",),
                        "managed": False,
                    },
                ),
            ],
        ),
    ]
