-- From when on all superseded versions of an entity are kept; null = all there ever were.
ALTER TABLE tracker ADD COLUMN history_from timestamptz;
