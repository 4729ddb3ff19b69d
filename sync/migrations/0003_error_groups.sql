-- Failures of one cause. Their number is counted from failed_group and job_group, so no hot path writes it.
CREATE TABLE error_group (
  id uuid PRIMARY KEY,
  fingerprint uuid NOT NULL UNIQUE,
  entity_id smallint REFERENCES entity,
  kind text NOT NULL CHECK (kind IN ('record', 'job')),
  stage text NOT NULL,
  code text NOT NULL,
  field text,
  message text NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'resolved', 'closed')),
  owner text,
  remark text,
  snoozed_until timestamptz,
  fixed_in text,
  first_seen_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  closed_at timestamptz,
  reopened int NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

-- What failed before there were groups; ids follow the oldest member's, so that lists stay in order.
INSERT INTO error_group (id, fingerprint, entity_id, kind, stage, code, field, message, first_seen_at, last_seen_at)
SELECT DISTINCT ON (fingerprint) id, fingerprint, entity_id, 'record', stage, code, field, message,
  min(first_seen_at) OVER same, max(last_seen_at) OVER same
FROM failed_record WHERE state = 'open' WINDOW same AS (PARTITION BY fingerprint) ORDER BY fingerprint, id;

INSERT INTO error_group (id, fingerprint, entity_id, kind, stage, code, message, first_seen_at, last_seen_at)
SELECT DISTINCT ON (fingerprint) id, fingerprint, entity_id, 'job', kind, coalesce(error_code, 'unexpected_error'),
  coalesce(error, ''), min(created_at) OVER same, max(coalesce(finished_at, created_at)) OVER same
FROM job WHERE status = 'failed' AND resolved_at IS NULL AND fingerprint IS NOT NULL
WINDOW same AS (PARTITION BY fingerprint) ORDER BY fingerprint, id;
