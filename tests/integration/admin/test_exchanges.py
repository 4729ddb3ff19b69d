"""What was said to far ends, on a job's page."""

from __future__ import annotations

from django.test import Client

from tests import factories
from tests.integration.admin.pages import main_text, page


def test_a_jobs_page_shows_its_exchanges(viewing: Client) -> None:
    job = factories.dead_job()
    factories.exchange(job)

    shown = main_text(viewing.get(page("sync_job_change", job.pk)))

    assert "POST http://shop.test/things" in shown
    assert "no such lamp" in shown


def test_a_job_that_asked_nobody_has_no_such_table(viewing: Client) -> None:
    assert "Exchanges" not in main_text(viewing.get(page("sync_job_change", factories.dead_job().pk)))
