"""/api/v1/failed-records: look, mend, run again, discard."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sync.models import AuditEntry, FailedRecord, Job
from tests import factories

FAILED = "/api/v1/failed-records"


def patch(client: Client, failed: FailedRecord, body: Any) -> Any:
    return client.patch(f"{FAILED}/{failed.id}", body, content_type="application/json")


def post(client: Client, failed: FailedRecord, verb: str, **body: Any) -> Any:
    return client.post(f"{FAILED}/{failed.id}/{verb}", body, content_type="application/json")


def test_it_lists_the_newest_first_page_by_page(reader: Client) -> None:
    made = [str(factories.failed_record().id) for _ in range(3)]

    first = reader.get(f"{FAILED}?limit=2").json()
    rest = reader.get(f"{FAILED}?limit=2&after={first['next']}").json()

    assert [one["id"] for one in first["items"] + rest["items"]] == made[::-1]


@pytest.mark.parametrize("asked", ["state=open", "stage=map", "code=odd", "entity=shop.makers"])
def test_it_filters(reader: Client, asked: str) -> None:
    wanted = factories.failed_record("shop.makers", stage="map", code="odd")
    factories.failed_record(state="discarded")

    assert [one["id"] for one in reader.get(f"{FAILED}?{asked}").json()["items"]] == [str(wanted.id)]


def test_it_refuses_a_state_that_there_is_not(reader: Client) -> None:
    assert reader.get(f"{FAILED}?state=lost").json()["code"] == "bad_parameter"


def test_one_is_shown_stage_by_stage(reader: Client) -> None:
    failed = factories.failed_record(raw=b'{"id":7,"name":"\xff"}')

    body = reader.get(f"{FAILED}/{failed.id}").json()

    assert body["raw"] == '{"id":7,"name":"\\xff"}'
    assert body["normalized"]["price"] == body["input"]["price"] == "1.1"
    assert body["mapped"] is None
    assert body["errors"][0]["code"] == "too_long"


def test_it_is_mended(operator: Client) -> None:
    failed = factories.failed_record()

    response = patch(operator, failed, {"data": {"name": "Lamp"}, "reason": "too long a name"})

    body = response.json()
    assert (response.status_code, body["state"]) == (200, "open")
    assert body["input"] == {**body["normalized"], "name": "Lamp"}
    assert AuditEntry.objects.get().reason == "too long a name"


def test_a_mended_number_keeps_its_digits(operator: Client) -> None:
    failed = factories.failed_record()
    number = "0.1000000000000000000000000000000000000001"

    response = patch(operator, failed, f'{{"data": {{"price": {number}}}}}')

    assert response.json()["input"]["price"] == number


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "bad_parameter"),
        ({"data": []}, "bad_parameter"),
        ({"data": {}}, "bad_parameter"),
        ({"data": {"name": "a\x00b"}}, "bad_parameter"),
        ({"data": {"name": "\ud800"}}, "bad_parameter"),
        ({"data": {"name": "Lamp"}, "sate": "open"}, "unknown_field"),
        ("{", "bad_json"),
        ('{"data": {"price": NaN}}', "bad_json"),
    ],
)
def test_it_refuses_a_mend_that_cannot_be_kept(operator: Client, body: Any, code: str) -> None:
    failed = factories.failed_record()

    response = patch(operator, failed, body)

    assert (response.status_code, response.json()["code"]) == (400, code)
    failed.refresh_from_db()
    assert failed.mended is None


def test_it_refuses_names_that_nothing_reads(operator: Client) -> None:
    read, unread = factories.failed_record(), factories.failed_record(stage="normalize", normalized=None)

    later = patch(operator, read, {"data": {"updated_at": "2026-01-01T00:00:00Z", "nmae": "Lamp"}})
    early = patch(operator, unread, {"data": {"changed": "2026-01-01T00:00:00Z"}})

    assert (later.status_code, later.json()["code"]) == (400, "bad_mend")
    assert "updated_at was read into changed: mend that." in later.json()["message"]
    assert "Nothing reads 'nmae': did you mean name?" in later.json()["message"]
    assert "changed is read from updated_at: mend that." in early.json()["message"]
    assert "The names are " in early.json()["message"]
    assert not FailedRecord.objects.exclude(mended=None).exists()


def test_a_row_that_is_read_again_is_mended_by_its_columns(operator: Client) -> None:
    raw = b'{"id":7,"odd":"1"}'
    failed = factories.failed_record(stage="normalize", normalized=None, raw=raw)

    response = patch(operator, failed, {"data": {"updated_at": "2026-01-01T00:00:00Z", "odd": "2"}})

    assert response.status_code == 200
    assert response.json()["input"] == {"id": "7", "odd": "2", "updated_at": "2026-01-01T00:00:00Z"}


def test_it_is_run_again(operator: Client) -> None:
    failed = factories.failed_record()

    response = post(operator, failed, "retry")

    job = Job.objects.get()
    assert response.status_code == 202
    assert response["Location"] == f"/api/v1/jobs/{job.id}"
    assert (response.json()["kind"], response.json()["params"]["failed"]) == ("replay", [str(failed.id)])


def test_it_is_discarded(operator: Client) -> None:
    failed = factories.failed_record()

    body = post(operator, failed, "discard", reason="a test row of theirs").json()

    assert (body["state"], body["closed_by"], body["remark"]) == (
        "discarded",
        "carol",
        "a test row of theirs",
    )


def test_a_discard_is_taken_back(operator: Client) -> None:
    failed = factories.failed_record(state="discarded", closed_by="olga", closed_at=factories.now())

    body = post(operator, failed, "reopen", reason="it was needed").json()

    assert (body["state"], body["closed_by"], body["closed_at"]) == ("open", None, None)
    assert AuditEntry.objects.get(act="failed_record.reopen").reason == "it was needed"


def test_a_closed_one_stays_as_it_is(operator: Client) -> None:
    failed = factories.failed_record(state="fixed")

    answers = [
        patch(operator, failed, {"data": {"name": "Lamp"}}),
        post(operator, failed, "retry"),
        post(operator, failed, "discard"),
        post(operator, failed, "reopen"),
    ]

    assert {(one.status_code, one.json()["code"]) for one in answers} == {(409, "conflict")}


def test_an_act_needs_the_scope_operate(reader: Client) -> None:
    failed = factories.failed_record()

    answers = [
        patch(reader, failed, {"data": {"name": "Lamp"}}),
        post(reader, failed, "retry"),
        post(reader, failed, "discard"),
        post(reader, failed, "reopen"),
    ]

    assert {one.json()["code"] for one in answers} == {"scope_missing"}


@pytest.mark.parametrize("failed_id", ["01a1fd8a-f3e8-7608-9e3b-5f0c6d1a2b3c", "7"])
def test_there_is_no_such_failed_record(reader: Client, failed_id: str) -> None:
    assert reader.get(f"{FAILED}/{failed_id}").json()["code"] == "not_found"
