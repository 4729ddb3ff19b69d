"""Resync in the admin: a preview, then the job."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from sync.models import Job
from tests import factories
from tests.farend import FarEnd
from tests.integration.admin.pages import main_text, page

FORM = {"entity": "shop.gadgets", "mode": "empty"}


@pytest.fixture(autouse=True)
def far_end() -> Iterator[FarEnd]:
    with FarEnd() as server:
        server.set("")
        yield server


def test_a_preview_tells_and_starts_nothing(operating: Client) -> None:
    factories.failed_record()

    shown = main_text(operating.post(page("resync"), {**FORM, "_preview": "1"}))

    assert "1 open failed records are discarded" in shown
    assert not Job.objects.exists()


def test_it_leads_to_the_job(operating: Client) -> None:
    answer = operating.post(page("resync"), {**FORM, "confirm": "shop.gadgets"})

    job = Job.objects.get()
    assert (job.kind, job.requested_by, answer["Location"]) == (
        "resync",
        "olga",
        page("sync_job_change", job.pk),
    )


def test_without_the_path_nothing_is_emptied(operating: Client) -> None:
    assert "confirm it with the entity" in main_text(operating.post(page("resync"), FORM))
    assert not Job.objects.exists()


def test_a_viewer_may_not(viewing: Client) -> None:
    assert viewing.get(page("resync")).status_code == 403
    assert viewing.post(page("resync"), FORM).status_code == 403
