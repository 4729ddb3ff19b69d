-- What a full read found missing, what a person said to it, what became of it.
CREATE TABLE delete_proposal (
  id uuid PRIMARY KEY,
  job_id uuid NOT NULL,
  entity_id smallint NOT NULL REFERENCES entity,
  state text NOT NULL CHECK (state IN ('proposed', 'approved', 'applied', 'rejected', 'undone', 'expired')),
  count bigint NOT NULL,
  live_rows bigint NOT NULL,
  share double precision NOT NULL,
  sample jsonb NOT NULL DEFAULT '[]',
  read_began_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  until timestamptz NOT NULL,
  decided_by text,
  decided_at timestamptz,
  reason text,
  applied_at timestamptz,
  deleted bigint,
  undone_at timestamptz,
  revived bigint
);
CREATE UNIQUE INDEX delete_proposal_open ON delete_proposal (entity_id) WHERE state = 'proposed';
CREATE INDEX delete_proposal_entity ON delete_proposal (entity_id, id DESC);

-- The rows of a proposal; the revision is that of the deleted row. A row seen again leaves.
CREATE TABLE delete_key (
  proposal_id uuid NOT NULL REFERENCES delete_proposal ON DELETE CASCADE,
  key_hash uuid NOT NULL,
  raw_hash uuid NOT NULL,
  revision int,
  PRIMARY KEY (proposal_id, key_hash)
);
