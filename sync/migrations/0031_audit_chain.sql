-- Entries of the audit form a chain: each link is the SHA-256 of the link before and the entry's canonical text.
CREATE TABLE audit_link (
  seq bigint PRIMARY KEY,
  audit_id uuid NOT NULL UNIQUE,
  hash bytea NOT NULL
);
-- The two ends of what is kept: the last entry that was deleted for its age (0: none was), and the newest.
CREATE TABLE audit_chain (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  start_seq bigint NOT NULL,
  start_hash bytea NOT NULL,
  head_seq bigint NOT NULL,
  head_hash bytea NOT NULL
) WITH (fillfactor = 20);
INSERT INTO audit_chain VALUES (true, 0, decode(repeat('00', 32), 'hex'), 0, decode(repeat('00', 32), 'hex'));

-- A JSON array of texts, as PostgreSQL prints it; sync/trail/link.py writes the same, from the columns alone.
CREATE FUNCTION bridge_audit_text(_seq bigint, _entry audit) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array(_seq::text, _entry.id::text,
    to_char(_entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    _entry.actor, _entry.door, _entry.act, _entry.object_type, _entry.object_id, _entry.reason,
    _entry.before::text, _entry.after::text, _entry.request_id)::text
$$;

CREATE FUNCTION bridge_audit_add(_entry audit) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  number bigint;
  previous bytea;
  link bytea;
BEGIN
  SELECT head_seq + 1, head_hash INTO STRICT number, previous FROM audit_chain FOR UPDATE;
  link := sha256(previous || convert_to(bridge_audit_text(number, _entry), 'UTF8'));
  INSERT INTO audit_link VALUES (number, _entry.id, link);
  UPDATE audit_chain SET head_seq = number, head_hash = link;
END
$$;

-- No act commits while the entries there are get their links.
LOCK TABLE audit IN SHARE ROW EXCLUSIVE MODE;
DO $$
DECLARE
  entry audit;
BEGIN
  FOR entry IN SELECT * FROM audit ORDER BY id LOOP
    PERFORM bridge_audit_add(entry);
  END LOOP;
END
$$;

CREATE FUNCTION bridge_audit_link() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM bridge_audit_add(NEW);
  RETURN NULL;
END
$$;
-- At the commit: the head is locked last of all, so that nobody waits for it who holds what its owner wants, and only for
-- as long as a commit takes.
CREATE CONSTRAINT TRIGGER bridge_audit_link AFTER INSERT ON audit
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bridge_audit_link();

CREATE FUNCTION bridge_audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' AND current_setting('bridge.audit_tidy', true) = 'on' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'the audit is only added to'
    USING HINT = 'Entries are deleted for their age alone: BRIDGE_KEEP_AUDIT_DAYS.', ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER bridge_audit_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION bridge_audit_keep();
CREATE TRIGGER bridge_audit_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_link
  FOR EACH STATEMENT EXECUTE FUNCTION bridge_audit_keep();
