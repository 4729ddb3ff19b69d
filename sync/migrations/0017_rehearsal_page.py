"""What a rehearsal found row by row: packed pages of differing and of refused rows."""

from django.db import migrations

FORWARD = """
CREATE TABLE rehearsal_page (
  job_id uuid NOT NULL REFERENCES job ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('diffs', 'faults')),
  first int NOT NULL,
  rows int NOT NULL,
  mapping_id bigint NOT NULL REFERENCES mapping ON DELETE CASCADE,
  body bytea NOT NULL,
  PRIMARY KEY (job_id, kind, first)
);
ALTER TABLE rehearsal_page ALTER body SET STORAGE EXTERNAL;
CREATE INDEX rehearsal_page_mapping ON rehearsal_page (mapping_id, job_id);
"""


class Migration(migrations.Migration):

    dependencies = [("sync", "0016_deletes_held")]

    operations = [migrations.RunSQL(FORWARD, reverse_sql="DROP TABLE rehearsal_page")]
