-- Wake workers when a wake-up is put back to be run at once: stock procrastinate notifies on INSERT only,
-- so these would wait for the next poll.
CREATE FUNCTION bridge_wake_workers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE payload text := json_build_object('type', 'job_inserted', 'job_id', NEW.id)::text;
BEGIN
  PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
  PERFORM pg_notify('procrastinate_any_queue_v1', payload);
  RETURN NULL;
END $$;

CREATE TRIGGER bridge_wake AFTER UPDATE OF status ON procrastinate_jobs FOR EACH ROW
  WHEN (NEW.status = 'todo' AND OLD.status <> 'todo'
        AND (NEW.scheduled_at IS NULL OR NEW.scheduled_at <= clock_timestamp()))
  EXECUTE FUNCTION bridge_wake_workers();

-- A worker's end sets worker_id of its wake-ups to NULL: without this index that reads the whole table.
CREATE INDEX bridge_wakeup_worker ON procrastinate_jobs (worker_id) WHERE worker_id IS NOT NULL;
