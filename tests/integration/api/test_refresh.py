"""What a read does about a record that is stale or unknown."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client

from sync import freshness, schema
from sync.fingerprint import fingerprint
from sync.keys import key_hash
from sync.models import Job
from sync.registry import registry
from tests.factories import failed_record, now, pending_child, record

LAMP = "/api/v1/shop/gadgets/7"
OLD = timedelta(minutes=16)


def lamp() -> UUID:
    return key_hash(registry.find("shop.gadgets"), {"id": "7"})


def absent(ago: timedelta) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO absent_key (key_hash, entity_id, checked_at) VALUES (%s, %s, %s)",
            (lamp(), schema.entity_id("shop.gadgets"), now() - ago),
        )


def test_a_stale_record_is_served_at_once_and_starts_one_refresh(reader: Client) -> None:
    record(data={"id": 7, "name": "Lamp"}, synced_at=now() - OLD)

    first, second = reader.get(LAMP), reader.get(LAMP)

    job = Job.objects.get()
    assert first.status_code == second.status_code == 200
    assert (first["X-Sync-Triggered"], second["X-Sync-Triggered"]) == ("true", "pending")
    assert int(first["Age"]) >= 960
    assert job.kind == "refresh"
    assert job.params == {"key": {"id": "7"}, "key_hash": str(lamp())}
    assert job.priority == 30


def test_a_stale_record_that_the_client_has_is_304_and_starts_a_refresh(reader: Client) -> None:
    record(data={"id": 7}, synced_at=now() - OLD)
    etag = reader.get(LAMP)["ETag"]

    response = reader.get(LAMP, headers={"if-none-match": etag})

    assert response.status_code == 304
    assert response["X-Sync-Triggered"] == "pending"


def test_another_process_joins_the_refresh_under_way(reader: Client) -> None:
    record(data={"id": 7}, synced_at=now() - OLD)
    reader.get(LAMP)
    freshness.forget_requests()  # as another process, which remembers nothing

    response = reader.get(LAMP)

    assert response["X-Sync-Triggered"] == "pending"
    assert Job.objects.count() == 1


def test_an_unknown_record_is_accepted_with_its_job(reader: Client) -> None:
    response = reader.get(LAMP)

    job = Job.objects.get()
    assert response.status_code == 202
    assert response["Location"] == f"/api/v1/jobs/{job.id}"
    assert int(response["Retry-After"]) > 0
    assert response.json()["job_id"] == str(job.id)
    assert reader.get(response["Location"]).json()["status"] == "pending"


def test_it_remembers_that_the_far_end_has_none(reader: Client) -> None:
    absent(timedelta(minutes=5))

    response = reader.get(LAMP)

    assert (response.status_code, response.json()["code"]) == (404, "no_such_record")
    assert not Job.objects.exists()


def test_it_asks_again_when_that_is_long_ago(reader: Client) -> None:
    absent(OLD)

    assert reader.get(LAMP).status_code == 202


def test_a_record_whose_key_is_gone_at_the_far_end_is_404_and_stays_so(reader: Client) -> None:
    record(data={"id": 7}, synced_at=now() - timedelta(hours=1))
    absent(timedelta(minutes=1))

    response = reader.get(LAMP)

    assert (response.status_code, response.json()["code"]) == (404, "no_such_record")


def test_a_row_that_failed_is_404_with_the_failure(reader: Client) -> None:
    failed = failed_record(key_hash=lamp())

    response = reader.get(LAMP)

    assert (response.status_code, response.json()["code"]) == (404, "set_aside")
    assert response.json()["detail"]["failed_record"] == str(failed.id)
    assert not Job.objects.exists()


def test_a_row_that_failed_long_ago_is_asked_for_again(reader: Client) -> None:
    failed_record(key_hash=lamp(), last_seen_at=now() - OLD)

    assert reader.get(LAMP).status_code == 202


def test_a_key_whose_row_was_discarded_is_answered_without_a_job(reader: Client) -> None:
    holds = fingerprint(registry.find("shop.gadgets"), 0)
    gone = failed_record(key_hash=lamp(), state="discarded", closed_by="olga", read_under=holds)

    response = reader.get(LAMP)

    assert (response.status_code, response.json()["code"]) == (404, "discarded")
    assert "olga discarded it" in response.json()["message"]
    assert not Job.objects.exists()

    gone.last_seen_at = now() - OLD
    gone.save()

    assert reader.get(LAMP).status_code == 202


def test_a_key_whose_discard_holds_no_more_is_asked_for_again(reader: Client) -> None:
    failed_record(key_hash=lamp(), state="discarded", closed_by="olga", read_under=uuid4())

    assert reader.get(LAMP).status_code == 202


def test_a_stale_record_is_not_asked_for_again_while_its_newer_row_is_refused(reader: Client) -> None:
    record(data={"id": 7}, synced_at=now() - 4 * OLD)
    failed = failed_record(key_hash=lamp(), synced_at=now() - timedelta(minutes=1))

    served = reader.get(LAMP)

    assert (served.status_code, "X-Sync-Triggered" in served) == (200, False)
    assert not Job.objects.exists()

    failed.synced_at = now() - OLD
    failed.save()

    assert reader.get(LAMP)["X-Sync-Triggered"] == "true"


def test_a_stale_record_whose_newer_row_waits_is_not_asked_for_again(reader: Client) -> None:
    record(data={"id": 7}, synced_at=now() - 4 * OLD)
    pending_child()

    assert "X-Sync-Triggered" not in reader.get(LAMP)


def test_a_row_that_waits_for_its_parent_is_404_with_the_reason(reader: Client) -> None:
    child = pending_child()

    response = reader.get(LAMP)

    assert (response.status_code, response.json()["code"]) == (404, "waiting_for_parent")
    assert response.json()["detail"]["pending_child"] == str(child.id)


def test_a_stale_deletion_is_checked_again(reader: Client) -> None:
    record(data={"id": 7}, synced_at=now() - OLD, deleted_at=now() - OLD)

    response = reader.get(LAMP)

    assert response.status_code == 410
    assert response["X-Sync-Triggered"] == "true"


@pytest.mark.parametrize("wait", ["wait=abc", "respond-async", "wait=0"])
def test_a_preference_that_cannot_be_read_is_passed_over(reader: Client, wait: str) -> None:
    response = reader.get(LAMP, headers={"prefer": wait})

    assert response.status_code == 202
    assert "Preference-Applied" not in response


def test_a_wait_that_runs_out_says_how_long_it_was(reader: Client) -> None:
    response = reader.get(LAMP, headers={"prefer": "wait=1"})

    assert response.status_code == 202
    assert response["Preference-Applied"] == "wait=1"
