"""A first load makes the index of lists after its end; a broken off one leaves that to the next sync or to migrate."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now
from pytest_django import Settings

from sync import schema
from sync.jobs import reaper
from sync.jobs.claim import Claim
from sync.models import Batch, Job, Record
from sync.pipeline import copying, loading, narrow
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run, run_again, sync

GADGETS = "shop.gadgets"


class Killed(BaseException):
    """The process is gone: nobody settles the attempt."""


def has_index() -> bool:
    with connection.cursor() as cursor:
        name = f"{schema.leaf(GADGETS)}_changed"
        cursor.execute(
            "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass(%s) AND indisvalid", (name,)
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def is_vacuumed() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE oid = to_regclass(%s)", (schema.leaf(GADGETS),))
        row = cursor.fetchone()
    return bool(row) and not row[0]


@pytest.fixture
def seen_at_commits(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the index was there, at each commit."""
    seen: list[bool] = []

    def hold(claim: Claim) -> None:
        seen.append(has_index())
        held(claim)

    held = Claim.hold
    monkeypatch.setattr(Claim, "hold", hold)
    return seen


def test_a_batch_that_a_copy_has_no_buffers_for_goes_in_several(
    far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 31)))
    monkeypatch.setattr(narrow, "COPY_BYTES", 1_000)
    sent: list[int] = []

    def send(cursor: Any, statement: str, content: Any) -> None:
        sent.append("COPY record_" in statement)
        carried_out(cursor, statement, content)

    carried_out = copying.send
    monkeypatch.setattr(copying, "send", send)

    sync(GADGETS)

    assert Record.objects.count() == 30
    assert sum(sent) > 3
    assert len(set(Record.objects.values_list("changed_at", "batch_id"))) == 1


@pytest.mark.usefixtures("page_by_page")
def test_the_index_of_lists_is_built_after_the_rows(far_end: FarEnd, seen_at_commits: list[bool]) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(6)))

    sync(GADGETS, full=True, page_size=2)

    assert not any(seen_at_commits[1:]), "rows are copied into a table without it"
    assert has_index()
    assert is_vacuumed()
    assert Record.objects.count() == 6


@pytest.mark.usefixtures("page_by_page")
def test_a_job_has_ended_well_though_its_index_could_not_be_made(
    far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(cursor: Any, number: int, *, loaded: bool = True) -> None:
        raise OperationalError("No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(schema, "make_list_index", full_disk)
        far_end.set("gadgets", *(gadget(number) for number in range(6)))
        job = run("sync", GADGETS, full=True, page_size=2)
    assert (job.status, Record.objects.count(), has_index()) == ("success", 6, False)

    sync(GADGETS)

    assert has_index()


@pytest.mark.usefixtures("page_by_page")
def test_a_long_load_goes_on_with_the_index(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "MOST_ROWS", 0)
    found: list[tuple[bool, bool]] = []

    def make(cursor: Any, number: int, *, loaded: bool = True) -> None:
        found.append((loaded, has_index()))
        made(cursor, number, loaded=loaded)
        assert is_vacuumed() is loaded

    made = schema.make_list_index
    monkeypatch.setattr(schema, "make_list_index", make)
    far_end.set("gadgets", *(gadget(number) for number in range(40)))

    sync(GADGETS, full=True, page_size=2)

    assert found == [(False, False), (True, True)]
    assert has_index()


@pytest.mark.usefixtures("page_by_page")
def test_a_load_of_a_filled_table_keeps_the_index(far_end: FarEnd, seen_at_commits: list[bool]) -> None:
    far_end.set("gadgets", gadget(1))
    sync(GADGETS, full=True)
    far_end.set("gadgets", *(gadget(number, name="New") for number in range(6)))

    sync(GADGETS, full=True, page_size=2)

    assert all(seen_at_commits)


@pytest.mark.usefixtures("page_by_page")
def test_a_broken_off_load_gets_its_index_when_it_goes_on(
    far_end: FarEnd, monkeypatch: pytest.MonkeyPatch, seen_at_commits: list[bool]
) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(6)))
    job = broken_off(monkeypatch)
    assert not has_index()
    assert not is_vacuumed()
    seen_at_commits.clear()

    run_again(job)

    assert all(seen_at_commits)
    assert is_vacuumed()
    assert Record.objects.count() == 6


@pytest.mark.usefixtures("page_by_page")
def test_migrate_makes_an_index_that_is_missing(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(6)))
    broken_off(monkeypatch)

    schema.prepare()

    assert has_index()
    assert is_vacuumed()


def broken_off(monkeypatch: pytest.MonkeyPatch) -> Job:
    """A first load whose worker died before its last commit; its job waits again."""

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Claim, "finish", die)
        patch.setattr(loading.ListIndex, "build", lambda _: None)
        with pytest.raises(Killed):
            run("sync", GADGETS, full=True, page_size=2)
    Job.objects.update(lease_until=Now())
    reaper.recover()
    return Job.objects.get(kind="sync")


def test_an_index_dropped_by_a_load_that_wrote_nothing_is_made_by_the_next(far_end: FarEnd) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        schema.drop_list_index(cursor, schema.entity_id(GADGETS))
    far_end.set("gadgets", gadget(1))

    sync(GADGETS)

    assert has_index()
    assert is_vacuumed()


@pytest.mark.usefixtures("page_by_page")
def test_autovacuum_comes_again_where_a_load_broke_off_after_its_index_was_made(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(6)))
    sync(GADGETS, full=True)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {schema.leaf(GADGETS)} SET (autovacuum_enabled = off)")

    sync(GADGETS)

    assert is_vacuumed()


def test_the_index_of_a_filled_table_is_never_dropped(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1))
    sync(GADGETS, full=True)

    with transaction.atomic(), connection.cursor() as cursor:
        schema.drop_list_index(cursor, schema.entity_id(GADGETS))

    assert has_index()


def test_rows_that_the_mirror_holds_are_skipped_by_many_pages_at_once(
    far_end: FarEnd, settings: Settings
) -> None:
    settings.BRIDGE_BATCH_ROWS = 8
    rows: list[dict[str, Any]] = [gadget(number) for number in range(60)]
    far_end.set("gadgets", *rows)
    sync(GADGETS, full=True)
    far_end.set("gadgets", *rows[:30], {**rows[30], "name": "New"}, {"name": "?"}, *rows[32:])

    job = run("sync", GADGETS, full=True, page_size=4)

    assert job.result is not None
    found = {name: job.result[name] for name in ("rows_fetched", "inserted", "updated", "skipped", "failed")}
    assert found == {"rows_fetched": 60, "inserted": 0, "updated": 1, "skipped": 58, "failed": 1}
    batches = Batch.objects.filter(job=job).order_by("seq")
    assert [(b.resume["first"], b.resume["last"]) for b in batches] == [(1, 8), (9, 15)]
    assert sum(b.counts["rows_fetched"] for b in batches) == 60


def test_wide_rows_are_worked_fewer_at_once(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("sync.pipeline.fetch"), "BATCH_BYTES", 6_000)
    far_end.set("gadgets", *(gadget(number, note="x" * 1_000) for number in range(12)))

    sync(GADGETS, full=True, page_size=2)

    assert [batch.counts["inserted"] for batch in Batch.objects.order_by("seq")] == [6, 6]


def test_a_first_load_begins_with_small_batches_and_ends_with_one(
    far_end: FarEnd, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.BRIDGE_BATCH_ROWS = 16
    monkeypatch.setattr(import_module("sync.pipeline.fetch"), "FIRST_ROWS", 4)
    far_end.set("gadgets", *(gadget(number) for number in range(60)))

    counts = sync(GADGETS, full=True, page_size=2)

    batches = Batch.objects.order_by("seq")
    assert [batch.counts["rows_fetched"] for batch in batches] == [4, 4, 8, 16, 16, 10, 2]
    assert [batch.resume["last"] for batch in batches] == [2, 4, 8, 16, 24, 29, 30]
    assert counts["inserted"] == Record.objects.count() == 60


@pytest.mark.usefixtures("committed")
def test_the_pages_of_the_index_are_logged_as_they_are() -> None:
    number = schema.entity_id(GADGETS)

    def compression(cursor: Any) -> str:
        cursor.execute("SHOW wal_compression")
        return str(cursor.fetchone()[0])

    with transaction.atomic(), connection.cursor() as cursor:
        schema.drop_list_index(cursor, number)
        cursor.execute("SET LOCAL wal_compression = 'pglz'")
        schema.make_list_index(cursor, number)
        assert compression(cursor) == "off"
    assert has_index()
