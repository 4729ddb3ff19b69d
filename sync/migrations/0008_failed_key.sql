CREATE INDEX failed_key ON failed_record (entity_id, key_hash) WHERE state <> 'open';
