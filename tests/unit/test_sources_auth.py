"""How requests are signed."""

from __future__ import annotations

import time

import jwt
import pytest

from sync.errors import ConfigError
from sync.http import Session
from sync.sources.auth import Bearer, ServiceToken, TokenBased
from tests.wire import Wire, said

SECRET = "a secret of more than thirty-two bytes"


def authorization(auth: Bearer | ServiceToken | TokenBased) -> str:
    with Wire(lambda asked: said({})) as wire:
        Session("erp", wire.url, auth=auth, gate=None).request("POST", "/x", params={"a": 1}, json={"q": 1})
        return wire.asked[0].headers["Authorization"]


def test_a_given_token_is_sent() -> None:
    assert authorization(Bearer("abc")) == "Bearer abc"


def test_a_service_token_says_who_asks_whom_and_ends_soon() -> None:
    scheme, _, token = authorization(ServiceToken(SECRET, audience="apismith")).partition(" ")

    claims = jwt.decode(token, SECRET, ["HS256"], audience="apismith", issuer="bridge")
    assert scheme == "Bearer"
    assert 0 < claims["exp"] - claims["iat"] <= 300
    assert claims["iat"] <= time.time()


def test_a_service_token_lives_five_minutes_at_most() -> None:
    token = ServiceToken(SECRET, audience="apismith", lifetime=86_400).token()

    claims = jwt.decode(token, SECRET, ["HS256"], audience="apismith")
    assert claims["exp"] - claims["iat"] == 300


def test_a_service_token_is_kept_while_it_is_good() -> None:
    auth = ServiceToken(SECRET, audience="apismith")

    assert auth.token() is auth.token()


def test_a_short_secret_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigError, match="openssl rand -hex 32") as caught:
        ServiceToken("short-secret", audience="apismith")

    assert caught.value.code == "short_secret"
    assert "short-secret" not in caught.value.message


def test_a_token_based_login_is_signed_afresh_each_time() -> None:
    auth = TokenBased(
        realm="ACME_SB1", consumer_key="ck", consumer_secret="cs", token_id="ti", token_secret="ts"
    )

    first, second = authorization(auth), authorization(auth)

    assert first.startswith('OAuth realm="ACME_SB1"')
    assert 'oauth_signature_method="HMAC-SHA256"' in first
    assert first != second
