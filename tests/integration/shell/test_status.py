"""`bridge status` and `bridge entities`."""

from __future__ import annotations

import pytest
from django.db import connection

from sync.models import Job, Tracker, Worker
from tests import factories
from tests.integration.shell.conftest import Shell


def alive_worker() -> None:
    Worker.objects.create(
        name="vm:1:a",
        host="vm",
        pid=1,
        version="0.1",
        queues=["sync"],
        started_at=factories.now(),
        heard_at=factories.now(),
    )


def test_it_shows_every_entity_with_its_figures(shell: Shell) -> None:
    factories.failed_record()
    factories.pending_child()
    Tracker.objects.filter(entity__path="shop.gadgets").update(live_rows=12_345, last_sync_at=factories.now())

    assert shell("status") == 0

    (line,) = [line for line in shell.out.splitlines() if line.startswith("shop.gadgets")]
    assert line.split() == ["shop.gadgets", "12,345", "1", "1", "0", "s", "ago"]
    assert "netsuite.customers" in shell.out


def test_it_says_that_no_worker_is_alive(shell: Shell) -> None:
    shell("status")

    assert "No worker is alive: start `bridge up` or `bridge worker`." in shell.out


def test_it_says_that_a_worker_is_alive(shell: Shell) -> None:
    alive_worker()

    shell("status")

    assert "A worker is alive." in shell.out


def test_it_shows_the_job_under_way(shell: Shell) -> None:
    factories.job(status=Job.Status.PROCESSING)

    shell("status")

    (line,) = [line for line in shell.out.splitlines() if line.startswith("shop.gadgets")]
    assert line.split()[-1] == "processing"


def test_it_shows_why_the_last_sync_failed_and_counts_dead_jobs(shell: Shell) -> None:
    factories.dead_job()

    shell("status")

    assert "The far end answered 500: out of order." in shell.out
    assert "Failed jobs that wait for a person: 1" in shell.out


def test_a_later_success_takes_the_place_of_a_failure(shell: Shell) -> None:
    factories.dead_job()
    factories.job(status=Job.Status.SUCCESS)

    shell("status")

    assert "out of order" not in shell.out


def test_it_prints_json(shell: Shell) -> None:
    job = factories.job(hold="lane")
    alive_worker()

    assert shell("status", "--json") == 0

    assert shell.json["workers"] == 1
    (gadgets,) = [entity for entity in shell.json["entities"] if entity["entity"] == "shop.gadgets"]
    assert (gadgets["records"], gadgets["job"], gadgets["job_status"]) == (0, str(job.id), "lane")


def test_entities_are_objects_with_exactly_the_promised_names(shell: Shell) -> None:
    factories.failed_record()

    assert shell("entities", "--json") == 0

    names = {"entity", "system", "records", "pending", "failed", "last_sync_at"}
    assert all(set(entity) == names for entity in shell.json)
    (gadgets,) = [entity for entity in shell.json if entity["entity"] == "shop.gadgets"]
    assert gadgets == {
        "entity": "shop.gadgets",
        "system": "shop",
        "records": 0,
        "pending": 0,
        "failed": 1,
        "last_sync_at": None,
    }


def test_entities_are_a_table_for_people(shell: Shell) -> None:
    assert shell("entities") == 0
    assert "apismith.order_lines" in shell.out


def test_tables_that_are_missing_are_one_sentence(shell: Shell) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE entity RENAME TO entity_gone")

    assert shell("status") == 2
    assert "This database has no tables for Bridge yet: run `bridge migrate`. [not_migrated]" in shell.err


def test_an_entity_without_its_table_is_one_sentence(shell: Shell) -> None:
    from sync import schema

    with connection.cursor() as cursor:
        cursor.execute("UPDATE entity SET path = 'shop.others' WHERE path = 'shop.notes'")
    schema.forget()
    try:
        assert shell("status") == 2
        assert "no tables for the entity shop.notes yet: run `bridge migrate`" in shell.err
    finally:
        schema.forget()


@pytest.mark.parametrize("verb", ["status", "entities", "jobs", "failed", "pending"])
def test_nothing_is_said_on_stderr_when_all_is_well(shell: Shell, verb: str) -> None:
    assert shell(verb) == 0
    assert shell.err == ""


def test_it_names_what_targets_refused_and_what_changed_at_sources(shell: Shell) -> None:
    factories.delivery("apismith.items")
    factories.delivery("apismith.items", state="acked")
    factories.source_column()
    factories.source_column(name="note", state="known")

    shell("status")

    assert "Records that schedulehub refused: 1; see `bridge deliveries`." in shell.out
    assert "Columns of sources that changed: 1; see `bridge drift`." in shell.out


def test_a_column_that_no_row_ever_had_is_no_change(shell: Shell) -> None:
    factories.source_column(name="comments", state="unseen", first_seen=None)

    shell("status")

    assert "Columns of sources" not in shell.out


def test_it_says_why_deletes_are_held_back(shell: Shell) -> None:
    held = {"deletes_held": "Its last page was not reached.", "deletes_held_since": factories.now()}
    Tracker.objects.filter(entity__path="shop.gadgets").update(**held)

    shell("status")

    assert "Deletes of shop.gadgets are held back since 0 s ago: Its last page was not reached." in shell.out
