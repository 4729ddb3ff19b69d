"""Every page in a real browser: nothing breaks, nobody else's server is asked, the dark theme is dark."""

from __future__ import annotations

import pytest

from sync.models import Job
from tests import factories
from tests.browser.webdriver import Browser
from tests.integration.admin.pages import LISTS, page

pytestmark = pytest.mark.needs("chromium", "chromedriver")


def addresses() -> list[str]:
    job = factories.dead_job()
    record = factories.record()
    return [
        page("index"),
        page("sync_now"),
        *(page(name) for name in LISTS.values()),
        page(LISTS["records"]) + "?entity=shop.gadgets",
        page("sync_job_change", job.pk),
        page("sync_batch_change", factories.batch(job).pk),
        page("sync_failedrecord_change", factories.failed_record().pk),
        page("sync_pendingchild_change", factories.pending_child().pk),
        page("sync_tracker_change", record.entity_id),
        page("sync_recordrow_change", f"{record.entity_id}~{record.key_hash}"),
        page("sync_backfill_add"),
        page("sync_backfill_change", factories.backfill().pk),
        page("sync_auditentry_change", factories.audit_entry().pk),
    ]


def test_no_page_complains_or_asks_another_host(browser: Browser, server: str) -> None:
    complaints: dict[str, list[str]] = {}
    browser.complaints()  # of the tests before
    browser.hosts()
    for address in addresses():
        browser.open(server + address)
        browser.wait_for("#main")
        complaints[address] = browser.complaints()

    assert {address: said for address, said in complaints.items() if said} == {}
    assert browser.hosts() == {server.removeprefix("http://")}


def test_no_page_is_wider_than_the_window(browser: Browser, server: str) -> None:
    wide = []
    for address in addresses():
        browser.open(server + address)
        if browser.run("return document.documentElement.scrollWidth > window.innerWidth"):
            wide.append(address)

    assert wide == []


def test_a_narrow_window_shows_cells_whole_and_their_labels_in_a_line(browser: Browser, server: str) -> None:
    job = factories.dead_job()
    factories.attempt(job, outcome="failed", error_code="far_end_error", error="It is out of order. " * 9)
    factories.exchange(job, body="no such lamp " * 20)
    browser.resize(500, 900)
    try:
        browser.open(server + page("sync_job_change", job.pk))
        browser.wait_for(".b-section td")
        cells = browser.run(
            "return [...document.querySelectorAll('.b-section td')].map(cell =>"
            " [cell.dataset.label, cell.scrollHeight - cell.clientHeight,"
            " parseFloat(getComputedStyle(cell, '::before').width)])"
        )
    finally:
        browser.resize(1440, 1000)

    assert {label for label, _, _ in cells} >= {"Error", "Sent", "Answered"}
    assert [label for label, hidden, _ in cells if hidden > 1] == []
    assert [label for label, _, width in cells if len(label) > 3 and width < 4 * len(label)] == []


def test_the_dark_theme_is_dark(browser: Browser, server: str) -> None:
    browser.run("localStorage.setItem('adminTheme', '\"dark\"')")
    try:
        browser.open(server + page("index"))
        browser.wait_for("html.dark #main")
        colour = browser.run(
            "const c = document.createElement('canvas').getContext('2d');"
            "c.fillStyle = getComputedStyle(document.querySelector('#main')).backgroundColor;"
            "c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data]"
        )
    finally:
        browser.run("localStorage.removeItem('adminTheme')")

    assert max(colour[:3]) < 64


def test_sync_now_leads_from_the_dashboard_to_the_job(browser: Browser, server: str) -> None:
    browser.open(server + page("index"))

    browser.click(f"a[href='{page('sync_now')}?entity=shop.makers']")
    browser.click("#sync-now [type=submit]")

    browser.wait_for_text("Asked for; this is its job.")
    job = Job.objects.get()
    assert browser.url == server + page("sync_job_change", job.pk)
    assert job.entity is not None
    assert job.entity.path == "shop.makers"
