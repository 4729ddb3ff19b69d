-- doomed --
-- The proposals whose rows are up for deletion, or were kept by a person's word; one that is being applied is waited for.
SELECT id FROM delete_proposal WHERE entity_id = %(entity_id)s AND state IN ('proposed', 'approved', 'rejected', 'undone')
  AND until > clock_timestamp() ORDER BY id FOR SHARE;

-- spare_seen --
-- The far end sent these again: they are deleted by no proposal made before, and no person's word is needed to keep them.
DELETE FROM delete_key k WHERE k.proposal_id = ANY(%(proposals)s)
  AND (k.key_hash = ANY(%(seen)s::uuid[]) OR k.raw_hash = ANY(%(seen)s::uuid[]));

-- make_seen --
-- What a full read saw: the hash of a row's bytes where the mirror had them, else of its key.
CREATE TEMPORARY TABLE seen (hash uuid NOT NULL) ON COMMIT DROP;

-- fill_seen --
-- A batch's hashes.
COPY seen (hash) FROM STDIN (FORMAT binary);

-- count_seen --
-- How many rows came in a read, and how many different ones it saw.
SELECT (SELECT coalesce(sum((counts->>'rows_fetched')::bigint), 0) FROM batch WHERE job_id = %(read)s),
  (SELECT count(*) FROM (SELECT DISTINCT hash FROM seen) different);

-- count_twice --
-- Records that a read saw by their bytes and by their key: they moved while it read, so another may have slipped through.
SELECT count(*) FROM {leaf} r WHERE EXISTS (SELECT 1 FROM seen s WHERE s.hash = r.key_hash)
  AND EXISTS (SELECT 1 FROM seen s WHERE s.hash = r.raw_hash);

-- find_strangers --
-- What was seen and stands for no record, failure or waiting row: bytes that a record has no more.
CREATE TEMPORARY TABLE stranger ON COMMIT DROP AS
SELECT DISTINCT s.hash FROM seen s
WHERE NOT EXISTS (SELECT 1 FROM {leaf} r WHERE r.key_hash = s.hash)
  AND NOT EXISTS (SELECT 1 FROM {leaf} r WHERE r.raw_hash = s.hash)
  AND NOT EXISTS (SELECT 1 FROM failed_record f WHERE f.entity_id = {entity_id} AND f.key_hash = s.hash)
  AND NOT EXISTS (SELECT 1 FROM pending_child p WHERE p.entity_id = {entity_id} AND p.key_hash = s.hash);

-- count_strangers --
-- Those of them that are not the older bytes of a record that was seen this once, and changed since.
SELECT count(*) FROM stranger s WHERE NOT EXISTS (
  SELECT 1 FROM {old} v JOIN {leaf} r ON r.key_hash = v.key_hash
  WHERE v.raw_hash = s.hash AND v.valid_to >= %(began)s
    AND NOT EXISTS (SELECT 1 FROM seen k WHERE k.hash = r.key_hash)
    AND NOT EXISTS (SELECT 1 FROM seen k WHERE k.hash = r.raw_hash));

-- revive_seen --
-- Records that a read saw by their bytes, deleted meanwhile by an older read's word: live again, as they were.
WITH locked AS (
  SELECT r.key_hash FROM {leaf} r WHERE r.deleted_at IS NOT NULL AND r.synced_at < %(began)s
    AND EXISTS (SELECT 1 FROM seen s WHERE s.hash = r.raw_hash) ORDER BY r.key_hash FOR UPDATE
), back AS (
  UPDATE {leaf} r SET deleted_at = NULL, synced_at = %(began)s, revision = r.revision + 1,
    changed_at = greatest(clock_timestamp(), r.changed_at + interval '1 us')
  FROM locked WHERE r.key_hash = locked.key_hash
  RETURNING r.key_hash, r.revision
)
INSERT INTO revived (key_hash, revision) SELECT key_hash, revision FROM back;

-- make_revived --
-- What `revive_seen` finds.
CREATE TEMPORARY TABLE revived (key_hash uuid NOT NULL, revision int NOT NULL) ON COMMIT DROP;

-- count_live --
-- By how much the number of live records differs from the one that is kept; one snapshot tells both.
SELECT (SELECT count(*) FROM {leaf} WHERE deleted_at IS NULL) - live_rows FROM tracker WHERE entity_id = {entity_id};

-- mend_live --
-- The number of live records, put right.
UPDATE tracker SET live_rows = live_rows + %(difference)s WHERE entity_id = {entity_id};

-- find_missing --
-- Live records that the read did not see, but for those that are younger than its start or were kept by a person.
CREATE TEMPORARY TABLE missing ON COMMIT DROP AS
SELECT r.key_hash, r.raw_hash FROM {leaf} r
WHERE r.deleted_at IS NULL AND r.synced_at < %(began)s
  AND NOT EXISTS (SELECT 1 FROM seen s WHERE s.hash = r.raw_hash)
  AND NOT EXISTS (SELECT 1 FROM seen s WHERE s.hash = r.key_hash)
  AND NOT EXISTS (SELECT 1 FROM delete_key k JOIN delete_proposal p ON p.id = k.proposal_id
                  WHERE p.entity_id = {entity_id} AND p.state IN ('rejected', 'undone') AND p.until > clock_timestamp()
                    AND k.key_hash = r.key_hash);

-- any_failed_lives --
-- Whether a live record's row failed when it came last. By key: the records may be millions.
SELECT EXISTS (SELECT 1 FROM failed_record f CROSS JOIN LATERAL (
  SELECT 1 FROM {leaf} r WHERE r.key_hash = f.key_hash AND r.entity_id = f.entity_id AND r.deleted_at IS NULL OFFSET 0) held
  WHERE f.entity_id = %(entity_id)s AND f.state = 'open');

-- any_new_missing --
-- Whether rows are missing that a proposal does not name.
SELECT EXISTS (SELECT 1 FROM missing m WHERE NOT EXISTS (
  SELECT 1 FROM delete_key k WHERE k.proposal_id = %(proposal)s AND k.key_hash = m.key_hash));

-- any_newcomer --
-- Whether a row that nobody had before a read came while it went on: a record, a failure or a waiting row. Looked up one by
-- one by the whole key, as a join may go another way while the tables are not analyzed.
SELECT EXISTS (
  SELECT 1 FROM {leaf} r WHERE r.changed_at BETWEEN %(began)s AND %(ended)s AND r.deleted_at IS NULL AND {young}
    AND NOT EXISTS (SELECT 1 FROM {old} v WHERE v.key_hash = r.key_hash AND v.entity_id = {entity_id}
                    AND v.valid_from < %(began)s AND v.valid_to >= %(began)s AND NOT v.deleted))
OR EXISTS (
  SELECT 1 FROM failed_record f WHERE f.entity_id = {entity_id} AND f.first_seen_at BETWEEN %(began)s AND %(ended)s
    AND coalesce((SELECT r.changed_at FROM {leaf} r WHERE r.key_hash = f.key_hash AND r.entity_id = {entity_id}), 'infinity') >= %(began)s)
OR EXISTS (
  SELECT 1 FROM pending_child p WHERE p.entity_id = {entity_id} AND p.created_at BETWEEN %(began)s AND %(ended)s
    AND coalesce((SELECT r.changed_at FROM {leaf} r WHERE r.key_hash = p.key_hash AND r.entity_id = {entity_id}), 'infinity') >= %(began)s);

-- part_unsure --
-- What is missing now and was not when a proposal was made.
CREATE TEMPORARY TABLE unsure ON COMMIT DROP AS
SELECT m.key_hash, m.raw_hash FROM missing m WHERE NOT EXISTS (
  SELECT 1 FROM delete_key k WHERE k.proposal_id = %(proposal)s AND k.key_hash = m.key_hash);

-- leave_out_unsure --
-- Of what is missing, only what is so for sure.
DELETE FROM missing m USING unsure u WHERE u.key_hash = m.key_hash;

-- turn_to_unsure --
-- Now those that were left out.
WITH settled AS (DELETE FROM missing)
INSERT INTO missing (key_hash, raw_hash) SELECT key_hash, raw_hash FROM unsure;

-- sample_missing --
-- A few of them, to be looked at.
SELECT r.data::text FROM missing m JOIN {leaf} r USING (key_hash) ORDER BY m.key_hash LIMIT %(most)s;

-- keep_missing --
-- The rows of a proposal.
INSERT INTO delete_key (proposal_id, key_hash, raw_hash) SELECT %(proposal)s, key_hash, raw_hash FROM missing;

-- lock_doomed --
-- The records of a proposal, locked in the order in which batches write: so neither deadlocks the other.
SELECT count(*) FROM (SELECT 1 FROM {leaf} r JOIN delete_key k USING (key_hash) WHERE k.proposal_id = %(proposal)s
  ORDER BY r.key_hash FOR UPDATE OF r) locked;

-- delete_records --
-- Soft-delete a proposal's rows that nobody saw since; the trigger keeps the version before.
WITH gone AS (
  UPDATE {leaf} r SET deleted_at = clock_timestamp(), synced_at = %(began)s, revision = r.revision + 1,
    changed_at = greatest(clock_timestamp(), r.changed_at + interval '1 us')
  FROM delete_key k
  WHERE k.proposal_id = %(proposal)s AND r.key_hash = k.key_hash AND r.deleted_at IS NULL AND r.synced_at < %(began)s
  RETURNING r.key_hash, r.revision
)
UPDATE delete_key k SET revision = gone.revision FROM gone WHERE k.proposal_id = %(proposal)s AND k.key_hash = gone.key_hash;

-- forget_changed --
-- Rows that are not as the proposal left them: an undo does not touch them.
DELETE FROM delete_key k
WHERE k.proposal_id = %(proposal)s AND NOT EXISTS (
  SELECT 1 FROM {leaf} r WHERE r.key_hash = k.key_hash AND r.deleted_at IS NOT NULL AND r.revision = k.revision);

-- revive_records --
-- Undo: the rows are live again, as they were.
WITH back AS (
  UPDATE {leaf} r SET deleted_at = NULL, revision = r.revision + 1,
    changed_at = greatest(clock_timestamp(), r.changed_at + interval '1 us')
  FROM delete_key k
  WHERE k.proposal_id = %(proposal)s AND r.key_hash = k.key_hash AND r.revision = k.revision
  RETURNING r.key_hash, r.revision
)
UPDATE delete_key k SET revision = back.revision FROM back WHERE k.proposal_id = %(proposal)s AND k.key_hash = back.key_hash;

-- note_changed --
-- The feed's rows of records that were deleted or revived at once: at most 1,000 keys each.
INSERT INTO change (entity_id, last_seq, first_seq, op, keys, revisions, batch_id, at)
SELECT %(entity_id)s, max(seq), min(seq), %(op)s, array_agg(key_hash ORDER BY seq), array_agg(revision ORDER BY seq), %(batch_id)s,
  clock_timestamp()
FROM (SELECT key_hash, revision, %(before)s + row_number() OVER (ORDER BY key_hash) AS seq FROM {changed}) numbered
GROUP BY (seq - %(before)s - 1) / 1000;

-- few_changed --
-- Their keys for a notification, as far as they fit.
SELECT replace(key_hash::text, '-', '') FROM {changed} LIMIT %(most)s;

-- forget_seen --
-- The proof was used, or nothing is to be proven.
UPDATE batch SET seen = NULL WHERE job_id = %(job_id)s AND seen IS NOT NULL;

-- drop_old_keys --
-- Rows of proposals whose days are over.
DELETE FROM delete_key k USING delete_proposal p
WHERE p.id = k.proposal_id AND p.until < clock_timestamp() AND p.state <> 'approved' AND NOT (p.state = 'undone' AND p.revived IS NULL);

-- hold_deletes --
-- Why nothing is deleted, and since when that is so; null = the last full read told what is gone.
UPDATE tracker SET deletes_held = %(reason)s,
  deletes_held_since = CASE WHEN %(reason)s::text IS NOT NULL THEN coalesce(deletes_held_since, clock_timestamp()) END
WHERE entity_id = %(entity_id)s AND deletes_held IS DISTINCT FROM %(reason)s;

-- later_full_read --
-- Whether another full read of the entity committed after the last batch of this one.
SELECT EXISTS (SELECT 1 FROM batch WHERE entity_id = %(entity_id)s AND job_id <> %(read)s AND (resume->>'full')::boolean
  AND id > (SELECT max(id) FROM batch WHERE job_id = %(read)s));

-- entities_with_orphans --
-- The entities of which a child that waits for its parent is due.
SELECT e.path FROM entity e
WHERE EXISTS (SELECT 1 FROM pending_child p WHERE p.entity_id = e.id AND p.next_try_at <= clock_timestamp());

-- postpone_orphans --
-- One more try was in vain: the next wait is twice as long.
UPDATE pending_child p SET tries = p.tries + 1, next_try_at = clock_timestamp() + %(wait)s * power(2, p.tries + 1)
WHERE p.entity_id = %(entity_id)s AND p.next_try_at <= clock_timestamp() AND p.tries + 1 < %(tries)s
  AND NOT EXISTS (SELECT 1 FROM record r WHERE r.key_hash = p.parent_key_hash AND r.entity_id = p.parent_entity_id
                  AND r.deleted_at IS NULL);

-- hopeless_orphans --
-- Due children that are out of tries, their parent still missing; those of their own kind first, while it can be told whom these wait for.
SELECT p.id FROM pending_child p
WHERE p.entity_id = %(entity_id)s AND p.next_try_at <= clock_timestamp() AND p.tries + 1 >= %(tries)s
  AND NOT EXISTS (SELECT 1 FROM record r WHERE r.key_hash = p.parent_key_hash AND r.entity_id = p.parent_entity_id
                  AND r.deleted_at IS NULL)
ORDER BY p.parent_entity_id <> p.entity_id, p.key_hash LIMIT %(most)s FOR UPDATE OF p SKIP LOCKED;

-- count_waiting_for --
-- How many rows wait for these parents.
SELECT count(*) FROM pending_child WHERE parent_entity_id = %(entity_id)s AND parent_key_hash = ANY(%(keys)s::uuid[]);

-- parents_to_fetch --
-- Missing parents that neither wait themselves nor were lately found to be lacking, each with the data of a child that names it.
SELECT DISTINCT ON (p.parent_key_hash) p.parent_key_hash, p.data::text FROM pending_child p
WHERE p.entity_id = %(entity_id)s AND p.parent_entity_id = %(parent_id)s AND p.parent_key_hash BETWEEN %(first)s AND %(last)s
  AND NOT EXISTS (SELECT 1 FROM record r WHERE r.key_hash = p.parent_key_hash AND r.entity_id = p.parent_entity_id
                  AND r.deleted_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM pending_child w WHERE w.key_hash = p.parent_key_hash AND w.entity_id = p.parent_entity_id)
  AND NOT EXISTS (SELECT 1 FROM absent_key a WHERE a.key_hash = p.parent_key_hash AND a.entity_id = p.parent_entity_id
                  AND a.checked_at > %(since)s)
ORDER BY p.parent_key_hash LIMIT %(most)s;

-- doom_all --
-- Every live record of an entity, as the rows of a proposal; none that was read since.
INSERT INTO delete_key (proposal_id, key_hash, raw_hash)
SELECT %(proposal)s, key_hash, raw_hash FROM {leaf} WHERE deleted_at IS NULL AND synced_at < %(began)s;

-- sample_doomed --
-- A few of a proposal's records, to be looked at.
SELECT r.data::text FROM delete_key k JOIN {leaf} r USING (key_hash) WHERE k.proposal_id = %(proposal)s ORDER BY k.key_hash LIMIT %(most)s;

-- forget_absences --
-- The far end is asked again for what it lacked.
DELETE FROM absent_key WHERE entity_id = %(entity_id)s;

-- count_mended --
-- Live records that a person mended; some of them the far end may have changed since.
SELECT count(DISTINCT r.key_hash) FROM failed_record f JOIN {leaf} r ON r.key_hash = f.key_hash
WHERE f.entity_id = {entity_id} AND f.state = 'fixed' AND f.mended IS NOT NULL AND r.deleted_at IS NULL;
