"""A failed record in a real browser: seen, mended, retried, arrived."""

from __future__ import annotations

import json

import pytest

from sync import records
from sync.jobs.enqueue import enqueue
from sync.jobs.run import run_job
from sync.models import FailedRecord, Job
from sync.registry import registry
from tests import factories
from tests.browser.webdriver import Browser
from tests.farend import FarEnd
from tests.integration.admin.pages import page

pytestmark = pytest.mark.needs("chromium", "chromedriver")
CONTENT = "[name=content]"


def test_a_dirty_row_is_mended_and_arrives(browser: Browser, server: str) -> None:
    gadgets = registry.find("shop.gadgets")
    with FarEnd() as far_end:
        good = {"id": 1, "name": "Lamp", "updated_at": "2026-01-01T00:00:00Z"}
        far_end.set("gadgets", good, {**good, "id": 2, "price": "a lot"}, {**good, "id": 3})
        asked = enqueue("sync", entity=gadgets, requested_by="test").job
        run_job(asked.pk, asked.fence)
    failed = FailedRecord.objects.get()

    browser.open(server + page("sync_failedrecord_changelist") + "?state=open")
    browser.click(f"#result_list a[href*='{failed.pk}']")
    browser.wait_for_text("a lot")
    content = json.loads(browser.run(f"return document.querySelector('{CONTENT}').value"))
    browser.fill(CONTENT, json.dumps({**content, "price": "1200.50"}))
    browser.click_link("Mend and retry")
    browser.wait_for_text("Mended. It will be run again.")
    replay = Job.objects.get(kind="replay")
    run_job(replay.pk, replay.fence)

    browser.open(server + page("sync_failedrecord_change", failed.pk))
    browser.wait_for_text("FIXED")
    found = records.read(gadgets, {"id": "2"})
    assert found is not None
    assert json.loads(found.data)["price"] == "1200.5"


def test_text_that_is_no_json_is_said_at_the_field(browser: Browser, server: str) -> None:
    failed = factories.failed_record()
    browser.open(server + page("sync_failedrecord_change", failed.pk))

    browser.fill(CONTENT, '{"id": ')
    browser.click_link("Mend only")

    browser.wait_for_text("That is not JSON (line 1, column 8")
