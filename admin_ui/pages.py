"""Every page, so that importing this registers them all."""

from admin_ui import (
    audit,
    backfills,
    batches,
    delete_proposals,
    deliveries,
    drift,
    error_groups,
    failed_records,
    jobs,
    mappings,
    pending_children,
    records,
    schedules,
    trackers,
    users,
    webhooks,
)

__all__ = [
    "audit",
    "backfills",
    "batches",
    "delete_proposals",
    "deliveries",
    "drift",
    "error_groups",
    "failed_records",
    "jobs",
    "mappings",
    "pending_children",
    "records",
    "schedules",
    "trackers",
    "users",
    "webhooks",
]
