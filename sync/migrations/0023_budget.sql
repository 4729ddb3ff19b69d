-- What a person may set beside the rate; how far a refusal slowed us down; requests at once as leases.
ALTER TABLE budget
  ADD COLUMN concurrent int CHECK (concurrent > 0),
  ADD COLUMN factor float8 NOT NULL DEFAULT 1,
  ADD COLUMN slowed_at timestamptz,
  ADD COLUMN edited boolean NOT NULL DEFAULT false;
CREATE TABLE budget_slot (
  system text, no smallint, holder text NOT NULL, until timestamptz NOT NULL, PRIMARY KEY (system, no)
) WITH (fillfactor = 20);
CREATE INDEX budget_slot_holder ON budget_slot (holder);
ALTER TABLE attempt ADD COLUMN requests int;
