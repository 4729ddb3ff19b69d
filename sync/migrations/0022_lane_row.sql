-- A system's limit may be none: its row is there to be paused, or to be given one.
ALTER TABLE scope_limit ALTER most DROP NOT NULL;
-- Lanes in which a job waits or is dead, with the job that the others wait for: the one under way, else the first.
CREATE VIEW lane_row AS
SELECT l.lane, count(*) FILTER (WHERE j.status = 'pending' AND j.hold = 'lane')::int AS waiting,
  min(j.created_at) FILTER (WHERE j.status = 'pending' AND j.hold = 'lane') AS waiting_since,
  (array_agg(j.id ORDER BY j.wakeup IS NOT NULL AND j.hold IS NULL AND j.status <> 'failed' DESC, j.id))[1] AS job_id
FROM job_lane l JOIN job j ON j.id = l.job_id GROUP BY l.lane
HAVING bool_or(j.status = 'failed' OR (j.status = 'pending' AND j.hold = 'lane'));
