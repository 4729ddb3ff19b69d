"""What a token may do. Scopes are independent: none includes another."""

from __future__ import annotations

from sync.commands.declared import declared

READ = "read"
SYNC = "sync"
OPERATE = "operate"
METRICS = "metrics"

MEANING = {
    READ: "read records, jobs, batches, trackers and failed records",
    SYNC: "ask for a sync",
    OPERATE: "re-run, cancel and resolve jobs; mend, retry and discard failed records; decide on deletes; settle"
    " commands",
    METRICS: "read /metrics from another machine",
}


def all_scopes() -> tuple[str, ...]:
    """Every scope a token may have: one for each declared command too."""
    return (*MEANING, *(one.scope for one in declared()))
