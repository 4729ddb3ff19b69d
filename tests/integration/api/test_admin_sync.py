"""POST /admin/sync and GET /admin/sync/{jobId}: the first Bridge's door, by token or by the admin's session."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sync.models import Job
from tests import factories
from tests.integration.api.conftest import Calling

DOOR = "/admin/sync"
ASKED = {"module": "gadget"}


def post(client: Client, **more: Any) -> Any:
    return client.post(DOOR, ASKED, content_type="application/json", **more)


def test_it_answers_in_the_first_bridges_words(syncer: Client) -> None:
    response = post(syncer)

    job, body = Job.objects.get(), response.json()
    assert response.status_code == 202
    assert response["Location"] == f"{DOOR}/{job.id}"
    assert (body["jobId"], body["module"], body["status"]) == (str(job.id), "shop.gadgets", "pending")
    assert (body["type"], body["attempts"]) == ("sync", 0)
    assert body["params"] == {"since": None, "page": None, "pageSize": None}


def test_it_shows_a_job_in_those_words(syncer: Client) -> None:
    started = post(syncer).json()

    shown = syncer.get(f"{DOOR}/{started['jobId']}").json()

    assert shown == {name: value for name, value in started.items() if name != "created"}


@pytest.mark.parametrize("job_id", ["01a1fd8a-f3e8-7608-9e3b-5f0c6d1a2b3c", "7"])
def test_there_is_no_such_job(syncer: Client, job_id: str) -> None:
    assert syncer.get(f"{DOOR}/{job_id}").status_code == 404


def test_it_needs_a_token_or_a_session(db: None) -> None:
    assert post(Client()).json()["code"] == "token_missing"


def test_a_token_needs_the_scope(db: None, calling: Calling) -> None:
    assert post(calling("read")).json()["code"] == "scope_missing"


def test_a_session_needs_its_csrf_token(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.administrator())

    response = post(client)

    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")
    assert not Job.objects.exists()


def test_a_session_with_its_csrf_token_may_start_a_sync(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.stranger("sven", "operate_job"))
    secret = "a" * 32
    client.cookies["csrftoken"] = secret

    assert post(client, headers={"x-csrftoken": secret}).status_code == 202
    assert Job.objects.get().requested_by == "sven"


def test_a_session_needs_the_permission(db: None) -> None:
    client = Client()
    client.force_login(factories.stranger("sven", "view_job"))

    assert post(client).json()["code"] == "permission_missing"
