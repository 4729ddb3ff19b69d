"""A wrong mapping and its fix, by a person in a browser: 5,000 rows set aside, rehearsed, switched on, all in."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.running import Running, greeted
from tests.browser.webdriver import Browser
from tests.integration.admin.pages import page

pytestmark = [pytest.mark.long, pytest.mark.slow, pytest.mark.needs("chromium", "chromedriver")]
DIALOG = "#modal-content"
ITEMS = "apismith.items"
ROWS = 5_000
WRONG = {"fields": {"supplier_id": {"source": "SUPPLIER_NO", "required": True}}}
FIX = {"fields": {"supplier_id": {"source": "SUPPLIER_ID", "required": True}}}


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Running]:
    with greeted(tmp_path, "--no-sync") as running:
        yield running


@pytest.fixture
def person(up: Running, tmp_path: Path) -> Iterator[Person]:
    with Browser(tmp_path / "chromium") as browser:
        yield Person(up, browser, tmp_path)


class Person:
    """Somebody at the admin; what they saw is left as pictures in the test's folder."""

    def __init__(self, up: Running, browser: Browser, folder: Path) -> None:
        self.up, self.browser = up, browser
        self._folder, self._pictures = folder, 0

    def log_in(self) -> None:
        """By the login that the first start made."""
        self.go("index")
        self.browser.fill("#id_username", "admin")
        password = self.up.data_dir / "secrets" / "admin_password"
        self.browser.fill("#id_password", password.read_text().strip())
        self.browser.click("form [type=submit]")
        self.browser.wait_for_text("Dashboard")

    def go(self, name: str, *ids: object, query: str = "") -> None:
        """Open a page."""
        self.browser.open(f"http://127.0.0.1:{self.up.port}{page(name, *ids)}{query}")

    def see(self, *words: str) -> None:
        """Wait for these words, then take a picture."""
        for one in words:
            self.browser.wait_for_text(one)
        self._pictures += 1
        self.browser.screenshot(self._folder / f"{self._pictures:02}.png")

    def press(self, words: str, **fields: str) -> None:
        """A button that asks back."""
        self.browser.click_link(words)
        for name, value in fields.items():
            self.browser.choose(f"{DIALOG} [name={name}]", value)
        self.browser.click(f"{DIALOG} [type=submit]")

    def draft(self, rules: object) -> None:
        """A new mapping of the items."""
        self.go("sync_mapping_add")
        self.browser.choose("[name=entity]", ITEMS)
        self.browser.fill("[name=rules]", json.dumps(rules))
        self.browser.click("#draft [type=submit]")
        self.see("Drafted.")


def generate(up: Running, rows: int) -> None:
    """Let the ERP have so many items."""
    sandbox = re.search(r"(http://127\.0\.0\.1:\d+)/_control", up.greeted())
    assert sandbox
    wanted = urllib.request.Request(
        f"{sandbox[1]}/_control/apismith/items/generated",
        data=json.dumps({"rows": rows}).encode(),
        method="POST",
    )
    with urllib.request.urlopen(wanted, timeout=30) as answer:
        assert json.load(answer)["rows"] == rows


def test_a_wrong_mapping_is_found_rehearsed_and_mended(up: Running, person: Person) -> None:
    generate(up, ROWS)
    browser = person.browser
    person.log_in()

    person.draft(WRONG)
    person.press("Switch on")
    person.see("It is in force.")
    person.go("sync_now", query=f"?entity={ITEMS}")
    person.see("Sync now")
    browser.click("#sync-now [type=submit]")
    person.see("SUCCESS", "5,000 failed")
    person.go("sync_errorgroup_changelist")
    person.see("supplier_id", "5,000")
    browser.click("#result_list tbody a")
    person.see("Members")
    group = browser.url

    person.draft(FIX)
    person.press("Rehearse")
    rehearsal = browser.url
    browser.wait_for_text("The rehearsal was asked for")
    while "1 to 100 of 5,000" not in browser.text:
        browser.open(rehearsal)
    person.see("Rows that would differ", "1 to 100 of 5,000")
    browser.click_link("After →")
    person.see("101 to 200 of 5,000")
    person.press("Switch on")
    person.see("It is in force.")

    browser.open(group)
    person.press("Fixed in", remark="2")
    person.see("mapping v2")
    person.press("Retry all")
    person.see("Groups whose open members will be run again: 1.")
    while "CLOSED" not in browser.text:
        browser.open(group)
    person.see("CLOSED", "mapping v2")
    person.go("sync_recordrow_changelist", query=f"?entity={ITEMS}")
    person.see("5000 results")
    browser.click("#result_list tbody a")
    browser.wait_for_text("Lineage")
    browser.run("[...document.querySelectorAll('h2')].find(h => h.innerText == 'Lineage').scrollIntoView()")
    person.see("Refused on its way", "mapping v1", "mapping v2")
    assert browser.complaints() == []

    _, found = up.get("/api/v1/apismith/items?limit=3")
    for item in found["items"]:
        _, lineage = up.get(f"/api/v1/apismith/items/{item['key']}/lineage")
        assert (lineage["mapping"], lineage["failures"][0]["mapping"]) == (2, 1)
    assert up.entities()[ITEMS]["records"] == ROWS
