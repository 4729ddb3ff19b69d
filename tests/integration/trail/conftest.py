"""An audit of a few acts, and the hand of somebody who may do anything to the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from sync import audit
from sync.audit import Actor
from sync.models import AuditLink

OLGA = Actor(name="olga", door="admin", request_id="r-1")


def act(number: int) -> None:
    """An act of its own transaction."""
    with transaction.atomic():
        before, after = {"most": number}, {"most": number + 1}
        audit.record(
            "limit.change", "limit", f"queue:{number}", by=OLGA, reason="why", before=before, after=after
        )


def act_at_once(number: int) -> None:
    """An act whose link is made now, in a test that never commits."""
    act(number)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def five(committed: None) -> list[str]:
    """The ids of five acts, in their order."""
    for number in range(5):
        act(number)
    return [str(found) for found in AuditLink.objects.values_list("entry_id", flat=True)]


@contextmanager
def past_the_triggers() -> Iterator[CursorWrapper]:
    """What the owner of the tables can do."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table in ("audit", "audit_link"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor
        for table in ("audit", "audit_link"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
