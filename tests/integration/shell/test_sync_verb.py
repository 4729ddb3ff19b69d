"""`bridge sync`."""

from __future__ import annotations

import pytest

from sync.models import AuditEntry, Job
from tests import factories
from tests.integration.shell.conftest import Shell


def test_it_asks_for_a_sync(shell: Shell) -> None:
    assert shell("sync", "shop.gadgets") == 0

    job = Job.objects.get(entity__path="shop.gadgets")
    assert f"Asked for shop.gadgets, job {job.id}" in shell.out
    assert job.params == {}
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.door, entry.actor) == ("sync.start", "shell", job.requested_by)


@pytest.mark.parametrize("name", ["gadgets", "gadget", "shop/gadgets", "shop.gadget"])
def test_it_knows_the_entitys_other_names(shell: Shell, name: str) -> None:
    assert shell("sync", name) == 0
    assert Job.objects.get().entity.path == "shop.gadgets"  # type: ignore[union-attr]  # a sync has one


def test_it_passes_on_full_and_since(shell: Shell) -> None:
    shell("sync", "shop.gadgets", "--full")
    shell("sync", "shop.gadgets", "--since", "2026-01-31T10:30:00Z")

    params = Job.objects.order_by("id").values_list("params", flat=True)
    assert list(params) == [{"full": True}, {"since": "2026-01-31T10:30:00Z"}]


def test_it_joins_a_sync_that_is_under_way(shell: Shell) -> None:
    shell("sync", "shop.gadgets")

    assert shell("sync", "shop.gadgets") == 0
    assert "Already under way: shop.gadgets" in shell.out
    assert Job.objects.count() == 1


def test_it_says_that_no_worker_is_there(shell: Shell) -> None:
    shell("sync", "shop.gadgets")

    assert "No worker is alive" in shell.err


def test_it_prints_the_job_as_json(shell: Shell) -> None:
    assert shell("sync", "shop.gadgets", "--json") == 0
    assert (shell.json["entity"], shell.json["status"]) == ("shop.gadgets", "pending")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["shop.none"], "unknown_entity"),
        (["shop.gadgets", "--timeout", "5"], "bad_parameter"),
        (["shop.gadgets", "--since", "yesterday"], "bad_since"),
        (["shop.gadgets", "--since", "2999-01-01"], "bad_since"),
        (["shop.gadgets", "--since", "2026-01-01", "--full"], "bad_since"),
        (["shop.notes", "--since", "2026-01-01"], "bad_since"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(shell: Shell, arguments: list[str], code: str) -> None:
    assert shell("sync", *arguments) == 2
    assert shell.err.startswith("bridge: ")
    assert f"[{code}]" in shell.err
    assert Job.objects.count() == 0


def test_waiting_ends_when_the_time_is_up(shell: Shell) -> None:
    assert shell("sync", "shop.gadgets", "--wait", "--timeout", "0.1") == 1

    job = Job.objects.get()
    assert "start `bridge up` or `bridge worker`" in shell.err
    assert (
        f"Not ended within 0.1 s: it goes on without being watched. `bridge jobs show {job.id}`" in shell.err
    )
    assert shell.out == "shop.gadgets: pending\n"


def test_waiting_for_one_that_waits_for_a_person_ends_with_1(shell: Shell) -> None:
    factories.job(dedup="sync:shop.gadgets", hold="paused", error="Shop moves house today.")

    assert shell("sync", "shop.gadgets", "--wait") == 1
    assert "shop.gadgets: waits (paused): Shop moves house today." in shell.out
    assert "shop.gadgets" not in shell.err, "its end is told once"
