-- Dead jobs have an index of their own, for their page and their counts; acts on many jobs run one after another.
CREATE INDEX job_dead ON job (entity_id, kind, id DESC) WHERE status = 'failed' AND resolved_at IS NULL;
INSERT INTO scope_limit (scope, most) VALUES ('bulk', 1) ON CONFLICT DO NOTHING;
