"""`bridge webhooks`."""

from __future__ import annotations

from tests import factories
from tests.integration.shell.conftest import Shell


def test_it_lists_what_came_in_and_what_became_of_it(shell: Shell) -> None:
    factories.inbound(delivery_id="d-7", told={"rows": 2, "keys": 0, "deletes": 1}, repeated=3)

    assert shell("webhooks") == 0

    for words in ("shop.gadgets", "d-7", "2 rows, 1 delete", "done", "1 updated", "3"):
        assert words in shell.out


def test_it_filters_and_prints_json(shell: Shell) -> None:
    factories.inbound()
    waiting = factories.inbound(state="waiting", result=None)

    shell("webhooks", "--state", "waiting", "--entity", "gadgets", "--json")

    assert [row["id"] for row in shell.json] == [str(waiting.pk)]


def test_it_says_where_nothing_came(shell: Shell) -> None:
    shell("webhooks")

    assert "Nothing came in." in shell.out
