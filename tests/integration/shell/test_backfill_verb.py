"""`bridge backfill`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from sync.models import AuditEntry, Backfill
from tests import factories
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget
from tests.integration.shell.conftest import Shell

START = ("backfill", "start", "gadgets", "--by", "key", "--from", "1", "--to", "101", "--window", "25")


@pytest.fixture(autouse=True)
def far_end() -> Iterator[FarEnd]:
    with FarEnd() as server:
        server.set("gadgets", *(gadget(number) for number in range(1, 101)))
        yield server


def test_a_preview_tells_and_starts_nothing(shell: Shell) -> None:
    assert shell(*START, "--rows-per-day", "50", "--hours", "22-6", "--preview") == 0

    assert "4 windows of 25, 1 at once" in shell.out
    assert "100 rows at the far end now" in shell.out
    assert "done not before" in shell.out
    assert not Backfill.objects.exists()


def test_a_shell_that_cannot_sign_in_plans_and_starts_all_the_same(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NETSUITE_ACCOUNT", raising=False)
    customers = ("backfill", "start", "netsuite.customers", "--by", "key", "--from", "1", "--to", "5")

    assert shell(*customers, "--preview") == 0
    assert "NetSuite is not configured" in shell.out
    assert shell(*customers) == 0
    assert Backfill.objects.get().rows_expected is None


def test_it_starts_one(shell: Shell) -> None:
    assert shell(*START, "--rows-per-day", "50", "--workers", "3", "--json") == 0

    assert (shell.json["rows_per_day"], shell.json["workers"]) == (50, 3)
    assert AuditEntry.objects.get().door == "shell"


def test_it_lists_how_far_they_are(shell: Shell) -> None:
    factories.backfill()
    factories.backfill("shop.makers", state="done")

    assert shell("backfill", "--entity", "gadgets") == 0
    assert "key 1 … 101" in shell.out
    assert "25%" in shell.out
    assert "makers" not in shell.out
    shell("backfill", "list", "--state", "done", "--json")
    assert [item["entity"] for item in shell.json] == ["shop.makers"]


def test_it_shows_one(shell: Shell) -> None:
    assert shell("backfill", "show", str(factories.backfill().pk)) == 0

    assert shell.json["progress"]["windows_done"] == 1


def test_it_pauses_resumes_and_cancels(shell: Shell) -> None:
    one = factories.backfill()

    for act, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        assert shell("backfill", act, str(one.pk), "--reason", "month end") == 0
        one.refresh_from_db()
        assert one.state == state


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("start",), "entity_missing"),
        (("start", "nothing"), "unknown_entity"),
        ((*START[1:], "--hours", "25"), "bad_hours"),
        ((*START[1:], "--rows-per-day", "0"), "bad_parameter"),
        ((*START[1:], "--from", "900"), "bad_window"),
        (("start", "shop.parts", "--by", "cursor", "--from", "2026-01-01"), "no_cursor"),
        (("start", "shop.notes"), "no_windows"),
        (("pause",), "id_missing"),
        (("show", "x"), "id_invalid"),
        (("cancel", str(uuid.uuid4())), "not_found"),
    ],
)
def test_what_is_asked_wrongly_is_one_sentence(shell: Shell, arguments: tuple[str, ...], code: str) -> None:
    assert shell("backfill", *arguments) == 2

    assert f"[{code}]" in shell.err


def test_what_makes_no_sense_now_is_one_sentence(shell: Shell) -> None:
    one = factories.backfill()
    done = factories.backfill("shop.makers", state="done")

    assert shell(*START) == 1
    assert "[backfill_overlaps]" in shell.err
    assert str(one.pk) in shell.err
    assert shell("backfill", "pause", str(done.pk)) == 1
    assert "[conflict]" in shell.err
