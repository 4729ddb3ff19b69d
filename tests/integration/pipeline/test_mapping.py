"""Mappings as data: drafted, rehearsed, switched on; failures replayed and records made anew."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection, transaction

from sync import failures, records
from sync.audit import Actor
from sync.errors import Conflict, InvalidRequest
from sync.history.lineage import lineage
from sync.jobs.claim import Interrupted
from sync.jobs.enqueue import enqueue
from sync.jobs.take import take
from sync.mapping import acts
from sync.models import AuditEntry, FailedRecord, Job, Mapping, Record, RecordVersion
from sync.pipeline.run import bare_run
from sync.registry import registry
from tests.farend import FarEnd
from tests.integration.pipeline.conftest import gadget, run_again, run_waiting, sync

GADGETS = "shop.gadgets"
OLGA = Actor(name="olga", door="shell")


def drafted(**rules: Any) -> Mapping:
    return acts.draft(registry.find(GADGETS), rules, by=OLGA)


def switched_on(**rules: Any) -> Mapping:
    return acts.activate(drafted(**rules).pk, by=OLGA)


def rehearsed(mapping: Mapping, sample: int | None = None) -> dict[str, Any]:
    result = run_again(acts.rehearse(mapping.pk, by=OLGA, sample=sample)).result
    assert result is not None
    return dict(result)


def remapped() -> dict[str, Any]:
    result = run_again(acts.remap(registry.find(GADGETS), by=OLGA)).result
    assert result is not None
    return dict(result)


def stored(number: int) -> dict[str, Any]:
    found = records.read(registry.find(GADGETS), {"id": str(number)})
    assert found
    return dict(json.loads(found.data))


def made_by() -> set[int]:
    return set(Record.objects.values_list("mapping", flat=True))


def test_a_wrong_mapping_is_mended_by_the_next_one(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number, note="Box") for number in range(1, 51)))
    switched_on(fields={"note": {"allowed": ["Bag"]}})
    counts = sync(GADGETS)
    assert (counts["inserted"], counts["failed"]) == (0, 50)
    assert set(FailedRecord.objects.values_list("mapping", flat=True)) == {1}
    fix = drafted(fields={"note": {"allowed": ["bag", "box"], "clean": ["lower"]}})

    told = rehearsed(fix)

    assert (told["counts"]["failed_records"], told["counts"]["would_be_mended"]) == (50, 50)
    assert {diff["fields"]["note"]["after"] for diff in told["diffs"]} == {"box"}
    assert len(told["diffs"]) == 50
    assert FailedRecord.objects.filter(state="open").count() == 50
    assert not Record.objects.exists()

    acts.activate(fix.pk, by=OLGA)
    job = acts.replay(registry.find(GADGETS), by=OLGA)
    assert job
    run_again(job)

    assert not FailedRecord.objects.filter(state="open").exists()
    assert Record.objects.count() == 50
    assert made_by() == {2}
    assert sync(GADGETS, full=True)["skipped"] == 50


def test_a_failure_of_the_old_mapping_is_read_anew(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, name=None, title="Lamp"))
    sync(GADGETS)
    failed = FailedRecord.objects.get()
    assert failed.stage == "validate"
    switched_on(fields={"name": {"source": "title"}})

    run_again(failures.retry(failed.id, by=OLGA))

    assert stored(1)["name"] == "Lamp"


def test_what_a_person_mended_is_not_read_anew(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, name=None, title="Lamp"))
    sync(GADGETS)
    failed = FailedRecord.objects.get()
    failures.mend(failed.id, {"name": "By hand"}, by=OLGA)
    switched_on(fields={"name": {"source": "title"}})

    run_again(failures.retry(failed.id, by=OLGA))
    told = remapped()

    assert stored(1)["name"] == "By hand"
    assert told["mapping"] == 1


def test_a_remap_leaves_what_a_person_mended(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"), gadget(2))
    sync(GADGETS)
    failed = FailedRecord.objects.get()
    failures.mend(failed.id, {"price": "12.50"}, by=OLGA)
    run_again(failures.retry(failed.id, by=OLGA))
    switched_on(computed={"origin": {"constant": "shop"}})

    told = remapped()

    assert (told["mended_by_hand"], told["updated"], told["failed"]) == (1, 1, 0)
    assert stored(1)["price"] == "12.5"
    assert sync(GADGETS, full=True)["skipped"] == 2
    assert not FailedRecord.objects.filter(state="open").exists()


def test_switching_on_changes_no_record_until_it_is_remapped(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, email="A@B.C"), gadget(2, email="d@e.f"))
    sync(GADGETS)
    switched_on(fields={"email": {"clean": ["upper"]}})
    assert stored(1)["email"] == "a@b.c"
    assert made_by() == {0}

    told = remapped()

    assert (told["updated"], told["failed"], told["not_kept"]) == (2, 0, 0)
    assert stored(1)["email"] == "A@B.C"
    assert made_by() == {1}
    assert set(RecordVersion.objects.values_list("mapping", flat=True)) == {0}


def test_a_remap_writes_no_version_of_what_stays_the_same(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, email="a@b.c"), gadget(2, email="1"))
    sync(GADGETS)
    switched_on(fields={"email": {"clean": ["upper"]}})

    told = remapped()

    assert (told["updated"], told["touched"]) == (1, 1)
    assert dict(Record.objects.values_list("data__id", "revision")) == {1: 2, 2: 1}
    assert made_by() == {1}
    assert sync(GADGETS, full=True)["skipped"] == 2


def test_a_remapped_record_keeps_the_place_it_came_from(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1))
    sync(GADGETS)
    before = Record.objects.values_list("batch_id", "row_no").get(data__id=1)
    switched_on(computed={"origin": {"constant": "shop"}})

    remapped()

    assert Record.objects.values_list("batch_id", "row_no").get(data__id=1) == before
    assert stored(1)["origin"] == "shop"


def test_a_row_that_the_new_mapping_refuses_is_set_aside_and_the_record_stays(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1), gadget(2, note="x" * 20))
    sync(GADGETS)
    switched_on(fields={"note": {"max_length": 10}})

    told = remapped()

    assert (told["failed"], told["touched"]) == (1, 1)
    failed = FailedRecord.objects.get()
    assert (failed.mapping, failed.code) == (1, "too_long")
    assert json.loads(bytes(failed.raw))["id"] == 2
    assert stored(2)["note"] == "x" * 20


def test_rows_whose_bytes_are_gone_wait_for_the_next_full_sync(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1), gadget(2))
    sync(GADGETS)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM raw_page")
    switched_on(computed={"origin": {"constant": "shop"}})

    assert remapped()["not_kept"] == 2
    assert "origin" not in stored(1)
    assert sync(GADGETS, full=True)["updated"] == 2
    assert stored(1)["origin"] == "shop"


def test_a_rehearsal_counts_and_shows_and_writes_nothing(far_end: FarEnd) -> None:
    far_end.set(
        "gadgets",
        gadget(1, email="a@b.c"),
        gadget(2),
        gadget(3, note="x" * 20),
        gadget(4, price="many"),
        gadget(5, weight="heavy"),
    )
    sync(GADGETS)
    before = list(Record.objects.order_by("key_hash").values())

    told = rehearsed(
        drafted(
            fields={
                "email": {"clean": ["upper"]},
                "note": {"max_length": 10},
                "price": {"clean": [{"lookup": {"values": {"many": "99"}}}]},
            }
        )
    )

    assert told["counts"] == {
        "records": 3,
        "unchanged": 1,
        "changed": 1,
        "would_fail": 1,
        "would_wait": 0,
        "not_kept": 0,
        "mended_by_hand": 0,
        "failed_records": 2,
        "would_be_mended": 1,
        "still_failing": 1,
    }
    assert told["diffs"][0] == {"key": "1", "fields": {"email": {"before": "a@b.c", "after": "A@B.C"}}}
    assert told["diffs"][1]["fields"]["price"] == {"before": None, "after": "99"}
    assert {fault["code"] for fault in told["faults"]} == {"too_long", "unreadable_number"}
    assert list(Record.objects.order_by("key_hash").values()) == before
    assert FailedRecord.objects.filter(state="open").count() == 2


def test_a_rehearsal_of_a_sample_looks_at_no_more(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 10)))
    sync(GADGETS)

    told = rehearsed(drafted(computed={"origin": {"constant": "shop"}}), sample=3)

    assert told["counts"]["changed"] == told["counts"]["records"] == 3


def test_a_rehearsal_keeps_the_first_hundred_diffs(far_end: FarEnd) -> None:
    far_end.set("gadgets", *(gadget(number) for number in range(1, 131)))
    sync(GADGETS)

    told = rehearsed(drafted(computed={"origin": {"constant": "shop"}}))

    assert (len(told["diffs"]), told["more_diffs"]) == (100, 30)


def test_a_record_whose_parent_is_missing_under_the_new_mapping_stays(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, maker_id=99), gadget(2))
    sync(GADGETS)
    rules = {"fields": {"maker": {"source": "maker_id"}}}
    assert rehearsed(drafted(**rules))["counts"]["would_wait"] == 1
    switched_on(**rules)

    told = remapped()

    assert (told["pending"], told["touched"]) == (1, 1)
    assert stored(1)["maker"] is None


def test_a_woken_child_tells_the_mapping_that_made_it(far_end: FarEnd) -> None:
    switched_on(computed={"origin": {"constant": "shop"}})
    far_end.set("gadgets", gadget(1, maker=1))
    sync(GADGETS)
    switched_on(computed={"origin": {"constant": "store"}})
    sync("shop.makers")

    run_waiting("wake")

    assert (Record.objects.get(data__has_key="origin").mapping, stored(1)["origin"]) == (1, "shop")


def test_a_run_under_way_commits_nothing_under_a_mapping_that_is_no_longer_in_force(far_end: FarEnd) -> None:
    job = enqueue("sync", entity=registry.find(GADGETS), requested_by="test").job
    claim = take(job.id, job.fence, "test")
    assert claim
    run = bare_run(claim, registry.find(GADGETS))
    switched_on(computed={"origin": {"constant": "shop"}})

    with pytest.raises(Interrupted), transaction.atomic():
        run.hold()


def test_there_is_one_active_mapping_and_retiring_it_leaves_the_declaration(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1))
    first = switched_on(computed={"origin": {"constant": "a"}})
    second = switched_on(computed={"origin": {"constant": "b"}})
    first.refresh_from_db()
    assert (first.state, second.state) == ("retired", "active")

    acts.retire(second.pk, by=OLGA)
    sync(GADGETS)

    assert "origin" not in stored(1)
    told = list(AuditEntry.objects.order_by("id").values_list("act", flat=True))
    assert told == [
        "mapping.draft",
        "mapping.activate",
        "mapping.draft",
        "mapping.activate",
        "mapping.retire",
    ]


def test_only_a_draft_is_edited_and_what_is_in_force_is_not_switched_on_again(far_end: FarEnd) -> None:
    active = switched_on(computed={"origin": {"constant": "a"}})

    with pytest.raises(Conflict, match="active"):
        acts.edit(active.pk, {}, by=OLGA)
    with pytest.raises(Conflict):
        acts.activate(active.pk, by=OLGA)


def test_rules_that_do_not_fit_are_refused_with_every_error(far_end: FarEnd) -> None:
    draft = drafted()

    with pytest.raises(InvalidRequest, match=r"fields\.nmae") as refused:
        acts.edit(draft.pk, {"fields": {"nmae": {}, "id": {"source": "x"}}}, by=OLGA)

    assert "fields.id: part of the key" in refused.value.message


def test_a_rehearsal_reaches_an_entity_that_has_nothing(far_end: FarEnd) -> None:
    told = rehearsed(drafted())

    assert (told["counts"]["records"], told["diffs"]) == (0, [])
    assert Job.objects.filter(kind="rehearse", status="success").count() == 1


def test_the_lineage_of_a_remapped_record_is_that_of_its_mapping(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, email="a@b.c"))
    sync(GADGETS)
    switched_on(fields={"email": {"clean": ["upper"]}})
    remapped()

    key = Record.objects.get(data__id=1).key_hash
    now, before = (lineage(registry.find(GADGETS), key, revision) for revision in (2, 1))

    assert now
    assert before
    assert now.stages
    assert before.stages
    assert (now.origin.mapping, before.origin.mapping) == (1, 0)
    assert (now.same_bytes, now.same_data, before.same_bytes, before.same_data) == (True, True, True, True)
    assert now.stages.mapped
    assert before.stages.mapped
    assert (now.stages.mapped["email"], before.stages.mapped["email"]) == ("A@B.C", "a@b.c")


def test_a_mend_may_name_the_column_that_the_mapping_reads(far_end: FarEnd) -> None:
    far_end.set("gadgets", gadget(1, price="many"))
    switched_on(
        fields={"price": {"source": "cost"}, "name": {"source": "title"}, "weight": {"source": "price"}}
    )
    sync(GADGETS)
    failed = FailedRecord.objects.get()

    failures.mend(failed.id, {"price": "5", "cost": "9.50", "title": "Lamp"}, by=OLGA)
    run_again(failures.retry(failed.id, by=OLGA))

    assert (stored(1)["price"], stored(1)["weight"], stored(1)["name"]) == ("9.5", "5", "Lamp")
