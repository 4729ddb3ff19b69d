"""The shared budget row: what one process is told to wait, all wait."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from sync.budget import SharedGate
from sync.errors import TransientError
from sync.http import Session
from sync.models import Budget
from tests.wire import Wire, said


def test_a_system_never_told_to_wait_is_open(committed: None) -> None:
    assert SharedGate().remaining("erp") == 0.0


def test_a_pause_counts_down_and_is_the_systems_own(committed: None) -> None:
    SharedGate().hold_off("erp", 60)

    assert 0 < SharedGate().remaining("erp") <= 60
    assert SharedGate().remaining("other") == 0.0


def test_a_shorter_pause_never_undoes_a_longer_one(committed: None) -> None:
    SharedGate().hold_off("erp", 60)
    SharedGate().hold_off("erp", 1)

    assert SharedGate().remaining("erp") > 1


def test_a_pause_that_is_over_is_over(committed: None) -> None:
    SharedGate().hold_off("erp", -1)

    assert SharedGate().remaining("erp") == 0.0


def test_others_see_it_while_a_transaction_is_open_and_after_it_fails(committed: None) -> None:
    with transaction.atomic():
        SharedGate().hold_off("erp", 60)
        transaction.set_rollback(True)

    assert SharedGate().remaining("erp") > 0
    assert not connection.in_atomic_block


def test_the_row_has_the_declared_rate(committed: None) -> None:
    SharedGate().hold_off("netsuite", 1)
    SharedGate().hold_off("erp", 1)

    assert Budget.objects.get(system="netsuite").rate == 10
    assert Budget.objects.get(system="erp").rate == float("inf")


def test_after_a_retry_after_nothing_is_asked_by_any_session(committed: None) -> None:
    with Wire(lambda asked: said({}, 429, Retry_After="60")) as wire:
        assert Session("erp", wire.url).request("GET", "/").status == 429

        with pytest.raises(TransientError) as caught:
            Session("erp", wire.url).request("GET", "/")

        assert len(wire.asked) == 1
    assert caught.value.code == "rate_limited"
    assert 0 < (caught.value.retry_after or 0) <= 60


def test_a_request_costs_one_query(
    committed: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with Wire(lambda asked: said({})) as wire, django_assert_num_queries(1):
        Session("erp", wire.url).request("GET", "/")
