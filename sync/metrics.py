"""What the engine counts. The API counts its own requests; gauges of what the database holds: elsewhere."""

from __future__ import annotations

import threading

from prometheus_client import Counter, Gauge, Histogram

jobs_processed = Counter("sync_jobs_processed_total", "Jobs that ended in success.", ["module"])
jobs_failed = Counter("sync_jobs_failed_total", "Jobs that are out of tries.", ["module"])
job_wait = Histogram(
    "bridge_job_wait_seconds",
    "From the moment a job may run to the moment it does.",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
)
syncs = Counter("bridge_sync_total", "Sync runs that ended, well or not.")
sync_duration = Histogram(
    "bridge_sync_duration_seconds",
    "From the start of a sync run to its end.",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600),
)
# A gauge that only rises: the name is agreed, and a Counter would add `_total` to it.
rows_processed = Gauge(
    "bridge_rows_processed",
    "Rows by what became of them; only rises.",
    ["entity", "stage"],
    multiprocess_mode="sum",
)
errors = Counter("bridge_errors_total", "Errors by their stable code.", ["type"])
cache_hits = Counter("redis_cache_hits_total", "Reads answered by the cache.")
cache_misses = Counter("redis_cache_misses_total", "Reads that the cache could not answer.")
callbacks = Counter(
    "bridge_callbacks_total",
    "Reports of far ends on commands; outcome is accepted, repeated, or the code of the refusal.",
    ["command", "outcome"],
)
webhooks = Counter(
    "bridge_webhooks_total",
    "Deliveries of far ends; outcome is accepted, repeated, or the code of the refusal.",
    ["entity", "outcome"],
)
far_end_requests = Counter(
    "far_end_requests_total",
    "Requests to other systems; status is the answer's, or `unreachable` or `timeout`.",
    ["system", "status"],
)

TAKEN = frozenset({"api", "bridge", "far_end", "redis_cache", "sync", "sync_jobs"})
"""Names a system cannot have: its own counter, such as `netsuite_requests_total`, would clash with others."""

_by_system: dict[str, Counter] = {}
_lock = threading.Lock()


def far_end_asked(system: str, module: str, status: str) -> None:
    """Count one request to a system: among all, and in the system's own `<system>_requests_total`."""
    far_end_requests.labels(system=system, status=status).inc()
    requests_of(system).labels(module=module, status=status).inc()


def requests_of(system: str) -> Counter:
    """The counter of one system's requests by module and status."""
    with _lock:
        if system not in _by_system:
            name = f"{system}_requests_total"
            _by_system[system] = Counter(name, f"Requests to {system}.", ["module", "status"])
        return _by_system[system]
