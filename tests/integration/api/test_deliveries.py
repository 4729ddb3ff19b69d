"""/api/v1/deliveries, /api/v1/push/start and /api/v1/reconcile/start."""

from __future__ import annotations

import pytest
from django.test import Client

from sync.models import AuditEntry, DeliveryCount, Job
from tests import factories

DELIVERIES = "/api/v1/deliveries"
ITEMS = {"target": "schedulehub", "entity": "apismith.items"}


def test_it_shows_what_a_target_refused_in_its_words(reader: Client) -> None:
    factories.delivery("apismith.items")
    factories.delivery("apismith.items", state="acked", answer=None, code=None)

    (shown,) = reader.get(f"{DELIVERIES}?state=refused&target=schedulehub").json()["items"]

    assert (shown["entity"], shown["code"], shown["remote_id"]) == ("apismith.items", "LOCKED", "17")
    assert "edited by a planner" in shown["answer"]["message"]


def test_it_refuses_a_state_that_there_is_not(reader: Client) -> None:
    assert reader.get(f"{DELIVERIES}?state=lost").status_code == 400


def test_one_is_sent_again(operator: Client) -> None:
    delivery = factories.delivery("apismith.items")

    answer = operator.post(f"{DELIVERIES}/{delivery.pk}/retry", content_type="application/json")

    delivery.refresh_from_db()
    assert (answer.status_code, answer.json()["kind"], delivery.state) == (202, "push", "waiting")
    assert AuditEntry.objects.get().act == "delivery.retry"


def test_what_was_acknowledged_is_not(operator: Client) -> None:
    delivery = factories.delivery("apismith.items", state="acked")

    answer = operator.post(f"{DELIVERIES}/{delivery.pk}/retry", content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (409, "delivery_acked")


@pytest.mark.parametrize("number", ["0", "nobody", "9" * 30])
def test_one_that_there_is_not_is_not_found(operator: Client, number: str) -> None:
    answer = operator.post(f"{DELIVERIES}/{number}/retry", content_type="application/json")

    assert answer.status_code == 404


@pytest.mark.parametrize("kind", ["push", "reconcile"])
def test_it_starts_a_job(syncer: Client, kind: str) -> None:
    answer = syncer.post(f"/api/v1/{kind}/start", ITEMS, content_type="application/json")

    job = Job.objects.get()
    assert (answer.status_code, answer["Location"]) == (202, f"/api/v1/jobs/{job.pk}")
    assert (job.kind, job.params) == (kind, {"target": "schedulehub"})


def test_a_target_that_gets_nothing_of_it_is_refused(syncer: Client) -> None:
    asked = {**ITEMS, "entity": "shop.gadgets"}

    answer = syncer.post("/api/v1/push/start", asked, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "not_pushed")


def test_a_batch_has_the_counts_of_its_targets_beside_its_own(reader: Client) -> None:
    counts = {"rows_fetched": 1000, "inserted": 50, "updated": 48, "skipped": 900, "failed": 2}
    batch = factories.batch(factories.job(), counts=counts)
    there = {"inserted": 50, "updated": 45, "deleted": 0, "conflicts": 1, "failed": 1}
    DeliveryCount.objects.create(batch_id=batch.pk, target="schedulehub", entity_id=batch.entity_id, **there)

    shown = reader.get(f"/api/v1/batches/{batch.pk}").json()

    whole = {"rows_fetched": 1000, "inserted": 50, "updated": 45, "deleted": 0, "skipped": 900}
    whole |= {"failed": 3, "waiting": 2}
    assert shown["targets"]["schedulehub"] == {**there, "end_to_end": {**whole, "success_rate": 99.7}}
    assert shown["counts"]["failed"] == 2


def test_all_that_was_refused_is_sent_again(operator: Client, reader: Client) -> None:
    rows = [factories.delivery("apismith.items") for _ in range(2)]
    asked = {"target": "schedulehub", "code": "LOCKED", "reason": "unlocked"}

    answer = operator.post(f"{DELIVERIES}/retry", asked, content_type="application/json")

    (item,) = answer.json()["items"]
    assert (answer.status_code, item["entity"], item["rows"]) == (202, "apismith.items", 2)
    assert item["job"] == str(Job.objects.get().pk)
    assert {type(row).objects.get(pk=row.pk).state for row in rows} == {"waiting"}
    assert reader.post(f"{DELIVERIES}/retry", asked, content_type="application/json").status_code == 403
    assert operator.post(f"{DELIVERIES}/retry", {}, content_type="application/json").status_code == 400
