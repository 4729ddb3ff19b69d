"""The sandbox's moods of chance and delay, and its log of effects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from bridge.sandbox.server import Sandbox
from bridge.systems.schedulehub.sandbox import CREDENTIALS
from tests.sandboxed import asked, control, delete, switch


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(systems=("schedulehub",)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    control(running, "POST", "reset")


def create(sandbox: Sandbox, key: str, **headers: str) -> int | None:
    """The status of the answer to a new item; None: there was none."""
    login = {"Authorization": f"Bearer {CREDENTIALS['SCHEDULEHUB_TOKEN']}", **headers}
    url = f"{sandbox.url}/schedulehub/items"
    try:
        return requests.post(url, json={"erp_key_hash": key}, headers=login, timeout=10).status_code
    except requests.ConnectionError:
        return None


def effects(sandbox: Sandbox, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = control(sandbox, "GET", f"schedulehub/effects{query}").json()
    return found


def test_chaos_strikes_by_its_shares(sandbox: Sandbox) -> None:
    switch(sandbox, "schedulehub", "chaos", lost=0.1, **{"500": 0.05, "429": 0.05}, seed=3)

    met = Counter(create(sandbox, str(number)) for number in range(400))

    assert met.keys() == {None, 201, 429, 500}
    assert 20 < met[None] < 60
    assert 8 < met[429] < 35
    assert 8 < met[500] < 35
    assert len(effects(sandbox)["effects"]) == met[201] + met[None]


def test_the_same_seed_strikes_the_same_requests(sandbox: Sandbox) -> None:
    runs = []
    for run in range(2):
        switch(sandbox, "schedulehub", "chaos", down=0.2, **{"500": 0.2}, seed=11)
        runs.append([create(sandbox, f"{run}-{number}") for number in range(30)])

    assert runs[0] == runs[1]
    assert set(runs[0]) == {None, 500, 201}


def test_chaos_may_say_when_to_come_back(sandbox: Sandbox) -> None:
    switch(sandbox, "schedulehub", "chaos", **{"429": 1}, retry_after=0.2)

    answer = requests.get(f"{sandbox.url}/schedulehub/health", timeout=10)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "0.2")


@pytest.mark.parametrize(
    "mood",
    [
        {"mood": "chaos", "lost": 0.7, "500": 0.7},
        {"mood": "chaos", "lost": -0.1},
        {"mood": "slow", "lost": 0.1},
        {"mood": "chaos", "404": 0.1},
    ],
)
def test_shares_that_are_none_are_refused(sandbox: Sandbox, mood: dict[str, Any]) -> None:
    url = f"{sandbox.url}/_control/schedulehub/mood"

    answer = requests.post(url, json=mood, timeout=10)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_denied_takes_effect_and_says_it_did_not(sandbox: Sandbox) -> None:
    switch(sandbox, "schedulehub", "denied", times=1)

    assert create(sandbox, "a") == 500
    assert create(sandbox, "a") == 409
    assert [one["note"] for one in asked(sandbox, "schedulehub")] == ["denied", "DUPLICATE_KEY"]


def test_an_effect_is_kept_though_its_answer_was_lost(sandbox: Sandbox) -> None:
    switch(sandbox, "schedulehub", "lost", times=1)

    assert create(sandbox, "a", **{"Idempotency-Key": "k-1"}) is None

    (effect,) = effects(sandbox)["effects"]
    assert (effect["number"], effect["entity"], effect["event"]) == (1, "items", "created")
    assert (effect["method"], effect["idempotency_key"]) == ("POST", "k-1")


def test_effects_are_counted_by_what_is_asked_for(sandbox: Sandbox) -> None:
    for key in ("a", "b"):
        create(sandbox, key)
    first = effects(sandbox)["effects"][0]["key"]
    delete(sandbox, f"schedulehub/items/{first}")  # by hand: nobody asked for it over the vendor's API
    create(sandbox, "a")

    assert list(effects(sandbox)["counts"].values()) == [1, 1, 1]
    assert effects(sandbox, "?by=erp_key_hash")["counts"] == {"a": 2, "b": 1}
    assert [one["number"] for one in effects(sandbox, "?after=2")["effects"]] == [3]
    assert effects(sandbox, "?event=deleted")["effects"] == []


def test_a_reset_begins_a_new_log_of_effects(sandbox: Sandbox) -> None:
    create(sandbox, "a")

    control(sandbox, "POST", "schedulehub/reset")

    assert effects(sandbox) == {"counts": {}, "effects": []}
