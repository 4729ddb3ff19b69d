-- pages_of_leaf --
-- How many pages the table of an entity's records has.
SELECT pg_relation_size('{leaf}') / current_setting('block_size')::int;

-- stored_hashes --
-- The raw hashes of the live records on some pages of the table, 16 bytes each, for the memo.
SELECT string_agg(uuid_send(raw_hash), ''::bytea) FROM {leaf}
WHERE deleted_at IS NULL AND ctid >= %(first)s::tid AND ctid < %(until)s::tid;

-- held_by_key --
-- The raw hashes of the live records of these keys.
SELECT r.raw_hash FROM unnest(%(asked)s::uuid[]) AS asked (key_hash) JOIN {leaf} r ON r.key_hash = asked.key_hash AND r.entity_id = {entity_id}
WHERE r.deleted_at IS NULL;

-- held_by_mend --
-- The raw hashes of live records that a mend made of these bytes: their key could not be read.
SELECT r.raw_hash FROM unnest(%(asked)s::uuid[]) AS asked (raw_hash)
JOIN failed_record f ON f.entity_id = {entity_id} AND f.raw_hash = asked.raw_hash AND f.state = 'fixed'
JOIN {leaf} r ON r.key_hash = f.key_hash AND r.entity_id = {entity_id}
WHERE r.deleted_at IS NULL;

-- stored_rows --
-- What the mirror holds of these keys. Joined by the whole primary key: PostgreSQL 18 may answer ANY from the index by
-- changed_at, and before the table is analyzed it must know that a key is there once. Packed, 73 bytes a row; a record
-- that was deleted before it was ever here has no hash of its data.
SELECT string_agg(uuid_send(r.key_hash) || int8send(r.version) || timestamptz_send(r.synced_at)
  || CASE octet_length(r.data_hash) WHEN 32 THEN r.data_hash ELSE decode(repeat('00', 32), 'hex') END
  || boolsend(r.deleted_at IS NOT NULL) || int8send(r.batch_id), ''::bytea)
FROM unnest(%(keys)s::uuid[]) AS asked (key_hash) JOIN {leaf} r ON r.key_hash = asked.key_hash AND r.entity_id = {entity_id};

-- raw_hashes --
-- The bytes that these records were read from.
SELECT r.key_hash, r.raw_hash
FROM unnest(%(keys)s::uuid[]) AS asked (key_hash) JOIN {leaf} r ON r.key_hash = asked.key_hash AND r.entity_id = {entity_id};

-- present_keys --
-- Which of these keys are live in the mirror.
SELECT r.key_hash FROM unnest(%(keys)s::uuid[]) AS asked (key_hash) JOIN {leaf} r ON r.key_hash = asked.key_hash AND r.entity_id = {entity_id}
WHERE r.deleted_at IS NULL;

-- make_stage --
-- The staging table of this connection; emptied by every commit.
CREATE TEMPORARY TABLE IF NOT EXISTS stage (
  key_hash uuid NOT NULL, raw_hash uuid NOT NULL, version bigint NOT NULL, synced_at timestamptz NOT NULL,
  batch_id bigint NOT NULL, row_no int NOT NULL, mapping smallint NOT NULL, data_hash bytea NOT NULL, data jsonb NOT NULL
) ON COMMIT DELETE ROWS;

-- fill_stage --
-- The rows of a batch.
COPY stage (key_hash, raw_hash, version, synced_at, batch_id, row_no, mapping, data_hash, data) FROM STDIN (FORMAT binary);

-- fill_leaf --
-- The first load of an empty leaf: nothing to compare with, so no detour. A key that is there already breaks it.
COPY {leaf} (key_hash, raw_hash, version, synced_at, batch_id, row_no, mapping, data_hash, changed_at, entity_id, data)
FROM STDIN (FORMAT binary);

-- uncompressed_wal --
-- For this transaction, where we may: the pages of a new index are logged whole, and pglz takes as long as building it.
SELECT set_config('wal_compression', 'off', true) WHERE has_parameter_privilege('wal_compression', 'SET');

-- leaf_state --
-- Whether a leaf has its index of lists, and whether autovacuum passes it by.
SELECT to_regclass('{leaf}_changed') IS NOT NULL, coalesce('autovacuum_enabled=off' = ANY (reloptions), false)
FROM pg_class WHERE oid = '{leaf}'::regclass;

-- any_record --
-- Whether an entity has records, deleted ones too.
SELECT EXISTS (SELECT 1 FROM {leaf});

-- what_waits --
-- Whether an entity has open failures, children that wait, absences remembered: mostly it has none.
SELECT EXISTS (SELECT 1 FROM failed_record WHERE entity_id = %(entity_id)s AND state = 'open'),
  EXISTS (SELECT 1 FROM pending_child WHERE entity_id = %(entity_id)s),
  EXISTS (SELECT 1 FROM absent_key WHERE entity_id = %(entity_id)s);

-- upsert_records --
-- Write what is newer, touch what is newer with the same data, leave the rest alone; sorted, so that writers never deadlock.
WITH written AS (
  INSERT INTO {leaf} AS r (key_hash, raw_hash, version, synced_at, changed_at, batch_id, row_no, mapping, entity_id, data_hash, data)
  SELECT key_hash, raw_hash, version, synced_at, clock_timestamp(), batch_id, row_no, mapping, {entity_id}, data_hash, data
  FROM stage ORDER BY key_hash
  ON CONFLICT (key_hash, entity_id) DO UPDATE SET
    (raw_hash, version, synced_at, deleted_at) = (excluded.raw_hash, excluded.version, excluded.synced_at, NULL),
    (changed_at, revision, batch_id, row_no, mapping, data_hash, data) = (
      SELECT greatest(excluded.changed_at, r.changed_at + interval '1 us'), r.revision + 1, excluded.batch_id,
             excluded.row_no, excluded.mapping, excluded.data_hash, excluded.data
      WHERE r.deleted_at IS NOT NULL OR r.data_hash <> excluded.data_hash
      UNION ALL
      SELECT r.changed_at, r.revision, r.batch_id, r.row_no, r.mapping, r.data_hash, r.data
      WHERE r.deleted_at IS NULL AND r.data_hash = excluded.data_hash)
  WHERE CASE
    WHEN r.deleted_at IS NOT NULL THEN excluded.synced_at > r.synced_at
    ELSE (excluded.version, excluded.synced_at) > (r.version, r.synced_at)
         AND (excluded.version > r.version OR excluded.data_hash <> r.data_hash)
  END
  RETURNING key_hash, revision, batch_id, row_no
)
SELECT replace(w.key_hash::text, '-', ''), w.revision,
       CASE WHEN (w.batch_id, w.row_no) <> (s.batch_id, s.row_no) THEN 'touch' WHEN w.revision = 1 THEN 'insert' ELSE 'update' END
FROM written w JOIN stage s USING (key_hash);

-- holds_bytes --
-- Whether the mirror's record was made of these bytes, mended or not.
SELECT EXISTS (SELECT 1 FROM {leaf} WHERE key_hash = %(key_hash)s AND raw_hash = %(raw_hash)s AND deleted_at IS NULL);

-- confirm_record --
-- A by-key read that found nothing new: the record is as fresh as the moment the far end was asked.
UPDATE {leaf} SET synced_at = %(asked_at)s
WHERE key_hash = %(key_hash)s AND deleted_at IS NULL AND synced_at < %(asked_at)s;

-- note_failure --
-- One open row per entity and key; a repetition is counted, a mend holds until the source sends other bytes, or they fail elsewhere.
INSERT INTO failed_record AS f (id, entity_id, key_hash, raw_hash, version, synced_at, batch_id, row_no, mapping, read_under, stage, code,
  field, message, errors, fingerprint, raw, normalized, mapped, next_try_at, first_seen_at, last_seen_at)
VALUES (%(id)s, %(entity_id)s, %(key_hash)s, %(raw_hash)s, %(version)s, %(synced_at)s, %(batch_id)s, %(row_no)s, %(mapping)s,
  %(read_under)s, %(stage)s, %(code)s, %(field)s, %(message)s, %(errors)s, %(fingerprint)s, %(raw)s, %(normalized)s, %(mapped)s,
  clock_timestamp() + %(wait)s::float8 * interval '1 second', clock_timestamp(), clock_timestamp())
ON CONFLICT (entity_id, (coalesce(key_hash, raw_hash))) WHERE state = 'open' DO UPDATE SET
  raw_hash = excluded.raw_hash, version = excluded.version, synced_at = excluded.synced_at, batch_id = excluded.batch_id,
  row_no = excluded.row_no, mapping = excluded.mapping, read_under = excluded.read_under, stage = excluded.stage, code = excluded.code, field = excluded.field,
  message = excluded.message, errors = excluded.errors, fingerprint = excluded.fingerprint, raw = excluded.raw,
  normalized = excluded.normalized, mapped = excluded.mapped,
  mended = CASE WHEN f.raw_hash = excluded.raw_hash AND (f.stage IN ('fetch', 'normalize') OR f.normalized IS NULL)
    = (excluded.stage IN ('fetch', 'normalize') OR excluded.normalized IS NULL) THEN f.mended END,
  attempts = CASE WHEN f.raw_hash = excluded.raw_hash THEN f.attempts ELSE 0 END,
  next_try_at = CASE WHEN f.raw_hash = excluded.raw_hash AND f.code = excluded.code THEN f.next_try_at ELSE excluded.next_try_at END,
  times_seen = f.times_seen + 1, last_seen_at = excluded.last_seen_at
WHERE excluded.synced_at >= f.synced_at;

-- find_discarded --
-- Which of these bytes a person discarded, read as they are read now.
SELECT DISTINCT f.raw_hash FROM unnest(%(hashes)s::uuid[]) AS asked (raw_hash)
JOIN failed_record f ON f.entity_id = %(entity_id)s AND f.raw_hash = asked.raw_hash
WHERE f.state = 'discarded' AND f.read_under = %(read_under)s;

-- see_discarded --
-- The far end sent them again.
WITH held AS (
  SELECT f.id FROM unnest(%(hashes)s::uuid[]) AS asked (raw_hash)
  JOIN failed_record f ON f.entity_id = %(entity_id)s AND f.raw_hash = asked.raw_hash
  WHERE f.state = 'discarded' AND f.read_under = %(read_under)s ORDER BY f.id FOR UPDATE OF f
)
UPDATE failed_record f SET times_seen = f.times_seen + 1, last_seen_at = clock_timestamp() FROM held WHERE f.id = held.id;

-- supersede_discarded --
-- The source sends again what was discarded: the failure of what it sent in between is closed.
UPDATE failed_record f SET state = 'superseded', closed_at = clock_timestamp(), closed_by = 'sync', next_try_at = NULL
FROM unnest(%(keys)s::uuid[], %(moments)s::timestamptz[]) AS sent (key, asked_at)
WHERE f.entity_id = %(entity_id)s AND f.state = 'open' AND coalesce(f.key_hash, f.raw_hash) = sent.key AND f.synced_at < sent.asked_at
RETURNING f.fingerprint;

-- keys_failed --
-- The keys of an entity's open failures.
SELECT key_hash FROM failed_record WHERE entity_id = %(entity_id)s AND state = 'open' AND key_hash IS NOT NULL;

-- keys_waiting --
-- The keys of an entity's waiting children.
SELECT key_hash FROM pending_child WHERE entity_id = %(entity_id)s;

-- keys_absent --
-- The keys of which an entity's far end said that there is no record.
SELECT key_hash FROM absent_key WHERE entity_id = %(entity_id)s;

-- hashes_failed --
-- The bytes that the mirror holds of rows that failed: mostly older ones, the same ones where they were mended meanwhile.
-- OFFSET 0 keeps it one look by key each: joined, the planner was seen to read millions of records for some thousand failures.
SELECT r.raw_hash FROM failed_record f CROSS JOIN LATERAL (
  SELECT raw_hash FROM {leaf} WHERE key_hash = f.key_hash AND entity_id = {entity_id} OFFSET 0
) r
WHERE f.entity_id = {entity_id} AND f.state = 'open';

-- hashes_waiting --
-- The bytes that the mirror holds of rows whose newer version waits.
SELECT r.raw_hash FROM pending_child p CROSS JOIN LATERAL (
  SELECT raw_hash FROM {leaf} WHERE key_hash = p.key_hash AND entity_id = {entity_id} OFFSET 0
) r
WHERE p.entity_id = {entity_id};

-- supersede_failures --
-- A good version of a failed row arrived: its failure is closed.
UPDATE failed_record f SET state = 'superseded', closed_at = clock_timestamp(), closed_by = 'sync', next_try_at = NULL
FROM unnest(%(keys)s::uuid[], %(versions)s::bigint[], %(moments)s::timestamptz[]) AS good (key_hash, version, synced_at)
WHERE f.entity_id = %(entity_id)s AND f.state = 'open' AND f.key_hash = good.key_hash
  AND (f.version, f.synced_at) <= (good.version, good.synced_at)
RETURNING f.fingerprint;

-- supersede_reverted --
-- The source sends again the bytes that the mirror holds: the failure of what it sent before is closed.
UPDATE failed_record f SET state = 'superseded', closed_at = clock_timestamp(), closed_by = 'sync', next_try_at = NULL
WHERE f.entity_id = {entity_id} AND f.state = 'open' AND f.synced_at < %(asked_at)s
  AND (SELECT r.raw_hash FROM {leaf} r WHERE r.key_hash = f.key_hash AND r.entity_id = {entity_id}) = ANY(%(hashes)s)
RETURNING f.fingerprint;

-- make_parking --
-- Where rows that have to wait come by COPY; emptied by every commit.
CREATE TEMPORARY TABLE IF NOT EXISTS parking (
  id uuid NOT NULL, key_hash uuid NOT NULL, parent_entity_id smallint NOT NULL, parent_key_hash uuid NOT NULL, version bigint NOT NULL,
  synced_at timestamptz NOT NULL, raw_hash uuid NOT NULL, mapping smallint NOT NULL, batch_id bigint NOT NULL, row_no int NOT NULL,
  data_hash bytea NOT NULL, data jsonb NOT NULL
) ON COMMIT DELETE ROWS;

-- fill_parking --
-- Rows in binary form.
COPY parking (id, key_hash, parent_entity_id, parent_key_hash, version, synced_at, raw_hash, mapping, batch_id, row_no, data_hash, data)
FROM STDIN (FORMAT binary);

-- park_children --
-- Rows that wait for their parent; only the newest version of a key waits.
INSERT INTO pending_child AS p (id, entity_id, key_hash, parent_entity_id, parent_key_hash, version, synced_at, raw_hash, data_hash,
  data, mapping, batch_id, row_no, next_try_at, created_at)
SELECT id, %(entity_id)s, key_hash, parent_entity_id, parent_key_hash, version, synced_at, raw_hash, data_hash,
  data, mapping, batch_id, row_no, clock_timestamp() + interval '5 minutes', clock_timestamp()
FROM parking ORDER BY key_hash
ON CONFLICT (entity_id, key_hash) DO UPDATE SET parent_entity_id = excluded.parent_entity_id,
  parent_key_hash = excluded.parent_key_hash, version = excluded.version, synced_at = excluded.synced_at, raw_hash = excluded.raw_hash,
  data_hash = excluded.data_hash, data = excluded.data, mapping = excluded.mapping, batch_id = excluded.batch_id, row_no = excluded.row_no,
  tries = CASE WHEN p.parent_key_hash = excluded.parent_key_hash THEN p.tries ELSE 0 END,
  next_try_at = CASE WHEN p.parent_key_hash = excluded.parent_key_hash THEN p.next_try_at ELSE excluded.next_try_at END
WHERE (excluded.version, excluded.synced_at) >= (p.version, p.synced_at);

-- unpark_woken --
-- Children that a wake holds locked, and that wait no longer.
DELETE FROM pending_child WHERE entity_id = %(entity_id)s AND key_hash = ANY(%(keys)s::uuid[]);

-- unpark_landed --
-- Rows that landed wait no longer, unless a newer version of them waits.
DELETE FROM pending_child p
USING unnest(%(keys)s::uuid[], %(versions)s::bigint[], %(moments)s::timestamptz[]) AS landed (key_hash, version, synced_at)
WHERE p.entity_id = %(entity_id)s AND p.key_hash = landed.key_hash
  AND (p.version, p.synced_at) <= (landed.version, landed.synced_at);

-- unpark_reverted --
-- The source sends again the bytes that the mirror holds: what it sent before and still waits is outdated.
DELETE FROM pending_child p
WHERE p.entity_id = {entity_id} AND p.synced_at < %(asked_at)s
  AND (SELECT r.raw_hash FROM {leaf} r WHERE r.key_hash = p.key_hash AND r.entity_id = {entity_id}) = ANY(%(hashes)s);

-- ripe_keys --
-- The children whose first missing parent is here now.
SELECT p.key_hash::text FROM pending_child p JOIN {leaf} r ON r.key_hash = p.parent_key_hash AND r.deleted_at IS NULL
WHERE p.parent_entity_id = {parent_id} AND p.entity_id = {entity_id} ORDER BY p.key_hash LIMIT %(most)s;

-- ripe_children --
-- Some of them, with their references as text; whoever is at one of them already does without us.
SELECT uuid_send(p.key_hash), p.version, (extract(epoch FROM p.synced_at) * 1000000)::bigint, uuid_send(p.raw_hash), p.data_hash,
  p.data::text, p.mapping, p.batch_id, p.row_no, ARRAY[{references}]
FROM pending_child p WHERE p.entity_id = {entity_id} AND p.key_hash = ANY(%(keys)s::uuid[])
ORDER BY p.key_hash FOR UPDATE SKIP LOCKED;

-- ripe_kin --
-- The same of rows that must land together: who is at one of them is waited for, or each would take a part of a ring.
SELECT uuid_send(p.key_hash), p.version, (extract(epoch FROM p.synced_at) * 1000000)::bigint, uuid_send(p.raw_hash), p.data_hash,
  p.data::text, p.mapping, p.batch_id, p.row_no, ARRAY[{references}]
FROM pending_child p WHERE p.entity_id = {entity_id} AND p.key_hash = ANY(%(keys)s::uuid[])
ORDER BY p.key_hash FOR UPDATE;

-- waiting_kin --
-- Rows that wait for one of their own entity which is in the mirror, or waits for one too; which of the two, and these
-- references as text.
SELECT uuid_send(p.key_hash), r.key_hash IS NOT NULL, {references} FROM pending_child p
LEFT JOIN {leaf} r ON r.key_hash = p.parent_key_hash AND r.entity_id = {entity_id} AND r.deleted_at IS NULL
LEFT JOIN pending_child w ON w.entity_id = p.entity_id AND w.key_hash = p.parent_key_hash AND w.parent_entity_id = p.entity_id
WHERE p.entity_id = {entity_id} AND p.parent_entity_id = {entity_id} AND (r.key_hash IS NOT NULL OR w.key_hash IS NOT NULL)
ORDER BY r.key_hash IS NULL, p.key_hash LIMIT %(most)s;

-- waiting_behind --
-- Rows whose parent, of the same entity, waits itself: their keys, and its.
SELECT p.key_hash, w.key_hash FROM pending_child p
JOIN pending_child w ON w.entity_id = p.entity_id AND w.key_hash = p.parent_key_hash
WHERE p.entity_id = %(entity_id)s AND p.parent_entity_id = p.entity_id LIMIT %(most)s;

-- next_batch_id --
-- The number of the batch about to be written, known before its rows are.
SELECT nextval(pg_get_serial_sequence('batch', 'id'));

-- note_batch --
-- The batch with its counts and the place where the next one starts.
INSERT INTO batch (id, job_id, seq, entity_id, resume, seen, counts, stage_ms, fingerprint, first_error, committed_at)
VALUES (%(id)s, %(job_id)s, %(seq)s, %(entity_id)s, %(resume)s, %(seen)s, %(counts)s, %(stage_ms)s, %(fingerprint)s, %(first_error)s,
  clock_timestamp());

-- keep_raw --
-- The bytes of the batch's rows, compressed.
INSERT INTO raw_page (batch_id, no, body) VALUES (%(batch_id)s, 0, %(body)s);

-- kept_rows --
-- The bytes of a batch's rows.
SELECT body FROM raw_page WHERE batch_id = %(batch_id)s AND no = 0;

-- take_feed_numbers --
-- Numbers for the feed, taken last: the tracker's row lock makes them follow the order of commits.
UPDATE tracker SET feed_seq = feed_seq + %(changes)s, live_rows = live_rows + %(more_rows)s WHERE entity_id = %(entity_id)s
RETURNING feed_seq, clock_timestamp();

-- complete_run --
-- The run is complete: watermark, freshness and time move together.
UPDATE tracker SET last_sync_at = clock_timestamp(), fresh_to = greatest(fresh_to, %(fresh_to)s),
  watermark = coalesce(%(watermark)s, watermark)
WHERE entity_id = %(entity_id)s;

-- highest_cursor --
-- The greatest cursor among live records that stood when a read began.
SELECT max({cursor})::text FROM {leaf} WHERE deleted_at IS NULL AND synced_at < %(began)s;

-- note_changes --
-- Rows of the feed: at most 1,000 changes of one kind each.
COPY change (entity_id, last_seq, first_seq, op, keys, revisions, batch_id, at) FROM STDIN (FORMAT binary);

-- note_absent --
-- The far end said that there is no such record.
INSERT INTO absent_key (key_hash, entity_id, checked_at) VALUES (%(key_hash)s, %(entity_id)s, %(checked_at)s)
ON CONFLICT (key_hash, entity_id) DO UPDATE SET checked_at = greatest(absent_key.checked_at, excluded.checked_at);

-- forget_absent --
-- These keys exist after all.
DELETE FROM absent_key WHERE entity_id = %(entity_id)s AND key_hash = ANY(%(keys)s);

-- look_up --
-- One record, how fresh its entity is, whether the far end said lately that there is none, and when it sent a row that
-- could not land: one round trip.
SELECT r.key_hash, r.revision, r.synced_at, r.changed_at, r.deleted_at, r.data::text AS content, t.fresh_to, a.checked_at, r.mapping,
  greatest(f.synced_at, p.synced_at), t.emptied_at
FROM tracker t
LEFT JOIN {leaf} r ON r.key_hash = %(key_hash)s
LEFT JOIN absent_key a ON a.key_hash = %(key_hash)s AND a.entity_id = t.entity_id
LEFT JOIN failed_record f ON coalesce(f.key_hash, f.raw_hash) = %(key_hash)s AND f.entity_id = t.entity_id AND f.state = 'open'
LEFT JOIN pending_child p ON p.key_hash = %(key_hash)s AND p.entity_id = t.entity_id
WHERE t.entity_id = {entity_id};

-- see_groups --
-- Failures of these causes were seen; a group that was closed, or said to be fixed, opens again.
INSERT INTO error_group AS g (id, fingerprint, entity_id, kind, stage, code, field, message, first_seen_at, last_seen_at)
SELECT id, fingerprint, %(entity_id)s, %(kind)s, stage, code, field, message, clock_timestamp(), clock_timestamp()
FROM unnest(%(ids)s::uuid[], %(fingerprints)s::uuid[], %(stages)s::text[], %(codes)s::text[], %(fields)s::text[], %(messages)s::text[])
  AS seen (id, fingerprint, stage, code, field, message)
ORDER BY fingerprint
ON CONFLICT (fingerprint) DO UPDATE SET last_seen_at = excluded.last_seen_at, message = excluded.message, closed_at = NULL,
  reopened = g.reopened + (g.state IN ('resolved', 'closed'))::int,
  state = CASE WHEN g.state IN ('resolved', 'closed') THEN 'open' ELSE g.state END;

-- lock_groups --
-- The rows of groups that may have lost their last member.
SELECT 1 FROM error_group WHERE fingerprint = ANY(%(fingerprints)s) AND state <> 'closed' ORDER BY fingerprint FOR UPDATE;

-- close_groups --
-- Those of them without an open member.
UPDATE error_group g SET state = 'closed', closed_at = clock_timestamp(), snoozed_until = NULL
WHERE g.fingerprint = ANY(%(fingerprints)s) AND g.state <> 'closed'
  AND NOT EXISTS (SELECT 1 FROM failed_record f WHERE f.fingerprint = g.fingerprint AND f.state = 'open')
  AND NOT EXISTS (SELECT 1 FROM job j WHERE j.fingerprint = g.fingerprint AND j.status = 'failed' AND j.resolved_at IS NULL);

-- memberless_groups --
-- Groups that are not closed and have no open member.
SELECT g.fingerprint FROM error_group g
WHERE g.state <> 'closed'
  AND NOT EXISTS (SELECT 1 FROM failed_record f WHERE f.fingerprint = g.fingerprint AND f.state = 'open')
  AND NOT EXISTS (SELECT 1 FROM job j WHERE j.fingerprint = g.fingerprint AND j.status = 'failed' AND j.resolved_at IS NULL);

-- count_members --
-- How many open members each of these groups has, by the partial indexes alone.
SELECT fingerprint, count(*) FROM failed_record WHERE fingerprint = ANY(%(fingerprints)s) AND state = 'open' GROUP BY 1
UNION ALL
SELECT fingerprint, count(*) FROM job
WHERE fingerprint = ANY(%(fingerprints)s) AND status = 'failed' AND resolved_at IS NULL GROUP BY 1;

-- returning_rows --
-- Open failed records as a replay needs them; xmin tells whether a row was changed since.
SELECT id::text, uuid_send(key_hash), stage, raw, normalized::text, mended::text,
  (extract(epoch FROM synced_at) * 1000000)::bigint, code, attempts, fingerprint::text, mapping, xmin::text
FROM failed_record WHERE id = ANY(%(ids)s::uuid[]) AND state = 'open' ORDER BY id;

-- returning_rows_locked --
-- The same, and nobody changes them until the transaction ends.
SELECT id::text, uuid_send(key_hash), stage, raw, normalized::text, mended::text,
  (extract(epoch FROM synced_at) * 1000000)::bigint, code, attempts, fingerprint::text, mapping, xmin::text
FROM failed_record WHERE id = ANY(%(ids)s::uuid[]) AND state = 'open' ORDER BY id FOR UPDATE;

-- close_replayed --
-- Failed records that a replay landed, or found to be outdated; they keep the key under which they landed.
UPDATE failed_record f SET state = %(state)s, remark = coalesce(%(remark)s, f.remark), attempts = f.attempts + 1,
  key_hash = coalesce(done.key_hash, f.key_hash), closed_at = clock_timestamp(), closed_by = %(by)s, next_try_at = NULL
FROM unnest(%(ids)s::uuid[], %(keys)s::uuid[], %(seen)s::text[]) AS done (id, key_hash, seen)
WHERE f.id = done.id AND f.state = 'open' AND f.xmin::text = done.seen;

-- fail_again --
-- Failed records that a replay could not land: what is wrong with them now, and when they are tried again by themselves.
UPDATE failed_record f SET stage = again.stage, code = again.code, field = again.field, message = again.message,
  errors = again.errors, fingerprint = again.fingerprint, normalized = again.normalized, mapped = again.mapped,
  mended = CASE WHEN again.keeps_mend THEN f.mended END, mapping = %(mapping)s,
  read_under = %(read_under)s, attempts = f.attempts + 1, next_try_at = clock_timestamp() + again.wait * interval '1 second'
FROM unnest(%(ids)s::uuid[], %(stages)s::text[], %(codes)s::text[], %(fields)s::text[], %(messages)s::text[], %(errors)s::jsonb[],
  %(fingerprints)s::uuid[], %(normalized)s::jsonb[], %(mapped)s::jsonb[], %(keeps_mend)s::boolean[], %(waits)s::float8[],
  %(seen)s::text[])
  AS again (id, stage, code, field, message, errors, fingerprint, normalized, mapped, keeps_mend, wait, seen)
WHERE f.id = again.id AND f.state = 'open' AND f.xmin::text = again.seen;
