-- bring_webhook --
-- Held by who brings a delivery until it is committed; who ends the job that works them waits for it.
SELECT pg_advisory_xact_lock_shared(7301002, %(entity_id)s);

-- end_webhooks --
-- Nobody brings a delivery of this entity until the transaction ends.
SELECT pg_advisory_xact_lock(7301002, %(entity_id)s);

-- settle_inbound --
-- Deliveries that are worked off.
UPDATE inbound i SET state = 'done', done_at = clock_timestamp(), body = NULL, result = done.result, job_id = %(job_id)s
FROM unnest(%(ids)s::uuid[], %(results)s::jsonb[]) AS done (id, result) WHERE i.id = done.id;

-- confirm_told --
-- Records that the far end told of as they are here: older news of them must not count as newer.
UPDATE {leaf} r SET synced_at = t.at
FROM unnest(%(keys)s::uuid[], %(versions)s::bigint[], %(hashes)s::bytea[], %(moments)s::timestamptz[]) AS t (key_hash, version, data_hash, at)
WHERE r.key_hash = t.key_hash AND r.version = t.version AND r.data_hash = t.data_hash AND r.deleted_at IS NULL AND r.synced_at < t.at;

-- delete_told --
-- Soft-delete what the far end says is gone, unless what is here is newer. Of a key that was never here a deleted record
-- stays behind, or an older row that comes later would live.
INSERT INTO {leaf} AS r (key_hash, raw_hash, version, synced_at, changed_at, deleted_at, batch_id, row_no, mapping, entity_id, data_hash, data)
SELECT key_hash, '00000000-0000-0000-0000-000000000000', version, at, %(now)s, %(now)s, %(batch_id)s, 0, 0, {entity_id}, '', data
FROM unnest(%(keys)s::uuid[], %(versions)s::bigint[], %(moments)s::timestamptz[], %(datas)s::jsonb[]) AS told (key_hash, version, at, data)
ORDER BY key_hash
ON CONFLICT (key_hash, entity_id) DO UPDATE SET
  synced_at = greatest(r.synced_at, excluded.synced_at), version = greatest(r.version, excluded.version),
  deleted_at = coalesce(r.deleted_at, excluded.deleted_at), revision = r.revision + (r.deleted_at IS NULL)::int,
  changed_at = CASE WHEN r.deleted_at IS NULL THEN greatest(excluded.changed_at, r.changed_at + interval '1 us') ELSE r.changed_at END
WHERE CASE WHEN r.deleted_at IS NOT NULL THEN excluded.synced_at > r.synced_at
  WHEN excluded.version > 0 AND r.version > 0 THEN excluded.version >= r.version
  ELSE excluded.synced_at > r.synced_at END
RETURNING key_hash, revision, deleted_at = %(now)s;

-- note_deleted --
-- The rows of what a webhook deleted, to be undone by them.
INSERT INTO delete_key (proposal_id, key_hash, raw_hash, revision)
SELECT %(proposal)s, r.key_hash, r.raw_hash, r.revision
FROM unnest(%(keys)s::uuid[]) AS asked (key_hash) JOIN {leaf} r ON r.key_hash = asked.key_hash AND r.entity_id = {entity_id};

-- close_deleted --
-- Failures of rows that are gone at the far end.
UPDATE failed_record f SET state = 'superseded', closed_at = clock_timestamp(), closed_by = 'webhook', next_try_at = NULL
FROM unnest(%(keys)s::uuid[], %(moments)s::timestamptz[]) AS told (key_hash, at)
WHERE f.entity_id = %(entity_id)s AND f.state = 'open' AND f.key_hash = told.key_hash AND f.synced_at <= told.at
RETURNING f.fingerprint;

-- unpark_deleted --
-- Rows that wait for a parent and are gone at the far end.
DELETE FROM pending_child p USING unnest(%(keys)s::uuid[], %(moments)s::timestamptz[]) AS told (key_hash, at)
WHERE p.entity_id = %(entity_id)s AND p.key_hash = told.key_hash AND p.synced_at <= told.at;
