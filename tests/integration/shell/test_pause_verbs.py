"""`bridge pause`, `bridge resume WHAT`, and how `bridge status` tells of it."""

from __future__ import annotations

from tests.integration.shell.conftest import Shell


def test_it_pauses_tells_and_resumes(shell: Shell) -> None:
    assert shell("pause", "queue:sync", "--reason", "a move") == 0
    assert shell("pause", "shop.gadgets", "--json") == 0
    assert shell.json["scope"] == "entity:shop.gadgets"

    shell("pause")

    assert [line.split()[0] for line in shell.out.splitlines()[-2:]] == ["entity:shop.gadgets", "queue:sync"]
    assert "a move" in shell.out
    shell("status")
    assert "queue:sync is paused" in shell.out
    shell("status", "--json")
    assert shell.json["paused"] == ["entity:shop.gadgets", "queue:sync"]
    assert shell("resume", "shop.gadgets") == 0
    assert shell("resume", "queue:sync") == 0
    shell("pause")
    assert shell.out.strip() == "Nothing is paused."


def test_what_is_not_there_or_not_paused_is_told(shell: Shell) -> None:
    assert shell("pause", "queue:nonsense") == 2
    assert "system, interactive, command, short, sync" in shell.err
    assert shell("resume", "system:shop") == 1
    assert "is not paused" in shell.err
    assert shell("resume", "system:shop", "--worker", "vm:1:a") == 2


def test_status_tells_that_workers_are_drained(shell: Shell) -> None:
    shell("drain", "--wait", "1", "--reason", "a deploy")

    shell("status")

    assert "Workers are drained by" in shell.out
    shell("status", "--json")
    assert shell.json["drained"]
