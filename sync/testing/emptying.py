"""A database as new for each test, with commits that are real."""

from __future__ import annotations

from django.db import connection

KEPT = (
    "entity",
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
    "tracker",
    "scope_limit",
    "schedule",
    "audit_chain",
)
"""Tables that `migrate` itself fills."""


def empty() -> None:
    """Empty every table of the schema but what `migrate` itself fills; reset trackers, limits and the chain.

    Not Django's flush, which leaves unmanaged tables alone and empties `entity`.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(format('%%I', relname), ', ')"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE nspname = 'bridge' AND relkind IN ('r', 'p') AND NOT relispartition"
            " AND relname <> ALL(%s)",
            (list(KEPT),),
        )
        row = cursor.fetchone()
        assert row
        cursor.execute("SET bridge.audit_tidy = 'on'")
        cursor.execute(f"TRUNCATE {row[0]} RESTART IDENTITY")
        cursor.execute("RESET bridge.audit_tidy")
        cursor.execute(
            "UPDATE audit_chain SET start_seq = 0, head_seq = 0,"
            " start_hash = decode(repeat('00', 32), 'hex'), head_hash = decode(repeat('00', 32), 'hex')"
        )
        cursor.execute(
            "UPDATE tracker SET state = 'active', remark = '', watermark = NULL, last_sync_at = NULL, fresh_to = NULL,"
            " feed_seq = 0, live_rows = 0, history_from = NULL, emptied_at = NULL,"
            " deletes_held = NULL, deletes_held_since = NULL"
        )
        cursor.execute(
            "UPDATE scope_limit SET paused = false, most = CASE WHEN scope LIKE 'system:%' THEN NULL ELSE 1 END"
        )
        cursor.execute("DELETE FROM scope_limit WHERE scope LIKE 'backfill:%'")
