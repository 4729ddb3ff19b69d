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
FROM unnest(%(keys)s::uuid[], %(revisions)s::int[]) AS w (key_hash, revision) LEFT JOIN {leaf} r ON r.key_hash = w.key_hash;

-- origin_of --
-- Where a version of a record came from, and its hashes.
SELECT revision, changed_at, NULL::timestamptz, synced_at, deleted_at IS NOT NULL, mapping, batch_id, row_no, data::text,
       raw_hash, data_hash, version
FROM {leaf} WHERE key_hash = %(key_hash)s AND (%(revision)s::int IS NULL OR revision = %(revision)s)
UNION ALL
SELECT revision, valid_from, valid_to, NULL, deleted, mapping, batch_id, row_no, data::text, raw_hash, data_hash, version
FROM {old} WHERE key_hash = %(key_hash)s AND revision = %(revision)s;
