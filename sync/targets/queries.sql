-- feed_after --
-- What changed after a reader's place, in order; a row of the feed holds up to 1,000 keys.
SELECT last_seq, keys FROM change WHERE entity_id = %(entity_id)s AND last_seq > %(seq)s ORDER BY last_seq LIMIT %(most)s;

-- feed_begin --
-- The first number of an entity's feed that is kept; the one to come where none is.
SELECT coalesce((SELECT c.first_seq FROM change c WHERE c.entity_id = t.entity_id ORDER BY c.last_seq LIMIT 1), t.feed_seq + 1)
FROM tracker t WHERE t.entity_id = %(entity_id)s;

-- every_record --
-- The records of an entity in the order of their keys, deleted ones too.
SELECT key_hash FROM record WHERE entity_id = %(entity_id)s AND key_hash > %(after)s ORDER BY key_hash LIMIT %(most)s;

-- cursor_of --
-- How far a target has read the feed of an entity.
SELECT seq FROM target_cursor WHERE target = %(target)s AND entity_id = %(entity_id)s;

-- make_cursor --
-- The place where a target begins to read.
INSERT INTO target_cursor (target, entity_id, seq) VALUES (%(target)s, %(entity_id)s, 0) ON CONFLICT DO NOTHING;

-- lock_cursor --
-- Whoever asks for a push that is not caused by the feed, and whoever ends one, in turn.
SELECT seq FROM target_cursor WHERE target = %(target)s AND entity_id = %(entity_id)s FOR UPDATE;

-- move_cursor --
-- The feed is worked off up to here.
UPDATE target_cursor SET seq = greatest(seq, %(seq)s) WHERE target = %(target)s AND entity_id = %(entity_id)s;

-- feed_end --
-- The newest number of an entity's feed; waits for a batch that is about to commit a newer one.
SELECT feed_seq FROM tracker WHERE entity_id = %(entity_id)s FOR SHARE;

-- due_deliveries --
-- Rows to look at again: their time has come, nobody knows what became of them, or the parent they wait for is there now.
SELECT d.key_hash FROM delivery d
WHERE d.target = %(target)s AND d.entity_id = %(entity_id)s AND d.state <> 'acked' AND d.key_hash > %(after)s AND (
  d.next_try_at <= clock_timestamp() OR (d.state IN ('sent', 'unknown') AND d.next_try_at IS NULL)
  OR (d.state IN ('waiting', 'unknown') AND EXISTS (SELECT 1 FROM delivery p WHERE p.key_hash = d.parent_key_hash
      AND p.entity_id = d.parent_entity_id AND p.target = d.target AND p.remote_id IS NOT NULL)))
ORDER BY d.key_hash LIMIT %(most)s;

-- any_waiting --
-- Whether rows of an entity wait for a parent at a target, or were made due by one.
SELECT EXISTS (SELECT 1 FROM delivery WHERE target = %(target)s AND entity_id = %(entity_id)s AND state IN ('waiting', 'unknown')
  AND (parent_key_hash IS NOT NULL OR next_try_at <= clock_timestamp()));

-- any_deletes --
-- Whether deletes of an entity are due at a target, or under way.
SELECT EXISTS (SELECT 1 FROM delivery WHERE target = %(target)s AND entity_id = ANY(%(entities)s) AND op = 'd'
  AND state <> 'acked' AND state <> 'refused' AND (next_try_at IS NULL OR next_try_at <= clock_timestamp()));

-- rows_to_push --
-- Records with what a target has of them.
SELECT r.key_hash, r.revision, r.version, r.deleted_at, r.batch_id, r.data::text, d.remote_id, d.sent_hash, d.acked_hash, d.state,
  (d.answer->>'status')::int, coalesce(d.attempts, 0)
FROM unnest(%(keys)s::uuid[]) AS asked (key_hash) JOIN {leaf} r ON r.key_hash = asked.key_hash AND r.entity_id = {entity_id}
LEFT JOIN delivery d ON d.key_hash = r.key_hash AND d.entity_id = {entity_id} AND d.target = %(target)s
ORDER BY r.key_hash;

-- deliveries_of --
-- What a target has of records, as `rows_to_push` tells it.
SELECT key_hash, remote_id, op, sent_hash, acked_hash, state, attempts FROM delivery
WHERE target = %(target)s AND entity_id = %(entity_id)s AND key_hash = ANY(%(keys)s);

-- remote_ids --
-- The ids that a target gave to records.
SELECT key_hash, remote_id FROM delivery
WHERE target = %(target)s AND entity_id = %(entity_id)s AND key_hash = ANY(%(keys)s) AND remote_id IS NOT NULL;

-- note_deliveries --
-- What is about to be sent, before its first byte leaves; and what has to wait.
INSERT INTO delivery AS d (target, entity_id, key_hash, op, sent_hash, state, attempts, next_try_at, code, parent_entity_id,
  parent_key_hash, changed_at)
SELECT %(target)s, %(entity_id)s, n.key_hash, n.op::"char", decode(coalesce(n.sent_hash, ''), 'hex'), n.state, CASE WHEN n.state = 'sent' THEN 1 ELSE 0 END,
  n.next_try_at, n.code, n.parent_entity_id, n.parent_key_hash, clock_timestamp()
FROM unnest(%(keys)s::uuid[], %(ops)s::text[], %(hashes)s::text[], %(states)s::text[], %(tries)s::timestamptz[], %(codes)s::text[],
  %(parent_entities)s::smallint[], %(parents)s::uuid[])
  AS n (key_hash, op, sent_hash, state, next_try_at, code, parent_entity_id, parent_key_hash)
ORDER BY n.key_hash
ON CONFLICT (key_hash, entity_id, target) DO UPDATE SET op = excluded.op, sent_hash = excluded.sent_hash, state = excluded.state,
  attempts = CASE WHEN excluded.sent_hash IS DISTINCT FROM d.sent_hash THEN 0 ELSE d.attempts END + excluded.attempts,
  next_try_at = excluded.next_try_at, code = excluded.code, answer = NULL, parent_entity_id = excluded.parent_entity_id,
  parent_key_hash = excluded.parent_key_hash, changed_at = excluded.changed_at;

-- revived --
-- Which of these records are not deleted any more.
SELECT r.key_hash FROM unnest(%(keys)s::uuid[]) AS asked (key_hash) JOIN {leaf} r ON r.key_hash = asked.key_hash AND r.entity_id = {entity_id}
WHERE r.deleted_at IS NULL;

-- moved --
-- Records that the target has had under another id than the one it now gives them.
SELECT d.key_hash FROM delivery d JOIN unnest(%(keys)s::uuid[], %(remote_ids)s::text[]) AS a (key_hash, remote_id) USING (key_hash)
WHERE d.target = %(target)s AND d.entity_id = %(entity_id)s AND d.acked_revision IS NOT NULL AND d.remote_id IS DISTINCT FROM a.remote_id;

-- mark_children --
-- Rows that name parents by ids which these have no longer: due again.
UPDATE delivery d SET state = CASE WHEN d.state = 'acked' THEN 'waiting' ELSE d.state END, code = 'parent_moved',
  next_try_at = clock_timestamp(), changed_at = clock_timestamp()
FROM unnest(%(keys)s::uuid[]) AS asked (key_hash) JOIN {leaf} p ON p.key_hash = asked.key_hash AND p.entity_id = {entity_id}
JOIN {child} c ON {same}
WHERE c.deleted_at IS NULL AND d.key_hash = c.key_hash AND d.target = %(target)s
  AND d.entity_id = %(child_id)s AND d.remote_id IS NOT NULL AND d.state <> 'refused';

-- note_answers --
-- What the target said. After a delete it has nothing of the record. Its words about a row wear out the row's tries, silence does not.
-- Each row's state, and what was acknowledged and refused before.
WITH before AS (SELECT key_hash, acked_revision, failed_revision FROM delivery
  WHERE target = %(target)s AND entity_id = %(entity_id)s AND key_hash = ANY(%(keys)s)),
answered AS (UPDATE delivery d SET op = a.op::"char", code = a.code, answer = a.answer::jsonb, changed_at = clock_timestamp(),
  state = CASE WHEN a.state = 'unknown' AND a.code <> 'not_answered' AND d.attempts >= %(most_tries)s THEN 'refused' ELSE a.state END,
  remote_id = CASE WHEN a.state = 'acked' AND a.op = 'd' THEN NULL ELSE coalesce(a.remote_id, d.remote_id) END,
  acked_hash = CASE WHEN a.state <> 'acked' THEN d.acked_hash WHEN a.op = 'd' THEN NULL ELSE d.sent_hash END,
  acked_revision = CASE WHEN a.state = 'acked' THEN a.revision ELSE d.acked_revision END,
  failed_revision = CASE WHEN a.state = 'acked' THEN NULL
    WHEN a.state = 'refused' OR (a.state = 'unknown' AND a.code <> 'not_answered' AND d.attempts >= %(most_tries)s) THEN a.revision
    ELSE d.failed_revision END,
  attempts = CASE WHEN a.state = 'acked' THEN 0 WHEN a.state = 'waiting' AND a.code = 'not_answered' THEN greatest(d.attempts - 1, 0)
    ELSE d.attempts END,
  next_try_at = CASE WHEN a.state = 'waiting' OR (a.state = 'unknown' AND (a.code = 'not_answered' OR d.attempts < %(most_tries)s))
    THEN clock_timestamp() + a.pause * interval '1 second' * power(2, least(greatest(d.attempts - 1, 0), 6)) END
FROM unnest(%(keys)s::uuid[], %(states)s::text[], %(ops)s::text[], %(remote_ids)s::text[], %(codes)s::text[], %(answers)s::text[],
  %(revisions)s::int[], %(pauses)s::float8[]) AS a (key_hash, state, op, remote_id, code, answer, revision, pause)
WHERE d.target = %(target)s AND d.entity_id = %(entity_id)s AND d.key_hash = a.key_hash AND d.key_hash = ANY(%(keys)s::uuid[])
RETURNING d.key_hash, d.state)
SELECT key_hash, state, before.acked_revision, before.failed_revision FROM answered JOIN before USING (key_hash);

-- retry_deliveries --
-- What a target refused, or left without an answer: due now. What it may have taken is looked up first.
UPDATE delivery SET attempts = 0, next_try_at = clock_timestamp(), changed_at = clock_timestamp(),
  state = CASE WHEN state = 'unknown' OR coalesce((answer->>'status')::int, 500) IN (408, 429)
      OR coalesce((answer->>'status')::int, 500) >= 500 THEN 'unknown' ELSE 'waiting' END
WHERE target = %(target)s AND entity_id = %(entity_id)s AND state IN ('refused', 'unknown')
  AND (%(code)s::text IS NULL OR code = %(code)s);

-- settle --
-- The target has these as they are now, or has nothing of what is deleted: what it refused before is past.
UPDATE delivery SET next_try_at = NULL, state = 'acked', code = NULL, answer = NULL, parent_entity_id = NULL, parent_key_hash = NULL,
  op = CASE WHEN op = 'd' AND remote_id IS NOT NULL THEN 'u' ELSE op END
WHERE target = %(target)s AND entity_id = %(entity_id)s AND key_hash = ANY(%(keys)s)
  AND (next_try_at IS NOT NULL OR state IN ('waiting', 'refused'));

-- count_deliveries --
-- A target's counts, beside those of the batch that wrote the records.
INSERT INTO delivery_count AS c (batch_id, target, entity_id, inserted, updated, deleted, conflicts, failed)
SELECT n.batch_id, %(target)s, %(entity_id)s, n.inserted, n.updated, n.deleted, n.conflicts, n.failed
FROM unnest(%(batches)s::bigint[], %(inserted)s::int[], %(updated)s::int[], %(deleted)s::int[], %(conflicts)s::int[], %(failed)s::int[])
  AS n (batch_id, inserted, updated, deleted, conflicts, failed)
ORDER BY n.batch_id
ON CONFLICT (batch_id, target) DO UPDATE SET inserted = c.inserted + excluded.inserted, updated = c.updated + excluded.updated,
  deleted = c.deleted + excluded.deleted, conflicts = c.conflicts + excluded.conflicts, failed = c.failed + excluded.failed;

-- pushes_due --
-- Whether a target lags behind an entity's feed, or rows of it are due.
SELECT coalesce((SELECT seq FROM target_cursor WHERE target = %(target)s AND entity_id = %(entity_id)s), 0)
    < (SELECT feed_seq FROM tracker WHERE entity_id = %(entity_id)s)
  OR EXISTS (SELECT 1 FROM delivery WHERE target = %(target)s AND entity_id = %(entity_id)s AND (next_try_at <= clock_timestamp()
    OR (state IN ('sent', 'unknown') AND next_try_at IS NULL)));

-- our_ranges --
-- What a target should hold, in ranges of key hashes: SHA-256 over key hash and payload hash in hex.
SELECT left(replace(key_hash::text, '-', ''), 2), count(*),
  encode(sha256(convert_to(string_agg(replace(key_hash::text, '-', '') || encode(acked_hash, 'hex'), '' ORDER BY key_hash), 'UTF8')), 'hex')
FROM delivery WHERE target = %(target)s AND entity_id = %(entity_id)s AND acked_hash IS NOT NULL GROUP BY 1;

-- moment --
-- Now, by the clock that deliveries are stamped with.
SELECT clock_timestamp();

-- our_range --
-- What a target should hold of one range.
SELECT key_hash, remote_id, acked_hash FROM delivery
WHERE target = %(target)s AND entity_id = %(entity_id)s AND acked_hash IS NOT NULL
  AND key_hash BETWEEN %(first)s AND %(last)s;

-- known_records --
-- Which of these keys the mirror has, deleted ones too.
SELECT r.key_hash FROM unnest(%(keys)s::uuid[]) AS asked (key_hash) JOIN {leaf} r ON r.key_hash = asked.key_hash AND r.entity_id = {entity_id};

-- mark_different --
-- Rows that a target holds otherwise than it should: pushed again. What a push has touched meanwhile, or is to look up, is left to it.
INSERT INTO delivery AS d (target, entity_id, key_hash, remote_id, op, state, next_try_at, code, changed_at)
SELECT %(target)s, %(entity_id)s, n.key_hash, n.remote_id, 'u', 'waiting', clock_timestamp(), 'differs', clock_timestamp()
FROM unnest(%(keys)s::uuid[], %(remote_ids)s::text[]) AS n (key_hash, remote_id) ORDER BY n.key_hash
ON CONFLICT (key_hash, entity_id, target) DO UPDATE SET remote_id = excluded.remote_id, acked_hash = NULL, state = 'waiting',
  next_try_at = excluded.next_try_at, code = excluded.code, answer = NULL, changed_at = excluded.changed_at
WHERE d.changed_at < %(since)s AND d.state NOT IN ('sent', 'unknown');
