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

FILLED = """
WITH RECURSIVE emptied AS (
  SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  WHERE nspname = 'bridge' AND relkind = 'r' AND relname <> ALL(%(kept)s)
), filled AS (
  SELECT oid FROM emptied WHERE pg_relation_size(oid) > 0
  UNION
  SELECT conrelid FROM pg_constraint JOIN filled ON confrelid = filled.oid WHERE contype = 'f'
)
SELECT string_agg(format('bridge.%%I', relname), ', ') FROM emptied JOIN filled USING (oid)
"""
"""Tables with pages, and those that refer to them: most tests fill few of them, and TRUNCATE leaves no page."""

NUMBERS = """
SELECT setval(s.seqrelid, s.seqstart, false)
FROM pg_sequence s JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid
  AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
JOIN pg_class c ON c.oid = d.refobjid JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname = 'bridge' AND relname <> ALL(%(kept)s)
"""
"""Their sequences from the start: one may have been asked for a number by a row that was then refused."""


def empty() -> None:
    """Empty every table of the schema but what `migrate` itself fills; reset trackers, limits and the chain.

    Not Django's flush, which leaves unmanaged tables alone and empties `entity`.
    """
    kept = {"kept": list(KEPT)}
    with connection.cursor() as cursor:
        cursor.execute(FILLED, kept)
        row = cursor.fetchone()
        assert row
        if row[0]:
            cursor.execute("SET bridge.audit_tidy = 'on'")
            cursor.execute(f"TRUNCATE {row[0]}")
            cursor.execute("RESET bridge.audit_tidy")
        cursor.execute(NUMBERS, kept)
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
