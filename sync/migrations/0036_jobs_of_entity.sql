-- Whether one of these scopes was paused, itself or by its entity's tracker; `jobs:` is of those that no limit counts.
CREATE OR REPLACE FUNCTION bridge_paused(_scopes text[]) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM scope_limit WHERE scope = ANY(_scopes) AND paused)
      OR EXISTS (SELECT FROM tracker t JOIN entity e ON e.id = t.entity_id
                 WHERE t.state = 'paused' AND ARRAY['entity:' || e.path, 'replay:' || e.path, 'jobs:' || e.path] && _scopes);
END $$;
