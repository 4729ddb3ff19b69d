-- Taking and ending a job read a few rows, whatever else the tables hold. Plans are kept for as long as a connection, and
-- statistics are old when much is put at once: so each statement here has one index that serves it, and no second one to
-- choose wrongly.
--
-- procrastinate's own index (priority DESC, id) gives no order by -priority: it led through the wake-ups of all other queues.
DROP INDEX bridge_wakeup_next;
CREATE INDEX bridge_wakeup_next ON procrastinate_jobs (queue_name, (-priority), id)
  WHERE status = 'todo' AND scheduled_at IS NULL;

-- As before. A job is found by its id: `status || ''` keeps it from being looked for among all that wait (job_due), an index
-- that looks small while nothing waits. What is due first is asked for in the order of its index, and then compared.
CREATE OR REPLACE FUNCTION bridge_take(_queue text, _taker bigint, _worker text, _lease interval, _kinds text[], _attempts uuid[], _only boolean DEFAULT false)
RETURNS TABLE (wakeup bigint, task text, args jsonb, job_id uuid, fence int, kind text, entity_id smallint, params jsonb,
               scopes text[], lanes text[], waited float8, no smallint)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_sort = off AS $$
#variable_conflict use_column
DECLARE
  found_job job;
  attempt_id uuid;
  first_due timestamptz;
BEGIN
  IF EXISTS (SELECT FROM fleet WHERE draining_since IS NOT NULL)
    OR EXISTS (SELECT FROM worker WHERE name = _worker AND draining_since IS NOT NULL)
    OR EXISTS (SELECT FROM scope_limit WHERE scope = 'queue:' || _queue AND paused)
  THEN RETURN; END IF;
  SELECT p.scheduled_at INTO first_due FROM procrastinate_jobs p
  WHERE p.queue_name = _queue AND p.status = 'todo' AND p.scheduled_at IS NOT NULL ORDER BY p.scheduled_at LIMIT 1;
  IF first_due <= now() THEN
    UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE id IN (
      SELECT id FROM procrastinate_jobs WHERE queue_name = _queue AND status = 'todo' AND scheduled_at <= now()
      ORDER BY scheduled_at LIMIT 100 FOR UPDATE SKIP LOCKED);
  END IF;
  FOREACH attempt_id IN ARRAY _attempts LOOP
    IF _only THEN
      SELECT p.id, p.task_name, p.args INTO wakeup, task, args FROM procrastinate_jobs p
      WHERE p.queue_name = _queue AND p.status = 'todo' AND p.scheduled_at IS NULL
        AND coalesce((SELECT j.kind FROM job j WHERE j.id = (p.args->>'job_id')::uuid) = ANY(_kinds), true)
      ORDER BY -p.priority, p.id LIMIT 1 FOR UPDATE SKIP LOCKED;
    ELSE
      SELECT p.id, p.task_name, p.args INTO wakeup, task, args FROM procrastinate_jobs p
      WHERE p.queue_name = _queue AND p.status = 'todo' AND p.scheduled_at IS NULL
      ORDER BY -p.priority, p.id LIMIT 1 FOR UPDATE SKIP LOCKED;
    END IF;
    IF NOT FOUND THEN RETURN; END IF;
    no := NULL;
    job_id := (args->>'job_id')::uuid;
    -- Never waits for the job's row: who holds that may be waiting for the wake-up's.
    SELECT j.* INTO found_job FROM job j
    WHERE j.id = job_id AND j.fence = (args->>'fence')::int AND j.status || '' = 'pending' AND j.hold IS NULL
      AND j.kind = ANY(_kinds) AND (j.deaths = 0 OR cardinality(_attempts) = 1)
    FOR UPDATE SKIP LOCKED;
    IF FOUND AND (found_job.scopes = '{}' OR NOT bridge_paused(found_job.scopes)) THEN
      fence := found_job.fence + 1;
      UPDATE job SET fence = found_job.fence + 1, status = 'processing', worker = _worker,
        lease_until = clock_timestamp() + _lease, started_at = coalesce(started_at, clock_timestamp())
      WHERE id = found_job.id;
      INSERT INTO attempt (id, job_id, no, fence, worker, started_at)
      SELECT attempt_id, found_job.id, coalesce(max(a.no), 0) + 1, found_job.fence + 1, _worker, clock_timestamp()
      FROM attempt a WHERE a.job_id = found_job.id
      RETURNING attempt.no INTO no;
      DELETE FROM procrastinate_jobs WHERE id = wakeup;
      kind := found_job.kind;
      entity_id := found_job.entity_id;
      params := found_job.params;
      scopes := found_job.scopes;
      lanes := found_job.lanes;
      waited := extract(epoch FROM clock_timestamp() - found_job.run_after);
    ELSE
      UPDATE procrastinate_jobs SET status = 'doing', worker_id = _taker WHERE id = wakeup;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;

-- As before; by its id, and not among all that run (job_lease).
CREATE OR REPLACE FUNCTION bridge_finish(_job uuid, _fence int, _no smallint, _result jsonb) RETURNS boolean
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  UPDATE job SET status = 'success', result = _result, finished_at = clock_timestamp(), lease_until = NULL, wakeup = NULL,
    deaths = 0, error_code = NULL, error = NULL
  WHERE id = _job AND fence = _fence AND status || '' = 'processing';
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE attempt SET outcome = 'success', finished_at = clock_timestamp() WHERE job_id = _job AND no = _no;
  RETURN true;
END $$;
