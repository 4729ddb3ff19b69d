-- Lanes: what goes one after another. A job stands in its lanes until it has ended well or was resolved.
ALTER TABLE job ADD lanes text[] NOT NULL DEFAULT '{}';
CREATE TABLE job_lane (
  lane text,
  job_id uuid REFERENCES job ON DELETE CASCADE,
  PRIMARY KEY (lane, job_id)
);
CREATE INDEX job_lane_job ON job_lane (job_id);
CREATE INDEX job_lane_busy ON job USING gin (lanes)
  WHERE wakeup IS NOT NULL AND hold IS NULL AND status IN ('pending', 'processing') AND lanes <> '{}';
-- Jobs without scopes cost no entry in it.
DROP INDEX job_busy;
CREATE INDEX job_busy ON job USING gin (scopes)
  WHERE wakeup IS NOT NULL AND hold IS NULL AND status IN ('pending', 'processing') AND scopes <> '{}';
-- The best of a scope is found by the scope where many wait for others, by order where many wait for it.
DROP INDEX job_waiting;
CREATE INDEX job_waiting ON job (priority DESC, id)
  WHERE status = 'pending' AND wakeup IS NULL AND hold IN ('limit', 'paused');
CREATE INDEX job_waiting_scopes ON job USING gin (scopes)
  WHERE status = 'pending' AND wakeup IS NULL AND hold IN ('limit', 'paused');
CREATE INDEX job_children ON job (parent_id, id) WHERE parent_id IS NOT NULL;
