"""Whether what a far end sends is its own, and of now."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from sync.declare import Signed
from sync.errors import Unsigned
from sync.inbound import verify

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
SIGNED = Signed(variable="SHOP_SECRET")
BODY = b'{"id": 7}'


@pytest.fixture(autouse=True)
def secret(settings: Settings) -> None:
    settings.BRIDGE_SECRET_OF = {"SHOP_SECRET": "open sesame"}.__getitem__


def digest(text: bytes, secret: bytes = b"sesame") -> bytes:
    return hmac.new(secret, text, hashlib.sha256).digest()


def given(signature: str) -> dict[str, str]:
    return {"X-Signature": signature, "X-Timestamp": STAMP, "X-Delivery-Id": "d-1"}


ALL = digest(b"d-1." + STAMP.encode() + b"." + BODY)


@pytest.mark.parametrize(
    "signature",
    [
        "sha256=" + ALL.hex(),
        "sha256=" + ALL.hex().upper(),
        "sha256=" + base64.b64encode(ALL).decode(),
        "sha256=" + "0" * 64 + ", sha256=" + ALL.hex(),
        "v0=ignored sha256=" + ALL.hex(),
    ],
)
def test_a_good_signature_in_any_form(signature: str) -> None:
    proven = verify(SIGNED, given(signature), BODY, now=NOW)

    assert (proven.delivery_id, proven.sent_at) == ("d-1", NOW)


def test_it_covers_what_is_declared() -> None:
    signed = Signed(variable="SHOP_SECRET", signs=("timestamp", "body"), prefix="")

    verify(signed, given(digest(STAMP.encode() + b"." + BODY).hex()), BODY, now=NOW)


@pytest.mark.parametrize("signature", ["sha256=", "sha256=zz", ALL.hex(), "sha256=" + ALL.hex()[:-2], "é"])
def test_anything_else_is_wrong(signature: str) -> None:
    with pytest.raises(Unsigned) as raised:
        verify(SIGNED, given(signature), BODY, now=NOW)

    assert raised.value.code == "signature_wrong"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_moment_outside_the_window_is_refused(minutes: int) -> None:
    with pytest.raises(Unsigned, match="at most 5 minutes") as raised:
        verify(SIGNED, given("sha256=" + ALL.hex()), BODY, now=NOW + timedelta(minutes=minutes))

    assert raised.value.code == "signature_expired"


@pytest.mark.parametrize("stamp", ["noon", "nan", "inf", "1e99", "2026-03-01T12:00:00Z"])
def test_a_moment_that_is_none_is_refused(stamp: str) -> None:
    text = b"d-1." + stamp.encode() + b"." + BODY
    headers = {**given("sha256=" + digest(text).hex()), "X-Timestamp": stamp}

    with pytest.raises(Unsigned) as raised:
        verify(SIGNED, headers, BODY, now=NOW)

    assert raised.value.code == "signature_expired"


@pytest.mark.parametrize("delivery", ["a b", "é", "x" * 201])
def test_an_id_that_is_none_is_refused(delivery: str) -> None:
    with pytest.raises(Unsigned):
        verify(SIGNED, {**given("sha256=" + ALL.hex()), "X-Delivery-Id": delivery}, BODY, now=NOW)
