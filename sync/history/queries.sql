-- versions_of --
-- A record's versions, newest first: the current one (valid_to is null), then those that it took the place of.
SELECT revision, valid_from, valid_to, synced_at, gone, mapping, batch_id, row_no, data FROM (
  SELECT revision, changed_at AS valid_from, NULL::timestamptz AS valid_to, synced_at, deleted_at IS NOT NULL AS gone, mapping,
         batch_id, row_no, data::text AS data
  FROM {leaf} WHERE key_hash = %(key_hash)s
  UNION ALL
  SELECT revision, valid_from, valid_to, NULL, deleted, mapping, batch_id, row_no, data::text
  FROM {old} WHERE key_hash = %(key_hash)s
) v WHERE revision < %(below)s ORDER BY revision DESC LIMIT %(most)s;

-- record_as_of --
-- The version of a record that was valid at a moment.
SELECT key_hash, revision, synced_at, changed_at, deleted_at, data::text, NULL::timestamptz, mapping FROM {leaf}
WHERE key_hash = %(key_hash)s AND changed_at <= %(moment)s
UNION ALL
SELECT key_hash, revision, NULL, valid_from, CASE WHEN deleted THEN valid_from END, data::text, valid_to, mapping FROM {old}
WHERE key_hash = %(key_hash)s AND valid_from <= %(moment)s AND valid_to > %(moment)s;

-- list_as_of --
-- A page by key of all versions that were valid at a moment; each arm walks its primary key, or an index on valid_to.
SELECT * FROM (
  (SELECT key_hash, revision, synced_at, changed_at, deleted_at, data::text, NULL::timestamptz AS valid_to, mapping FROM {leaf}
   WHERE changed_at <= %(moment)s AND key_hash > %(after)s AND {live} AND {filters} ORDER BY key_hash LIMIT %(most)s)
  UNION ALL
  (SELECT key_hash, revision, NULL, valid_from, CASE WHEN deleted THEN valid_from END, data::text, valid_to, mapping FROM {old}
   WHERE valid_from <= %(moment)s AND valid_to > %(moment)s AND key_hash > %(after)s AND {kept} AND {filters}
   ORDER BY key_hash LIMIT %(most)s)
) v ORDER BY key_hash LIMIT %(most)s;

-- feed_ends --
-- Each entity's last number, and the first that is still kept (one above the last where none is).
SELECT t.entity_id, t.feed_seq,
       coalesce((SELECT c.first_seq FROM change c WHERE c.entity_id = t.entity_id ORDER BY c.last_seq LIMIT 1), t.feed_seq + 1)
FROM tracker t WHERE t.entity_id = ANY(%(entities)s);

-- feed_page --
-- An entity's changes after a number, in order.
SELECT c.first_seq + k.n - 1, c.op, k.key, k.revision, c.at
FROM change c CROSS JOIN LATERAL unnest(c.keys, c.revisions) WITH ORDINALITY AS k (key, revision, n)
WHERE c.entity_id = {entity_id} AND c.last_seq > %(after)s AND c.first_seq + k.n - 1 > %(after)s
ORDER BY c.last_seq, k.n LIMIT %(most)s;

-- feed_records --
-- What the feed tells of records: the current data for the key, and the data of each revision where it is still kept.
SELECT w.key_hash, w.revision, r.data::text,
       CASE WHEN r.revision = w.revision THEN r.data::text ELSE (
         SELECT v.data::text FROM {old} v WHERE v.key_hash = w.key_hash AND v.entity_id = {entity_id} AND v.revision = w.revision) END
FROM unnest(%(keys)s::uuid[], %(revisions)s::int[]) AS w (key_hash, revision)
LEFT JOIN {leaf} r ON r.key_hash = w.key_hash AND r.entity_id = {entity_id};

-- origin_of --
-- Where a version of a record came from, and its hashes.
SELECT revision, changed_at, NULL::timestamptz, synced_at, deleted_at IS NOT NULL, mapping, batch_id, row_no, data::text,
       raw_hash, data_hash, version
FROM {leaf} WHERE key_hash = %(key_hash)s AND (%(revision)s::int IS NULL OR revision = %(revision)s)
UNION ALL
SELECT revision, valid_from, valid_to, NULL, deleted, mapping, batch_id, row_no, data::text, raw_hash, data_hash, version
FROM {old} WHERE key_hash = %(key_hash)s AND revision = %(revision)s;

-- unkept_as_of --
-- Records that existed at a moment, and of which no version is kept that was valid then; with the beginning of the oldest that is.
SELECT r.key_hash, coalesce(o.valid_from, r.changed_at), r.data::text FROM {leaf} r LEFT JOIN LATERAL (
  SELECT v.revision, v.valid_from FROM {old} v WHERE v.key_hash = r.key_hash AND v.entity_id = {entity_id} ORDER BY v.revision LIMIT 1
) o ON TRUE
WHERE r.key_hash > %(after)s AND r.changed_at > %(moment)s AND coalesce(o.revision, r.revision) > 1
  AND coalesce(o.valid_from, r.changed_at) > %(moment)s
ORDER BY r.key_hash LIMIT %(most)s;

-- drop_versions --
-- Superseded versions beyond the newest so many of their record, or ended before a moment; those of a range of keys.
WITH gone AS (
  DELETE FROM {old} v USING {leaf} r
  WHERE v.key_hash BETWEEN %(first)s AND %(last)s AND r.key_hash = v.key_hash
    AND (v.revision < r.revision - %(versions)s OR v.valid_to < %(ended)s)
  RETURNING v.valid_to
), told AS (
  UPDATE tracker t SET history_from = greatest(t.history_from, g.at) FROM (SELECT max(valid_to) AS at FROM gone) g
  WHERE t.entity_id = {entity_id} AND g.at IS NOT NULL
)
SELECT count(*) FROM gone;

-- drop_changes --
-- The oldest changes of an entity that every target has read, always from the beginning, so that what is kept has no gap.
DELETE FROM change WHERE entity_id = {entity_id} AND last_seq IN (
  SELECT c.last_seq FROM change c WHERE c.entity_id = {entity_id} AND c.last_seq < coalesce(
    (SELECT min(k.last_seq) FROM change k WHERE k.entity_id = {entity_id} AND k.at >= %(before)s), 9223372036854775807)
    AND c.last_seq <= (SELECT CASE WHEN count(*) < cardinality(%(targets)s::text[]) THEN 0 ELSE coalesce(min(t.seq), 9223372036854775807) END
                       FROM target_cursor t WHERE t.entity_id = {entity_id} AND t.target = ANY (%(targets)s::text[]))
  ORDER BY c.last_seq LIMIT %(most)s);

-- drop_raw --
-- Old raw rows that stand behind no current version, no open failure and no waiting child; one snapshot decides. A chunk at once.
DELETE FROM raw_page WHERE batch_id IN (
  SELECT b.id FROM batch b JOIN raw_page p ON p.batch_id = b.id AND p.no = 0
  WHERE b.entity_id = {entity_id} AND b.committed_at < %(before)s
  EXCEPT SELECT batch_id FROM {leaf}
  EXCEPT SELECT batch_id FROM failed_record WHERE entity_id = {entity_id} AND state = 'open'
  EXCEPT SELECT batch_id FROM pending_child WHERE entity_id = {entity_id}
  LIMIT %(most)s);

-- drop_absent --
-- Absences remembered for longer than anybody trusts them; a chunk at once.
DELETE FROM absent_key WHERE ctid = ANY (ARRAY(SELECT ctid FROM absent_key WHERE checked_at < %(before)s LIMIT %(most)s));

-- drop_failures --
-- Failures closed long ago that nothing stands on: superseded, landed as they came, or discarded with no effect. A chunk at once.
DELETE FROM failed_record f USING (
  SELECT id FROM failed_record WHERE state <> 'open' AND closed_at < %(before)s
    AND (state = 'superseded' OR (state = 'fixed' AND coalesce(mended, '{}') = '{}') OR (state = 'discarded' AND read_under IS NULL))
  ORDER BY closed_at LIMIT %(most)s) old
WHERE f.id = old.id;

-- empty_failures --
-- The others lose their values: that a row was discarded, or mended by hand, must be known as long as it is sent.
UPDATE failed_record f SET raw = '', normalized = NULL, mapped = NULL, errors = '[]',
  mended = CASE WHEN f.state = 'fixed' THEN f.mended END
FROM (SELECT id FROM failed_record WHERE state <> 'open' AND closed_at < %(before)s
        AND (raw <> '' OR normalized IS NOT NULL OR mapped IS NOT NULL OR errors <> '[]' OR (state = 'discarded' AND mended IS NOT NULL))
      ORDER BY closed_at LIMIT %(most)s) old
WHERE f.id = old.id;

-- drop_jobs --
-- Jobs that ended well or were dealt with long ago, with their attempts and events; a chunk at once.
WITH old AS (
  SELECT id FROM job WHERE id < %(below)s AND finished_at < %(before)s
    AND (status IN ('success', 'cancelled') OR (status = 'failed' AND resolved_at IS NOT NULL))
  ORDER BY id LIMIT %(most)s
), events AS (DELETE FROM job_event e USING old WHERE e.job_id = old.id)
DELETE FROM job j USING old WHERE j.id = old.id;

-- drop_commands --
-- Commands of long ago, with their ledgers, a chunk at once. Their jobs went before: of those that nobody dealt with they stay.
WITH old AS (
  SELECT id FROM command c WHERE id < %(below)s AND changed_at < %(before)s
    AND NOT EXISTS (SELECT 1 FROM job j WHERE j.id = c.job_id)
    AND NOT EXISTS (SELECT 1 FROM command back WHERE back.compensates_id = c.id)
  ORDER BY id LIMIT %(most)s
), lines AS (DELETE FROM effect e USING old WHERE e.command_id = old.id)
DELETE FROM command c USING old WHERE c.id = old.id;

-- drop_exchanges --
-- What was said to far ends long ago; ids carry their moment.
DELETE FROM exchange WHERE id IN (SELECT id FROM exchange WHERE id < %(below)s ORDER BY id LIMIT %(most)s);

-- drop_seen --
-- What full reads saw that were never compared with the mirror: long since of no use.
UPDATE batch SET seen = NULL WHERE id IN (
  SELECT id FROM batch WHERE seen IS NOT NULL AND committed_at < %(before)s LIMIT %(most)s);
