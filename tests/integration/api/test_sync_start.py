"""POST /api/v1/sync/start."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sync.models import AuditEntry, Job
from tests import factories
from tests.integration.api.conftest import Calling

START = "/api/v1/sync/start"


def start(client: Client, **body: Any) -> Any:
    return client.post(START, body, content_type="application/json")


@pytest.mark.parametrize("name", ["shop.gadgets", "gadgets", "gadget", "shop.gadget"])
@pytest.mark.parametrize("word", ["entity", "module"])
def test_it_starts_a_sync(syncer: Client, name: str, word: str) -> None:
    response = start(syncer, **{word: name})

    job, body = Job.objects.get(), response.json()
    assert response.status_code == 202
    assert response["Location"] == body["location"] == f"/api/v1/jobs/{job.id}"
    assert (body["entity"], body["status"], body["created"]) == ("shop.gadgets", "pending", True)
    assert (job.kind, job.params, job.requested_by, job.request_id) == (
        "sync",
        {},
        "carol",
        response["X-Request-ID"],
    )
    assert AuditEntry.objects.get().act == "sync.start"


def test_the_same_request_joins_the_unfinished_job(syncer: Client) -> None:
    first, second = start(syncer, entity="gadgets").json(), start(syncer, entity="shop.gadgets").json()

    assert (first["job_id"], second["created"]) == (second["job_id"], False)
    assert AuditEntry.objects.count() == 1


def test_the_reason_is_kept(syncer: Client) -> None:
    start(syncer, entity="gadgets", reason="a row is missing")

    assert AuditEntry.objects.get().reason == "a row is missing"


def test_asked_again_a_parked_job_runs_again_and_that_is_audited(syncer: Client) -> None:
    job = factories.job("shop.gadgets", dedup="sync:shop.gadgets", hold="configuration")

    answer = start(syncer, entity="gadgets", reason="the key is set")

    assert (answer.json()["job_id"], answer.json()["created"]) == (str(job.pk), False)
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.object_id, entry.reason) == ("job.retry", str(job.pk), "the key is set")
    assert (entry.before, entry.after) == ({"hold": "configuration"}, {"hold": None})


def test_another_request_gets_a_job_of_its_own(syncer: Client) -> None:
    bodies: list[dict[str, Any]] = [
        {},
        {"full": True},
        {"since": "2025-01-01"},
        {"since": "2025-01-02T00:00:00+01:00"},
    ]

    made = {start(syncer, entity="gadgets", **body).json()["job_id"] for body in bodies}

    assert len(made) == 4
    assert [job.params for job in Job.objects.order_by("id")] == [
        {},
        {"full": True},
        {"since": "2025-01-01T00:00:00Z"},
        {"since": "2025-01-01T23:00:00Z"},
    ]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "bad_parameter"),
        ({"entity": 7}, 400, "bad_parameter"),
        ({"entity": "gadgets", "module": "makers"}, 400, "bad_parameter"),
        ({"entity": "gizmos"}, 404, "unknown_entity"),
        ({"entity": "gadgets", "full": "yes"}, 400, "bad_parameter"),
        ({"entity": "gadgets", "since": "yesterday"}, 400, "bad_since"),
        ({"entity": "gadgets", "since": ""}, 400, "bad_since"),
        ({"entity": "gadgets", "since": 1700000000}, 400, "bad_since"),
        ({"entity": "gadgets", "since": "2999-01-01"}, 400, "bad_since"),
        ({"entity": "gadgets", "since": "0001-01-01T00:00:00+14:00"}, 400, "bad_since"),
        ({"entity": "gadgets", "since": "2025-01-01", "full": True}, 400, "bad_since"),
        ({"entity": "shop.parts", "since": "2025-01-01"}, 400, "bad_since"),
    ],
)
def test_it_refuses_what_cannot_be_done(syncer: Client, body: dict[str, Any], status: int, code: str) -> None:
    response = start(syncer, **body)

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert not Job.objects.exists()


def test_it_needs_the_scope_sync(db: None, calling: Calling) -> None:
    assert start(calling("read", "operate"), entity="gadgets").json()["code"] == "scope_missing"


def test_a_dry_run_is_a_job_of_its_own(syncer: Client) -> None:
    start(syncer, entity="gadgets")

    body = start(syncer, entity="gadgets", dry_run=True, full=True, pages=7).json()

    job = Job.objects.get(pk=body["job_id"])
    assert (job.kind, job.params, job.scopes) == ("dry_run", {"full": True, "pages": 7}, [])
    assert AuditEntry.objects.order_by("-id")[0].after == {
        "entity": "shop.gadgets",
        "dry_run": True,
        "full": True,
        "pages": 7,
    }


@pytest.mark.parametrize(
    "body",
    [
        {"dry_run": "yes"},
        {"dry_run": True, "pages": 0},
        {"dry_run": True, "pages": 1001},
        {"dry_run": True, "pages": "7"},
        {"pages": 7},
    ],
)
def test_a_dry_run_that_cannot_be_is_refused(syncer: Client, body: dict[str, Any]) -> None:
    response = start(syncer, entity="gadgets", **body)

    assert (response.status_code, response.json()["code"]) == (400, "bad_parameter")
    assert not Job.objects.exists()
