"""What must not be seen of a secret, and what must stay readable."""

from __future__ import annotations

import pytest

from sync.redaction import masked, plain_address, redact, redact_json


@pytest.mark.parametrize(
    "text",
    [
        "Bearer abcdefSECRETghijkl0123",
        "basic YWxhSECRETZGRpbjpvcGVu",
        "token=SECRET&limit=5",
        '{"access_token": "SECRET"}',
        "{'client_secret': 'x'} password = SECRET",
        'oauth_signature="SECRET%3D"',
        "api_key=SECRET",
        '{"password": "a phrase of SECRET words", "x": 1}',
        '{"private_key": "-----BEGIN KEY-----\\nSECRET and cut her',
        '{"api_key": "a\\"SECRET\\',
        "https://bob:SECRET@erp.example.com/x",
        "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJTRUNSRVQifQ.SECRETsignature",
    ],
)
def test_it_hides(text: str) -> None:
    assert "SECRET" not in redact(text)
    assert "***" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "The bearer token is refused: Signature verification failed.",
        "Invalid login attempt. For more details, see the Login Audit Trail",
        "GET https://erp.example.com/things?limit=5",
        "3 tokens left",
    ],
)
def test_it_leaves(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://bob:x@erp.example.com:8443/a/b?key=x#y", "https://erp.example.com:8443/a/b"),
        ("/a?key=x", "/a"),
        ("", ""),
    ],
)
def test_an_address_shows_where_not_who(url: str, shown: str) -> None:
    assert plain_address(url) == shown


@pytest.mark.parametrize(
    ("text", "left", "count"),
    [
        ('{"id": 1.10, "name": "token"}', '{"id": 1.10, "name": "token"}', 0),
        ('{"api_key": "a\\"b", "x": 1}', '{"api_key": "***", "x": 1}', 1),
        ('{"nextPageToken" : "abc"}', '{"nextPageToken" : "***"}', 1),
        ('{"token": 7, "secret": null, "password": ""}', '{"token": 7, "secret": null, "password": ""}', 0),
        ('["eyJhbGciOiJ9.eyJzdWIiOiJ9.sig"]', '["***"]', 1),
    ],
)
def test_json_loses_its_secrets_and_nothing_else(text: str, left: str, count: int) -> None:
    assert redact_json(text) == (left, count)


def test_what_is_nested_without_end_is_shown_as_far_as_it_can_be() -> None:
    deep: object = {"password": "hunter2"}
    for _ in range(2_000):
        deep = [deep]

    assert "(nested too deeply to be shown)" in str(masked(deep))
