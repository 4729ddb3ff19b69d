"""The admin as it is served, and a browser that is logged in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import factories
from tests.browser.webdriver import Browser
from tests.served import served

ADMIN = "/admin/"


@pytest.fixture
def server(committed: None) -> Iterator[str]:
    """The URL of the project, served over HTTP by a thread on the tests' database."""
    with served() as url:
        yield url


@pytest.fixture(scope="session")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests."""
    with Browser(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def browser(window: Browser, server: str) -> Browser:
    """The browser, logged in as an operator by the login page."""
    factories.operator()
    window.open(server + ADMIN)
    window.fill("#id_username", "olga")
    window.fill("#id_password", "pass")
    window.click("form [type=submit]")
    window.wait_for_text("Dashboard")
    return window
