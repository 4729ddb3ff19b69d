-- declare_budget --
-- Follow the declaration of a system unless a person set its limits; a new one begins full.
INSERT INTO budget (system, rate, burst, tokens, at, day_quota, concurrent)
VALUES (%(system)s, %(rate)s, %(burst)s, %(tokens)s, clock_timestamp(), %(per_day)s, %(concurrent)s)
ON CONFLICT (system) DO UPDATE
SET rate = EXCLUDED.rate, burst = EXCLUDED.burst, day_quota = EXCLUDED.day_quota,
    concurrent = EXCLUDED.concurrent
WHERE NOT budget.edited
  AND (budget.rate, budget.burst, budget.day_quota, budget.concurrent)
      IS DISTINCT FROM (EXCLUDED.rate, EXCLUDED.burst, EXCLUDED.day_quota, EXCLUDED.concurrent);

-- look_at_budget --
-- Whether a system may be asked now, and what limits it; takes nothing.
SELECT rate = 'Infinity' AND day_quota IS NULL AND far_left IS NULL AS unlimited, concurrent,
       GREATEST(EXTRACT(EPOCH FROM not_before - clock_timestamp()), 0)::float8 AS pause,
       GREATEST(EXTRACT(EPOCH FROM breaker_until - clock_timestamp()), 0)::float8 AS broken,
       breaker <> 'closed' AS guarded, failures
FROM budget WHERE system = %(system)s;

-- draw_budget --
-- Take up to `wanted` requests and leave `share` of the bucket to those who are more urgent. The clock is read under
-- the row's lock, else the later of two draws could refill from a moment before the earlier one.
WITH held AS MATERIALIZED (
  SELECT * FROM budget WHERE system = %(system)s FOR UPDATE
), timed AS MATERIALIZED (
  SELECT *, clock_timestamp() AS now, rate < 'Infinity' AS paced,
         CASE WHEN rate < 'Infinity' THEN GREATEST(burst - rate * %(lease)s, 1) ELSE 1e9 END AS capacity
  FROM held
), filled AS MATERIALIZED (
  SELECT *, (now AT TIME ZONE %(zone)s)::date AS today,
         CASE WHEN paced
              THEN rate * LEAST(1, factor + %(regain)s * EXTRACT(EPOCH FROM now - slowed_at))
              ELSE 1e9 END AS speed,
         CASE WHEN %(share)s = 0 OR NOT paced THEN 0
              ELSE LEAST(GREATEST(%(share)s * capacity, 1), capacity - 1) END AS kept
  FROM timed
), due AS MATERIALIZED (
  SELECT *, LEAST(capacity, tokens + speed * GREATEST(EXTRACT(EPOCH FROM now - at), 0)) AS level,
         CASE WHEN day = today THEN GREATEST(day_used - %(unused)s, 0) ELSE 0 END AS used,
         GREATEST(EXTRACT(EPOCH FROM not_before - now), 0)::float8 AS pause,
         CASE WHEN far_resets_at > now THEN far_left ELSE far_limit END AS far,
         COALESCE(LEAST(ceil(%(share)s * far_limit), far_limit - 1), 0) AS far_kept
  FROM filled
), given AS MATERIALIZED (
  SELECT *, CASE WHEN pause > 0 THEN 0 ELSE GREATEST(0, LEAST(
           %(wanted)s, floor(level - kept + 1e-9), COALESCE(day_quota - used, %(wanted)s), far - far_kept))::int END AS granted
  FROM due
), written AS (
  UPDATE budget b SET tokens = g.level - g.granted, at = GREATEST(b.at, g.now), day = g.today,
    day_used = g.used + g.granted, far_left = g.far - g.granted,
    far_resets_at = CASE WHEN g.far_resets_at > g.now THEN g.far_resets_at
      WHEN g.far_limit IS NOT NULL THEN g.now + interval '1 second' END
  FROM given g WHERE b.system = g.system AND g.granted > 0
)
SELECT granted, NOT paced AND day_quota IS NULL AND far IS NULL AS unlimited, concurrent, breaker <> 'closed' AS guarded, failures,
       CASE WHEN granted > 0 THEN '' WHEN pause > 0 THEN 'pause' WHEN used >= day_quota THEN 'quota' WHEN far <= far_kept THEN 'far'
            ELSE 'rate' END AS why,
       CASE WHEN granted > 0 THEN 0 WHEN pause > 0 THEN pause
            WHEN used >= day_quota
            THEN EXTRACT(EPOCH FROM (today + 1)::timestamp AT TIME ZONE %(zone)s - now)
            WHEN far <= far_kept THEN GREATEST(EXTRACT(EPOCH FROM far_resets_at - now), 0.05)
            ELSE (kept + 1 - level) / speed END::float8 AS wait
FROM given;

-- slow_budget --
-- The far end refused: ask half as fast, at most once a second, and not at all for `pause` seconds (null = none).
INSERT INTO budget (system, rate, burst, tokens, at, not_before, factor, slowed_at)
VALUES (%(system)s, 'Infinity', 'Infinity', 0, clock_timestamp(),
        clock_timestamp() + make_interval(secs => %(pause)s), %(slowdown)s, clock_timestamp())
ON CONFLICT (system) DO UPDATE
SET not_before = GREATEST(budget.not_before, EXCLUDED.not_before),
    factor = CASE WHEN budget.slowed_at > clock_timestamp() - interval '1 second' THEN budget.factor
      ELSE GREATEST(%(slowest)s, %(slowdown)s * LEAST(1, budget.factor
        + %(regain)s * EXTRACT(EPOCH FROM clock_timestamp() - budget.slowed_at))) END,
    slowed_at = CASE WHEN budget.slowed_at > clock_timestamp() - interval '1 second' THEN budget.slowed_at
      ELSE clock_timestamp() END;

-- heed_budget --
-- The far end said what is left of its own limit (null = it did not): no more than that until it begins anew, spread over that
-- time. Of one window the lower number counts: what is under way is in ours and not in its.
UPDATE budget SET far_limit = %(limit)s, far_note = %(note)s, far_resets_at = resets_at,
  far_left = CASE WHEN far_resets_at > now AND resets_at < far_resets_at + interval '1 second' AND %(left)s::bigint IS NOT NULL
    THEN LEAST(far_left, %(left)s) ELSE %(left)s END,
  not_before = CASE WHEN %(left)s::bigint = 0 THEN GREATEST(not_before, resets_at) ELSE not_before END,
  factor = CASE WHEN even < speed THEN GREATEST(%(slowest)s, even / rate) ELSE factor END,
  slowed_at = CASE WHEN even < speed THEN now ELSE slowed_at END
FROM (
  SELECT system AS whose, now,
         CASE WHEN %(left)s::bigint IS NOT NULL THEN now + make_interval(secs => COALESCE(%(reset)s::float8, 1)) END AS resets_at,
         CASE WHEN rate < 'Infinity' AND %(reset)s::float8 >= 1 THEN %(left)s::bigint / %(reset)s::float8 END AS even,
         rate * LEAST(1, factor + %(regain)s * EXTRACT(EPOCH FROM now - slowed_at)) AS speed
  FROM (SELECT *, clock_timestamp() AS now FROM budget WHERE system = %(system)s FOR UPDATE) held
) b
WHERE system = whose;

-- count_failure --
-- The far end gave no answer, or a fault of its own: after so many in a row, or after a probe, the breaker opens.
UPDATE budget SET failures = failures + 1,
  breaker = CASE WHEN trip THEN 'open' ELSE breaker END,
  trips = trips + trip::int,
  breaker_until = CASE WHEN trip THEN clock_timestamp()
    + make_interval(secs => LEAST(%(opened)s * 2 ^ LEAST(trips, 20), %(longest)s)) ELSE breaker_until END
FROM (SELECT system AS whose, breaker = 'half_open' OR breaker = 'closed' AND failures + 1 >= %(enough)s AS trip
      FROM budget WHERE system = %(system)s FOR UPDATE) b
WHERE system = whose;

-- forget_failures --
-- The far end answered: it is asked as ever.
UPDATE budget SET failures = 0, trips = 0, breaker = 'closed', breaker_until = NULL
WHERE system = %(system)s AND (failures > 0 OR breaker <> 'closed');

-- probe_breaker --
-- One request may find out whether the far end is back; whoever writes this first sends it.
UPDATE budget SET breaker = 'half_open', breaker_until = clock_timestamp() + make_interval(secs => %(probe)s)
WHERE system = %(system)s AND breaker <> 'closed' AND breaker_until <= clock_timestamp()
RETURNING system;

-- take_slots --
-- Lease up to `wanted` of the first `most` slots that nobody holds, from either end (`order` is 1 or -1).
INSERT INTO budget_slot AS s (system, no, holder, until)
SELECT %(system)s, no, %(holder)s, clock_timestamp() + make_interval(secs => %(slot_lease)s)
FROM generate_series(1, %(most)s) AS no
WHERE NOT EXISTS (
  SELECT FROM budget_slot t WHERE t.system = %(system)s AND t.no = no.no AND t.until >= clock_timestamp())
ORDER BY no * %(order)s LIMIT %(wanted)s
ON CONFLICT (system, no) DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until
WHERE s.until < clock_timestamp()
RETURNING no;

-- ask_for_slot --
-- Say that a process waits for a slot: number 0 is the place for that, whoever wrote it last.
INSERT INTO budget_slot (system, no, holder, until)
VALUES (%(system)s, 0, %(holder)s, clock_timestamp() + interval '1 second')
ON CONFLICT (system, no) DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until;

-- renew_slots --
-- Keep the slots of a process; `wanted` where another process waits for one.
UPDATE budget_slot s SET until = clock_timestamp() + make_interval(secs => %(slot_lease)s)
WHERE holder = %(holder)s AND no > 0 AND until >= clock_timestamp()
RETURNING system, no, EXISTS (
  SELECT FROM budget_slot w WHERE w.system = s.system AND w.no = 0 AND w.holder <> s.holder
    AND w.until > clock_timestamp()) AS wanted;

-- free_slots --
-- Give slots of a process back.
DELETE FROM budget_slot WHERE system = %(system)s AND holder = %(holder)s AND no = ANY(%(numbers)s);

-- free_all_slots --
-- The process ends: nobody waits for its leases to run out.
DELETE FROM budget_slot WHERE holder = %(holder)s;

-- budget_backlog --
-- Jobs of each system that wait, and the mean number of requests of such a job's last 50 attempts.
WITH lately AS (
  SELECT COALESCE(j.params->>'target', e.system) AS system, j.kind, a.requests,
         row_number() OVER (PARTITION BY COALESCE(j.params->>'target', e.system), j.kind ORDER BY a.id DESC) AS no
  FROM (SELECT id, job_id, requests FROM attempt ORDER BY id DESC LIMIT 5000) a
  JOIN job j ON j.id = a.job_id JOIN entity e ON e.id = j.entity_id
  WHERE a.requests IS NOT NULL
), mean AS (
  SELECT system, kind, avg(requests)::float8 AS requests FROM lately WHERE no <= 50 GROUP BY system, kind
), waiting AS (
  SELECT COALESCE(j.params->>'target', e.system) AS system, j.kind, count(*) AS jobs
  FROM job j JOIN entity e ON e.id = j.entity_id WHERE j.status = 'pending' GROUP BY 1, 2
)
SELECT w.system, sum(w.jobs)::int, sum(w.jobs * COALESCE(m.requests, 1))::float8
FROM waiting w LEFT JOIN mean m USING (system, kind) GROUP BY w.system;

-- busy_slots --
-- How many slots of each system are leased now.
SELECT system, count(*)::int FROM budget_slot WHERE no > 0 AND until > clock_timestamp() GROUP BY system;
