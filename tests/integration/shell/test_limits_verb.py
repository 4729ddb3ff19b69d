"""`bridge limits` and `bridge lanes`."""

from __future__ import annotations

import pytest

from sync.jobs.enqueue import enqueue
from sync.models import AuditEntry, Job, ScopeLimit
from tests import factories
from tests.integration.shell.conftest import Shell


def test_they_are_listed_set_paused_and_resumed(shell: Shell) -> None:
    assert shell("limits") == 0
    assert "entity:shop.gadgets" in shell.out

    assert shell("limits", "set", "entity:shop.gadgets", "3", "--reason", "more cores", "--json") == 0
    assert shell.json["most"] == 3
    assert shell("limits", "set", "system:shop", "none") == 0
    assert shell("limits", "pause", "system:shop") == 0
    assert "paused" in shell.out
    assert shell("limits", "resume", "system:shop") == 0

    assert not ScopeLimit.objects.get(scope="system:shop").paused
    assert [entry.reason for entry in AuditEntry.objects.order_by("id")] == ["more cores", None, None]


@pytest.mark.parametrize(
    "words",
    [
        ("set", "entity:shop.gadgets", "0"),
        ("set", "entity:shop.gadgets", "none"),
        ("set", "entity:shop.gadgets", "3.5"),
        ("set", "entity:shop.gadgets"),
        ("pause",),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(shell: Shell, words: tuple[str, ...]) -> None:
    assert shell("limits", *words) == 2
    assert shell.err


def test_a_scope_that_is_none_is_told(shell: Shell) -> None:
    assert shell("limits", "show", "system:nowhere") != 0
    assert "bridge limits" in shell.err


def test_lanes_say_why_they_wait(shell: Shell) -> None:
    factories.worker()
    assert shell("lanes") == 0
    assert "Nothing waits for its turn." in shell.out
    for _ in range(2):
        enqueue("sync", requested_by="test", lanes=["shop.order:1"])

    assert shell("lanes") == 0
    assert "starts as soon as a worker is free" in shell.out
    assert shell("lanes", "--json") == 0
    assert shell.json[0]["lane"] == "shop.order:1"
    assert shell("lanes", "--dead", "--json") == 0
    assert shell.json == []


def test_a_lane_in_which_nothing_waits_has_no_since(shell: Shell) -> None:
    job = enqueue("sync", requested_by="test", lanes=["shop.order:1"]).job
    Job.objects.filter(pk=job.pk).update(status="failed", wakeup=None, finished_at=factories.now())

    assert shell("lanes") == 0

    assert "is dead since" in shell.out
    assert "never" not in shell.out
