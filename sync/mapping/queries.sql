-- hold_mapping --
-- Keep the entity's mapping as it is until the transaction ends.
SELECT 1 FROM entity WHERE id = %(entity_id)s FOR SHARE;

-- change_mapping --
-- The right to change the entity's mappings; foreign keys to the entity are not held up.
SELECT 1 FROM entity WHERE id = %(entity_id)s FOR NO KEY UPDATE;

-- number_in_force --
-- The number of the mapping in force; no row where the declaration stands alone.
SELECT no FROM mapping WHERE entity_id = %(entity_id)s AND state = 'active';

-- rows_of_records --
-- Where the rows of the live records lie that another mapping made, in the order of their batches.
SELECT key_hash, batch_id, row_no, synced_at FROM {leaf}
WHERE deleted_at IS NULL AND mapping <> %(mapping)s ORDER BY batch_id, row_no;

-- sampled_rows --
-- The same for some live records whatever mapping made them: key hashes are as good as dice.
SELECT key_hash, batch_id, row_no, synced_at FROM (
  SELECT key_hash, batch_id, row_no, synced_at FROM {leaf} WHERE deleted_at IS NULL ORDER BY key_hash LIMIT %(most)s
) AS sampled ORDER BY batch_id, row_no;

-- kept_pages --
-- The bytes of several batches' rows.
SELECT batch_id, body FROM raw_page WHERE batch_id = ANY(%(batches)s) AND no = 0;

-- mended_rows --
-- Rows that a person mended before they landed: their bytes alone would not make the record again.
SELECT f.key_hash, f.raw_hash FROM unnest(%(keys)s::uuid[]) AS asked (key_hash)
JOIN failed_record f ON f.entity_id = %(entity_id)s AND f.key_hash = asked.key_hash
WHERE f.state = 'fixed' AND f.mended IS NOT NULL AND f.mended <> '{}';

-- rewrite_records --
-- Records made anew of the row they came with; one that changed meanwhile is left alone.
WITH written AS (
  UPDATE {leaf} r SET
    (raw_hash, version, mapping, data_hash) = (s.raw_hash, s.version, s.mapping, s.data_hash),
    data = CASE WHEN r.data = s.data THEN r.data ELSE s.data END,
    revision = r.revision + (r.data <> s.data)::int,
    changed_at = CASE WHEN r.data = s.data THEN r.changed_at
                      ELSE greatest(clock_timestamp(), r.changed_at + interval '1 us') END
  FROM (SELECT s.*, o.revision AS was FROM stage s JOIN {leaf} o USING (key_hash)
        WHERE o.deleted_at IS NULL AND (o.batch_id, o.row_no) = (s.batch_id, s.row_no) ORDER BY key_hash FOR UPDATE OF o) s
  WHERE r.key_hash = s.key_hash AND r.entity_id = {entity_id}
  RETURNING r.key_hash, r.revision, s.was
)
SELECT replace(key_hash::text, '-', ''), revision, CASE WHEN revision = was THEN 'touch' ELSE 'update' END FROM written;

-- note_bytes --
-- The bytes of a mended row under the mapping in force, so that the next full read skips it.
UPDATE {leaf} r SET raw_hash = s.raw_hash
FROM unnest(%(keys)s::uuid[], %(hashes)s::uuid[], %(batches)s::bigint[], %(rows)s::int[]) AS s (key_hash, raw_hash, batch_id, row_no)
WHERE r.key_hash = s.key_hash AND (r.batch_id, r.row_no) = (s.batch_id, s.row_no) AND r.deleted_at IS NULL;

-- data_of --
-- What the mirror serves of these keys.
SELECT r.key_hash, r.data::text
FROM unnest(%(keys)s::uuid[]) AS asked (key_hash) JOIN {leaf} r ON r.key_hash = asked.key_hash AND r.entity_id = {entity_id};

-- data_in_order --
-- What the mirror serves of these keys, one after the other as a JSON array; null where there is no such record.
SELECT '[' || string_agg(coalesce(r.data::text, 'null'), ',' ORDER BY asked.place) || ']'
FROM unnest(%(keys)s::uuid[]) WITH ORDINALITY AS asked (key_hash, place)
LEFT JOIN {leaf} r ON r.key_hash = asked.key_hash AND r.entity_id = {entity_id};

-- forget_rehearsed --
-- What an attempt of a rehearsal kept that did not get to its end.
DELETE FROM rehearsal_page WHERE job_id = %(job_id)s;

-- keep_rehearsed --
-- A page of what a rehearsal found: so many rows from a number on.
INSERT INTO rehearsal_page (job_id, kind, first, rows, mapping_id, body)
VALUES (%(job_id)s, %(kind)s, %(first)s, %(rows)s, %(mapping)s, %(body)s);

-- drop_rehearsed --
-- What rehearsals of a mapping found before the newest ones.
DELETE FROM rehearsal_page WHERE mapping_id = %(mapping)s AND job_id NOT IN (
  SELECT job_id FROM rehearsal_page WHERE mapping_id = %(mapping)s GROUP BY job_id ORDER BY job_id DESC LIMIT %(newest)s
);

-- rehearsed_rows --
-- How many rows of a kind a rehearsal kept.
SELECT coalesce(max(first + rows), 0) FROM rehearsal_page WHERE job_id = %(job_id)s AND kind = %(kind)s;

-- rehearsed_pages --
-- The pages that have the rows from one number to another.
SELECT first, body FROM rehearsal_page
WHERE job_id = %(job_id)s AND kind = %(kind)s AND first < %(end)s AND first + rows > %(start)s ORDER BY first;
