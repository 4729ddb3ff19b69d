"""Schema drift: a source that changes its columns is seen, told of, and loses nothing unseen."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from api.auth import mint
from sync import drift, records
from sync.audit import Actor
from sync.declare import Drift, System, days
from sync.errors import ConfigError
from sync.gauges import drift as gauge
from sync.mapping import acts
from sync.models import AuditEntry, FailedRecord, Job, JobEvent, SourceColumn
from sync.registry import registry
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run, sync
from tests.shop import system

GADGETS = "shop.gadgets"
OLGA = Actor("olga", "admin")


def declare(monkeypatch: pytest.MonkeyPatch, policy: Drift) -> None:
    """Let gadgets have this policy."""
    entities = tuple(
        replace(entity, drift=policy) if entity.name == "gadgets" else entity for entity in system.entities
    )
    changed: System = replace(system, entities=entities)
    before = registry.systems
    monkeypatch.setattr(registry, "systems", before)
    for name in ("_entities", "_names"):
        monkeypatch.setattr(registry, name, dict(getattr(registry, name)))
    registry.fill(changed if found.name == "shop" else found for found in before)


def whole(number: int, **values: Any) -> dict[str, Any]:
    """A gadget with every declared column."""
    plain = {"email": "a@example.com", "weight": "1", "note": "dear", "maker": None}
    return gadget(number, **{**plain, **values})


def renamed(number: int) -> dict[str, Any]:
    """The same a night later: `note` is called `notes`, and its clock went on."""
    row = whole(number, updated_at="2026-01-02T00:00:00Z")
    return {("notes" if name == "note" else name): value for name, value in row.items()}


def state(name: str) -> SourceColumn:
    return SourceColumn.objects.get(entity__path=GADGETS, name=name)


def data(number: int) -> dict[str, Any]:
    found = records.read(registry.find(GADGETS), {"id": str(number)})
    assert found is not None
    value: dict[str, Any] = json.loads(found.data)
    return value


def overnight(far_end: FarEnd) -> Job:
    """A first sync, then the rename and a full one."""
    far_end.set("gadgets", *(whole(number) for number in range(1, 16)))
    sync(GADGETS)
    far_end.set("gadgets", *(renamed(number) for number in range(1, 16)))
    return run("sync", GADGETS, full=True)


def test_the_columns_of_a_first_read_are_no_drift(far_end: FarEnd) -> None:
    far_end.set("gadgets", whole(1, colour="red"), whole(2, colour="blue"))

    sync(GADGETS)

    assert not SourceColumn.objects.filter(drift.OPEN).exists()
    assert state("colour").types == ["string"]
    assert state("id").types == ["number"]


def test_a_column_that_no_row_ever_had_is_no_change(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1), gadget(2))

    job = run("sync", GADGETS)

    assert (state("note").state, state("note").drifts) == ("unseen", False)
    assert not SourceColumn.objects.filter(drift.OPEN).exists()
    assert not JobEvent.objects.filter(job=job, name="schema_drift").exists()
    assert (GADGETS, "unseen") not in gauge()
    reader = Client(headers={"authorization": f"Bearer {mint('carol', ('read',), days(1))}"})
    assert reader.get("/api/v1/drift").json()["items"] == []
    unseen = reader.get("/api/v1/drift", {"state": "unseen"}).json()["items"]
    assert "note" in [item["name"] for item in unseen]


def test_a_column_that_rows_must_have_and_never_had_is_a_change(far_end: FarEnd) -> None:
    nameless = gadget(1)
    del nameless["name"]
    far_end.set("gadgets", nameless)

    sync(GADGETS)

    assert (state("name").state, state("name").drifts) == ("missing", True)
    assert "was never there" in drift.words(state("name"))


def test_a_column_that_comes_late_is_known_and_missed_when_it_goes(far_end: FarEnd) -> None:
    states = []
    for row in (gadget(1), whole(1), gadget(1)):
        far_end.set("gadgets", row)
        sync(GADGETS, full=True)
        states.append((state("note").state, state("note").drifts))

    assert states == [("unseen", False), ("known", False), ("missing", True)]


def test_an_unseen_column_that_only_a_row_beside_the_sample_has_is_unseen_no_longer(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 60)))
    sync(GADGETS, page_size=100)
    rows = [gadget(number, kind="again") for number in range(1, 60)]
    far_end.set("gadgets", *rows[:30], {**rows[30], "note": "dear"}, *rows[31:])

    sync(GADGETS, page_size=100, full=True)

    assert (state("note").state, state("note").sparse) == ("known", True)


def test_a_renamed_column_is_seen_and_named(far_end: FarEnd) -> None:
    job = overnight(far_end)

    missing = state("note")
    assert (missing.state, missing.instead, state("notes").state) == ("missing", "notes", "new")
    (event,) = JobEvent.objects.filter(job=job, name="schema_drift")
    assert "'note' is missing, and 'notes' is new: probably it was renamed." in event.facts["told"]
    assert gauge()[GADGETS, "missing"] == 1


def test_the_values_before_and_after_a_rename_are_kept(far_end: FarEnd) -> None:
    overnight(far_end)
    reader = Client(headers={"authorization": f"Bearer {mint('carol', ('read',), days(1))}"})

    history = reader.get("/api/v1/shop/gadgets/1/history").json()["items"]
    lineage = reader.get("/api/v1/shop/gadgets/1/lineage").json()

    assert [item["data"]["note"] for item in history] == [None, "dear"]
    assert '"notes": "dear"' in lineage["raw"]


def test_an_undeclared_column_is_kept_where_the_entity_wants_it(
    far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(monkeypatch, Drift(new="keep"))

    overnight(far_end)

    assert data(1)["extra"] == {"notes": "dear"}
    far_end.set("gadgets", *({**renamed(number), "notes": "gone"} for number in range(1, 16)))
    assert sync(GADGETS, full=True)["updated"] == 15, "it is part of the data hash"


def test_rows_without_a_column_are_set_aside_where_the_entity_wants_it(
    far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(monkeypatch, Drift(missing="set_aside"))

    counts = overnight(far_end).result or {}

    assert (counts["failed"], counts.get("updated", 0)) == (15, 0)
    assert data(1)["note"] == "dear"
    assert {failed.code for failed in FailedRecord.objects.all()} == {"column_missing"}


def test_a_job_stops_before_it_writes_where_the_entity_wants_it(
    far_end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(monkeypatch, Drift(missing="stop"))

    with pytest.raises(ConfigError) as refused:
        overnight(far_end)

    assert refused.value.code == "schema_drift"
    assert data(1)["note"] == "dear"
    assert state("note").drifts, "it is known of though the batch was not committed"
    for column in SourceColumn.objects.filter(drift.OPEN):
        drift.acknowledge(column.pk, by=OLGA)
    Job.objects.update(status=Job.Status.CANCELLED)
    assert sync(GADGETS, full=True)["updated"] == 15


def test_values_of_another_type_are_seen(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(whole(number) for number in range(1, 5)))
    sync(GADGETS)
    far_end.set("gadgets", *(whole(n, price=10, updated_at="2026-01-02T00:00:00Z") for n in range(1, 5)))

    sync(GADGETS)

    assert (state("price").state, state("price").types) == ("retyped", ["number", "string"])


def test_a_column_that_rows_may_leave_out_is_not_missed_by_a_few(far_end: FarEnd) -> None:
    sparse = whole(2)
    del sparse["note"]
    far_end.set("gadgets", whole(1), sparse)
    sync(GADGETS)
    far_end.set("gadgets", {**sparse, "updated_at": "2026-01-02T00:00:00Z"})

    sync(GADGETS)

    assert (state("note").state, state("note").sparse) == ("known", True)


def leaving_out(numbers: range, *, seconds: int) -> list[dict[str, Any]]:
    """Rows without the column `note`."""
    rows = [whole(number, updated_at=f"2026-01-02T00:00:{seconds:02}Z") for number in numbers]
    return [{name: value for name, value in row.items() if name != "note"} for row in rows]


@pytest.mark.usefixtures("page_by_page")
def test_a_column_that_only_the_first_batch_has_is_missed_by_none_of_the_same_run(far_end: FarEnd) -> None:
    far_end.set("gadgets", whole(1), *leaving_out(range(2, 240), seconds=1))
    first = run("sync", GADGETS, page_size=120)
    again = whole(1, updated_at="2026-01-02T00:00:02Z")
    far_end.set("gadgets", again, *leaving_out(range(2, 240), seconds=2))

    second = run("sync", GADGETS, page_size=120, full=True)

    assert (state("note").state, state("note").sparse) == ("known", True)
    assert not JobEvent.objects.filter(job__in=(first, second), name="schema_drift").exists()


@pytest.mark.usefixtures("page_by_page")
def test_a_column_that_no_batch_of_a_run_has_is_missed(far_end: FarEnd) -> None:
    far_end.set("gadgets", whole(1), *leaving_out(range(2, 240), seconds=1))
    sync(GADGETS, page_size=120)
    far_end.set("gadgets", *leaving_out(range(1, 240), seconds=2))

    sync(GADGETS, page_size=120, full=True)

    assert state("note").state == "missing"


def test_a_column_that_comes_back_is_known_again(far_end: FarEnd) -> None:
    overnight(far_end)
    far_end.set("gadgets", *(whole(n, updated_at="2026-01-03T00:00:00Z") for n in range(1, 16)))

    sync(GADGETS, full=True)

    assert state("note").state == "known"
    assert data(1)["note"] == "dear"


def test_it_is_listed_and_acknowledged_by_the_api(far_end: FarEnd) -> None:
    overnight(far_end)
    caller = Client(headers={"authorization": f"Bearer {mint('olga', ('read', 'operate'), days(1))}"})
    (missing,) = caller.get("/api/v1/drift", {"state": "missing"}).json()["items"]

    answer = caller.post(
        f"/api/v1/drift/{missing['id']}/acknowledge", {"reason": "told us"}, "application/json"
    )

    assert answer.json()["acknowledged_by"] == "olga"
    assert [item["name"] for item in caller.get("/api/v1/drift").json()["items"]] == ["notes"]
    trackers = {item["entity"]: item["drift"] for item in caller.get("/api/v1/trackers").json()["items"]}
    assert trackers[GADGETS] == 1
    assert AuditEntry.objects.get(act="drift.acknowledge").reason == "told us"
    again = caller.post(f"/api/v1/drift/{missing['id']}/acknowledge", {}, "application/json")
    assert again.status_code == 409
    assert caller.post("/api/v1/drift/x/acknowledge", {}, "application/json").status_code == 404
    assert sync(GADGETS, full=True)["skipped"] == 15
    assert not state("note").drifts


def test_a_column_is_missing_though_its_name_stands_in_values_and_in_objects_inside(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(whole(number) for number in range(1, 5)))
    sync(GADGETS)
    inside = [{**renamed(number), "kind": "note", "links": {"note": 1}} for number in range(1, 5)]
    far_end.set("gadgets", *inside)

    sync(GADGETS, full=True)

    assert (state("note").state, state("note").instead) == ("missing", "notes")


def test_a_column_that_one_row_of_many_leaves_out_is_not_missed_by_the_next_one(far_end: FarEnd) -> None:
    sparse = whole(30, updated_at="2026-01-02T00:00:00Z")
    del sparse["note"]
    others = [whole(number) for number in range(1, 60) if number != 30]
    far_end.set("gadgets", *others[:20], sparse, *others[20:])
    sync(GADGETS, page_size=100)
    far_end.set("gadgets", {**sparse, "updated_at": "2026-01-03T00:00:00Z"})

    sync(GADGETS)

    assert (state("note").state, state("note").sparse) == ("known", True)


def test_what_somebody_acknowledged_during_a_run_stays_acknowledged(far_end: FarEnd) -> None:
    overnight(far_end)
    seen_by_the_run = state("notes")
    drift.acknowledge(seen_by_the_run.pk, by=OLGA)

    seen_by_the_run.sparse = True
    drift.save(seen_by_the_run.entity_id, [seen_by_the_run])

    assert (state("notes").sparse, state("notes").acknowledged_by) == (True, "olga")


@pytest.mark.parametrize("policy", ["stop", "set_aside"])
def test_a_mapping_that_reads_the_new_name_ends_the_trouble_with_the_old_one(
    far_end: FarEnd, monkeypatch: pytest.MonkeyPatch, policy: Any
) -> None:
    declare(monkeypatch, Drift(missing=policy))
    far_end.set("gadgets", *(whole(number) for number in range(1, 4)))
    sync(GADGETS)
    far_end.set("gadgets", *(renamed(number) for number in range(1, 4)))
    with nullcontext() if policy == "set_aside" else pytest.raises(ConfigError):
        sync(GADGETS, full=True)
    Job.objects.update(status=Job.Status.CANCELLED)

    rules = {"fields": {"note": {"source": "notes"}}}
    acts.activate(acts.draft(registry.find(GADGETS), rules, by=OLGA).pk, by=OLGA)
    counts = sync(GADGETS, full=True)

    assert (counts["failed"], data(1)["note"]) == (0, "dear")
    assert not SourceColumn.objects.filter(drift.OPEN).exists()
