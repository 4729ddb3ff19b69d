-- The exact slot beside the moment it is due (which has the jitter), the slots that wait for the last job, and that job.
ALTER TABLE schedule ADD slot_at timestamptz, ADD last_job uuid, ADD owed timestamptz[] NOT NULL DEFAULT '{}';
UPDATE schedule SET slot_at = next_run_at;
