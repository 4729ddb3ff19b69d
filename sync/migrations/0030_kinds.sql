-- Workers may be limited to kinds of jobs.
ALTER TABLE worker ADD kinds text[] NOT NULL DEFAULT '{}';

DROP FUNCTION bridge_take(text, bigint, text, interval, text[], uuid[]);
-- Take the next wake-ups of a queue, as many as ids for attempts are given. A job that is in order is claimed at once: its
-- wake-up is deleted, since from now on its lease tells whether it goes on. Any other delivery is marked as taken and has no
-- number of an attempt: somebody holds the job, it moved on, is paused, of an unknown kind, or killed its worker in a group.
-- With `_only` wake-ups of other kinds are left to other workers: it looks past them, some 3 µs for each that waits.
CREATE FUNCTION bridge_take(_queue text, _taker bigint, _worker text, _lease interval, _kinds text[], _attempts uuid[], _only boolean DEFAULT false)
RETURNS TABLE (wakeup bigint, task text, args jsonb, job_id uuid, fence int, kind text, entity_id smallint, params jsonb,
               scopes text[], lanes text[], waited float8, no smallint)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_sort = off AS $$
#variable_conflict use_column
DECLARE
  found_job job;
  attempt_id uuid;
BEGIN
  IF EXISTS (SELECT FROM fleet WHERE draining_since IS NOT NULL)
    OR EXISTS (SELECT FROM worker WHERE name = _worker AND draining_since IS NOT NULL)
    OR EXISTS (SELECT FROM scope_limit WHERE scope = 'queue:' || _queue AND paused)
  THEN RETURN; END IF;
  IF EXISTS (SELECT FROM procrastinate_jobs WHERE queue_name = _queue AND status = 'todo' AND scheduled_at <= now()) THEN
    UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE id IN (
      SELECT id FROM procrastinate_jobs WHERE queue_name = _queue AND status = 'todo' AND scheduled_at <= now()
      ORDER BY scheduled_at LIMIT 100 FOR UPDATE SKIP LOCKED);
  END IF;
  FOREACH attempt_id IN ARRAY _attempts LOOP
    IF _only THEN
      SELECT p.id, p.task_name, p.args INTO wakeup, task, args FROM procrastinate_jobs p
      WHERE p.queue_name = _queue AND p.status = 'todo' AND p.scheduled_at IS NULL
        AND coalesce((SELECT j.kind FROM job j WHERE j.id = (p.args->>'job_id')::uuid) = ANY(_kinds), true)
      ORDER BY p.priority DESC, p.id LIMIT 1 FOR UPDATE SKIP LOCKED;
    ELSE
      SELECT p.id, p.task_name, p.args INTO wakeup, task, args FROM procrastinate_jobs p
      WHERE p.queue_name = _queue AND p.status = 'todo' AND p.scheduled_at IS NULL
      ORDER BY p.priority DESC, p.id LIMIT 1 FOR UPDATE SKIP LOCKED;
    END IF;
    IF NOT FOUND THEN RETURN; END IF;
    no := NULL;
    job_id := (args->>'job_id')::uuid;
    -- Never waits for the job's row: who holds that may be waiting for the wake-up's.
    SELECT j.* INTO found_job FROM job j
    WHERE j.id = job_id AND j.fence = (args->>'fence')::int AND j.status = 'pending' AND j.hold IS NULL
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
