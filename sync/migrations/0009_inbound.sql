-- What far ends sent us unasked: remembered so that a repeated delivery has no second effect.
CREATE TABLE inbound (
  id uuid PRIMARY KEY,
  door text NOT NULL,
  delivery_id text NOT NULL,
  entity_id smallint REFERENCES entity,
  state text NOT NULL CHECK (state IN ('waiting', 'done')),
  sent_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  done_at timestamptz,
  body bytea,                         -- until it is worked off: its rows are then kept with their batch
  told jsonb NOT NULL DEFAULT '{}',
  result jsonb,
  repeated int NOT NULL DEFAULT 0,
  job_id uuid,
  CONSTRAINT inbound_once UNIQUE (door, delivery_id)
);
CREATE INDEX inbound_waiting ON inbound (entity_id, id) WHERE state = 'waiting';
CREATE INDEX inbound_list ON inbound (entity_id, id DESC);
