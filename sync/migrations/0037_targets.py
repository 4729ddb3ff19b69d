"""A pause holds what was asked for before it could; an entity that its limit paused is paused by its tracker."""

from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).parent
FORWARD = (FOLDER / "0037_targets.sql").read_text()
BACK = (FOLDER / "0036_jobs_of_entity.sql").read_text()
JOBS = """
UPDATE job SET scopes = ARRAY(SELECT DISTINCT one FROM unnest(
    CASE WHEN job.kind = 'refresh' THEN job.scopes
      ELSE array_remove(job.scopes, 'system:' || (job.params->>'target')) || ARRAY['target:' || (job.params->>'target')] END
    || ARRAY['jobs:' || entity.path]) AS one WHERE one IS NOT NULL)
FROM entity
WHERE job.entity_id = entity.id AND job.status IN ('pending', 'processing') AND job.kind IN ('refresh', 'push', 'reconcile')
"""
PAUSES = """
WITH paused AS (
  UPDATE tracker SET state = 'paused' FROM entity JOIN scope_limit ON scope_limit.scope = 'entity:' || entity.path
  WHERE tracker.entity_id = entity.id AND scope_limit.paused RETURNING scope_limit.scope
)
UPDATE scope_limit SET paused = false FROM paused WHERE scope_limit.scope = paused.scope
"""


class Migration(migrations.Migration):
    dependencies = [("sync", "0036_jobs_of_entity")]

    operations = [
        migrations.RunSQL(FORWARD, reverse_sql=BACK),
        migrations.RunSQL(JOBS, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(PAUSES, reverse_sql=migrations.RunSQL.noop),
    ]
