-- audit_chain --
-- The ends of the chain: the last entry that was deleted for its age, and the newest.
SELECT start_seq, start_hash, head_seq, head_hash FROM audit_chain;

-- audit_chain_locked --
-- The same, and no act commits until the transaction ends.
SELECT start_seq, start_hash, head_seq, head_hash FROM audit_chain FOR UPDATE;

-- audit_links --
-- The next links with their entries, as they stand in the columns.
SELECT l.seq, l.hash, l.audit_id, a.id, a.at, a.actor, a.door, a.act, a.object_type, a.object_id, a.reason,
  a.before::text, a.after::text, a.request_id
FROM audit_link l LEFT JOIN audit a ON a.id = l.audit_id
WHERE l.seq > %(after)s ORDER BY l.seq LIMIT %(most)s;

-- audit_unlinked --
-- Entries that came past the chain.
SELECT a.id FROM audit a WHERE NOT EXISTS (SELECT 1 FROM audit_link l WHERE l.audit_id = a.id) ORDER BY a.id LIMIT %(most)s;

-- audit_hash --
-- The hash of the link of a number.
SELECT hash FROM audit_link WHERE seq = %(seq)s;

-- drop_audit --
-- Delete entries up to a number with their links; the last of them becomes the start of what is kept.
WITH dropped AS (DELETE FROM audit_link WHERE seq <= %(seq)s RETURNING audit_id),
  anchored AS (UPDATE audit_chain SET start_seq = %(seq)s, start_hash = %(hash)s)
DELETE FROM audit WHERE id IN (SELECT audit_id FROM dropped);
