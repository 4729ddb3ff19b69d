"""GET /api/v1/{entity}: filtered, by change, page by page; stale or empty lists start one sync."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.test import Client

from sync.models import Job, Tracker
from tests.factories import now, record
from tests.integration.api.conftest import completed

GADGETS = "/api/v1/shop/gadgets"


def gadgets(*ids: int) -> None:
    for number in ids:
        record(
            data={
                "id": number,
                "name": f"Gadget {number}",
                "email": f"{number}@example.com",
                "price": f"{number}.5",
            },
            changed_at=now() - timedelta(minutes=100 - number),
        )


def keys(response: object) -> list[str]:
    return [item["key"] for item in response.json()["items"]]  # type: ignore[attr-defined]  # a test response


def test_it_pages_through_all_records_once(reader: Client) -> None:
    gadgets(1, 2, 3, 4, 5)
    seen: list[str] = []
    after = ""

    while after is not None:
        response = reader.get(f"{GADGETS}?limit=2" + (f"&after={after}" if after else ""))
        seen += keys(response)
        after = response.json()["next"]

    assert seen == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("email=2@example.com", ["2"]),
        ("price=3.50", ["3"]),
        ("email=nobody@example.com", []),
        ("email=", []),
    ],
)
def test_it_filters_by_declared_fields(reader: Client, asked: str, found: list[str]) -> None:
    gadgets(1, 2, 3)

    assert keys(reader.get(f"{GADGETS}?{asked}")) == found


def test_it_lists_what_changed_since(reader: Client) -> None:
    gadgets(1, 2, 3)
    since = quote((now() - timedelta(minutes=98, seconds=30)).isoformat())

    assert keys(reader.get(f"{GADGETS}?updated_since={since}")) == ["2", "3"]


def test_it_leaves_deleted_records_out_unless_asked(reader: Client) -> None:
    gadgets(1)
    record(data={"id": 2}, deleted_at=now())

    assert keys(reader.get(GADGETS)) == ["1"]
    assert sorted(keys(reader.get(f"{GADGETS}?include_deleted=true"))) == ["1", "2"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("colour=red", "unknown_parameter"),
        ("name=Lamp", "unknown_parameter"),
        ("limit=0", "bad_parameter"),
        ("limit=1001", "bad_parameter"),
        ("limit=ten", "bad_parameter"),
        ("limit=5&limit=6", "bad_parameter"),
        ("updated_since=yesterday", "bad_since"),
        ("updated_since=", "bad_since"),
        ("updated_since=2025-13-40", "bad_since"),
        ("updated_since=2999-01-01", "bad_since"),
        ("after=garbage", "bad_cursor"),
        ("after=AAAA", "bad_cursor"),
        ("include_deleted=perhaps", "bad_parameter"),
        ("price=cheap", "bad_parameter"),
        ("email=%00", "bad_parameter"),
    ],
)
def test_it_refuses_what_it_does_not_know(reader: Client, asked: str, code: str) -> None:
    response = reader.get(f"{GADGETS}?{asked}")

    assert (response.status_code, response.json()["code"]) == (400, code)
    assert not Job.objects.exists(), "a refused request starts nothing"


def test_a_fresh_list_starts_nothing(reader: Client) -> None:
    gadgets(1)
    completed("shop.gadgets", ago=timedelta(minutes=5))

    response = reader.get(GADGETS)

    assert 299 <= int(response["Age"]) <= 305
    assert "X-Sync-Triggered" not in response
    assert not Job.objects.exists()


def test_a_stale_list_is_served_at_once_and_starts_one_incremental_sync(reader: Client) -> None:
    gadgets(1)
    completed("shop.gadgets", ago=timedelta(minutes=16))

    first, second = reader.get(GADGETS), reader.get(GADGETS)

    job = Job.objects.get()
    assert (first.status_code, keys(first)) == (200, ["1"])
    assert (first["X-Sync-Triggered"], second["X-Sync-Triggered"]) == ("true", "pending")
    assert first["X-Sync-Job"] == second["X-Sync-Job"] == str(job.id)
    assert (job.kind, job.params, job.requested_by) == ("sync", {}, "carol")


def test_a_list_that_was_never_read_starts_a_sync(reader: Client) -> None:
    response = reader.get(GADGETS)

    assert response.json() == {"items": [], "next": None}
    assert response["X-Sync-Triggered"] == "true"
    assert "Age" not in response


def test_an_empty_list_is_doubted_sooner_than_a_full_one(reader: Client) -> None:
    completed("shop.gadgets", ago=timedelta(minutes=2))

    assert reader.get(GADGETS)["X-Sync-Triggered"] == "true"


def test_a_client_that_asks_for_changes_is_used_to_getting_none(reader: Client) -> None:
    completed("shop.gadgets", ago=timedelta(minutes=2))

    assert "X-Sync-Triggered" not in reader.get(f"{GADGETS}?updated_since=2025-01-01")


def test_it_answers_304_until_something_changes(reader: Client) -> None:
    gadgets(1)
    tracker = completed("shop.gadgets")
    etag = reader.get(GADGETS)["ETag"]

    assert reader.get(GADGETS, headers={"if-none-match": etag}).status_code == 304
    assert reader.get(f"{GADGETS}?limit=1", headers={"if-none-match": etag}).status_code == 200
    Tracker.objects.filter(pk=tracker.pk).update(feed_seq=7)
    assert reader.get(GADGETS, headers={"if-none-match": etag}).status_code == 200
