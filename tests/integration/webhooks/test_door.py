"""POST /api/v1/webhooks/{system}/{entity}: what is taken in, and what is refused before anything happens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pytest_django import Settings

from sync.models import Inbound, Job
from tests.integration.pipeline.conftest import gadget
from tests.integration.webhooks.conftest import moment, tell, tell_key
from tests.webhooks import GADGETS, PARTS, headers, send

BODY = json.dumps({"event": "changed", "at": "2026-01-01T00:00:00Z", "id": 1, "gadget": gadget(1)}).encode()


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in headers(BODY).items() if key != name}


def refused(outcome: str) -> float:
    labels = {"entity": "shop.gadgets", "outcome": outcome}
    return REGISTRY.get_sample_value("bridge_webhooks_total", labels) or 0


def test_a_row_is_written_down_with_the_job_that_works_it(db: None) -> None:
    answer = tell(gadget(1), delivery="d-1")

    row, job = Inbound.objects.get(), Job.objects.get()
    assert (answer.status_code, answer.json()) == (
        202,
        {"id": str(row.id), "status": "accepted", "rows": 1, "keys": 0, "deletes": 0},
    )
    assert (row.delivery_id, row.state, row.job_id, bool(row.body)) == ("d-1", "waiting", job.id, True)
    assert (job.kind, job.requested_by, job.request_id) == ("webhook", "webhook", answer["X-Request-ID"])


def test_deliveries_that_wait_share_a_job(db: None) -> None:
    tell(gadget(1))
    tell(gadget(2))

    assert Job.objects.count() == 1
    assert Inbound.objects.count() == 2


def test_a_repeated_delivery_is_fine_and_does_nothing(db: None) -> None:
    first = tell(gadget(1), delivery="d-1").json()

    again = tell(gadget(1), delivery="d-1")

    assert (again.status_code, again.json()) == (200, {**first, "status": "repeated"})
    assert Inbound.objects.get().repeated == 1
    assert Job.objects.count() == 1


def test_the_same_id_from_another_door_is_another_delivery(db: None) -> None:
    tell(gadget(1), delivery="d-1")

    answer = send(PARTS, {"events": [{"id": 1}]}, delivery="d-1")

    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (lambda: without("X-Signature"), "signature_missing"),
        (lambda: without("X-Timestamp"), "signature_missing"),
        (lambda: without("X-Delivery-Id"), "signature_missing"),
        (lambda: headers(BODY, secret="guessed"), "signature_wrong"),
        (lambda: headers(BODY + b" "), "signature_wrong"),
        (lambda: {**headers(BODY), "X-Delivery-Id": "another"}, "signature_wrong"),
        (lambda: {**headers(BODY), "X-Signature": "sha256=" + "é" * 64}, "signature_wrong"),
        (lambda: {**headers(BODY), "X-Signature": "00"}, "signature_wrong"),
        (lambda: headers(BODY, at=time.time() - 301), "signature_expired"),
        (lambda: headers(BODY, at=time.time() + 360), "signature_expired"),
    ],
)
def test_what_is_not_proven_is_refused(db: None, given: Callable[[], dict[str, str]], code: str) -> None:
    before = refused(code)

    answer = send(GADGETS, BODY, given=given())

    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert "WWW-Authenticate" in answer
    assert refused(code) == before + 1
    assert not Inbound.objects.exists()
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"event": "changed', "bad_json"),
        (b"", "bad_json"),
        (b"\xff\xfe", "bad_json"),
        (b'{"id": ' + b"[" * 100_000, "bad_json"),
        (b"[1, 2]", "bad_webhook"),
        (b'{"event": "changed", "at": "2026-01-01"}', "key_missing"),
        (b'{"event": "changed", "at": "2026-01-01", "id": null}', "key_missing"),
        (b'{"event": "deleted", "at": "2026-01-01", "id": ""}', "key_missing"),
        (b'{"event": "changed", "at": "2026-01-01", "id": "seven"}', "invalid_key"),
        (b'{"event": "changed", "at": "2026-01-01", "id": [7]}', "invalid_key"),
        (b'{"event": "deleted", "id": 7}', "bad_webhook"),
        (b'{"event": "deleted", "at": "yesterday", "id": 7}', "bad_webhook"),
        (b'{"event": "deleted", "at": 1e400, "id": 7}', "bad_webhook"),
    ],
)
def test_what_cannot_be_read_leaves_nothing_behind(db: None, body: bytes, code: str) -> None:
    answer = send(GADGETS, body)

    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.content
    assert not Inbound.objects.exists()
    assert not Job.objects.exists()


def test_one_bad_event_of_many_refuses_them_all(db: None) -> None:
    good: dict[str, Any] = {"event": "changed", "at": moment(), "id": 1, "part": {"id": 1}}

    answer = send(PARTS, {"events": [good, {"event": "deleted", "at": moment()}]})

    assert answer.json()["code"] == "key_missing"
    assert not Inbound.objects.exists()


@pytest.mark.parametrize("count", [0, 1001])
def test_a_body_has_a_bearable_number_of_events(db: None, count: int) -> None:
    event = {"event": "changed", "at": "2026-01-01", "id": 1}

    answer = send(PARTS, {"events": [event] * count})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_webhook")


def test_a_large_body_is_refused_unread(db: None) -> None:
    answer = send(GADGETS, b" " * 262_145, given={})

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert answer.json()["detail"] == {"most": 262_144}


@pytest.mark.parametrize(
    ("path", "code"),
    [("shop/nothing", "unknown_entity"), ("nobody/gadgets", "unknown_entity"), ("shop/makers", "no_webhook")],
)
def test_a_door_that_is_not_there_is_404(db: None, path: str, code: str) -> None:
    answer = send(f"/api/v1/webhooks/{path}", BODY)

    assert (answer.status_code, answer.json()["code"]) == (404, code)


def test_without_a_secret_nothing_is_believed(db: None, settings: Settings) -> None:
    settings.BRIDGE_SECRET_OF = lambda name: ""

    answer = tell_key(1)

    assert (answer.status_code, answer.json()["code"]) == (503, "secret_missing")


def test_two_secrets_are_good_while_one_takes_over(db: None, settings: Settings) -> None:
    settings.BRIDGE_SECRET_OF = lambda name: "older newer"

    assert [tell_key(1, secret=secret).status_code for secret in ("older", "newer", "newest")] == [
        202,
        202,
        401,
    ]
