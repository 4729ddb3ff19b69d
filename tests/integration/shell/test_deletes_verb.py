"""`bridge deletes`."""

from __future__ import annotations

import uuid

import pytest

from sync.models import AuditEntry
from tests import factories
from tests.integration.shell.conftest import Shell


def test_it_lists_what_waits_for_a_decision(shell: Shell) -> None:
    one = factories.delete_proposal()
    other = factories.delete_proposal("shop.makers", state="rejected")

    assert shell("deletes") == 0

    assert str(one.id) in shell.out
    assert str(other.id) not in shell.out


def test_it_lists_by_entity_and_state_as_json(shell: Shell) -> None:
    one = factories.delete_proposal("shop.makers", state="applied")

    shell("deletes", "list", "--entity", "shop.makers", "--state", "applied", "--json")

    assert [row["id"] for row in shell.json] == [str(one.id)]


def test_it_shows_one(shell: Shell) -> None:
    assert shell("deletes", "show", str(factories.delete_proposal().id)) == 0

    assert shell.json["count"] == 30


@pytest.mark.parametrize(
    ("act", "before", "after"),
    [("approve", "proposed", "approved"), ("reject", "proposed", "rejected"), ("undo", "applied", "undone")],
)
def test_it_decides(shell: Shell, act: str, before: str, after: str) -> None:
    proposal = factories.delete_proposal(state=before)

    assert shell("deletes", act, str(proposal.id), "--reason", "known") == 0

    proposal.refresh_from_db()
    assert (proposal.state, proposal.reason) == (after, "known")
    assert AuditEntry.objects.get().door == "shell"


def test_one_that_is_not_there_is_one_sentence(shell: Shell) -> None:
    for act in ("show", "approve", "reject", "undo"):
        assert shell("deletes", act, str(uuid.uuid4())) == 2
        assert "[not_found]" in shell.err
