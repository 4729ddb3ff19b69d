"""Who may call: tokens, their scopes, and what a refusal says."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.test import Client

from api.auth import ALGORITHM, client_of, mint
from sync.errors import InvalidRequest
from tests import factories
from tests.integration.api.conftest import Calling

JOBS = "/api/v1/jobs"
OTHER_SECRET = "another-secret-of-more-than-32-bytes"


def token(secret: str = "", algorithm: str = ALGORITHM, without: str = "", **claims: Any) -> str:
    now = int(time.time())
    plain = {
        "iss": settings.BRIDGE_JWT_ISSUER,
        "aud": settings.BRIDGE_JWT_AUDIENCE,
        "sub": "carol",
        "iat": now,
        "exp": now + 60,
        "scopes": ["read"],
    }
    content = {name: value for name, value in {**plain, **claims}.items() if name != without}
    return jwt.encode(content, secret or settings.BRIDGE_JWT_SECRET, algorithm=algorithm)


def asked(header: str | None) -> Any:
    return Client(headers={"authorization": header} if header else {}).get(JOBS)


def test_a_good_token_is_let_in(db: None) -> None:
    assert asked(f"Bearer {token()}").status_code == 200


def test_the_scope_claim_may_be_one_string(db: None) -> None:
    assert asked(f"Bearer {token(scopes=None, scope='sync read')}").status_code == 200


def test_no_token_is_401_and_says_how_to_get_one(db: None) -> None:
    response = asked(None)

    assert (response.status_code, response.json()["code"]) == (401, "token_missing")
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert "bridge token" in response.json()["message"]


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"exp": 1}, "token_expired"),
        ({"iss": "somebody"}, "token_invalid"),
        ({"aud": "somebody"}, "token_invalid"),
        ({"secret": OTHER_SECRET}, "token_invalid"),
        ({"algorithm": "HS384"}, "token_invalid"),
        *[({"without": claim}, "token_invalid") for claim in ("exp", "iat", "sub", "aud", "iss")],
    ],
)
def test_a_bad_token_is_401_with_its_reason(db: None, claims: dict[str, Any], code: str) -> None:
    response = asked(f"Bearer {token(**claims)}")

    assert (response.status_code, response.json()["code"]) == (401, code)
    assert 'error="invalid_token"' in response["WWW-Authenticate"]


def test_an_unsigned_token_is_401(db: None) -> None:
    unsigned = jwt.encode({"sub": "carol", "scopes": ["read"]}, "", algorithm="none")

    assert asked(f"Bearer {unsigned}").status_code == 401


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer  ", "Basic YTpi", "Bearer a.b.c", "Bearer ä.ö.ü", "nonsense"]
)
def test_nonsense_is_401(db: None, header: str) -> None:
    assert asked(header).json()["code"] == "token_invalid"


def test_a_token_without_the_scope_is_403_and_says_which(db: None, calling: Calling) -> None:
    response = calling("sync").get(JOBS)

    assert (response.status_code, response.json()["code"]) == (403, "scope_missing")
    assert "'read'" in response.json()["message"]


def test_a_session_of_the_admin_is_no_way_in(db: None) -> None:
    client = Client()
    client.force_login(factories.administrator())

    assert client.get(JOBS).status_code == 401


def test_a_few_seconds_of_difference_between_clocks_are_forgiven(db: None) -> None:
    assert asked(f"Bearer {token(exp=int(time.time()) - 2)}").status_code == 200


def test_a_remembered_token_is_one_that_was_verified(db: None) -> None:
    header = f"Bearer {token()}"
    assert asked(header).status_code == 200

    assert asked(header[:-2]).status_code == 401, "another text is another token"


@pytest.mark.parametrize(
    ("client", "scopes", "lifetime", "code"),
    [
        ("carol", ["fly"], timedelta(days=1), "bad_scope"),
        ("carol", [], timedelta(days=1), "bad_scope"),
        (" ", ["read"], timedelta(days=1), "bad_client"),
        ("carol", ["read"], timedelta(0), "bad_lifetime"),
    ],
)
def test_it_mints_no_token_that_means_nothing(
    client: str, scopes: list[str], lifetime: timedelta, code: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        mint(client, scopes, lifetime)

    assert refused.value.code == code


def test_a_minted_token_says_who_and_what() -> None:
    client = client_of(f"Bearer {mint('carol', ['sync', 'read'], timedelta(minutes=1))}")

    assert (client.name, client.scopes) == ("carol", frozenset({"read", "sync"}))
