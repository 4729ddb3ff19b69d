"""NetSuite is away for a while: each customer is written once, and no command dies of it."""

from __future__ import annotations

import pytest

from bridge.sandbox.server import Sandbox
from sync.testing import ask
from tests.sandboxed import control, switch

pytestmark = pytest.mark.usefixtures("committed")

NAME = "netsuite.upsert_customer"
SHOP = {"external_id": "shop-17", "company_name": "Lamps & Co"}


def effects(sandbox: Sandbox) -> list[tuple[str, str]]:
    found = control(sandbox, "GET", "netsuite/effects").json()["effects"]
    return [(one["event"], one["idempotency_key"]) for one in found]


def test_it_goes_out_when_netsuite_is_back(sandbox: Sandbox) -> None:
    switch(sandbox, "netsuite", "500", times=6)
    customer = ask(NAME, SHOP)

    assert customer.finish() == "proven"

    assert effects(sandbox) == [("created", customer.key)]
    assert customer.steps == [
        *("asked", "sending", "no_answer", *["unanswered"] * 5, *["looked"] * 4),
        *("sending", "answered"),
    ]


def test_one_whose_answer_was_lost_is_found_when_netsuite_is_back(sandbox: Sandbox) -> None:
    switch(sandbox, "netsuite", "lost", times=1)
    customer = ask(NAME, SHOP)
    customer.attempt()
    switch(sandbox, "netsuite", "500", times=6)

    assert customer.finish() == "proven"

    assert effects(sandbox) == [("created", customer.key)]
    assert (customer.steps.count("sending"), customer.steps.count("unanswered")) == (1, 6)
    assert customer.job.attempts == 0
