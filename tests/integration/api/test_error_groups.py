"""/api/v1/error-groups: look, own, preview, run again, discard; and the same for what a filter finds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from sync.ids import uuid7
from sync.models import AuditEntry, ErrorGroup, FailedRecord, Job
from tests import factories

GROUPS = "/api/v1/error-groups"
READABLE: dict[str, Any] = {
    "raw": b'{"id": 7, "name": "Lamp", "updated_at": "2026-01-01T00:00:00Z"}',
    "normalized": None,
}


def a_group(members: int = 2, **columns: Any) -> ErrorGroup:
    group = factories.error_group(**columns)
    for _ in range(members):
        factories.failed_record(fingerprint=group.fingerprint)
    return group


def post(client: Client, path: str, **body: Any) -> Any:
    return client.post(f"{GROUPS}/{path}", body, content_type="application/json")


def patch(client: Client, group: ErrorGroup, **body: Any) -> Any:
    return client.patch(f"{GROUPS}/{group.id}", body, content_type="application/json")


def test_it_lists_those_that_are_not_closed_with_their_members(reader: Client) -> None:
    wanted = a_group(3)
    a_group(0, state="closed")
    a_group(1, snoozed_until=factories.now() + timedelta(hours=1))

    (shown,) = reader.get(GROUPS).json()["items"]

    assert (shown["id"], shown["members"], shown["entity"]) == (str(wanted.id), 3, "shop.gadgets")


@pytest.mark.parametrize(
    "asked", ["state=closed", "kind=job&state=all", "code=odd&state=all", "owner=olga&state=all"]
)
def test_it_filters(reader: Client, asked: str) -> None:
    wanted = a_group(0, state="closed", kind="job", code="odd", owner="olga")
    a_group()

    assert [one["id"] for one in reader.get(f"{GROUPS}?{asked}").json()["items"]] == [str(wanted.id)]


def test_one_that_sleeps_is_shown_on_request(reader: Client) -> None:
    a_group(1, snoozed_until=factories.now() + timedelta(hours=1))

    assert len(reader.get(f"{GROUPS}?snoozed=true").json()["items"]) == 1


def test_its_records_are_listed(reader: Client) -> None:
    group = a_group(2)
    factories.failed_record()

    items = reader.get(f"/api/v1/failed-records?group={group.id}").json()["items"]

    assert len(items) == 2
    assert (items[0]["stage_failed"], items[0]["error_type"]) == ("validate", "too_long")


def test_an_unknown_one_is_not_found(reader: Client) -> None:
    assert reader.get(f"{GROUPS}/{uuid7()}").json()["code"] == "not_found"


def test_it_is_owned_and_snoozed(operator: Client) -> None:
    group = a_group()
    until = (factories.now() + timedelta(days=1)).isoformat()

    body = patch(operator, group, owner="olga", remark="soon", snoozed_until=until, reason="mine").json()

    assert (body["owner"], body["remark"], body["state"]) == ("olga", "soon", "acknowledged")
    assert body["snoozed_until"]
    assert AuditEntry.objects.get().reason == "mine"


def test_it_says_which_mapping_fixed_it(operator: Client) -> None:
    mapping, group = factories.mapping(no=3), a_group(1)

    body = patch(operator, group, fixed_in=3).json()

    assert (body["state"], body["fixed_in"], body["fixed_in_mapping"]) == ("resolved", 3, mapping.pk)
    failed = operator.get(f"/api/v1/failed-records/{FailedRecord.objects.get().pk}").json()
    assert (failed["group"], failed["fixed_in"]) == (str(group.pk), 3)
    taken_back = patch(operator, group, fixed_in=None).json()
    assert (taken_back["fixed_in"], taken_back["fixed_in_mapping"]) == (None, None)


@pytest.mark.parametrize("no", [2, 0, -1, 40_000, 10**30])
def test_a_mapping_that_there_is_not_fixes_nothing(operator: Client, no: int) -> None:
    factories.mapping(no=3)
    factories.mapping("shop.makers", no=2, rules={})

    answer = patch(operator, a_group(), fixed_in=no)

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_mapping")
    assert f"shop.gadgets has no mapping {no}: it has 3." in answer.json()["message"]


def test_a_group_without_an_entity_is_fixed_by_no_mapping(operator: Client) -> None:
    answer = patch(operator, factories.error_group(None), fixed_in=1)

    assert answer.json()["code"] == "unknown_mapping"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"snoozed_until": "soon"},
        {"snoozed_until": "2020-01-01T00:00:00Z"},
        {"state": "closed"},
        {"code": "x"},
        {"fixed_in": "mapping v3"},
    ],
)
def test_it_refuses_what_makes_no_sense(operator: Client, body: dict[str, Any]) -> None:
    assert patch(operator, a_group(), **body).status_code == 400


def test_all_its_members_are_run_again(operator: Client) -> None:
    group = a_group()

    response = post(operator, f"{group.id}/retry", reason="mapping v3")

    assert response.status_code == 202
    (job,) = response.json()["jobs"]
    assert job["params"]["where"] == {"entity": "shop.gadgets", "fingerprint": str(group.fingerprint)}
    assert Job.objects.get().kind == "replay"


def test_one_without_members_cannot_be_run_again(operator: Client) -> None:
    assert post(operator, f"{a_group(0).id}/retry").status_code == 409


def test_all_its_members_are_discarded(operator: Client) -> None:
    group = a_group()

    assert post(operator, f"{group.id}/discard", reason="test rows").json() == {"discarded": 2}

    group.refresh_from_db()
    assert group.state == "closed"


def test_a_preview_says_what_would_happen(operator: Client) -> None:
    group = factories.error_group()
    factories.failed_record(fingerprint=group.fingerprint, stage="normalize", **READABLE)
    factories.failed_record(fingerprint=group.fingerprint)

    body = post(operator, f"{group.id}/preview").json()

    assert (body["of"], body["tried"], body["lands"], body["fails"]) == (2, 2, 1, {"too_long": 1})
    assert FailedRecord.objects.filter(state="open", attempts=0).count() == 2


def test_a_group_of_jobs_has_no_preview(operator: Client) -> None:
    assert post(operator, f"{a_group(0, kind='job').id}/preview").status_code == 409


@pytest.mark.parametrize("sample", [0, "many", True, 10**9])
def test_a_sample_is_a_number(operator: Client, sample: Any) -> None:
    assert post(operator, f"{a_group().id}/preview", sample=sample).json()["code"] == "bad_parameter"


def test_a_filter_takes_all_that_it_finds(operator: Client) -> None:
    factories.failed_record()
    factories.failed_record(message="Something else")
    what = {"entity": "gadgets", "message": "too long"}

    assert post(operator, "preview", **what, all=True).json()["of"] == 1
    assert post(operator, "retry", **what).status_code == 202
    assert post(operator, "discard", **what).json() == {"discarded": 1}


def test_a_filter_that_takes_all_is_refused(operator: Client) -> None:
    assert post(operator, "discard").json()["code"] == "filter_missing"


@pytest.mark.parametrize("verb", ["retry", "discard", "preview"])
def test_who_may_only_read_may_not_act(reader: Client, verb: str) -> None:
    assert post(reader, verb, code="too_long").status_code == 403
    assert post(reader, f"{a_group().id}/{verb}").status_code == 403


def test_a_batch_has_every_counter(reader: Client) -> None:
    factories.batch(
        factories.job(),
        counts={"rows_fetched": 1000, "inserted": 50, "updated": 47, "skipped": 900, "failed": 3},
    )

    (batch,) = reader.get("/api/v1/batches").json()["items"]

    assert (batch["counts"]["success_rate"], batch["counts"]["deleted"]) == (99.7, 0)


def test_a_job_reports_its_success_rate(reader: Client) -> None:
    job = factories.job(status="success", result={"rows_fetched": 3, "inserted": 2, "failed": 1})

    assert reader.get(f"/api/v1/jobs/{job.id}").json()["result"]["success_rate"] == 66.67
