"""One body for every refusal, and never a traceback."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from api.codes import CODES
from tests.integration.api.conftest import Calling

START = "/api/v1/sync/start"


def check(response: Any, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert set(body) == {"code", "message", "detail", "request_id"}
    assert body["message"]
    assert body["request_id"] == response["X-Request-ID"]
    assert CODES[code][0] == status, "the list of codes says the same"
    return body


def test_an_unknown_address_is_404(reader: Client) -> None:
    check(reader.get("/api/nothing/here"), 404, "not_found")
    check(reader.get("/api"), 404, "not_found")


def test_another_method_is_405_with_those_it_knows(reader: Client, operator: Client) -> None:
    response = reader.delete("/api/v1/jobs")

    check(response, 405, "method_not_allowed")
    assert "GET" in response["Allow"]
    check(reader.post("/api/v1/shop/gadgets/1"), 405, "method_not_allowed")


@pytest.mark.parametrize("body", ["{", "{'entity': 'x'}", '{"entity": NaN}', "\xff", '{"a":' * 100_000])
def test_broken_json_is_400(syncer: Client, body: str) -> None:
    response = syncer.post(START, body.encode("latin-1"), content_type="application/json")

    check(response, 400, "bad_json")


@pytest.mark.parametrize("body", ["[]", "7", '"text"', "[{}]", "true"])
def test_json_that_is_no_object_is_400(syncer: Client, body: str) -> None:
    check(syncer.post(START, body, content_type="application/json"), 400, "invalid_request")


def test_a_name_that_is_not_known_is_400_with_those_that_are(syncer: Client) -> None:
    response = syncer.post(START, {"entity": "shop.gadgets", "ful": True}, content_type="application/json")

    assert "full" in check(response, 400, "unknown_field")["message"]


def test_another_content_type_is_415(syncer: Client) -> None:
    response = syncer.post(START, "<entity/>", content_type="application/xml")

    check(response, 415, "unsupported_media_type")


def test_an_oversized_body_is_413_before_it_is_read(syncer: Client) -> None:
    body = b" " * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)

    response = syncer.post(START, body, content_type="application/json")

    assert check(response, 413, "body_too_large")["detail"] == {"most": settings.DATA_UPLOAD_MAX_MEMORY_SIZE}


def test_a_chunked_body_is_411(syncer: Client) -> None:
    response = syncer.generic("POST", START, b"", headers={"transfer-encoding": "chunked"})

    check(response, 411, "length_required")


def test_a_length_that_is_no_number_is_400(syncer: Client) -> None:
    response = syncer.generic("POST", START, b"{}", CONTENT_LENGTH="2; 3")

    check(response, 400, "invalid_request")


def test_it_takes_over_a_sane_request_id(reader: Client) -> None:
    response = reader.get("/api/v1/jobs", headers={"x-request-id": "order-7.retry_2"})

    assert response["X-Request-ID"] == "order-7.retry_2"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "<script>", "ä"])
def test_it_makes_a_request_id_where_the_given_one_is_odd(reader: Client, given: str) -> None:
    response = reader.get("/api/v1/jobs", headers={"x-request-id": given})

    assert len(response["X-Request-ID"]) == 36


def test_a_database_that_went_away_is_503(committed: None, calling: Calling) -> None:
    client = calling("read")
    connection.ensure_connection()
    params = connection.get_connection_params()
    with psycopg.connect(**{**params, "autocommit": True}) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (connection.connection.info.backend_pid,))

    response = client.get("/api/v1/jobs")
    connection.close()

    check(response, 503, "database_unavailable")
    assert int(response["Retry-After"]) > 0
    assert client.get("/api/v1/jobs").status_code == 200, "and the next one connects anew"
