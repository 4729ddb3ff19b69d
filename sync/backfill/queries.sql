-- backfill_used --
-- The rows of a UTC day that are read or asked for, over all windows; what a dead worker asked for is free again.
SELECT coalesce((SELECT rows FROM backfill_day WHERE backfill_id = %(backfill)s AND day = %(day)s), 0)
     + coalesce((SELECT sum(w.granted) FROM backfill_window w JOIN job j ON j.id = w.job_id
                 WHERE w.backfill_id = %(backfill)s AND w.state = 'running' AND j.status = 'processing'), 0);

-- grant_rows --
-- Let a window ask for so many more rows.
UPDATE backfill_window SET granted = granted + %(rows)s WHERE id = %(window)s;

-- note_window_rows --
-- Rows of a window that this transaction commits, and as many fewer that were only asked for.
UPDATE backfill_window SET rows = rows + %(rows)s, granted = greatest(granted - %(asked)s, 0) WHERE id = %(window)s;

-- note_backfill_day --
-- The same for the day.
INSERT INTO backfill_day (backfill_id, day, rows) VALUES (%(backfill)s, %(day)s, %(rows)s)
ON CONFLICT (backfill_id, day) DO UPDATE SET rows = backfill_day.rows + excluded.rows;

-- backfill_standing --
-- How far backfills are: windows by state, rows, and the speed of the window in the middle, in rows a second.
SELECT w.backfill_id, count(*), count(*) FILTER (WHERE w.state = 'done'), count(*) FILTER (WHERE w.state = 'running'),
  count(*) FILTER (WHERE w.state = 'failed'), sum(w.rows), coalesce(sum(w.rows) FILTER (WHERE w.state = 'done'), 0),
  coalesce(sum(w.granted) FILTER (WHERE w.state = 'running' AND j.status = 'processing'), 0),
  count(*) FILTER (WHERE w.state = 'running' AND j.hold = 'configuration'),
  percentile_cont(0.5) WITHIN GROUP (ORDER BY w.rows / greatest(extract(epoch FROM w.finished_at - w.started_at), 0.001))
    FILTER (WHERE w.state = 'done' AND w.rows > 0)
FROM backfill_window w LEFT JOIN job j ON j.id = w.job_id
WHERE w.backfill_id = ANY(%(backfills)s) GROUP BY w.backfill_id;

-- backfill_counts --
-- What became of the rows of one backfill's finished windows.
SELECT name, sum(number::bigint) FROM backfill_window, jsonb_each_text(counts) AS counted (name, number)
WHERE backfill_id = %(backfill)s AND state = 'done' GROUP BY name ORDER BY name;

-- mended_hashes --
-- The bytes of records that a person mended: read again, they are recognised and not refused again.
SELECT string_agg(uuid_send(r.raw_hash), ''::bytea)
FROM failed_record f JOIN {leaf} r ON r.key_hash = f.key_hash
WHERE f.entity_id = {entity_id} AND f.state = 'fixed' AND f.mended IS NOT NULL AND r.deleted_at IS NULL;
