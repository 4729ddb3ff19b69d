"""`bridge commands`."""

from __future__ import annotations

from sync.models import Command
from tests import factories
from tests.integration.shell.conftest import Shell

LETTER = '{"to": "Ann", "text": "hello", "value": 1234567890.25}'


def test_one_is_asked_for_once_with_its_key(shell: Shell) -> None:
    send = ("commands", "send", "shop.mail", "--payload", LETTER, "--key", "k-1")

    assert shell(*send) == 0
    assert shell(*send) == 0

    assert "taken before" in shell.out
    assert Command.objects.get().payload["value"] == "1234567890.25"


def test_they_are_listed_and_shown(shell: Shell) -> None:
    command = factories.command("unknown")
    factories.command("proven", remote_id="E7")

    assert shell("commands") == 0
    assert ("E7" in shell.out, "unknown" in shell.out) == (True, True)
    assert shell("commands", "list", "--state", "unknown", "--command", "shop.mail", "--json") == 0
    assert [one["id"] for one in shell.json] == [str(command.pk)]
    assert shell("commands", "show", str(command.pk)) == 0
    assert shell.json["ledger"][0]["words"] == "Asked for by carol."


def test_those_of_a_client_are_listed(shell: Shell) -> None:
    factories.command()
    factories.command(client="dave")

    assert shell("commands", "--client", "dave", "--json") == 0

    assert [one["client"] for one in shell.json] == ["dave"]


def test_one_is_shown_with_what_was_said_to_the_far_end_the_newest_first(shell: Shell) -> None:
    job = factories.dead_job(None, kind="command")
    command = factories.command("unknown", job=job)
    for attempt in (1, 2):
        factories.exchange(job, attempt)
    factories.exchange(factories.dead_job())

    assert shell("commands", "show", str(command.pk)) == 0

    said = shell.json["exchanges"]
    assert [(one["attempt"], one["status"], one["sent_headers"]["Authorization"]) for one in said] == [
        (2, 400, "***"),
        (1, 400, "***"),
    ]


def test_the_list_of_jobs_says_which_command_one_sends(shell: Shell) -> None:
    factories.dead_job(None, kind="command", params={"command": "shop.mail", "id": "1"})

    assert shell("jobs") == 0

    assert "shop.mail" in shell.out


def test_an_unknown_one_is_settled_with_a_reason(shell: Shell) -> None:
    command = factories.command("unknown", job=factories.dead_job(None, kind="command"))
    settle = ("commands", "settle", str(command.pk))

    assert shell(*settle, "proven") == 2
    assert "reason" in shell.err
    assert shell(*settle, "done", "--reason", "seen") == 2
    assert shell(*settle, "proven", "--reason", "seen", "--remote-id", "E9") == 0

    command.refresh_from_db()
    assert (command.state, command.remote_id) == ("proven", "E9")
    assert shell(*settle, "proven", "--reason", "seen") == 1


def test_what_is_asked_wrongly_is_one_sentence(shell: Shell) -> None:
    assert shell("commands", "send", "shop.mial", "--payload", "{}") == 2
    assert "shop.mail" in shell.err
    assert shell("commands", "send", "shop.mail") == 2
    assert shell("commands", "send", "shop.mail", "--payload", "{") == 2
    assert shell("commands", "send", "shop.mail", "--payload", "{}") == 2
    assert "  to: This field is required.\n  text: This field is required." in shell.err
    assert shell("commands", "send", "shop.mail", "--payload", '{"to": NaN}') == 2
    assert "NaN is no JSON value" in shell.err
    nested = '{"address": {"zip_code": "x"}}'
    assert shell("commands", "send", "shop.mail", "--payload", nested) == 2
    assert "  address.zip_code: This value does not match the required pattern." in shell.err
    assert not Command.objects.exists()
