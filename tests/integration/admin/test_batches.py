"""The batches page: counts, and seconds per stage."""

from __future__ import annotations

from django.test import Client

from admin_ui.batch_words import STAGES
from sync import pipeline
from sync.models import DeliveryCount
from tests import factories
from tests.integration.admin.pages import main_text, page

BATCHES = "sync_batch_changelist"


def test_it_shows_what_came_of_the_rows_and_where_the_time_went(viewing: Client) -> None:
    factories.batch(factories.job(), counts={"rows_fetched": 1000, "updated": 3, "skipped": 992, "failed": 5})

    shown = main_text(viewing.get(page(BATCHES)))

    assert "1,000 read · 3 updated · 992 unchanged · 5 failed" in shown
    assert "fetch 1.20 · ingest 0.31" in shown


def test_stages_stand_in_the_order_of_the_pipeline(viewing: Client) -> None:
    took = {"track": 9, "ingest": 8, "apply_mapping": 4, "fetch": 1, "another": 5}
    batch = factories.batch(factories.job(), stage_ms=took)

    listed = main_text(viewing.get(page(BATCHES)))
    shown = main_text(viewing.get(page("sync_batch_change", batch.pk)))

    assert tuple(stage.__name__ for stage in pipeline.STAGES) == STAGES
    assert "fetch 0.00 · apply_mapping 0.00 · ingest 0.01 · track 0.01 · another 0.01" in listed
    assert "fetch 0.001 apply_mapping 0.004 ingest 0.008 track 0.009 another 0.005" in shown


def test_it_finds_the_batches_with_failed_rows(viewing: Client) -> None:
    job = factories.job()
    factories.batch(job, 1)
    bad = factories.batch(job, 2, counts={"rows_fetched": 10, "failed": 1})

    rows = viewing.get(page(BATCHES), {"outcome": "failed"}).context["cl"].result_list

    assert [row.pk for row in rows] == [bad.pk]


def test_the_detail_names_the_job_the_pages_and_every_count(viewing: Client) -> None:
    job = factories.job()
    batch = factories.batch(job, 4, resume={"first": 4, "last": 9, "next": {"offset": 9000}})

    answer = viewing.get(page("sync_batch_change", batch.pk))

    assert page("sync_job_change", job.pk) in answer.content.decode()
    assert "4 to 9" in main_text(answer)
    assert "waiting for a parent 0" in main_text(answer)
    assert "ingest 0.310" in main_text(answer)


def test_the_detail_has_what_a_target_made_of_its_rows(viewing: Client) -> None:
    counts = {"rows_fetched": 1000, "inserted": 50, "updated": 48, "skipped": 900, "failed": 2}
    batch = factories.batch(factories.job(), counts=counts)
    DeliveryCount.objects.create(
        batch_id=batch.pk, target="hub", entity_id=batch.entity_id, inserted=50, updated=47, failed=1
    )

    shown = main_text(viewing.get(page("sync_batch_change", batch.pk)))

    assert "hub 50 47 0 0 1" in shown
    assert "hub 1,000 50 47 900 0 3 99.70 %" in shown
