"""`bridge drift`."""

from __future__ import annotations

from sync.models import AuditEntry
from tests import factories
from tests.integration.shell.conftest import Shell


def test_it_lists_what_waits_for_somebody(shell: Shell) -> None:
    factories.source_column()
    factories.source_column(name="price", state="known")

    assert shell("drift") == 0

    assert "'colour' is new (string); no field reads it." in shell.out
    assert "price" not in shell.out


def test_it_lists_every_column_as_json(shell: Shell) -> None:
    factories.source_column()
    factories.source_column(name="price", state="known")

    shell("drift", "list", "--all", "--json")

    assert [(row["name"], row["state"]) for row in shell.json] == [("colour", "new"), ("price", "known")]


def test_it_lists_apart_what_no_row_ever_had(shell: Shell) -> None:
    factories.source_column(name="comments", state="unseen", first_seen=None, types=[])

    assert shell("drift", "list") == 0

    assert "No source has changed its columns." in shell.out
    assert "never seen in a row, which is no change: shop.gadgets comments." in shell.out


def test_it_acknowledges_a_column(shell: Shell) -> None:
    column = factories.source_column()

    assert shell("drift", "acknowledge", str(column.pk), "--reason", "they told us") == 0

    column.refresh_from_db()
    assert not column.drifts
    assert AuditEntry.objects.get(act="drift.acknowledge").reason == "they told us"


def test_it_asks_for_the_column(shell: Shell) -> None:
    assert shell("drift", "acknowledge") == 2
