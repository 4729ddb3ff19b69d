"""The nightly job: what is kept no longer goes, and what anything still stands on stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from api.auth import mint
from sync import failures, schema
from sync.audit import Actor
from sync.declare import History, Push, days
from sync.history import retention
from sync.history.retention import ask_nightly
from sync.ids import first_uuid7
from sync.jobs.enqueue import enqueue
from sync.mapping import acts as mappings
from sync.models import Attempt, Batch, Change, Command, Exchange, FailedRecord, Job, RecordVersion, Tracker
from sync.registry import registry
from tests import factories
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run_again, sync

GADGETS = "shop.gadgets"
OLGA = Actor("olga", "admin")


def changed(far_end: FarEnd, times: int) -> None:
    others = far_end.rows["gadgets"][1:]
    for number in range(times):
        row = gadget(1, price=f"{number}.50", updated_at=f"2026-01-02T00:{number:02}:00Z")
        far_end.set("gadgets", row, *others)
        sync(GADGETS, full=True)


def tidy() -> dict[str, int]:
    return dict(run_again(enqueue("tidy", requested_by="test").job).result or {})


@pytest.fixture
def reader(committed: None) -> Client:
    return Client(headers={"authorization": f"Bearer {mint('carol', ('read',), days(1))}"})


def raw_pages() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM raw_page")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def test_the_newest_versions_stay(far_end: FarEnd) -> None:
    changed(far_end, 23)

    counts = tidy()

    assert counts["versions"] == 2
    assert RecordVersion.objects.count() == 20
    assert min(RecordVersion.objects.values_list("revision", flat=True)) == 3


def test_lists_as_of_tell_whose_versions_went(far_end: FarEnd, reader: Client) -> None:
    far_end.set("gadgets", gadget(1), gadget(2), gadget(3))
    sync(GADGETS)
    moment = factories.now().isoformat()
    changed(far_end, 22)
    assert len(items(reader, as_of=moment)["items"]) == 3

    tidy()

    told = items(reader, as_of=moment)
    assert {item["key"] for item in told["items"]} == {"2", "3"}
    oldest = RecordVersion.objects.earliest("revision")
    assert [lost["key"] for lost in told["not_kept"]] == ["1"]
    assert datetime.fromisoformat(told["not_kept"][0]["kept_from"]) == oldest.valid_from
    assert items(reader, as_of=oldest.valid_from.isoformat())["not_kept"] == []
    pages = [items(reader, as_of=moment, limit=1)]
    while pages[-1]["next"]:
        pages.append(items(reader, as_of=moment, limit=1, after=pages[-1]["next"]))
    assert [len(page["items"]) + len(page["not_kept"]) for page in pages] == [1, 1, 1]


def items(reader: Client, **params: Any) -> Any:
    response = reader.get("/api/v1/shop/gadgets", params)
    assert response.status_code == 200, response.content
    return response.json()


def test_ranges_of_keys_leave_no_version_out(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "KEYS_AT_ONCE", 3)
    for minute in range(3):
        rows = (
            gadget(n, price=f"{minute}.5", updated_at=f"2026-01-02T00:0{minute}:00Z") for n in range(1, 11)
        )
        far_end.set("gadgets", *rows)
        sync(GADGETS)
    registered = registry.find(GADGETS)
    brief = replace(registered, entity=replace(registered.entity, history=History(versions=1)))
    monkeypatch.setitem(registry._entities, GADGETS, brief)

    assert tidy()["versions"] == 10
    assert set(RecordVersion.objects.values_list("revision", flat=True)) == {2}


def test_what_a_read_saw_and_nobody_compared_goes(far_end: FarEnd) -> None:
    changed(far_end, 2)
    Batch.objects.update(seen=b"s" * 16, committed_at=factories.now() - timedelta(days=31))

    assert tidy()["proofs"] == 2
    assert not Batch.objects.filter(seen__isnull=False).exists()


def test_what_was_said_to_far_ends_goes_after_two_weeks(far_end: FarEnd) -> None:
    job = factories.dead_job()
    for age in (15, 13):
        moment = factories.now() - timedelta(days=age)
        factories.exchange(job, id=first_uuid7(moment.timestamp()), ms=age)

    assert tidy()["exchanges"] == 1
    assert [kept.ms for kept in Exchange.objects.all()] == [13]


def test_old_raw_rows_go_but_those_behind_current_records_stay(far_end: FarEnd) -> None:
    changed(far_end, 3)
    Batch.objects.update(committed_at=factories.now() - timedelta(days=31))

    counts = tidy()

    assert counts["raw_pages"] == 2
    assert raw_pages() == 1


def test_raw_rows_behind_a_failure_stay(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="much"))
    sync(GADGETS)
    Batch.objects.update(committed_at=factories.now() - timedelta(days=31))

    assert tidy()["raw_pages"] == 0


def test_a_number_of_live_records_that_is_off_is_put_right(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(5)))
    sync(GADGETS)
    assert tidy()["miscounted"] == 0
    tracker = Tracker.objects.filter(entity_id=schema.entity_id(GADGETS))
    tracker.update(live_rows=3)

    assert tidy()["miscounted"] == 2

    assert tracker.get().live_rows == 5


def test_young_rows_stay(far_end: FarEnd) -> None:
    changed(far_end, 3)

    counts = tidy()

    assert not any(counts.values()), counts


def test_old_changes_go_from_the_beginning(far_end: FarEnd) -> None:
    changed(far_end, 3)
    Change.objects.filter(last_seq__lte=2).update(at=factories.now() - timedelta(days=31))

    assert tidy()["change_rows"] == 2
    assert list(Change.objects.values_list("first_seq", flat=True)) == [3]


def test_changes_that_a_target_has_not_read_stay(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(far_end, 3)
    Change.objects.update(at=factories.now() - timedelta(days=31))
    registered = registry.find(GADGETS)
    push = Push(target="warehouse", path="/gadgets", fields={"id": "id"})
    pushed = replace(registered, entity=replace(registered.entity, targets=(push,)))
    monkeypatch.setitem(registry._entities, GADGETS, pushed)

    assert tidy()["change_rows"] == 0

    with connection.cursor() as cursor:
        given = [schema.entity_id(GADGETS)]
        cursor.execute(
            "INSERT INTO target_cursor (target, entity_id, seq) VALUES ('warehouse', %s, 2)", given
        )
    assert tidy()["change_rows"] == 2


def test_old_jobs_go_unless_they_wait_for_somebody(far_end: FarEnd) -> None:
    past = factories.now() - timedelta(days=91)
    number = first_uuid7(past.timestamp())
    old = factories.job(id=number, status=Job.Status.SUCCESS, finished_at=past)
    factories.attempt(old)
    dead = factories.dead_job(finished_at=past)

    past_id = first_uuid7((past - timedelta(hours=1)).timestamp())
    command = factories.command("proven", id=past_id, job=old, changed_at=past)
    open_ = factories.command("unknown", changed_at=past, job=dead)

    counts = tidy()

    assert (counts["jobs"], counts["commands"]) == (1, 1)
    assert not Command.objects.filter(pk=command.pk).exists()
    assert Command.objects.filter(pk=open_.pk).exists()
    assert not Attempt.objects.filter(job_id=old.pk).exists()
    assert Job.objects.filter(pk=dead.pk).exists()


def closed_long_ago() -> None:
    FailedRecord.objects.exclude(state="open").update(closed_at=factories.now() - timedelta(days=91))


def test_failures_that_were_closed_long_ago_go(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number, price="much") for number in (1, 2, 3)))
    sync(GADGETS)
    far_end.set("gadgets", gadget(1), gadget(2, price="much"), gadget(3))
    sync(GADGETS)
    assert tidy()["failed_records"] == 0
    closed_long_ago()

    assert tidy()["failed_records"] == 2

    only = FailedRecord.objects.get()
    assert (only.state, bytes(only.raw) != b"") == ("open", True)


def test_a_discarded_row_loses_its_bytes_and_stays_discarded(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="much"))
    sync(GADGETS)
    failures.discard(FailedRecord.objects.get().id, by=OLGA)
    closed_long_ago()

    counts = tidy()

    only = FailedRecord.objects.get()
    assert (counts["failed_records"], counts["emptied"]) == (0, 1)
    assert (bytes(only.raw), only.normalized, only.errors) == (b"", None, [])
    assert tidy()["emptied"] == 0
    assert sync(GADGETS, full=True)["discarded"] == 1


def test_a_mend_by_hand_outlives_its_bytes(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="much"), {**gadget(2), "id": "two"})
    sync(GADGETS)
    for failed in FailedRecord.objects.all():
        failures.mend(failed.id, {"price": "5"} if failed.key_hash else {"id": 2}, by=OLGA)
        run_again(failures.retry(failed.id, by=OLGA))
    closed_long_ago()

    assert tidy()["emptied"] == 2

    assert not FailedRecord.objects.exclude(raw=b"").exists()
    assert sync(GADGETS, full=True)["skipped"] == 2
    rules = {"fields": {"name": {"source": "name", "clean": ["upper"]}}}
    mappings.activate(mappings.draft(registry.find(GADGETS), rules, by=OLGA).pk, by=OLGA)
    remapped = run_again(enqueue("remap", entity=registry.find(GADGETS), requested_by="test").job)
    assert (remapped.result or {})["mended_by_hand"] == 2


def test_it_is_asked_for_once_a_night(committed: None) -> None:
    factories.job(created_at=factories.now() - timedelta(days=2))
    night = datetime.now(UTC).replace(hour=3, minute=5)

    first = ask_nightly(night)

    assert first is not None
    assert first.kind == "tidy"
    assert ask_nightly(night + timedelta(minutes=10)) is None


def test_a_young_bridge_is_left_alone(committed: None) -> None:
    factories.job()

    assert ask_nightly() is None
