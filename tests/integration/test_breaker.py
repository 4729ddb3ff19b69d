"""A far end that goes on failing is left alone by all processes, and one request finds out whether it is back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from sync.audit import Actor
from sync.budget import SharedGate, acts
from sync.budget.ledger import FAILURES
from sync.errors import Conflict, TransientError
from sync.http import Session
from sync.models import Budget
from tests.wire import Asked, Said, Wire, said


class FarEnd:
    """Fails, until it is told not to."""

    def __init__(self) -> None:
        self.status = 500

    def __call__(self, asked: Asked) -> Said | None:
        return None if self.status == 0 else said({}, self.status)


@pytest.fixture
def gates(committed: None) -> Iterator[list[SharedGate]]:
    """Two gates, as two processes have them."""
    made = [SharedGate(), SharedGate()]
    yield made
    for gate in made:
        gate.close()


def ask(wire: Wire, gate: SharedGate, system: str = "erp") -> str:
    """The status, or the code of the error."""
    try:
        return str(Session(system, wire.url, gate=gate).request("GET", "/").status)
    except TransientError as error:
        return error.code


def fail(wire: Wire, gates: list[SharedGate], times: int = FAILURES, system: str = "erp") -> list[str]:
    return [ask(wire, gates[turn % len(gates)], system) for turn in range(times)]


def over(gates: list[SharedGate]) -> None:
    """Let the time for which it is left alone be over."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE budget SET breaker_until = now() - interval '1 second'")
    for gate in gates:
        gate.forget()


def opened_for() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM breaker_until - now()) FROM budget")
        return float(cursor.fetchone()[0])


@pytest.mark.parametrize(("status", "code"), [(500, "500"), (0, "far_end_unreachable")])
def test_after_failures_in_a_row_over_all_processes_it_is_left_alone_by_all(
    gates: list[SharedGate], status: int, code: str
) -> None:
    far_end = FarEnd()
    far_end.status = status
    with Wire(far_end) as wire:
        assert fail(wire, gates) == [code] * FAILURES

        assert fail(wire, gates, 4) == ["far_end_down"] * 4
        assert len(wire.asked) == FAILURES
    assert 25 < opened_for() <= 30


def test_being_left_alone_burns_no_try(gates: list[SharedGate]) -> None:
    with Wire(FarEnd()) as wire:
        fail(wire, gates)
        with pytest.raises(TransientError, match="is left alone") as caught:
            Session("erp", wire.url, gate=gates[0]).request("GET", "/")

    assert caught.value.not_asked
    assert 25 < (caught.value.retry_after or 0) <= 30


def test_an_answer_in_between_ends_the_count(gates: list[SharedGate]) -> None:
    far_end = FarEnd()
    with Wire(far_end) as wire:
        fail(wire, gates, FAILURES - 1)
        far_end.status = 404
        assert ask(wire, gates[0]) == "404"
        far_end.status = 500

        assert fail(wire, gates, FAILURES - 1) == ["500"] * (FAILURES - 1)
        assert Budget.objects.get(system="erp").breaker == "closed"


def test_refusals_as_one_too_many_are_no_failures(gates: list[SharedGate]) -> None:
    far_end = FarEnd()
    far_end.status = 429
    with Wire(far_end) as wire:
        assert fail(wire, gates, 2 * FAILURES) == ["429"] * 2 * FAILURES


def test_one_request_finds_out_that_it_is_back(gates: list[SharedGate]) -> None:
    far_end = FarEnd()
    with Wire(far_end) as wire:
        fail(wire, gates)
        far_end.status = 200
        over(gates)

        assert [ask(wire, gates[0]), ask(wire, gates[1])] == ["200", "200"]

    row = Budget.objects.get(system="erp")
    assert (row.breaker, row.failures, row.trips, row.breaker_until) == ("closed", 0, 0, None)


def test_a_probe_that_fails_doubles_the_time_and_only_one_is_sent(gates: list[SharedGate]) -> None:
    with Wire(FarEnd()) as wire:
        fail(wire, gates)
        over(gates)

        assert fail(wire, gates, 3) == ["500", "far_end_down", "far_end_down"]
        assert len(wire.asked) == FAILURES + 1
    assert 55 < opened_for() <= 60


def test_a_person_may_have_it_asked_at_once(gates: list[SharedGate]) -> None:
    olga = Actor(name="olga", door="api")
    far_end = FarEnd()
    with Wire(far_end) as wire:
        fail(wire, gates, system="shop")
        far_end.status = 200
        acts.resume("shop", by=olga)
        for gate in gates:
            gate.forget()

        assert ask(wire, gates[0], "shop") == "200"
    with pytest.raises(Conflict, match="is not left alone"):
        acts.resume("shop", by=olga)
