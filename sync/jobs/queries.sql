-- hold_job --
-- First in every commit of a job: no row means that the attempt is stale. KEY SHARE lets the heartbeat through.
-- Here and below `status || ''`: found by the id, and not among all that run, an index that looks small while nothing does.
SELECT 1 FROM job WHERE id = %(id)s AND fence = %(fence)s AND status || '' = 'processing' FOR KEY SHARE;

-- renew_lease --
-- The heartbeat of one attempt; no row means that the lease was lost.
UPDATE job SET lease_until = clock_timestamp() + %(lease)s
WHERE id = %(id)s AND fence = %(fence)s AND status || '' = 'processing';

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
-- A scope without a limit has nothing to count.
SELECT scope FROM scope_limit WHERE scope = ANY(%(scopes)s) AND most IS NOT NULL ORDER BY scope FOR UPDATE;

-- any_paused --
-- Whether one of these scopes was paused: itself, by its entity's tracker, or by the system that it writes to.
SELECT EXISTS (SELECT 1 FROM scope_limit WHERE paused AND ARRAY[scope, replace(scope, 'system:', 'target:')] && %(scopes)s::text[])
    OR EXISTS (SELECT 1 FROM tracker t JOIN entity e ON e.id = t.entity_id
               WHERE t.state = 'paused' AND ARRAY['entity:' || e.path, 'replay:' || e.path, 'jobs:' || e.path]
                 && %(scopes)s::text[]);

-- places --
-- Whether each scope is paused, and how many more of its jobs may be under way: NULL where it has no limit.
SELECT s.scope,
  EXISTS (SELECT 1 FROM scope_limit p WHERE p.paused AND s.scope IN (p.scope, replace(p.scope, 'system:', 'target:')))
  OR EXISTS (SELECT 1 FROM tracker t JOIN entity e ON e.id = t.entity_id
    WHERE t.state = 'paused' AND s.scope IN ('entity:' || e.path, 'replay:' || e.path, 'jobs:' || e.path)),
  CASE WHEN l.most IS NOT NULL THEN l.most - (
    SELECT count(*) FROM job j WHERE j.scopes @> ARRAY[l.scope] AND j.wakeup IS NOT NULL AND j.hold IS NULL
      AND j.status IN ('pending', 'processing') AND j.scopes <> '{}') END
FROM unnest(%(scopes)s::text[]) s(scope) LEFT JOIN scope_limit l USING (scope);

-- next_waiting --
-- The job of a scope that goes first when there is room, of those that no full scope counts.
SELECT id FROM job WHERE status = 'pending' AND wakeup IS NULL AND hold IN ('limit', 'paused')
  AND scopes @> ARRAY[%(scope)s] AND NOT scopes && %(full)s::text[] ORDER BY priority DESC, id LIMIT 1;

-- limit_use --
-- How many jobs of each scope are under way, and how many wait for room; no more than 1,000 of either is counted.
SELECT s.scope, (SELECT count(*) FROM (SELECT 1 FROM job j WHERE j.scopes @> ARRAY[s.scope] AND j.wakeup IS NOT NULL
    AND j.hold IS NULL AND j.status IN ('pending', 'processing') AND j.scopes <> '{}' LIMIT 1000) busy),
  (SELECT count(*) FROM (SELECT 1 FROM job j WHERE j.status = 'pending' AND j.wakeup IS NULL
    AND j.hold IN ('limit', 'paused') AND j.scopes @> ARRAY[s.scope] LIMIT 1000) waiting)
FROM unnest(%(scopes)s::text[]) s(scope);

-- waiting_scopes --
-- Scopes with jobs that wait for room; a worker that died between commit and hand-over leaves some.
SELECT scope FROM (
  SELECT unnest(ARRAY[scope, 'target:' || substr(scope, length('system:') + 1)]) AS scope FROM scope_limit WHERE scope LIKE 'system:%%'
  UNION ALL SELECT scope FROM scope_limit WHERE scope NOT LIKE 'system:%%'
  UNION ALL SELECT 'jobs:' || path FROM entity
) l WHERE EXISTS (
  SELECT 1 FROM job j WHERE j.status = 'pending' AND j.wakeup IS NULL AND j.hold IN ('limit', 'paused')
    AND j.scopes @> ARRAY[l.scope]);

-- lock_lanes --
-- Serialises joining and hand-over of lanes until the transaction ends; in the order of their numbers, as everywhere.
SELECT pg_advisory_xact_lock(number) FROM (
  SELECT DISTINCT hashtextextended(lane, 42) AS number FROM unnest(%(lanes)s::text[]) lane ORDER BY 1) locks;

-- lines --
-- The first and the last job of each lane, and whether one of it is under way.
SELECT n.lane,
  (SELECT job_id FROM job_lane l WHERE l.lane = n.lane ORDER BY job_id LIMIT 1),
  (SELECT job_id FROM job_lane l WHERE l.lane = n.lane ORDER BY job_id DESC LIMIT 1),
  EXISTS (SELECT 1 FROM job j WHERE j.lanes @> ARRAY[n.lane] AND j.wakeup IS NOT NULL AND j.hold IS NULL
    AND j.status IN ('pending', 'processing') AND j.lanes <> '{}')
FROM unnest(%(lanes)s::text[]) n(lane);

-- join_lanes --
-- Let jobs stand in lanes.
INSERT INTO job_lane (lane, job_id) SELECT * FROM unnest(%(lanes)s::text[], %(jobs)s::uuid[]) ON CONFLICT DO NOTHING;

-- leave_lanes --
-- Take a job out of all its lanes.
DELETE FROM job_lane WHERE job_id = %(job)s;

-- leave_all_lanes --
-- Take several jobs out of all their lanes.
DELETE FROM job_lane WHERE job_id = ANY(%(jobs)s);

-- withdraw_wakeups --
-- Take wake-ups that no worker holds out of the queue.
DELETE FROM procrastinate_jobs WHERE id = ANY(%(wakeups)s) AND status = 'todo';

-- first_in_lane --
-- The first job of a lane, if it waits for its lanes or for room.
SELECT j.id FROM (SELECT job_id FROM job_lane WHERE lane = %(lane)s ORDER BY job_id LIMIT 1) f JOIN job j ON j.id = f.job_id
WHERE j.status = 'pending' AND j.wakeup IS NULL AND j.hold IN ('lane', 'limit', 'paused');

-- waiting_lanes --
-- Lanes whose first job waits for nobody: whoever should have handed over died. One step for each lane, however long they are.
WITH RECURSIVE head AS (
  (SELECT lane, job_id FROM job_lane ORDER BY lane, job_id LIMIT 1)
  UNION ALL
  SELECT n.lane, n.job_id FROM head CROSS JOIN LATERAL (
    SELECT l.lane, l.job_id FROM job_lane l WHERE l.lane > head.lane ORDER BY l.lane, l.job_id LIMIT 1) n
)
SELECT h.lane FROM head h JOIN job j ON j.id = h.job_id
WHERE j.status = 'pending' AND j.wakeup IS NULL AND j.hold = 'lane'
  AND NOT EXISTS (SELECT 1 FROM job_lane o WHERE o.lane = ANY(j.lanes) AND o.job_id < j.id)
  AND NOT EXISTS (SELECT 1 FROM job b WHERE b.lanes && j.lanes AND b.wakeup IS NOT NULL AND b.hold IS NULL
    AND b.status IN ('pending', 'processing') AND b.lanes <> '{}')
LIMIT 1000;

-- lanes_above --
-- The lanes of a job and of those above it.
WITH RECURSIVE above AS (
  SELECT id, parent_id, lanes, 0 AS steps FROM job WHERE id = %(job)s
  UNION ALL
  SELECT p.id, p.parent_id, p.lanes, above.steps + 1 FROM above JOIN job p ON p.id = above.parent_id WHERE above.steps < 100
)
SELECT lanes FROM above WHERE lanes <> '{}';

-- joinable_jobs --
-- Jobs that wait for their children though none of these is unfinished.
SELECT p.id FROM job p WHERE p.status = 'pending' AND p.hold = 'children' AND NOT EXISTS (
  SELECT 1 FROM job c WHERE c.parent_id = p.id AND c.status IN ('pending', 'processing')
    AND c.scopes @> ARRAY['children:' || p.id])
ORDER BY p.id LIMIT %(most)s;

-- job_tree --
-- The topmost job above this one, and all below it, parents first.
WITH RECURSIVE above AS (
  SELECT id, parent_id, 0 AS steps FROM job WHERE id = %(job)s
  UNION ALL
  SELECT p.id, p.parent_id, above.steps + 1 FROM above JOIN job p ON p.id = above.parent_id WHERE above.steps < %(deep)s
), tree AS (
  (SELECT id, 0 AS depth FROM above ORDER BY steps DESC LIMIT 1)
  UNION ALL
  SELECT c.id, tree.depth + 1 FROM tree JOIN job c ON c.parent_id = tree.id WHERE tree.depth < %(deep)s
)
SELECT id FROM tree ORDER BY depth, id LIMIT %(most)s;

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
-- Jobs that are due and have no wake-up, or one that was taken and yet started nothing. A clock that stands still while it is
-- asked can be looked for in an index: what is due later is not read. And the queue is read once, not for each job.
WITH due AS MATERIALIZED (
  SELECT id, wakeup, run_after FROM job WHERE status = 'pending' AND (hold IS NULL OR hold = 'backoff')
    AND run_after < statement_timestamp() - %(patience)s
)
SELECT d.id FROM due d LEFT JOIN procrastinate_jobs p ON p.id = d.wakeup AND p.status IN ('todo', 'doing')
WHERE p.id IS NULL OR (p.status = 'doing' AND d.run_after <= statement_timestamp() - %(silence)s)
ORDER BY d.run_after LIMIT 1000;

-- parked_due --
-- Parked jobs whose fault may pass without us, when it is time to look: each time after twice as long.
SELECT j.id FROM job j CROSS JOIN LATERAL (
  SELECT count(*) AS times, max(a.finished_at) AS last FROM attempt a
  WHERE a.job_id = j.id AND a.outcome = 'parked' AND a.error_code = j.error_code
) met
WHERE j.status = 'pending' AND j.wakeup IS NULL AND j.hold = 'configuration' AND j.error_code = ANY(%(codes)s)
  AND met.last < now() - least(%(first)s * power(2, least(met.times - 1, 10)), %(longest)s)
ORDER BY j.id LIMIT %(most)s;

-- come_forward --
-- Jobs of a system that were put off since it asked for a pause or was left alone, due now; how many.
WITH put_off AS (
  SELECT id, wakeup FROM job
  WHERE status = 'pending' AND hold = 'backoff' AND run_after > statement_timestamp()
    AND error_code = ANY(%(codes)s) AND scopes && %(scopes)s::text[] AND wakeup IS NOT NULL
  FOR UPDATE SKIP LOCKED
), woken AS (
  UPDATE procrastinate_jobs p SET scheduled_at = statement_timestamp() FROM put_off
  WHERE p.id = put_off.wakeup AND p.status = 'todo'
), due AS (
  UPDATE job SET run_after = statement_timestamp() FROM put_off WHERE job.id = put_off.id RETURNING job.id
)
SELECT count(*) FROM due;

-- put_jobs --
-- Jobs with their wake-ups, in their order; the ids and wake-ups of those that are written, their twins not being faster.
SELECT job_id, wakeup FROM bridge_put(%(jobs)s::jsonb);

-- take_next --
-- The next wake-ups of a queue, as many as there are ids for attempts; those with a number of an attempt are claimed.
SELECT wakeup, task, args, job_id, fence, kind, entity_id, params, scopes, lanes, waited, no
FROM bridge_take(%(queue)s, %(taker)s, %(worker)s, %(lease)s, %(kinds)s::text[], %(attempts)s::uuid[], %(only)s);

-- finish_job --
-- End a job and its attempt well; false where the attempt no longer holds the job.
SELECT bridge_finish(%(id)s, %(fence)s, %(no)s::smallint, %(result)s);

-- hold_jobs --
-- First in the commit of a group: those of these jobs that are held, by which fence.
SELECT id, fence FROM job WHERE id = ANY(%(ids)s) AND status || '' = 'processing' FOR KEY SHARE;

-- finish_jobs --
-- End the jobs of a group well.
SELECT bridge_finish(id, fence, no, result)
FROM unnest(%(ids)s::uuid[], %(fences)s::int[], %(numbers)s::smallint[], %(results)s::jsonb[]) AS ended(id, fence, no, result);

-- announce_worker --
-- A worker says that it lives; answers whether its jobs shall be handed back now.
WITH heard AS (
  INSERT INTO worker (name, host, pid, version, queues, kinds)
  VALUES (%(name)s, %(host)s, %(pid)s, %(version)s, %(queues)s, %(kinds)s)
  ON CONFLICT (name) DO UPDATE SET heard_at = clock_timestamp() RETURNING hand_back_at
)
SELECT coalesce(clock_timestamp() >= least(heard.hand_back_at, (SELECT f.hand_back_at FROM fleet f)), false) FROM heard;

-- leave_fleet --
-- A worker has ended, and so have those that nobody heard of for long.
DELETE FROM worker WHERE name = %(name)s OR heard_at < clock_timestamp() - interval '1 hour';
