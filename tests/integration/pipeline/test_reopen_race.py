"""A discard that is taken back while a batch opens a failed record of the same key."""

from __future__ import annotations

import threading
import time
import uuid

import pytest
from django.db import connection, connections, transaction

from sync import failures
from sync.audit import Actor
from sync.errors import Conflict
from sync.models import AuditEntry, ErrorGroup, FailedRecord
from tests import factories

OPERATOR = Actor(name="olga", door="api")


def test_it_is_refused_as_one_that_came_before_it(committed: None) -> None:
    key = uuid.uuid4()
    failed = factories.failed_record(key_hash=key, state="discarded", closed_by="olga")
    opened = threading.Event()
    batch = threading.Thread(target=open_until_somebody_waits, args=(key, opened))
    batch.start()
    assert opened.wait(10)

    with pytest.raises(Conflict, match="failed again since"):
        failures.reopen(failed.id, by=OPERATOR)

    batch.join()
    failed.refresh_from_db()
    assert (failed.state, failed.closed_by) == ("discarded", "olga")
    assert FailedRecord.objects.get(state="open").key_hash == key
    assert not ErrorGroup.objects.exists()
    assert not AuditEntry.objects.exists()


def open_until_somebody_waits(key: uuid.UUID, opened: threading.Event) -> None:
    """Open a failed record, and commit when another transaction waits for this one, or after half a minute."""
    try:
        with transaction.atomic():
            factories.failed_record(key_hash=key)
            opened.set()
            until = time.monotonic() + 30
            while not somebody_waits() and time.monotonic() < until:
                time.sleep(0.02)
    finally:
        connections.close_all()


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks w JOIN pg_locks h ON h.transactionid = w.transactionid AND h.granted"
            " WHERE NOT w.granted AND h.pid = pg_backend_pid())"
        )
        return bool(cursor.fetchone() == (True,))
