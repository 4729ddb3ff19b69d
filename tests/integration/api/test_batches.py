"""/api/v1/batches."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import factories

BATCHES = "/api/v1/batches"


def test_it_lists_the_newest_first_page_by_page(reader: Client) -> None:
    job = factories.job()
    made = [factories.batch(job, seq).id for seq in range(1, 6)]

    first = reader.get(f"{BATCHES}?limit=3").json()
    rest = reader.get(f"{BATCHES}?limit=3&after={first['next']}").json()

    assert [batch["id"] for batch in first["items"] + rest["items"]] == made[::-1]


def test_it_filters_by_job_and_entity(reader: Client) -> None:
    wanted = factories.batch(factories.job("shop.gadgets"))
    factories.batch(factories.job("shop.makers"))

    for asked in (f"job={wanted.job_id}", "entity=gadgets"):
        assert [one["id"] for one in reader.get(f"{BATCHES}?{asked}").json()["items"]] == [wanted.id]


def test_one_batch_says_what_follows_it(reader: Client) -> None:
    batch = factories.batch(factories.job(), seen=b"\0" * 32)

    body = reader.get(f"{BATCHES}/{batch.id}").json()

    assert body["counts"]["rows_fetched"] == body["counts"]["inserted"] == 10
    assert body["resume"] == {"first": 1, "last": 1, "next": None}
    assert body["entity"] == "shop.gadgets"


@pytest.mark.parametrize("batch_id", ["99999", "seven", "9" * 30, "-1"])
def test_there_is_no_such_batch(reader: Client, batch_id: str) -> None:
    assert reader.get(f"{BATCHES}/{batch_id}").status_code == 404


def test_a_cursor_of_another_list_is_400(reader: Client) -> None:
    assert reader.get(f"{BATCHES}?after=seven").json()["code"] == "bad_cursor"
