"""A customer is written to NetSuite by its external id, and read back where nobody knows whether it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.sandbox.server import Sandbox
from bridge.systems.netsuite.commands import find, send, upsert_customer
from bridge.systems.netsuite.customer import CustomerPayload
from sync.commands import Absent, Intent, Proven, Unsure
from sync.errors import FatalError, TransientError
from sync.ids import uuid7
from tests.sandboxed import asked, change, control, switch

pytestmark = pytest.mark.usefixtures("db")

SHOP = {"external_id": "shop-17", "company_name": "Lamps & Co", "credit_limit": "1500.10", "is_person": False}


def intent(payload: Mapping[str, Any] = SHOP, **facts: Any) -> Intent:
    return Intent(
        id=uuid7(), kind="netsuite.upsert_customer", key="k-1", payload=payload, client="carol", **facts
    )


def sent(payload: Mapping[str, Any] = SHOP) -> Intent:
    """An intent that was sent a moment ago."""
    now = datetime.now(UTC)
    return intent(payload, tries=1, first_sent_at=now, sent_at=now)


def effects(sandbox: Sandbox) -> list[tuple[str, str]]:
    found = control(sandbox, "GET", "netsuite/effects").json()["effects"]
    return [(one["event"], one["idempotency_key"]) for one in found]


def test_it_makes_a_customer_then_changes_it(sandbox: Sandbox) -> None:
    made = send(intent())
    changed = send(intent({"external_id": "shop-17", "comments": "pays late"}))

    number = made.answer["netsuite_id"]
    row = control(sandbox, "GET", f"netsuite/customers/{number}").json()["columns"]
    assert changed.answer == made.answer
    assert made.remote_id is None  # commands share a customer
    assert (row["companyname"], row["creditlimit"], row["comments"]) == ("Lamps & Co", "1500.10", "pays late")
    assert effects(sandbox) == [("created", "k-1"), ("updated", "k-1")]


def test_it_does_not_ask_for_a_transient_answer(sandbox: Sandbox) -> None:
    send(intent())

    assert asked(sandbox, "netsuite")[0]["method"] == "PUT"
    assert asked(sandbox, "netsuite")[0]["body"].startswith(
        '{"companyName":"Lamps & Co","creditLimit":1500.10'
    )


def test_an_answer_that_was_lost_is_found(sandbox: Sandbox) -> None:
    switch(sandbox, "netsuite", "lost", times=1)
    with pytest.raises(TransientError) as caught:
        send(intent())

    found = find(sent())

    assert not caught.value.no_effect
    assert isinstance(found, Proven)
    assert found.answer["netsuite_id"]


def test_what_never_arrived_is_absent(sandbox: Sandbox) -> None:
    assert find(sent()) == Absent()


def test_a_change_that_never_arrived_is_absent(sandbox: Sandbox) -> None:
    send(intent())
    now = datetime.now(UTC) + timedelta(seconds=2)

    found = find(intent({**SHOP, "credit_limit": "2000.00"}, tries=1, first_sent_at=now, sent_at=now))

    assert found == Absent()


def test_what_somebody_changed_after_it_is_for_a_person(sandbox: Sandbox) -> None:
    before = sent()
    number = send(before).answer["netsuite_id"]
    change(sandbox, f"netsuite/customers/{number}", '{"companyname":"Shades"}')

    found = find(before)

    assert isinstance(found, Unsure)
    assert "company_name" in found.message


def test_the_same_value_in_another_form_is_the_same(sandbox: Sandbox) -> None:
    send(intent())

    assert isinstance(find(sent({**SHOP, "credit_limit": "1500.1", "comments": None})), Proven)


@pytest.mark.parametrize(("mood", "no_effect"), [("429", True), ("500", False), ("down", False)])
def test_it_says_what_is_known_of_the_effect(sandbox: Sandbox, mood: str, no_effect: bool) -> None:
    switch(sandbox, "netsuite", mood)

    with pytest.raises(TransientError) as caught:
        send(intent())

    assert caught.value.no_effect is no_effect


def test_a_login_that_is_refused_had_no_effect(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETSUITE_TOKEN_SECRET", "wrong")

    with pytest.raises(TransientError) as caught:
        send(intent())

    assert caught.value.no_effect
    assert caught.value.parks_if_repeated


def test_what_netsuite_refuses_comes_with_its_words(sandbox: Sandbox) -> None:
    control(sandbox, "DELETE", "netsuite/customers/1")

    with pytest.raises(FatalError, match="digits, underscores"):
        send(intent({**SHOP, "external_id": "a.b"}))


@pytest.mark.parametrize(
    ("payload", "wrong"),
    [
        ({}, "external_id"),
        ({"external_id": "a b", "comments": "x"}, "external_id"),
        ({"external_id": "a|b", "comments": "x"}, "external_id"),
        ({"external_id": "a"}, "non_field_errors"),
        ({"external_id": "a", "credit_limit": "-1"}, "credit_limit"),
        ({"external_id": "a", "credit_limit": "1.001"}, "credit_limit"),
        ({"external_id": "a", "email": "nobody"}, "email"),
        ({"external_id": "a", "is_person": "perhaps"}, "is_person"),
    ],
)
def test_a_payload_says_what_is_wrong_with_it(payload: dict[str, Any], wrong: str) -> None:
    checked = CustomerPayload(data=payload)

    assert not checked.is_valid()
    assert list(checked.errors) == [wrong]


def test_it_is_read_back_before_it_is_sent_again() -> None:
    assert upsert_customer.find is find
    assert upsert_customer.settles == (2, 15, 60)
