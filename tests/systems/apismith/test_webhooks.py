"""APISmith tells of changes by itself: sandbox and Bridge over real HTTP, with the poll before, after and between."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from bridge.sandbox.server import Sandbox
from sync import records
from sync.models import Inbound
from sync.registry import registry
from tests.integration.pipeline.conftest import run_waiting, sync
from tests.sandboxed import change, control, delete
from tests.served import served

ITEMS = "apismith.items"


@pytest.fixture
def door(committed: None, sandbox: Sandbox) -> Iterator[str]:
    """Where webhooks are taken in, by a server of its own; nothing is sent yet."""
    with served() as url:
        yield f"{url}/api/v1/webhooks/apismith/{{entity}}"
        control(sandbox, "POST", "apismith/webhooks", {"url": None})


def tells(sandbox: Sandbox, door: str, **setting: Any) -> None:
    control(sandbox, "POST", "apismith/webhooks", {"url": door, **setting})


def release(sandbox: Sandbox, **how: Any) -> list[list[int]]:
    """Let what was kept back go; the answers to each."""
    sent = control(sandbox, "POST", "apismith/webhooks/release", how).json()["sent"]
    return [one["answers"] for one in sent]


def arrived(sandbox: Sandbox, count: int) -> list[int | str]:
    """The answers to the deliveries, once so many have gone."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        sent = control(sandbox, "GET", "apismith/webhooks").json()["sent"]
        answers = [answer for one in sent for answer in one["answers"]]
        if len(answers) >= count:
            return answers
        time.sleep(0.02)
    raise AssertionError(control(sandbox, "GET", "apismith/webhooks").json())


def item(number: int = 1) -> dict[str, Any] | None:
    """The item in the mirror; None where it is not, or was deleted."""
    found = records.read(registry.find(ITEMS), {"item_id": str(number)})
    if found is None or found.deleted_at:
        return None
    return {**json.loads(found.data), "revision": found.revision}


def results() -> list[dict[str, int]]:
    return [row.result or {} for row in Inbound.objects.order_by("id")]


def test_the_webhook_comes_first_and_the_poll_finds_nothing_new(sandbox: Sandbox, door: str) -> None:
    sync(ITEMS)
    tells(sandbox, door)

    change(sandbox, "apismith/items/1", '{"UNIT_PRICE": 19.50}')
    assert arrived(sandbox, 1) == [202]
    run_waiting("webhook")
    told = item()
    counts = sync(ITEMS)

    assert told
    assert (told["unit_price"], told["revision"]) == ("19.5", 2)
    assert item() == told
    assert (counts["updated"], results()) == (0, [{"updated": 1}])


def test_the_poll_comes_first_and_the_late_webhook_changes_nothing(sandbox: Sandbox, door: str) -> None:
    sync(ITEMS)
    tells(sandbox, door, hold=True)
    change(sandbox, "apismith/items/1", '{"UNIT_PRICE": 19.50}')
    change(sandbox, "apismith/items/1", '{"UNIT_PRICE": 20.50}')
    sync(ITEMS)
    polled = item()

    assert release(sandbox) == [[202], [202]]
    run_waiting("webhook")

    assert polled
    assert polled["unit_price"] == "20.5"
    assert item() == polled
    assert results() == [{"skipped": 1}, {"skipped": 1}]


def test_out_of_order_and_twice_the_newest_stands_once(sandbox: Sandbox, door: str) -> None:
    tells(sandbox, door, hold=True)
    for price in ("1.10", "1.20", "1.30"):
        change(sandbox, "apismith/items/1", f'{{"UNIT_PRICE": {price}}}')

    answers = release(sandbox, order="reversed", times=2)
    run_waiting("webhook")

    assert answers == [[202, 200]] * 3
    told = item()
    assert told
    assert (told["unit_price"], told["revision"]) == ("1.3", 1)
    assert [row.repeated for row in Inbound.objects.all()] == [1, 1, 1]


def test_with_the_key_only_the_far_end_is_asked(sandbox: Sandbox, door: str) -> None:
    tells(sandbox, door, send="key")

    change(sandbox, "apismith/items/1", '{"UNIT_PRICE": 19.50}')
    arrived(sandbox, 1)
    run_waiting("refresh")

    assert results() == [{"asked_for": 1}]
    assert (item() or {})["unit_price"] == "19.5"


def test_a_delete_that_is_told_twice_and_late(sandbox: Sandbox, door: str) -> None:
    sync(ITEMS)
    tells(sandbox, door, hold=True)
    change(sandbox, "apismith/items/2", '{"UNIT_PRICE": 19.50}')
    delete(sandbox, "apismith/items/2")

    release(sandbox, order="reversed", times=2)
    run_waiting("webhook")

    assert item(2) is None
    assert results()[0] == {"deleted": 1}


def test_a_bridge_that_does_not_answer_is_told_again(sandbox: Sandbox, door: str) -> None:
    tells(sandbox, "http://127.0.0.1:9/{entity}")

    change(sandbox, "apismith/items/1", '{"UNIT_PRICE": 19.50}')

    assert arrived(sandbox, 3) == ["ConnectionError"] * 3
