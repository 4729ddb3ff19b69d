-- hold_job --
-- First in every commit of a job: no row means that the attempt is stale. KEY SHARE lets the heartbeat through.
SELECT 1 FROM job WHERE id = %(id)s AND fence = %(fence)s AND status = 'processing' FOR KEY SHARE;

-- renew_lease --
-- The heartbeat of one attempt; no row means that the lease was lost.
UPDATE job SET lease_until = clock_timestamp() + %(lease)s WHERE id = %(id)s AND fence = %(fence)s AND status = 'processing';

-- end_frozen --
-- End transactions whose client neither goes on nor renews a lease: it froze, or its machine is gone. Only those of our own role.
-- Found first and ended then: among the conditions the end might come before the others. The token alone tells whose it is; what
-- began after the lease's end was begun by a process that lives.
WITH frozen AS MATERIALIZED (
  SELECT lost.worker, a.pid FROM pg_stat_activity a JOIN (
    SELECT worker, max(lease_until) AS ended FROM job WHERE status = 'processing'
    GROUP BY worker HAVING max(lease_until) < clock_timestamp() - %(patience)s
  ) lost ON starts_with(a.application_name, 'bridge ' || substring(lost.worker FROM '[^:]*$') || ' ')
  WHERE a.datname = current_database() AND a.usename = current_user AND a.xact_start < lost.ended AND a.wait_event_type = 'Client'
    AND a.pid <> pg_backend_pid()
)
SELECT worker, pid, pg_terminate_backend(pid) FROM frozen;

-- lock_scopes --
-- Serialises hand-over: its own statement, so that what is counted after it is newer than the wait for the lock.
SELECT scope FROM scope_limit WHERE scope = ANY(%(scopes)s) ORDER BY scope FOR UPDATE;

-- any_paused --
-- Whether one of these scopes was paused, itself or by its entity's tracker.
SELECT EXISTS (SELECT 1 FROM scope_limit WHERE scope = ANY(%(scopes)s) AND paused)
    OR EXISTS (SELECT 1 FROM tracker t JOIN entity e ON e.id = t.entity_id
               WHERE t.state = 'paused' AND ARRAY['entity:' || e.path, 'replay:' || e.path] && %(scopes)s::text[]);

-- any_full --
-- Whether one of these scopes has as many jobs under way as it may.
SELECT EXISTS (
  SELECT 1 FROM scope_limit l WHERE l.scope = ANY(%(scopes)s) AND l.most <= (
    SELECT count(*) FROM job j WHERE j.scopes @> ARRAY[l.scope] AND j.wakeup IS NOT NULL AND j.hold IS NULL
      AND j.status IN ('pending', 'processing')));

-- next_waiting --
-- The job of a scope that goes first when there is room.
SELECT id FROM job WHERE status = 'pending' AND wakeup IS NULL AND hold IN ('limit', 'paused')
  AND scopes @> ARRAY[%(scope)s] ORDER BY priority DESC, id LIMIT 1;

-- waiting_scopes --
-- Scopes with jobs that wait for room; a worker that died between commit and hand-over leaves some.
SELECT DISTINCT unnest(scopes) FROM job WHERE status = 'pending' AND wakeup IS NULL AND hold IN ('limit', 'paused');

-- dead_wakeups --
-- Wake-ups taken by a worker that is gone or was silent for too long.
SELECT p.id, p.args->>'job_id' FROM procrastinate_jobs p WHERE p.status = 'doing' AND NOT EXISTS (
  SELECT 1 FROM procrastinate_workers w WHERE w.id = p.worker_id AND w.last_heartbeat > now() - %(silence)s)
ORDER BY p.id LIMIT 1000;

-- delete_wakeups --
-- Take wake-ups out of the queue.
DELETE FROM procrastinate_jobs WHERE id = ANY(%(ids)s);

-- delete_failed_wakeups --
-- Wake-ups that came to nothing: the job's own row says what is to be done, and these only fill the table.
DELETE FROM procrastinate_jobs WHERE status IN ('failed', 'cancelled', 'aborted');

-- unheard_jobs --
-- Jobs that are due and have no wake-up, or one that was taken and yet started nothing.
SELECT j.id FROM job j WHERE j.status = 'pending' AND (j.hold IS NULL OR j.hold = 'backoff')
  AND j.run_after < clock_timestamp() - %(patience)s AND NOT EXISTS (
    SELECT 1 FROM procrastinate_jobs p WHERE p.id = j.wakeup
      AND (p.status = 'todo' OR (p.status = 'doing' AND j.run_after > clock_timestamp() - %(silence)s)))
ORDER BY j.run_after LIMIT 1000;
