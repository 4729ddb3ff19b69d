"""Between two tests the database is as `migrate` left it, whatever the first one did."""

from __future__ import annotations

from django.db import connection
from django.db.backends.utils import CursorWrapper

from sync.testing.emptying import KEPT, empty
from tests import factories

TABLES = """
    SELECT relname FROM pg_class WHERE relnamespace = 'bridge'::regnamespace AND relkind IN ('r', 'p')
    AND relname <> ALL(%s)
"""


def filled(cursor: CursorWrapper) -> set[str]:
    """Tables with rows, of those that `migrate` leaves empty."""
    cursor.execute(TABLES, (list(KEPT),))
    names = [name for (name,) in cursor.fetchall()]
    cursor.execute(
        " UNION ALL ".join(f"SELECT '{name}' FROM (SELECT FROM {name} LIMIT 1) one" for name in names)
    )
    return {name for (name,) in cursor.fetchall()}


def test_it_leaves_no_row_in_any_table(committed: None) -> None:
    job = factories.job()
    factories.attempt(job)
    factories.event(job, "began")
    factories.record_version(factories.record(), 1, {"id": 1})
    factories.command()
    factories.audit_entry()
    factories.operator()
    with connection.cursor() as cursor:
        leaves = {name for name in filled(cursor) if name.startswith(("record_", "record_version_"))}
        assert len(leaves) >= 2
        assert {"job", "attempt", "job_event", "command", "audit", "auth_user"} <= filled(cursor)

        empty()

        assert filled(cursor) == set()


def test_numbers_begin_anew_though_no_row_ever_had_one(committed: None) -> None:
    ask = "SELECT nextval(pg_get_serial_sequence('mapping', 'id'))"
    with connection.cursor() as cursor:
        cursor.execute(ask)
        assert cursor.fetchone() == (1,)

        empty()

        cursor.execute(ask)
        assert cursor.fetchone() == (1,)
