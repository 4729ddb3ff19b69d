"""The shared budget: what one process draws, all others have less of; what one is told, all obey."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from threading import Event, Thread

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from sync.budget import SharedGate, limits
from sync.budget.ledger import Ledger
from sync.declare import Budget as Declared
from sync.declare import System
from sync.errand import Errand, on
from sync.errors import TransientError
from sync.http import Session
from sync.jobs.priorities import BACKFILL, INTERACTIVE
from sync.models import Budget
from sync.registry import registry
from tests.wire import Wire, said


@pytest.fixture
def gates(committed: None) -> Iterator[list[SharedGate]]:
    """Three gates, as three processes have them."""
    made = [SharedGate() for _ in range(3)]
    yield made
    for gate in made:
        gate.close()


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> type[Declared]:
    """Let `erp` have the budget that is called for."""

    def declared(**budget: object) -> None:
        erp = System(name="erp", client=registry.systems[0].client, entities=(), budget=Declared(**budget))  # type: ignore[arg-type]
        others = [system for system in registry.systems if system.name != "erp"]
        monkeypatch.setattr(registry, "systems", (*others, erp))

    return declared  # type: ignore[return-value]


def passes(gate: SharedGate, system: str = "erp") -> bool:
    """Whether a request is let through at once, or within 5 s."""
    try:
        with gate.admitted(system):
            return True
    except TransientError:
        return False


def wait_of(gate: SharedGate, system: str = "erp") -> float:
    """How long the gate sends a request away for."""
    with pytest.raises(TransientError) as caught, gate.admitted(system):
        pass
    assert caught.value.not_asked
    return caught.value.retry_after or 0


def test_a_system_without_limits_is_open_and_has_no_row(gates: list[SharedGate]) -> None:
    assert all(passes(gate) for gate in gates for _ in range(50))
    assert not Budget.objects.exists()


def test_a_pause_is_obeyed_by_all_and_is_the_systems_own(gates: list[SharedGate]) -> None:
    gates[0].refused("erp", 60)

    assert [50 < wait_of(gate) <= 60 for gate in gates] == [True] * 3
    assert passes(gates[1], "other")


def test_a_pause_reaches_a_process_that_asks_all_the_time(gates: list[SharedGate]) -> None:
    assert passes(gates[1])

    gates[0].refused("erp", 60)
    time.sleep(0.11)

    assert wait_of(gates[1]) > 50


def test_a_shorter_pause_never_undoes_a_longer_one(gates: list[SharedGate]) -> None:
    gates[0].refused("erp", 60)
    gates[0].refused("erp", 6)

    assert wait_of(gates[0]) > 50


def test_a_short_pause_is_waited_for_in_place(gates: list[SharedGate]) -> None:
    gates[0].refused("erp", 0.3)
    began = time.monotonic()

    assert passes(gates[1])
    assert time.monotonic() - began >= 0.2


def test_others_see_it_while_a_transaction_is_open_and_after_it_fails(gates: list[SharedGate]) -> None:
    with transaction.atomic():
        gates[0].refused("erp", 60)
        transaction.set_rollback(True)

    assert wait_of(gates[1]) > 50
    assert not connection.in_atomic_block


def test_all_processes_draw_on_one_bucket(gates: list[SharedGate], declare: type[Declared]) -> None:
    declare(per_second=0.01, burst=9.005)
    passed = 0

    for turn in range(30):
        passed += len(passing(gates[turn % 3]))

    # 9, less one that is kept for whoever waits for an answer; the
    # last ones may have been granted to a process that did not use them in time.
    assert 6 <= passed <= 8
    assert len(passing(gates[0], INTERACTIVE)) == 1
    assert wait_of(gates[0]) > 5


def passing(gate: SharedGate, priority: int | None = None) -> list[bool]:
    with on(Errand() if priority is None else Errand(priority=priority)):
        return [True] if passes(gate) else []


def test_what_was_granted_and_not_used_in_time_is_lost(
    gates: list[SharedGate], declare: type[Declared]
) -> None:
    declare(per_second=10, burst=10)
    assert passes(gates[0])
    held = Ledger()
    granted = held.draw("erp", wanted=3, share=0, unused=0).granted

    assert granted == 3
    assert Budget.objects.get(system="erp").tokens < 5
    held.close(free=True)


def test_a_backfill_leaves_more_in_the_bucket_than_a_sync(
    gates: list[SharedGate], declare: type[Declared]
) -> None:
    declare(per_second=0.001, burst=20.0005)

    slow = sum(len(passing(gates[0], BACKFILL)) for _ in range(25))
    rest = sum(len(passing(gates[1])) for _ in range(5))

    assert (slow, rest) == (16, 2)


def test_a_daily_quota_ends_the_day_for_all_and_unused_grants_count_not(
    gates: list[SharedGate], declare: type[Declared]
) -> None:
    declare(per_day=5)

    passed = sum(len(passing(gates[turn % 3])) for turn in range(10))

    assert passed <= 5
    assert Budget.objects.get(system="erp").day_used == 5
    with (
        pytest.raises(TransientError, match="daily quota of erp is used up") as caught,
        gates[0].admitted("erp"),
    ):
        pass
    assert caught.value.code == "quota_used_up"
    assert 0 < (caught.value.retry_after or 0) <= 86_400


def test_a_quota_begins_anew_with_the_systems_own_day(
    gates: list[SharedGate], declare: type[Declared]
) -> None:
    declare(per_day=1, zone="Pacific/Kiritimati")
    assert passes(gates[0])
    assert wait_of(gates[0]) > 0

    Budget.objects.update(day="2020-01-01")

    assert passes(gates[1])


def test_slots_are_shared_and_one_is_kept_for_whoever_waits_for_an_answer(
    gates: list[SharedGate], declare: type[Declared]
) -> None:
    declare(concurrent=3)
    with ExitStack() as under_way:
        under_way.enter_context(gates[0].admitted("erp"))
        under_way.enter_context(gates[1].admitted("erp"))
        late: list[bool] = []
        waiting = Thread(target=lambda: late.append(passes(gates[2])))
        waiting.start()
        waiting.join(0.3)

        assert (waiting.is_alive(), late) == (True, [])
        assert passing(gates[2], INTERACTIVE) == [True]
    waiting.join()

    assert late == [True]


def test_a_busy_process_gives_up_a_slot_that_another_one_waits_for(
    gates: list[SharedGate], declare: type[Declared]
) -> None:
    declare(concurrent=2)  # one for all but interactive work
    stop = Event()

    def hammer() -> None:
        while not stop.is_set():
            with gates[0].admitted("erp"):
                time.sleep(0.01)

    busy = Thread(target=hammer)
    busy.start()
    time.sleep(0.1)

    passed = passes(gates[1])
    stop.set()
    busy.join()

    assert passed


def test_the_slots_of_a_killed_process_are_free_when_their_lease_ends(
    gates: list[SharedGate], declare: type[Declared]
) -> None:
    declare(concurrent=1)
    killed = Ledger()
    assert killed.take_slots("erp", wanted=1, most=1, last_first=False) == [1]
    assert killed.take_slots("erp", wanted=1, most=1, last_first=False) == []

    with connection.cursor() as cursor:
        cursor.execute("UPDATE budget_slot SET until = now() - interval '1 second'")

    assert passes(gates[0])
    killed.close(free=True)


def test_idle_slots_are_given_back(gates: list[SharedGate], declare: type[Declared]) -> None:
    declare(concurrent=3)
    assert passes(gates[0])

    assert held() == 1
    until = time.monotonic() + 20
    while held() and time.monotonic() < until:
        time.sleep(0.05)

    assert held() == 0


def held() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM budget_slot WHERE no > 0")
        return int(cursor.fetchone()[0])


def test_a_refusal_halves_the_speed_once_a_second_and_it_comes_back(
    gates: list[SharedGate], declare: type[Declared]
) -> None:
    declare(per_second=10)
    assert passes(gates[0])

    for gate in gates:
        gate.refused("erp", None)

    assert Budget.objects.get(system="erp").factor == 0.5
    with connection.cursor() as cursor:
        cursor.execute("UPDATE budget SET slowed_at = slowed_at - interval '4 seconds'")
    gates[0].refused("erp", None)
    assert 0.34 < Budget.objects.get(system="erp").factor < 0.37


def test_the_declaration_is_followed_until_a_person_sets_limits(
    gates: list[SharedGate], declare: type[Declared]
) -> None:
    declare(per_second=10)
    assert passes(gates[0])
    declare(per_second=30, concurrent=2)
    assert passes(gates[1])
    row = Budget.objects.get(system="erp")
    assert (row.rate, row.burst, row.concurrent) == (30, 60, 2)

    Budget.objects.update(edited=True)
    declare(per_second=40)
    assert passes(gates[2])

    row.refresh_from_db()
    assert row.rate == 30


def test_after_a_retry_after_nothing_is_asked_by_any_session(committed: None) -> None:
    with Wire(lambda asked: said({}, 429, Retry_After="60")) as wire:
        assert Session("erp", wire.url).request("GET", "/").status == 429

        with pytest.raises(TransientError) as caught:
            Session("erp", wire.url).request("GET", "/")

        assert len(wire.asked) == 1
    assert caught.value.code == "rate_limited"
    assert 0 < (caught.value.retry_after or 0) <= 60


def test_a_request_costs_no_query_of_the_caller(
    committed: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with Wire(lambda asked: said({})) as wire, django_assert_num_queries(0):
        Session("erp", wire.url).request("GET", "/")


def test_an_errand_counts_its_requests(committed: None) -> None:
    errand = Errand()
    with Wire(lambda asked: said({})) as wire, on(errand):
        for _ in range(3):
            Session("erp", wire.url).request("GET", "/")

    assert errand.requests == 3


def test_the_usual_burst_lets_at_least_one_request_through() -> None:
    assert (limits.usual_burst(10), limits.usual_burst(0.1)) == (20, 1.05)
    assert replace(limits.declared("netsuite"), per_day=None) == limits.Limits(
        rate=10, burst=20, concurrent=5
    )
