"""/api/v1/jobs: the list, one job, and the acts on it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sync.models import AuditEntry, Job
from tests import factories

JOBS = "/api/v1/jobs"


def act(client: Client, job: Job, verb: str, **body: Any) -> Any:
    return client.post(f"{JOBS}/{job.id}/{verb}", body, content_type="application/json")


def test_it_lists_the_newest_first_page_by_page(reader: Client) -> None:
    made = [str(factories.job().id) for _ in range(5)]

    first = reader.get(f"{JOBS}?limit=3").json()
    rest = reader.get(f"{JOBS}?limit=3&after={first['next']}").json()

    assert [job["id"] for job in first["items"] + rest["items"]] == made[::-1]
    assert rest["next"] is None


@pytest.mark.parametrize(
    "asked",
    [
        "status=failed",
        "entity=shop.gadgets",
        "entity=gadgets",
        "kind=refresh",
        "entity=shop.gadgets&kind=refresh",
    ],
)
def test_it_filters(reader: Client, asked: str) -> None:
    wanted = factories.dead_job("shop.gadgets", kind="refresh")
    factories.job("shop.makers")

    assert [job["id"] for job in reader.get(f"{JOBS}?{asked}").json()["items"]] == [str(wanted.id)]


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ("status=broken", 400, "bad_parameter"),
        ("entity=gizmos", 404, "unknown_entity"),
        ("after=7", 400, "bad_cursor"),
        ("state=failed", 400, "unknown_parameter"),
    ],
)
def test_it_refuses_what_it_does_not_know(reader: Client, asked: str, status: int, code: str) -> None:
    response = reader.get(f"{JOBS}?{asked}")

    assert (response.status_code, response.json()["code"]) == (status, code)


def test_it_sums_what_a_job_has_committed(reader: Client) -> None:
    job = factories.job(status="processing")
    factories.batch(job, 1)
    factories.batch(job, 2, counts={"rows_fetched": 5, "skipped": 5})

    shown = reader.get(JOBS).json()["items"][0]

    assert shown["progress"] == {"batches": 2, "rows_fetched": 15, "inserted": 10, "skipped": 5}
    assert shown["entity"] == "shop.gadgets"


def test_one_job_has_its_runs_and_its_log_in_words(reader: Client) -> None:
    job = factories.dead_job()
    factories.attempt(
        job, 1, outcome="retry", error="out of order", traceback="Traceback (most recent call last)"
    )
    factories.event(job, "retry", attempt=1, code="far_end_unavailable", message="out of order", seconds=1)
    factories.event(job, "progress", rows=500)

    response = reader.get(f"{JOBS}/{job.id}")

    body = response.json()
    assert [run["outcome"] for run in body["runs"]] == ["retry"]
    assert "out of order" in body["events"][0]["words"]
    assert body["events"][0]["at"] <= body["events"][1]["at"]
    assert body["progress"] == {"rows": 500, "batches": 0}
    assert b"Traceback" not in response.content


@pytest.mark.parametrize("job_id", ["01a1fd8a-f3e8-7608-9e3b-5f0c6d1a2b3c", "7", "not-a-uuid"])
def test_there_is_no_such_job(operator: Client, job_id: str) -> None:
    address = f"{JOBS}/{job_id}"

    for response in (operator.get(address), operator.generic("POST", f"{address}/retry")):
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_failed_job_is_run_again(operator: Client) -> None:
    job = factories.dead_job()

    response = act(operator, job, "retry", reason="the far end is back")

    job.refresh_from_db()
    entry = AuditEntry.objects.get()
    assert (response.status_code, response.json()["status"], job.status) == (202, "pending", "pending")
    assert (entry.act, entry.actor, entry.door) == ("job.retry", "carol", "api")
    assert (entry.reason, entry.request_id) == ("the far end is back", response["X-Request-ID"])


def test_a_waiting_job_is_cancelled(operator: Client) -> None:
    job = factories.job()

    assert act(operator, job, "cancel").json()["status"] == "cancelled"
    assert AuditEntry.objects.get().reason is None


def test_a_failed_job_is_resolved_with_a_remark(operator: Client) -> None:
    job = factories.dead_job()

    response = act(operator, job, "resolve", remark="ordered by telephone")

    assert response.status_code == 200
    assert (response.json()["resolved_by"], response.json()["remark"]) == ("carol", "ordered by telephone")


@pytest.mark.parametrize("verb", ["retry", "cancel", "resolve"])
def test_an_act_that_makes_no_sense_is_409(operator: Client, verb: str) -> None:
    response = act(operator, factories.job(status="success"), verb)

    assert (response.status_code, response.json()["code"]) == (409, "conflict")
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("verb", ["retry", "cancel", "resolve"])
def test_an_act_needs_the_scope_operate(reader: Client, verb: str) -> None:
    job = factories.dead_job()

    assert act(reader, job, verb).json()["code"] == "scope_missing"
    job.refresh_from_db()
    assert job.status == "failed"


@pytest.mark.parametrize("body", [{"remark": 7}, {"remark": "\x00"}, {"reson": "typo"}])
def test_an_odd_body_is_400(operator: Client, body: dict[str, Any]) -> None:
    assert act(operator, factories.dead_job(), "resolve", **body).status_code == 400


def test_it_filters_by_error_and_by_a_path_of_the_parameters(reader: Client) -> None:
    wanted = factories.dead_job(params={"key": {"id": 7}})
    factories.dead_job(params={"key": {"id": 8}})

    asked = "status=dead&code=far_end_unavailable&error=out+of+order&params.key.id=7&since=2001-01-01"

    assert [job["id"] for job in reader.get(f"{JOBS}?{asked}").json()["items"]] == [str(wanted.id)]
    assert reader.get(f"{JOBS}?params.key.id=7").json()["code"] == "filter_too_wide"


def test_secrets_are_masked_at_any_depth(reader: Client) -> None:
    job = factories.dead_job(
        params={"a": [{"api_key": "s3cret", "to": "x"}]}, result={"b": {"token": "s3cret"}}
    )
    factories.event(job, "told", password="s3cret")

    response = reader.get(f"{JOBS}/{job.id}")

    assert response.json()["params"] == {"a": [{"api_key": "***", "to": "x"}]}
    assert b"s3cret" not in response.content


def test_all_that_a_filter_finds_are_acted_on_after_a_preview(operator: Client) -> None:
    for _ in range(3):
        factories.dead_job()
    asked = {"act": "resolve", "where": {"status": "dead", "params": {}}, "reason": "known"}

    preview = operator.post(f"{JOBS}/bulk", {**asked, "preview": True}, content_type="application/json")
    started = operator.post(f"{JOBS}/bulk", asked, content_type="application/json")

    assert (preview.status_code, preview.json()["fit"]) == (200, 3)
    assert (started.status_code, started.json()["kind"]) == (202, "bulk")
    assert started.json()["params"]["where"] == {"status": "dead"}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"act": "resolve"}, "filter_missing"),
        ({"act": "resolve", "where": {}}, "filter_missing"),
        ({"act": "explode", "where": {"status": "dead"}}, "unknown_act"),
        ({"act": "retry", "where": {"status": "dead"}, "per_second": "5"}, "bad_parameter"),
        ({"act": "retry", "where": {"status": "dead", "params": [1]}}, "bad_parameter"),
    ],
)
def test_a_bad_bulk_act_is_refused(operator: Client, asked: dict[str, Any], code: str) -> None:
    factories.dead_job()

    answer = operator.post(f"{JOBS}/bulk", asked, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_one_is_edited_and_run(operator: Client, reader: Client) -> None:
    job = factories.dead_job()

    assert act(reader, job, "edit", params={"full": True}).status_code == 403
    made = act(operator, job, "edit", params={"full": True})

    assert (made.status_code, made.json()["params"]) == (202, {"full": True})
    assert act(operator, job, "edit", params=[1]).json()["code"] == "bad_parameter"


def test_dead_ones_are_counted_by_cause(reader: Client) -> None:
    factories.dead_job()
    newest = factories.dead_job()
    factories.dead_job(None, kind="tidy")

    first, second = reader.get(f"{JOBS}/dead").json()["items"]

    assert (first["entity"], first["kind"], first["jobs"]) == ("shop.gadgets", "sync", 2)
    assert (first["code"], first["newest"]) == ("far_end_unavailable", str(newest.id))
    assert (second["entity"], second["kind"]) == (None, "tidy")
