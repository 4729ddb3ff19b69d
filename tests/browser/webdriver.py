"""A browser for tests: headless Chromium, spoken to by chromedriver's HTTP (the W3C WebDriver protocol)."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 20.0
"""Seconds to wait for something to appear; only a failing test waits that long."""
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""WebDriver's name of a reference to an element."""
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1440,1000",
)


class Refused(Exception):  # noqa: N818 - what chromedriver did
    """chromedriver could not do it, in its own words."""


class Browser:
    """One window. `folder` holds its profile and may be thrown away afterwards."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Browser:
        self._driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        self._root = f"http://127.0.0.1:{_port_of(self._driver)}"
        options = {"args": [*FLAGS, f"--user-data-dir={self._folder}"]}
        wanted = {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{made['sessionId']}"
        return self

    def __exit__(self, *_: object) -> None:
        self._call("DELETE", self._session)
        self._driver.terminate()
        self._driver.communicate(timeout=PATIENCE)

    def open(self, url: str) -> None:
        """Go there, and wait until the page is loaded."""
        self._ask("POST", "/url", {"url": url})

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self._ask("GET", "/url"))

    @property
    def text(self) -> str:
        """What a reader sees of the page's own part."""
        return str(self.run("return (document.querySelector('#main') || document.body).innerText"))

    def run(self, script: str, *values: Any) -> Any:
        """Run JavaScript."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(values)})

    def fill(self, selector: str, words: str) -> None:
        """Replace what is in a field."""
        field = self.wait_for(selector)
        self._ask("POST", f"/element/{field}/clear", {})
        self._ask("POST", f"/element/{field}/value", {"text": words})

    def click(self, selector: str) -> None:
        """Click what the CSS selector finds first."""
        self._press(self.wait_for(selector))

    def click_link(self, words: str) -> None:
        """Click the link or button with these words."""
        path = f"//*[(self::a or self::button) and contains(normalize-space(.), '{words}')]"
        self._press(self.wait_for(path, using="xpath"))

    def choose(self, selector: str, value: str) -> None:
        """Choose an option of a select."""
        self.click(f"{selector} option[value='{value}']")

    def wait_for(self, selector: str, using: str = "css selector") -> str:
        """The first visible element that the selector finds, once there is one."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for found in self._ask("POST", "/elements", {"using": using, "value": selector}):
                if self._shown(found[ELEMENT]):
                    return str(found[ELEMENT])
            time.sleep(0.05)
        raise AssertionError(f"Nothing visible for {selector!r} on {self.url}:\n{self.text}")

    def wait_for_text(self, words: str) -> None:
        """Wait until the page shows these words."""
        end = time.monotonic() + PATIENCE
        while words not in self.text:
            if time.monotonic() > end:
                raise AssertionError(f"{words!r} is not on {self.url}:\n{self.text}")
            time.sleep(0.05)

    def screenshot(self, path: Path) -> None:
        """The window as a PNG."""
        path.write_bytes(base64.b64decode(self._ask("GET", "/screenshot")))

    def resize(self, width: int, height: int) -> None:
        """Make the window so many points wide and high."""
        self._ask("POST", "/window/rect", {"width": width, "height": height})

    def complaints(self) -> list[str]:
        """Errors of the console since the last call."""
        entries = self._ask("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def hosts(self) -> set[str]:
        """The hosts that pages asked for anything since the last call."""
        entries = self._ask("POST", "/se/log", {"type": "performance"})
        messages = [json.loads(entry["message"])["message"] for entry in entries]
        asked = [
            message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"
        ]
        urls = [urlsplit(one["request"]["url"]) for one in asked]
        return {url.netloc for url in urls if url.scheme in {"http", "https", "ws", "wss"}}

    def _press(self, element: str) -> None:
        # Into the middle: a bar sticks to the lower edge of the window and would take the click.
        self.run("arguments[0].scrollIntoView({block: 'center'})", {ELEMENT: element})
        self._ask("POST", f"/element/{element}/click", {})

    def _shown(self, element: str) -> bool:
        try:
            return bool(self._ask("GET", f"/element/{element}/displayed"))
        except Refused:
            return False  # it went while we looked: the page draws itself anew

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        return self._call(method, self._session + path, body)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._root + path, data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())["value"]
        except urllib.error.HTTPError as refusal:
            with refusal:
                said = json.loads(refusal.read())["value"]
            raise Refused(f"{path}: {said['error']}: {said['message']}") from refusal


def _port_of(driver: subprocess.Popen[str]) -> int:
    assert driver.stdout
    for line in driver.stdout:
        if found := re.search(r"started successfully on port (\d+)", line):
            return int(found[1])
    raise AssertionError("chromedriver did not start")
