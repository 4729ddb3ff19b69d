"""/api/v1/mappings: draft, edit, rehearse, switch on, retire."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sync.models import AuditEntry, Job, Mapping
from tests import factories

MAPPINGS = "/api/v1/mappings"
RULES: dict[str, Any] = {"fields": {"note": {"clean": ["lower"]}}}


def post(client: Client, path: str, **body: Any) -> Any:
    return client.post(f"{MAPPINGS}{path}", body, content_type="application/json")


def test_it_is_drafted(operator: Client) -> None:
    response = post(operator, "", entity="gadgets", rules=RULES, reason="notes are shouted")

    body = response.json()
    assert response.status_code == 201
    assert response["Location"] == f"{MAPPINGS}/{body['id']}"
    assert (body["entity"], body["no"], body["state"]) == ("shop.gadgets", 1, "draft")
    assert (body["rules"], body["rehearsal"], body["made_by"]) == (RULES, None, "carol")
    assert AuditEntry.objects.get(act="mapping.draft").reason == "notes are shouted"


def test_every_error_of_the_rules_is_named(operator: Client) -> None:
    response = post(operator, "", entity="gadgets", rules={"fields": {"nmae": {}, "id": {}}})

    assert (response.status_code, response.json()["code"]) == (400, "bad_rules")
    assert "fields.nmae" in response.json()["message"]
    assert "fields.id" in response.json()["message"]


@pytest.mark.parametrize("body", [{"rules": RULES}, {"entity": "gadgets"}, {"entity": "gadgets", "rules": 1}])
def test_a_draft_needs_an_entity_and_rules(operator: Client, body: dict[str, Any]) -> None:
    assert post(operator, "", **body).status_code == 400


def test_an_entity_that_there_is_not_is_not_found(operator: Client) -> None:
    assert post(operator, "", entity="nothing", rules=RULES).status_code == 404


def test_it_lists_the_newest_first_and_filters(reader: Client) -> None:
    first = factories.mapping(state="retired")
    second = factories.mapping()
    other = factories.mapping("shop.makers", state="active", rules={})

    def listed(query: str) -> list[int]:
        return [one["id"] for one in reader.get(f"{MAPPINGS}{query}").json()["items"]]

    assert listed("") == [other.pk, second.pk, first.pk]
    assert listed("?entity=gadgets&state=draft") == [second.pk]
    page = reader.get(f"{MAPPINGS}?limit=2").json()
    assert listed(f"?limit=2&after={page['next']}") == [first.pk]


def test_a_draft_is_edited(operator: Client) -> None:
    mapping = factories.mapping()

    response = operator.patch(f"{MAPPINGS}/{mapping.pk}", {"rules": RULES}, content_type="application/json")

    assert response.json()["rules"] == RULES


def test_an_active_one_is_not_edited(operator: Client) -> None:
    mapping = factories.mapping(state="active")

    response = operator.patch(f"{MAPPINGS}/{mapping.pk}", {"rules": RULES}, content_type="application/json")

    assert response.status_code == 409


def test_a_rehearsal_is_a_job_that_the_mapping_then_shows(operator: Client) -> None:
    mapping = factories.mapping()

    response = post(operator, f"/{mapping.pk}/rehearse", sample=100)

    assert response.status_code == 202
    job = Job.objects.get(pk=response.json()["id"])
    assert (job.kind, job.params["mapping"], job.params["sample"]) == ("rehearse", mapping.pk, 100)
    assert operator.get(f"{MAPPINGS}/{mapping.pk}").json()["rehearsal"]["id"] == str(job.pk)


@pytest.mark.parametrize("sample", [0, -1, "5", True])
def test_a_sample_is_a_number_of_rows(operator: Client, sample: Any) -> None:
    mapping = factories.mapping()

    assert post(operator, f"/{mapping.pk}/rehearse", sample=sample).status_code == 400


def test_it_is_switched_on_and_retired(operator: Client) -> None:
    before, mapping = factories.mapping(state="active"), factories.mapping()

    assert post(operator, f"/{mapping.pk}/activate").json()["state"] == "active"
    assert Mapping.objects.get(pk=before.pk).state == "retired"
    assert post(operator, f"/{mapping.pk}/activate").status_code == 409
    assert post(operator, f"/{mapping.pk}/retire").json()["state"] == "retired"


def test_records_are_made_anew_and_failures_run_again(operator: Client) -> None:
    factories.failed_record()
    mapping = factories.mapping(state="active")

    remap = post(operator, f"/{mapping.pk}/remap")
    replay = post(operator, f"/{mapping.pk}/replay")

    assert (remap.status_code, remap.json()["kind"]) == (202, "remap")
    assert (replay.status_code, replay.json()["params"]["where"]) == (202, {"entity": "shop.gadgets"})


@pytest.mark.parametrize("number", ["0", "x", "99999999999999999999"])
def test_one_that_there_is_not_is_not_found(operator: Client, number: str) -> None:
    assert operator.get(f"{MAPPINGS}/{number}").status_code == 404
    assert post(operator, f"/{number}/activate").status_code == 404


@pytest.mark.parametrize("verb", ["rehearse", "activate", "retire", "remap", "replay"])
def test_a_reader_may_not_act(reader: Client, verb: str) -> None:
    assert post(reader, f"/{factories.mapping().pk}/{verb}").status_code == 403


def test_a_record_tells_the_mapping_that_made_it(reader: Client) -> None:
    factories.record(mapping=3)

    assert reader.get("/api/v1/gadgets/1").json()["mapping"] == 3
    assert reader.get("/api/v1/gadgets").json()["items"][0]["mapping"] == 3
