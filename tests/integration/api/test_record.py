"""GET /api/v1/{entity}/{key}: from the mirror, with an honest age."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from sync.models import Job
from tests.factories import now, record
from tests.integration.api.conftest import completed

LAMP = "/api/v1/shop/gadgets/1"


def test_it_serves_a_fresh_record_with_its_age(reader: Client) -> None:
    record(data={"id": 1, "name": "Lamp", "price": "1.1"}, synced_at=now() - timedelta(seconds=90))

    response = reader.get(LAMP)

    body = response.json()
    assert response.status_code == 200
    assert (body["key"], body["revision"], body["deleted_at"]) == ("1", 1, None)
    assert body["data"] == {"id": 1, "name": "Lamp", "price": "1.1"}
    assert 89 <= int(response["Age"]) <= 95
    assert "X-Sync-Triggered" not in response
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "address", ["/api/v1/gadgets/1", "/api/v1/gadget/1", "/api/v1/shop/gadget/1", LAMP + "/"]
)
def test_it_answers_the_same_at_every_name(reader: Client, address: str) -> None:
    record()

    assert reader.get(address).content == reader.get(LAMP).content


def test_it_counts_the_age_from_the_last_complete_run_where_that_is_newer(reader: Client) -> None:
    record(synced_at=now() - timedelta(hours=2))
    completed("shop.gadgets", ago=timedelta(seconds=30))

    response = reader.get(LAMP)

    assert response.status_code == 200
    assert 29 <= int(response["Age"]) <= 35
    assert "X-Sync-Triggered" not in response


def test_it_keeps_the_digits_of_numbers(reader: Client) -> None:
    number = "1234567890123456789012345678901234567890"
    record(data={"id": 1, "price": number})

    assert number in reader.get(LAMP).content.decode()


def test_it_answers_304_for_the_revision_that_the_client_has(reader: Client) -> None:
    record()
    etag = reader.get(LAMP)["ETag"]

    response = reader.get(LAMP, headers={"if-none-match": f'"other", {etag}'})

    assert response.status_code == 304
    assert response.content == b""
    assert response["ETag"] == etag
    assert "Content-Type" not in response


def test_it_has_another_etag_for_another_revision(reader: Client) -> None:
    row = record()
    etag = reader.get(LAMP)["ETag"]
    type(row).objects.filter(key_hash=row.key_hash).update(revision=2)

    assert reader.get(LAMP, headers={"if-none-match": etag}).status_code == 200


def test_it_says_that_a_record_is_gone_since_when(reader: Client) -> None:
    record(deleted_at=now() - timedelta(minutes=1))

    response = reader.get(LAMP)

    assert response.status_code == 410
    assert response.json()["code"] == "deleted"
    assert response.json()["detail"]["deleted_at"].endswith("Z")


@pytest.mark.parametrize("key", ["abc", "1.5", "1,2", "%00", "%ff"])
def test_it_refuses_a_key_that_does_not_fit(reader: Client, key: str) -> None:
    response = reader.get(f"/api/v1/shop/gadgets/{key}")

    assert response.status_code == 400, response.content
    assert response.json()["message"]
    assert not Job.objects.exists()


def test_it_takes_no_parameters(reader: Client) -> None:
    response = reader.get(f"{LAMP}?fields=name")

    assert response.status_code == 400
    assert response.json()["code"] == "unknown_parameter"


def test_it_names_the_entities_there_are(reader: Client) -> None:
    response = reader.get("/api/v1/gizmos/1")

    assert response.status_code == 404
    assert response.json()["code"] == "unknown_entity"
    assert "shop.gadgets" in response.json()["message"]


def test_head_is_get_without_the_body(reader: Client) -> None:
    record()

    response = reader.head(LAMP)

    assert response.status_code == 200
    assert response["ETag"]
