"""What a far end says of its own limit slows all processes, and ends their pauses; through real HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.sandbox.server import Sandbox
from sync.budget import SharedGate
from sync.budget.standing import standing_of
from sync.declare import Budget as Declared
from sync.declare import RateHeaders, RateLimitFields, System, XRateLimit
from sync.errors import TransientError
from sync.http import Session, raise_for_status
from sync.models import Budget
from sync.registry import registry
from tests.sandboxed import switch
from tests.wire import Wire, said


@pytest.fixture
def declare(committed: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let `erp` be declared with these headers and this budget."""

    def declared(headers: RateHeaders, **budget: Any) -> None:
        client = registry.systems[0].client
        erp = System(name="erp", client=client, entities=(), rate_headers=headers, budget=Declared(**budget))
        monkeypatch.setattr(registry, "systems", (*registry.systems, erp))

    return declared


@pytest.fixture
def gate(committed: None) -> Iterator[SharedGate]:
    made = SharedGate()
    yield made
    made.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(systems=("schedulehub",)) as made:
        yield made


def test_where_nothing_is_left_no_process_asks_until_it_begins_anew(declare: Any, gate: SharedGate) -> None:
    declare(XRateLimit(reset="seconds"), per_second=50)
    told = said({}, X_RateLimit_Limit="100", X_RateLimit_Remaining="0", X_RateLimit_Reset="60")
    with Wire(lambda asked: told) as wire:
        Session("erp", wire.url).request("GET", "/")

        with pytest.raises(TransientError) as caught:
            Session("erp", wire.url, gate=gate).request("GET", "/")

        assert len(wire.asked) == 1
    assert caught.value.not_asked
    assert 50 < (caught.value.retry_after or 0) <= 60
    found = standing_of("erp").told
    assert found is not None
    assert (found.limit, found.left, found.ignored) == (100, 0, None)
    assert found.resets_at is not None
    assert 50 < (found.resets_at - datetime.now(UTC)).total_seconds() <= 60


def test_what_is_left_is_spread_over_the_time_until_it_begins_anew(declare: Any) -> None:
    declare(RateLimitFields(), per_second=20)
    with Wire(lambda asked: said({}, RateLimit='"default";r=30;t=10')) as wire:
        Session("erp", wire.url).request("GET", "/")

    row = Budget.objects.get(system="erp")
    assert round(row.rate * row.factor, 1) == 3.0
    speed = standing_of("erp").speed
    assert speed is not None
    assert 3 <= speed < 20  # and faster with each second


def test_where_enough_is_left_it_slows_nobody(declare: Any) -> None:
    declare(RateLimitFields(), per_second=2)
    with Wire(lambda asked: said({}, RateLimit='"default";r=5000;t=60')) as wire:
        Session("erp", wire.url).request("GET", "/")

    assert Budget.objects.get(system="erp").factor == 1


def test_a_system_without_a_rate_asks_no_more_than_it_has_left(declare: Any, gate: SharedGate) -> None:
    declare(XRateLimit(reset="seconds"))
    told = said({}, X_RateLimit_Remaining="3", X_RateLimit_Reset="600")
    with Wire(lambda asked: told) as wire:
        Session("erp", wire.url).request("GET", "/")
        time.sleep(0.15)  # until that is known

        with pytest.raises(TransientError, match="no request is left") as caught:
            [Session("erp", wire.url, gate=gate).request("GET", "/") for _ in range(10)]

        assert len(wire.asked) <= 4
    assert caught.value.not_asked


def test_a_refusal_without_retry_after_waits_until_the_limit_begins_anew(declare: Any) -> None:
    declare(XRateLimit(reset="epoch"))
    until = str(time.time() + 40)
    told = said({}, 429, X_RateLimit_Remaining="0", X_RateLimit_Reset=until)
    with Wire(lambda asked: told) as wire:
        answer = Session("erp", wire.url, gate=None).request("GET", "/")

    with pytest.raises(TransientError) as caught:
        raise_for_status(answer)

    assert 30 < (caught.value.retry_after or 0) <= 41


def test_retry_after_goes_before_them(declare: Any) -> None:
    declare(XRateLimit(reset="seconds"))
    told = said({}, 429, Retry_After="7", X_RateLimit_Remaining="0", X_RateLimit_Reset="60")
    with Wire(lambda asked: told) as wire:
        answer = Session("erp", wire.url, gate=None).request("GET", "/")

    assert answer.retry_after == 7


def test_bad_values_are_ignored_and_shown(declare: Any) -> None:
    declare(XRateLimit(reset="seconds"), per_second=50)
    told = said({}, X_RateLimit_Remaining="none", X_RateLimit_Reset="1795262430")
    with Wire(lambda asked: told) as wire:
        for _ in range(3):
            Session("erp", wire.url).request("GET", "/")

        assert len(wire.asked) == 3
    found = standing_of("erp").told
    assert found is not None
    assert found.ignored == "X-RateLimit-Remaining: none; X-RateLimit-Reset: 1795262430"


@pytest.mark.parametrize(
    ("style", "headers"),
    [("x", XRateLimit(reset="seconds")), ("epoch", XRateLimit(reset="epoch")), ("ietf", RateLimitFields())],
)
def test_who_heeds_them_is_hardly_ever_refused(
    declare: Any, sandbox: Sandbox, style: str, headers: RateHeaders
) -> None:
    declare(headers, per_second=100)
    switch(sandbox, "schedulehub", "limited", limit=5, seconds=1, style=style)
    session = Session("erp", f"{sandbox.url}/schedulehub", private=True)

    statuses = [session.request("GET", "/items").status for _ in range(8)]

    assert 429 not in statuses
