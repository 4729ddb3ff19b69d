"""/api/v1/jobs/{id}/exchanges."""

from __future__ import annotations

from django.test import Client

from tests import factories
from tests.integration.api.conftest import Calling


def test_it_lists_what_was_said_newest_first(reader: Client) -> None:
    job = factories.dead_job()
    factories.exchange(job)
    factories.exchange(job, 2, status=None, error="far_end_timeout", body="", headers={}, size=0)
    factories.exchange(factories.dead_job())

    body = reader.get(f"/api/v1/jobs/{job.pk}/exchanges?limit=1").json()
    rest = reader.get(f"/api/v1/jobs/{job.pk}/exchanges?after={body['next']}").json()

    assert [(one["attempt"], one["status"], one["error"]) for one in body["items"]] == [
        (2, None, "far_end_timeout")
    ]
    (first,) = rest["items"]
    assert (first["attempt"], first["status"], first["body"]) == (1, 400, '{"error": "no such lamp"}')
    assert (first["params"], first["sent_headers"]["Authorization"]) == ({"page": "0"}, "***")


def test_a_command_has_the_exchanges_of_its_job(reader: Client, calling: Calling) -> None:
    job = factories.dead_job(None, kind="command")
    command = factories.command("unknown", job=job)
    for attempt in (1, 2, 3):
        factories.exchange(job, attempt)
    factories.exchange(factories.dead_job())
    door = f"/api/v1/commands/{command.pk}/exchanges"

    body = reader.get(f"{door}?limit=2").json()
    rest = reader.get(f"{door}?limit=2&after={body['next']}").json()

    assert [one["attempt"] for one in body["items"]] == [3, 2]
    assert ([one["attempt"] for one in rest["items"]], rest["next"]) == ([1], None)
    assert reader.get("/api/v1/commands/01890000-0000-7000-8000-000000000000/exchanges").status_code == 404
    assert reader.get("/api/v1/commands/one/exchanges").status_code == 404
    assert calling("sync").get(door).status_code == 403


def test_an_unknown_job_and_a_client_that_may_not_read_are_refused(reader: Client, calling: Calling) -> None:
    job = factories.dead_job()

    assert reader.get("/api/v1/jobs/01890000-0000-7000-8000-000000000000/exchanges").status_code == 404
    assert calling("sync").get(f"/api/v1/jobs/{job.pk}/exchanges").status_code == 403
