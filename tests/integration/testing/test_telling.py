"""Webhooks and callbacks come in signed as declared, and lead where they lead in a deployment."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from sync.errors import InvalidRequest
from sync.testing import FarEnd, ask, record, tell
from tests.integration.commands.conftest import LETTER
from tests.integration.pipeline.conftest import gadget
from tests.office import VARIABLE

GADGETS = "shop.gadgets"
EVENT = {"id": 1, "event": "changed", "gadget": gadget(1), "at": "2026-01-01T00:00:00Z"}


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """The system's own address is never asked."""
    monkeypatch.setenv(VARIABLE, "https://office.invalid")
    settings.BRIDGE_PUBLIC_URL = "https://bridge.invalid"


def test_a_webhook_with_its_record_lands_once(far_end: FarEnd) -> None:
    assert tell(GADGETS, EVENT, delivery="d-1")
    assert not tell(GADGETS, EVENT, delivery="d-1")

    row = record(GADGETS, id=1)
    assert row
    assert row["name"] == "Gadget 1"
    assert far_end.asked == []


def test_a_webhook_without_its_record_leads_to_a_question(far_end: FarEnd) -> None:
    far_end.answer("GET", "/gadgets/7", json=gadget(7))

    tell(GADGETS, {"id": 7, "event": "changed", "at": "2026-01-01T00:00:00Z"})

    assert record(GADGETS, id=7)
    assert [str(one) for one in far_end.asked] == ["GET /gadgets/7"]


def test_a_webhook_that_is_not_as_declared_is_refused(far_end: FarEnd) -> None:
    with pytest.raises(InvalidRequest):
        tell(GADGETS, b"[]")


def test_a_secret_that_is_not_set_is_named(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_WEBHOOK_SECRET")

    with pytest.raises(AssertionError, match=r'monkeypatch.setenv\("SHOP_WEBHOOK_SECRET"'):
        tell(GADGETS, EVENT)


@pytest.mark.parametrize("name", ["hand_in", "call"])
def test_a_callback_proves_what_was_sent(far_end: FarEnd, name: str) -> None:
    """One is signed as webhooks are, the other as a form."""
    far_end.answer("POST", "/parcels", status=202, json={"id": "P1"})
    parcel = ask(f"shop.{name}", LETTER)
    assert (parcel.attempt(), parcel.state) == ("retry", "sent")

    assert parcel.report({"event": "queued", "of": "P1"}) == "sent"
    assert parcel.report({"event": "delivered", "of": "P1"}) == "proven"

    assert parcel.finish() == "proven"
    assert parcel.steps == ["asked", "sending", "accepted", "called_back", "called_back"]


def test_a_command_without_callbacks_says_so(far_end: FarEnd) -> None:
    with pytest.raises(AssertionError, match="declares no callback"):
        ask("shop.mail", LETTER).report({})
