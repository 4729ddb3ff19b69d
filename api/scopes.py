"""What a token may do. Scopes are independent: none includes another."""

from __future__ import annotations

READ = "read"
SYNC = "sync"
OPERATE = "operate"
METRICS = "metrics"

MEANING = {
    READ: "read records, jobs, batches, trackers and failed records",
    SYNC: "ask for a sync",
    OPERATE: "re-run, cancel and resolve jobs; mend, retry and discard failed records; decide on deletes",
    METRICS: "read /metrics from another machine",
}
ALL = tuple(MEANING)
