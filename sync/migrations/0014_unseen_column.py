"""A column that a field may do without and that no row ever had is no change of its source: it has its own state."""

from django.db import migrations, models

FORWARD = """
ALTER TABLE source_column DROP CONSTRAINT source_column_state_check;
ALTER TABLE source_column ADD CONSTRAINT source_column_state_check
  CHECK (state IN ('known', 'new', 'missing', 'retyped', 'unseen'));
UPDATE source_column SET state = 'unseen', acknowledged_at = NULL, acknowledged_by = NULL
  WHERE state = 'missing' AND first_seen IS NULL;
"""
BACKWARD = """
UPDATE source_column SET state = 'missing' WHERE state = 'unseen';
ALTER TABLE source_column DROP CONSTRAINT source_column_state_check;
ALTER TABLE source_column ADD CONSTRAINT source_column_state_check
  CHECK (state IN ('known', 'new', 'missing', 'retyped'));
"""
STATES = [
    ("known", "Known"),
    ("new", "New"),
    ("missing", "Missing"),
    ("retyped", "Retyped"),
    ("unseen", "Unseen"),
]


class Migration(migrations.Migration):

    dependencies = [("sync", "0013_emptied")]

    operations = [
        migrations.RunSQL(
            FORWARD,
            reverse_sql=BACKWARD,
            state_operations=[
                migrations.AlterField(
                    "sourcecolumn", "state", models.TextField(choices=STATES, default="known")
                ),
            ],
        ),
    ]
