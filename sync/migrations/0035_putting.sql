-- Jobs and their wake-ups in one round trip, with one plan for a connection: whoever asks for work waits for this.
--
-- Jobs whose twin was faster (`dedup`) are not among the rows that come back, and leave no wake-up.
CREATE FUNCTION bridge_put(_jobs jsonb) RETURNS TABLE (job_id uuid, wakeup bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  woken uuid[];
  wakeups bigint[];
  written uuid[];
  numbers bigint[];
BEGIN
  SELECT array_agg(asked.id ORDER BY asked.no),
    procrastinate_defer_jobs_v1(array_agg(ROW(asked.queue, asked.task, asked.priority, NULL, NULL,
      jsonb_build_object('job_id', asked.id, 'fence', 0), asked.wakes_at)::procrastinate_job_to_defer_v1 ORDER BY asked.no))
  INTO woken, wakeups
  FROM jsonb_to_recordset(_jobs) AS asked (no int, id uuid, priority int, queue text, task text, wakes bool, wakes_at timestamptz)
  WHERE asked.wakes;
  -- DO NOTHING waits for the end of a twin's transaction, and unlike an error it leaves ours usable.
  WITH put AS (
    INSERT INTO job (id, kind, entity_id, status, hold, priority, scopes, lanes, dedup, run_after, wakeup, fence, attempts,
      deaths, params, requested_by, request_id, parent_id, created_at)
    SELECT asked.id, asked.kind, asked.entity_id, 'pending', asked.hold, asked.priority, asked.scopes, asked.lanes,
      asked.dedup, asked.run_after, mine.wakeup, 0, 0, 0, asked.params, asked.requested_by, asked.request_id,
      asked.parent_id, asked.created_at
    FROM jsonb_to_recordset(_jobs) AS asked (no int, id uuid, kind text, entity_id smallint, hold text, priority smallint,
        scopes text[], lanes text[], dedup text, run_after timestamptz, params jsonb, requested_by text, request_id text,
        parent_id uuid, created_at timestamptz)
      LEFT JOIN unnest(woken, wakeups) AS mine (id, wakeup) ON mine.id = asked.id
    ORDER BY asked.no
    ON CONFLICT DO NOTHING
    RETURNING id, wakeup)
  SELECT array_agg(put.id), array_agg(put.wakeup) INTO written, numbers FROM put;
  IF coalesce(cardinality(written), 0) < jsonb_array_length(_jobs) THEN
    DELETE FROM procrastinate_jobs WHERE id IN (SELECT unnest(wakeups) EXCEPT SELECT unnest(numbers));
  END IF;
  RETURN QUERY SELECT * FROM unnest(written, numbers);
END $$;
