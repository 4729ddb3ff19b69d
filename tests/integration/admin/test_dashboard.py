"""The first page: every entity at a glance."""

from __future__ import annotations

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.integration.admin.pages import main_text, page, text


def test_it_shows_every_entity_and_what_waits_for_a_person(viewing: Client) -> None:
    factories.record()
    factories.dead_job("shop.makers")
    factories.failed_record()
    factories.failed_record("shop.parts")
    factories.pending_child()
    factories.job("shop.gadgets", status="processing")
    factories.delivery("apismith.items")
    factories.source_column()

    shown = main_text(viewing.get(page("index")))

    assert "1 records 1 jobs under way 1 dead jobs 2 failed records 1 pending children" in shown
    assert "1 refused by targets 0 without an answer 1 changed columns" in shown
    assert "Shop gadgets processing 1 1 1" in shown
    assert "Shop makers failed 0 0 0" in shown


def test_it_tells_of_work_that_nobody_takes(viewing: Client) -> None:
    assert "No worker is alive: start `bridge worker`. Workers" in main_text(viewing.get(page("index")))

    worker = factories.worker()
    assert "`bridge" not in main_text(viewing.get(page("index")))

    worker.draining_since = factories.now()
    worker.save()
    assert "All workers are drained: `bridge resume`" in main_text(viewing.get(page("index")))


def test_it_costs_the_same_queries_whatever_there_is(viewing: Client) -> None:
    viewing.get(page("index"))
    with CaptureQueriesContext(connection) as empty:
        viewing.get(page("index"))
    for number in range(3):
        factories.dead_job()
        factories.failed_record()
        factories.record(data={"id": number})
    with CaptureQueriesContext(connection) as full:
        viewing.get(page("index"))

    assert len(full) == len(empty) == 17


def test_only_an_operator_finds_the_way_to_a_sync(operating: Client, viewing: Client) -> None:
    assert "Sync now" in text(operating.get(page("index")))
    assert "Sync now" not in text(viewing.get(page("index")))


def test_who_may_see_nothing_is_told_whom_to_ask(db: None) -> None:
    client = Client()
    client.force_login(factories.stranger())

    assert "ask an administrator" in text(client.get(page("index")))


def test_the_menu_leaves_out_what_one_may_not_see(db: None) -> None:
    client = Client()
    client.force_login(factories.stranger("sven", "view_job"))

    shown = text(client.get(page("index")))

    assert "Jobs" in shown
    assert "Failed records" not in shown
