"""What the sandbox's sender may be told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from bridge.sandbox.server import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def ask(sandbox: Sandbox, method: str, path: str, body: Any = None) -> requests.Response:
    return requests.request(method, f"{sandbox.url}/_control/{path}", json=body, timeout=10)


def test_it_tells_nothing_unless_it_is_switched_on(sandbox: Sandbox) -> None:
    ask(sandbox, "PATCH", "apismith/items/1", {"UNIT_PRICE": 2})

    state = ask(sandbox, "GET", "apismith/webhooks").json()

    assert state == {"url": None, "send": "row", "hold": False, "times": 1, "held": [], "sent": []}


def test_what_it_holds_is_forgotten_with_a_reset(sandbox: Sandbox) -> None:
    ask(sandbox, "POST", "apismith/webhooks", {"url": "http://127.0.0.1:9/{entity}", "hold": True})
    ask(sandbox, "POST", "apismith/customers", {"CUSTOMER_ID": "NEWCO"})
    (held,) = ask(sandbox, "GET", "apismith/webhooks").json()["held"]

    ask(sandbox, "POST", "reset")

    assert (held["entity"], held["event"], held["answers"]) == ("customers", "created", [])
    assert ask(sandbox, "GET", "apismith/webhooks").json()["held"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("apismith/webhooks", {"url": "ftp://x"}),
        ("apismith/webhooks", {"send": "half"}),
        ("apismith/webhooks", {"times": 0}),
        ("apismith/webhooks", {"speed": 1}),
        ("apismith/webhooks/release", {"order": "any"}),
    ],
)
def test_what_it_does_not_understand_it_says(sandbox: Sandbox, path: str, body: dict[str, Any]) -> None:
    answer = ask(sandbox, "POST", path, body)

    assert (answer.status_code, "error" in answer.json()) == (400, True)


def test_the_others_have_no_sender(sandbox: Sandbox) -> None:
    assert ask(sandbox, "GET", "netsuite/webhooks").status_code == 404
