CREATE TABLE exchange (
  id uuid PRIMARY KEY,
  job_id uuid NOT NULL REFERENCES job ON DELETE CASCADE,
  attempt smallint NOT NULL,
  at timestamptz NOT NULL,
  system text NOT NULL,
  method text NOT NULL,
  address text NOT NULL,
  params jsonb NOT NULL,
  status smallint,
  error text,
  ms int NOT NULL,
  sent_headers jsonb NOT NULL,
  sent text NOT NULL,
  headers jsonb NOT NULL,
  body text NOT NULL,
  size int NOT NULL
);
CREATE INDEX exchange_job ON exchange (job_id, id);
