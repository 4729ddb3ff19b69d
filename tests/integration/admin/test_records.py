"""The records page: one entity at a time, by its keys, with history."""

from __future__ import annotations

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sync.models import Record, Tracker
from tests import factories
from tests.integration.admin.pages import main_text, page, text

RECORDS = "sync_recordrow_changelist"
GADGETS = {"entity": "shop.gadgets"}


def ref(row: Record) -> str:
    return f"{row.entity_id}~{row.key_hash}"


def test_without_an_entity_there_is_only_the_choice_of_one(viewing: Client) -> None:
    factories.record()

    with CaptureQueriesContext(connection) as queries:
        shown = main_text(viewing.get(page(RECORDS)))

    assert "Shop gadgets shop.gadgets" in shown
    assert "Lamp" not in shown
    assert not any("record_row" in query["sql"] for query in queries)


def test_it_lists_the_records_of_an_entity(viewing: Client) -> None:
    factories.record(data={"id": 1, "name": "Lamp", "price": "1.1"})
    factories.record("shop.makers", data={"id": 1, "name": "Acme"})

    shown = main_text(viewing.get(page(RECORDS), GADGETS))

    assert "Lamp" in shown
    assert "1.1" in shown
    assert "Acme" not in shown


def test_the_number_of_records_comes_from_the_tracker(viewing: Client) -> None:
    row = factories.record()
    Tracker.objects.filter(entity_id=row.entity_id).update(live_rows=19_820)

    with CaptureQueriesContext(connection) as queries:
        answer = viewing.get(page(RECORDS), GADGETS)

    assert answer.context["cl"].result_count == 19_820
    assert not any("COUNT" in query["sql"] and "record_row" in query["sql"] for query in queries)


def test_the_list_follows_the_primary_key_of_one_leaf(viewing: Client) -> None:
    factories.record()

    with CaptureQueriesContext(connection) as queries:
        viewing.get(page(RECORDS), GADGETS)

    (listed,) = [query["sql"] for query in queries if 'FROM "record_row"' in query["sql"]]
    assert "ref" not in listed.partition("ORDER BY")[2]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + listed)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "record_pkey" in plan or "_pkey" in plan
    assert plan.count(" on record_") == 1, plan


def test_deleted_ones_are_left_out_unless_asked_for(viewing: Client) -> None:
    factories.record(data={"id": 1, "name": "Lamp"})
    factories.record(data={"id": 2, "name": "Chair"}, deleted_at=factories.now())

    assert "Chair" not in main_text(viewing.get(page(RECORDS), GADGETS))
    assert "Chair" in main_text(viewing.get(page(RECORDS), {**GADGETS, "deleted": "with"}))
    assert "Lamp" not in main_text(viewing.get(page(RECORDS), {**GADGETS, "deleted": "only"}))


def test_it_finds_a_record_by_its_key(viewing: Client) -> None:
    factories.record(data={"id": 1, "name": "Lamp"})
    factories.record(data={"id": 2, "name": "Chair"})

    shown = main_text(viewing.get(page(RECORDS), {**GADGETS, "q": "2"}))

    assert "Chair" in shown
    assert "Lamp" not in shown


def test_a_key_that_cannot_be_one_finds_nothing(viewing: Client) -> None:
    factories.record()

    assert "Nothing here" in text(viewing.get(page(RECORDS), {**GADGETS, "q": "1,2"}))


def test_the_detail_shows_data_age_and_history(viewing: Client) -> None:
    row = factories.record(data={"id": 1, "name": "Chair", "price": "3.5"}, revision=3)
    factories.record_version(row, 1, {"id": 1, "name": "Chai", "price": "2"})
    factories.record_version(row, 2, {"id": 1, "name": "Chair", "price": "2"})

    shown = main_text(viewing.get(page("sync_recordrow_change", ref(row))))

    assert '"price": "3.5"' in shown
    assert "price 2 → 3.5" in shown
    assert "name Chai → Chair" in shown
    assert "batch 1 , row 0" in shown


def test_the_detail_is_read_by_the_primary_key(viewing: Client) -> None:
    row = factories.record()

    with CaptureQueriesContext(connection) as queries:
        viewing.get(page("sync_recordrow_change", ref(row)))

    read = [query["sql"] for query in queries if 'FROM "record_row"' in query["sql"]]
    assert all('"entity_id" =' in sql and '"key_hash" =' in sql and '"ref" =' not in sql for sql in read)


def test_a_reference_that_is_none_leads_back_to_the_start(viewing: Client) -> None:
    for wrong in ("nonsense", "1~nonsense", "x~01a1fd86-33fa-73c9-bc68-67a246152235"):
        assert viewing.get(page("sync_recordrow_change", wrong)).status_code == 302


def test_nobody_edits_a_record(operating: Client) -> None:
    row = factories.record()

    assert operating.post(page("sync_recordrow_change", ref(row)), {"data": "{}"}).status_code == 403


def test_the_detail_says_where_the_record_came_from(viewing: Client) -> None:
    row = factories.record()

    shown = main_text(viewing.get(page("sync_recordrow_change", ref(row))))

    assert "Lineage" in shown
    assert row.raw_hash.hex in shown
    assert "The raw row is kept no longer." in shown


def test_history_says_what_each_version_changed_and_when_it_was_deleted(viewing: Client) -> None:
    row = factories.record(data={"id": 1, "name": "Chair"}, revision=3)
    factories.record_version(row, 1, {"id": 1, "name": "Chai"})
    factories.record_version(row, 2, {"id": 1, "name": "Chai"}, deleted=True, mapping=4)

    answer = viewing.get(page("sync_recordrow_change", ref(row)))

    rows = answer.context["tables"][0]["rows"]
    assert [(line[0], line[3]) for line in rows] == [(3, 0), (2, 4), (1, 0)]
    assert [str(line[4]) for line in rows] == [
        "brought back · <b>name</b> Chai → Chair", "deleted", "the first version"
    ]  # fmt: skip


def test_the_detail_tells_what_targets_have_of_it(viewing: Client) -> None:
    row = factories.record("apismith.items", data={"item_id": 1, "name": "Lamp"})
    delivery = factories.delivery("apismith.items", key_hash=row.key_hash)

    shown = viewing.get(page("sync_recordrow_change", ref(row))).content.decode()

    assert "At targets" in shown
    assert page("sync_delivery_change", delivery.pk) in shown
    assert "edited by a planner" in shown
    there = viewing.get(page("sync_delivery_change", delivery.pk)).content.decode()
    assert page("sync_recordrow_change", ref(row)) in there
