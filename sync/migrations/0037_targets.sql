-- Whether one of these scopes was paused: itself, by its entity's tracker (`jobs:` is of those that no limit counts), or by
-- the system that it writes to (`target:`, which no limit counts either: a push locks no row that others start under).
CREATE OR REPLACE FUNCTION bridge_paused(_scopes text[]) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM scope_limit WHERE paused AND ARRAY[scope, replace(scope, 'system:', 'target:')] && _scopes)
      OR EXISTS (SELECT FROM tracker t JOIN entity e ON e.id = t.entity_id
                 WHERE t.state = 'paused' AND ARRAY['entity:' || e.path, 'replay:' || e.path, 'jobs:' || e.path] && _scopes);
END $$;
