"""What fixes a group of failures is a mapping that there is, no words. Words that name none go into the remark."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = r"""
ALTER TABLE error_group ADD COLUMN fixed_in_id bigint REFERENCES mapping ON DELETE SET NULL;
UPDATE error_group g SET fixed_in_id = m.id FROM mapping m
  WHERE m.entity_id = g.entity_id AND g.fixed_in ~* '^\s*(mapping)?\s*v?\d{1,5}\s*$'
    AND m.no = substring(g.fixed_in from '\d+')::int;
UPDATE error_group SET remark = concat_ws('; ', remark, 'fixed in ' || fixed_in)
  WHERE fixed_in IS NOT NULL AND fixed_in_id IS NULL;
ALTER TABLE error_group DROP COLUMN fixed_in;
"""
BACKWARD = """
ALTER TABLE error_group ADD COLUMN fixed_in text;
UPDATE error_group g SET fixed_in = 'mapping v' || m.no FROM mapping m WHERE m.id = g.fixed_in_id;
ALTER TABLE error_group DROP COLUMN fixed_in_id;
"""


class Migration(migrations.Migration):

    dependencies = [("sync", "0017_rehearsal_page")]

    operations = [
        migrations.RunSQL(
            FORWARD,
            reverse_sql=BACKWARD,
            state_operations=[
                migrations.RemoveField("errorgroup", "fixed_in"),
                migrations.AddField(
                    "errorgroup",
                    "fixed_in",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.DO_NOTHING, to="sync.mapping"
                    ),
                ),
            ],
        ),
    ]
