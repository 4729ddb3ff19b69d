"""Jobs in a real browser: dialogs, buttons, acts on many, a page that keeps itself up to date."""

from __future__ import annotations

import pytest

from sync.jobs.run import run_job
from sync.models import Job
from tests import factories
from tests.browser.webdriver import Browser
from tests.farend import FarEnd
from tests.integration.admin.pages import page

pytestmark = pytest.mark.needs("chromium", "chromedriver")
DIALOG = "#modal-content"


def test_a_dead_job_is_run_again_and_succeeds(browser: Browser, server: str) -> None:
    job = factories.job("shop.gadgets")
    Job.objects.filter(pk=job.pk).update(status="failed", error="It answered 500: out of order.", attempts=4)

    with FarEnd() as far_end:
        far_end.set("gadgets", {"id": 1, "name": "Lamp", "updated_at": "2026-01-01T00:00:00Z"})
        browser.open(server + page("sync_job_change", job.pk))
        browser.wait_for_text("It answered 500: out of order.")
        browser.click_link("Re-run")
        browser.fill(f"{DIALOG} [name=remark]", "it is up again")
        browser.click(f"{DIALOG} [type=submit]")
        browser.wait_for_text("1 asked to run again.")
        job.refresh_from_db()
        run_job(job.pk, job.fence)

    browser.wait_for_text("SUCCESS")  # the page looks again by itself
    browser.wait_for_text("1 read · 1 inserted")
    assert "Cancel" not in browser.text
    assert browser.complaints() == []


def test_a_dialog_that_wants_a_remark_says_so_and_stays(browser: Browser, server: str) -> None:
    job = factories.dead_job()
    browser.open(server + page("sync_job_change", job.pk))

    browser.click_link("Resolve")
    browser.click(f"{DIALOG} [type=submit]")
    browser.wait_for("//*[@id='modal-content']//*[contains(text(), 'This field is required')]", using="xpath")
    browser.fill(f"{DIALOG} [name=remark]", "loaded by hand")
    browser.click(f"{DIALOG} [type=submit]")

    browser.wait_for_text("1 resolved.")
    browser.wait_for_text("by olga: loaded by hand")


def test_many_are_resolved_at_once(browser: Browser, server: str) -> None:
    for path in ("shop.makers", "shop.parts"):
        factories.dead_job(path)
    browser.open(server + page("sync_job_changelist") + "?standing=dead")

    browser.click("#action-toggle")
    browser.choose("select[name=action]", "resolve_many")
    browser.click("button[name=index]")
    browser.wait_for_text("2 chosen")
    browser.fill("[name=remark]", "loaded by hand")
    browser.click("#content [type=submit]")

    browser.wait_for_text("2 resolved.")
    assert Job.objects.filter(resolved_by="olga").count() == 2


def test_a_filter_is_chosen_with_the_mouse(browser: Browser, server: str) -> None:
    factories.dead_job("shop.makers")
    factories.job("shop.parts")
    browser.open(server + page("sync_job_changelist"))

    browser.click_link("Filters")
    browser.choose("select[name=status]", "failed")
    browser.click("#changelist-filter [type=submit]")

    browser.wait_for_text("1 job")
    assert "shop.parts" not in browser.run("return document.querySelector('#result_list').innerText")
