"""`bridge budget`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sync.models import AuditEntry, Budget
from tests.integration.shell.conftest import Shell


def test_it_lists_every_system(shell: Shell) -> None:
    assert shell("budget") == 0

    assert "netsuite" in shell.out
    assert "shop" in shell.out


def test_it_sets_limits_and_says_that_they_are_edited(shell: Shell) -> None:
    assert shell("budget", "set", "netsuite", "--rate", "4", "--concurrent", "none", "--reason", "slow") == 0

    assert "The limits of netsuite are edited; declared are rate 10" in shell.out
    kept = Budget.objects.get(system="netsuite")
    assert (kept.rate, kept.burst, kept.concurrent) == (4, 8, None)
    assert AuditEntry.objects.get(act="budget.edit").reason == "slow"


def test_it_shows_one_as_json_as_the_api_does(shell: Shell) -> None:
    assert shell("budget", "show", "netsuite", "--json") == 0

    assert shell.json["limits"] == {"rate": 10.0, "burst": 20.0, "concurrent": 5, "per_day": None}


def test_it_follows_the_declaration_again(shell: Shell) -> None:
    shell("budget", "set", "netsuite", "--rate", "4")

    assert shell("budget", "follow", "netsuite") == 0
    assert shell("budget", "resume", "netsuite") == 1

    assert not Budget.objects.get(system="netsuite").edited
    assert "netsuite has not asked for a pause" in shell.err


def test_it_says_what_is_missing(shell: Shell) -> None:
    assert shell("budget", "set") == 2
    assert "Name the system" in shell.err
    assert shell("budget", "set", "netsuite") == 2
    assert "Say what to set" in shell.err
    assert shell("budget", "set", "netsuite", "--burst", "2") == 2
    assert "too little for 10 requests a second" in shell.err


def test_it_tells_what_a_far_end_says_of_its_own_limit(shell: Shell) -> None:
    shell("budget", "set", "netsuite", "--rate", "4")
    Budget.objects.update(far_limit=100, far_left=2)

    shell("budget", "show", "netsuite")

    assert "netsuite says that 2 of 100 requests are left" in shell.out


def test_a_number_that_no_column_holds_is_one_sentence(shell: Shell) -> None:
    assert shell("budget", "set", "netsuite", "--concurrent", "99999999999999") == 2
    assert "at most 10,000" in shell.err


def test_a_pause_that_lasts_for_days_names_the_day(shell: Shell) -> None:
    until = datetime.now(UTC) + timedelta(days=1)
    shell("budget", "set", "netsuite", "--rate", "4")
    Budget.objects.filter(system="netsuite").update(not_before=until)

    assert shell("budget") == 0

    assert f"{until:%Y-%m-%d %H:%M:%S} UTC" in shell.out
