-- Workers take a job and its wake-up in one statement, and end it in another. What each worker is, and whether it takes any.
CREATE TABLE worker (
  name text PRIMARY KEY,
  host text NOT NULL,
  pid int NOT NULL,
  version text NOT NULL,
  queues text[] NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  heard_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  draining_since timestamptz,
  hand_back_at timestamptz
);
CREATE TABLE fleet (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  draining_since timestamptz,
  hand_back_at timestamptz,
  drained_by text,
  reason text
);

CREATE INDEX bridge_wakeup_next ON procrastinate_jobs (queue_name, priority DESC, id)
  WHERE status = 'todo' AND scheduled_at IS NULL;
CREATE INDEX bridge_wakeup_due ON procrastinate_jobs (queue_name, scheduled_at)
  WHERE status = 'todo' AND scheduled_at IS NOT NULL;
-- Jobs that join no twin cost no entry in it.
DROP INDEX job_dedup;
CREATE UNIQUE INDEX job_dedup ON job (dedup) WHERE status IN ('pending', 'processing') AND dedup IS NOT NULL;
-- An attempt is written twice: its end finds room beside its beginning.
ALTER TABLE attempt SET (fillfactor = 80);

-- Take the next wake-ups of a queue, as many as ids for attempts are given. A job that is in order is claimed at once: its
-- wake-up is deleted, since from now on its lease tells whether it goes on. Any other delivery is marked as taken and has no
-- number of an attempt: somebody holds the job, it moved on, is paused, of an unknown kind, or killed its worker in a group.
CREATE FUNCTION bridge_take(_queue text, _taker bigint, _worker text, _lease interval, _kinds text[], _attempts uuid[])
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
    SELECT p.id, p.task_name, p.args INTO wakeup, task, args FROM procrastinate_jobs p
    WHERE p.queue_name = _queue AND p.status = 'todo' AND p.scheduled_at IS NULL
    ORDER BY p.priority DESC, p.id LIMIT 1 FOR UPDATE SKIP LOCKED;
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

-- Whether one of these scopes was paused, itself or by its entity's tracker.
CREATE FUNCTION bridge_paused(_scopes text[]) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM scope_limit WHERE scope = ANY(_scopes) AND paused)
      OR EXISTS (SELECT FROM tracker t JOIN entity e ON e.id = t.entity_id
                 WHERE t.state = 'paused' AND ARRAY['entity:' || e.path, 'replay:' || e.path] && _scopes);
END $$;

-- End a job and its attempt well; false where the attempt no longer holds the job.
CREATE FUNCTION bridge_finish(_job uuid, _fence int, _no smallint, _result jsonb) RETURNS boolean
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  UPDATE job SET status = 'success', result = _result, finished_at = clock_timestamp(), lease_until = NULL, wakeup = NULL,
    deaths = 0, error_code = NULL, error = NULL
  WHERE id = _job AND fence = _fence AND status = 'processing';
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE attempt SET outcome = 'success', finished_at = clock_timestamp() WHERE job_id = _job AND no = _no;
  RETURN true;
END $$;

-- One word to the workers of each queue, however many wake-ups a statement puts into it; stock sends two for each.
CREATE OR REPLACE FUNCTION bridge_wake_workers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, '{"type": "job_inserted", "job_id": 0}');
  RETURN NULL;
END $$;
CREATE FUNCTION bridge_wake_queues() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('procrastinate_queue_v1#' || queue_name, '{"type": "job_inserted", "job_id": 0}')
  FROM (SELECT DISTINCT queue_name FROM put WHERE status = 'todo' AND scheduled_at IS NULL) AS queues;
  RETURN NULL;
END $$;
CREATE TRIGGER bridge_wake_new AFTER INSERT ON procrastinate_jobs REFERENCING NEW TABLE AS put
  FOR EACH STATEMENT EXECUTE FUNCTION bridge_wake_queues();
CREATE FUNCTION bridge_unlink_upkeep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE procrastinate_periodic_defers SET job_id = NULL WHERE job_id = OLD.id;
  RETURN OLD;
END $$;
CREATE TRIGGER bridge_unlink BEFORE DELETE ON procrastinate_jobs FOR EACH ROW
  WHEN (OLD.task_name <> 'run_job') EXECUTE FUNCTION bridge_unlink_upkeep();

-- The job's own log and attempts tell its story: the queue's events, three for each job, were never read.
ALTER TABLE procrastinate_jobs
  DISABLE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1,
  DISABLE TRIGGER procrastinate_trigger_status_events_insert_v1,
  DISABLE TRIGGER procrastinate_trigger_status_events_update_v1,
  DISABLE TRIGGER procrastinate_trigger_scheduled_events_v1,
  DISABLE TRIGGER procrastinate_trigger_delete_jobs_v1;
