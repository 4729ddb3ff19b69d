"""Taking a command: all of it in one transaction, once for each key."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from sync.commands.idempotency import KeyReused
from sync.commands.payload import BadPayload
from sync.errors import InvalidRequest
from sync.models import AuditEntry, Command, Effect, Job
from tests.integration.commands.conftest import LETTER, ask, steps, taken

pytestmark = pytest.mark.usefixtures("db")


def test_it_writes_the_command_its_ledger_its_job_and_the_audit() -> None:
    command = ask("mail", key="k-1")

    assert (command.kind, command.client, command.state) == ("shop.mail", "carol", "intended")
    assert steps(command) == ["asked"]
    assert (command.job.kind, command.job.status, command.job.requested_by) == ("command", "pending", "carol")
    assert AuditEntry.objects.get(act="command.accept").object_id == str(command.pk)


def test_nothing_of_it_is_there_when_the_transaction_is_undone() -> None:
    with transaction.atomic():
        ask("mail")
        transaction.set_rollback(True)

    assert [model.objects.count() for model in (Command, Effect, Job, AuditEntry)] == [0, 0, 0, 0]


def test_the_payload_is_stored_as_it_was_validated() -> None:
    command = ask("mail", {**LETTER, "value": "10.5", "on": "2026-01-02"})

    assert command.payload == {**LETTER, "value": "10.50", "on": "2026-01-02"}


def test_letters_that_only_look_like_an_escape_are_stored() -> None:
    assert ask("mail", {**LETTER, "text": r"\u0000"}).payload["text"] == r"\u0000"


def test_every_error_of_a_payload_is_named() -> None:
    bad = {"text": "", "value": "much", "colour": "red", "address": {"zip_code": "x", "town": "Graz"}}

    with pytest.raises(BadPayload) as refused:
        ask("mail", bad)

    faults = refused.value.detail
    assert {name: faults[name][0]["code"] for name in ("to", "text", "value", "colour")} == {
        "to": "required",
        "text": "blank",
        "value": "invalid",
        "colour": "unknown_field",
    }
    assert {name: found[0]["code"] for name, found in faults["address"].items()} == {
        "street": "required",
        "zip_code": "invalid",
        "town": "unknown_field",
    }
    assert Command.objects.count() == Job.objects.count() == 0


@pytest.mark.parametrize("data", [[], "text", 5, None])
def test_a_payload_that_is_no_object_is_refused(data: Any) -> None:
    with pytest.raises(BadPayload):
        taken("mail", [] if data is None else data)


def test_the_same_request_again_is_the_same_command() -> None:
    first = taken("mail", {"to": "Ann", "text": "hello"}, key="k-1")
    again = taken("mail", {"text": "hello", "to": "Ann"}, key="k-1")

    assert (first.created, again.created) == (True, False)
    assert again.command.pk == first.command.pk
    assert again.command.answer == first.command.answer
    assert Job.objects.count() == 1


def test_another_body_under_the_same_key_is_refused() -> None:
    ask("mail", key="k-1")

    with pytest.raises(KeyReused):
        ask("mail", {**LETTER, "text": "bye"}, key="k-1")
    with pytest.raises(KeyReused):
        ask("mail", {"nothing": "of it fits"}, key="k-1")

    assert Command.objects.count() == 1


def test_keys_are_told_apart_by_client_and_by_command() -> None:
    ids = {
        ask("mail", key="k-1").pk,
        ask("mail", key="k-1", client="dave").pk,
        ask("book", key="k-1").pk,
        ask("mail").pk,
        ask("mail").pk,
    }

    assert len(ids) == 5


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        ask("mail", key=key)

    assert refused.value.code == "bad_idempotency_key"
