-- An effect that somebody wants outside, and how far it is.
CREATE TABLE command (
  id uuid PRIMARY KEY,
  job_id uuid NOT NULL UNIQUE,
  kind text NOT NULL,                  -- such as netsuite.upsert_customer
  client text NOT NULL,                -- who asked for it; idempotency keys are theirs
  idempotency_key text,
  request_hash bytea NOT NULL,         -- of the payload as it was sent
  answer jsonb NOT NULL,               -- what the client was told, and is told again
  effect_key text NOT NULL UNIQUE,     -- goes to the far end on every try
  payload jsonb NOT NULL,              -- as validated
  state text NOT NULL CHECK (state IN ('intended', 'sent', 'proven', 'refused', 'unknown')),
  planned_revision int,
  compensates_id uuid REFERENCES command,
  remote_id text,                      -- of the thing that it made there, and nobody else
  remote_status text,                  -- the far end's word in the last callback that counted
  remote_rank int,
  created_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL
) WITH (fillfactor = 80);
-- A twin request waits here, then reads the stored answer.
CREATE UNIQUE INDEX command_idem ON command (client, kind, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX command_remote ON command (kind, remote_id) WHERE remote_id IS NOT NULL;
-- Nothing is taken back twice.
CREATE UNIQUE INDEX command_back ON command (compensates_id) WHERE compensates_id IS NOT NULL AND state <> 'refused';
CREATE INDEX command_open ON command (changed_at) WHERE state IN ('sent', 'unknown');
CREATE INDEX command_list ON command (kind, id DESC);

-- The ledger: what was about to be done, what came of it. Insert only.
CREATE TABLE effect (
  command_id uuid NOT NULL REFERENCES command,
  no smallint NOT NULL,
  state text NOT NULL CHECK (state IN ('intended', 'sent', 'proven', 'refused', 'unknown')),
  fence int NOT NULL,                  -- of the attempt that wrote it; 0 = no attempt did
  exchange jsonb NOT NULL DEFAULT '{}',
  at timestamptz NOT NULL,
  PRIMARY KEY (command_id, no)
);
