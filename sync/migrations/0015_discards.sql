-- Under which declaration and mapping a row failed: what a person discards stays discarded as long as these and its bytes do.
ALTER TABLE failed_record ADD read_under uuid;
UPDATE failed_record f SET read_under = b.fingerprint FROM batch b
WHERE b.id = f.batch_id AND f.state IN ('open', 'discarded') AND f.remark IS DISTINCT FROM 'Emptied to be read anew.';
CREATE INDEX failed_bytes ON failed_record (entity_id, raw_hash) WHERE state IN ('discarded', 'fixed');
